"""Work that outlives the SSH session that asked for it."""

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable

from .errors import Failure


def survive(work: Callable[[], int]) -> int:
    """
    Runs `work` in a process of its own session and passes on what it prints, and its exit status.
    When the SSH session is cut, this process dies with it and the other one finishes.
    """
    out_read, out_write = os.pipe()
    error_read, error_write = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(out_read)
        os.close(error_read)
        _become_independent(out_write, error_write)
        status = 1
        try:
            status = work()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(out_write)
    os.close(error_write)
    _relay({out_read: 1, error_read: 2})
    _, ended = os.waitpid(worker, 0)
    status = os.waitstatus_to_exitcode(ended)
    if status < 0:
        print(
            f"vpn-gateway: the worker was killed by signal {-status}; the next command repairs what it left",
            file=sys.stderr,
        )
        return 1
    return status


def _become_independent(out: int, error: int) -> None:
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminated)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (out, 1), (error, 2)):
        os.dup2(old, new)
        os.close(old)


def _terminated(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what was there is being restored: once is enough
    raise Failure("terminated by SIGTERM")


def _relay(streams: dict[int, int]) -> None:
    with selectors.DefaultSelector() as selector:
        for source in streams:
            selector.register(source, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                    continue
                _write_all(streams[key.fd], data)


def _write_all(target: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(target, data) :]
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            return  # nobody listens any more; the worker goes on and its log has it all
