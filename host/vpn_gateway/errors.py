"""What can go wrong, in words for the person who pushed."""


class Failure(Exception):
    """Something is wrong with the part or the machine: exit 1, nothing is left half done."""


class UsageError(Exception):
    """The command line itself is wrong: exit 2, one line."""


def os_error(error: OSError) -> str:
    """`No space left on device: '/etc/x'`, without the number that says nothing to a reader."""
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"
