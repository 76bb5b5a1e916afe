"""
A Python that has loaded the command already and forks for each run of it: a new interpreter spends ten times as long on
loading as the command on its work. Nothing of a test's own process is in it, and nothing of one run is left for the next.

Run with `-S -m spawner SOCKET`. A run is asked for with its arguments and its whole environment, and three descriptors.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import traceback

LENGTH = struct.Struct("!I")


def ask(path: str, arguments: list[str], environment: dict[str, str], streams: list[int], patience: float) -> int:
    """Runs the command with `streams` as its standard ones; its exit status, negative if a signal ended it."""
    text = json.dumps([arguments, environment]).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        connection.connect(path)
        socket.send_fds(connection, [LENGTH.pack(len(text))], streams)
        connection.sendall(text)
        answer = connection.recv(LENGTH.size, socket.MSG_WAITALL)
    return struct.unpack("!i", answer)[0]


def serve(path: str) -> None:
    """Until standard input ends, which it does with whoever started this."""
    from vpn_gateway import __main__ as command

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(16)
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, 0], [], [])
            _reap()
            if listener not in ready:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _one(connection, command.main)
            connection.close()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _one(connection: socket.socket, main) -> None:  # noqa: ANN001
    length, streams, _, _ = socket.recv_fds(connection, LENGTH.size, 3)
    arguments, environment = json.loads(connection.recv(LENGTH.unpack(length)[0], socket.MSG_WAITALL))
    command = os.fork()
    if command == 0:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.environ.clear()
        os.environ.update(environment)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
        status = 1
        try:
            status = main(arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    for stream in streams:
        os.close(stream)
    _, ended = os.waitpid(command, 0)
    connection.sendall(struct.pack("!i", os.waitstatus_to_exitcode(ended)))
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
