"""Where nobody is: ports that stay closed, whatever else runs on the machine."""

import socket

_kept: list[socket.socket] = []


def closed_port() -> int:
    """A port of the loopback address that is taken and refuses whoever calls."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    _kept.append(taken)
    return int(taken.getsockname()[1])
