"""Choose and hold the web server's port, so that two stacks that start together never share one."""

from __future__ import annotations

import contextlib
import errno
import socket

HOST = "127.0.0.1"
#: Ports tried after the wanted one.
ATTEMPTS = 100


class PortError(RuntimeError):
    """No usable port; the text says what to set."""


def read_wanted_port(text: str | None) -> int:
    """The port of the environment variable PORT, 8000 where it is not set.

    >>> read_wanted_port(None), read_wanted_port("8123")
    (8000, 8123)
    """
    if not text:
        return 8000
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise PortError(f"PORT={text!r} is not a port; choose a number from 1024 to 65535")
    return int(text)


def hold_free_port(wanted: int) -> tuple[int, socket.socket]:
    """The first free port from `wanted` on, and the socket that holds it until it is closed.

    The web server's workers bind with SO_REUSEPORT, which would let a second stack of the same user take half
    of the first one's requests. The holder is bound without it, so every other holder is refused; only then
    is SO_REUSEPORT switched on, for our own workers. It never listens, so it gets no connection.
    """
    for port in range(wanted, min(wanted + ATTEMPTS, 65536)):
        with contextlib.ExitStack() as stack:
            holder = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # past connections of an earlier run
            try:
                holder.bind((HOST, port))
            except PermissionError:
                raise PortError(f"port {port} needs root; choose PORT from 1024 to 65535") from None
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            stack.pop_all()
            return port, holder
    raise PortError(f"no free port from {wanted} to {wanted + ATTEMPTS - 1}; set PORT to a free one")
