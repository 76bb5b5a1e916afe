"""What parts describe for the gateway itself, as JSON: one file each, all of a kind in one folder."""

import glob
import json

from .gateway import Gateway


def of_folder(gateway: Gateway, folder: str) -> list[dict]:
    """All that are described there, as the files on the disk say."""
    found = []
    for path in sorted(glob.glob(gateway.paths.of(f"{folder}*.json"))):
        try:
            with open(path) as file:
                found.append(json.load(file))
        except FileNotFoundError:
            pass  # removed meanwhile
    return found
