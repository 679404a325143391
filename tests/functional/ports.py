"""Ports for nodes under test. A node keeps the two that it was made with, and is down for most of its life: what binds in the meantime
must not be given them. `init --listen HOST:0` looks for what is free at that moment, which another worker's node may hold only later."""

import random
import socket

FIRST, LAST, BLOCK = 3072, 7168, 256  # below those that `init` and the kernel choose from (services/entented/free_port.cc)


class Ports:
    """A block of ports that no other process of these tests has, for as long as this one lives: an abstract socket's name is the lock."""

    def __init__(self):
        blocks = list(range(FIRST, LAST, BLOCK))
        random.shuffle(blocks)
        self._lock = socket.socket(socket.AF_UNIX)
        for block in blocks:
            try:
                self._lock.bind(f"\0entente-test-ports-{block}")
                break
            except OSError:
                continue  # another worker's
        else:
            raise RuntimeError("all blocks of ports are taken; are over 16 runs of these tests under way?")
        self._left = list(range(block, block + BLOCK))

    def next(self):
        """HOST:PORT that nothing listens at."""
        while self._left:
            port = self._left.pop(0)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return f"127.0.0.1:{port}"
                except OSError:
                    continue
        raise RuntimeError("the block's ports are used up; make it larger in ports.py")


_ports = None


def next_address():
    global _ports
    _ports = _ports or Ports()
    return _ports.next()
