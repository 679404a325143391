"""What can be done to the peer port by somebody whom nobody accepted."""

import select
import socket
import threading
import time

import pytest

from federation import Node, bundle_file, indicator, wait_for

PLACES = 256  # max_connections
PER_ADDRESS = 32  # max_connections_per_address
HERE = ["127.0.0.1"]  # where the nodes come from, too
ELSEWHERE = [f"127.0.9.{i}" for i in range(1, 17)]
BOUND = 20.0  # seconds in which a new peer gets in and an object through


class Flood:
    """Silent connections from these addresses; each that the node closes is opened again at once."""

    def __init__(self, address, sources, count):
        host, port = address.rsplit(":", 1)
        self.to, self.sources, self.count = (host, int(port)), sources, count
        self.opened, self.over = 0, threading.Event()
        self.sockets, self.events, self.thread = {}, select.epoll(), threading.Thread(target=self.renew)

    def open(self):
        connection = socket.socket()
        connection.setblocking(False)
        connection.bind((self.sources[self.opened % len(self.sources)], 0))
        connection.connect_ex(self.to)
        self.events.register(connection, select.EPOLLIN | select.EPOLLHUP)
        self.sockets[connection.fileno()] = connection
        self.opened += 1

    def renew(self):
        while not self.over.is_set():
            while len(self.sockets) < self.count:
                self.open()
            for fd, _ in self.events.poll(0.1):
                self.events.unregister(fd)
                self.sockets.pop(fd).close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        for connection in self.sockets.values():
            connection.close()


def sent(sender, receiver, folder):
    """An object that went from one to the other within the bound."""
    one = indicator(tlp="GREEN")
    assert sender.publish(bundle_file(folder / "one.json", [one]))["published"] == 1
    sender.drained(receiver.name, BOUND)
    assert receiver.get_raw(one["id"])


@pytest.mark.parametrize("sources, count, reason", [(ELSEWHERE, 2 * PLACES, "connections"), (HERE, 2 * PER_ADDRESS, "address")],
                         ids=["every place", "every place of its own address"])
def test_H69_a_new_peer_gets_in_while_strangers_hold(pair, tmp_path, sources, count, reason):
    norlandia, estovia = pair
    # Nobody can dial the newcomer: it must come in through the port.
    newcomer = Node(tmp_path / "newcomer", "newcomer", nation="XO", init_args=("--address", "127.0.0.1:1"))
    refusals = lambda: estovia.metrics()[f'entente_handshake_refusals_total{{reason="{reason}"}}']
    sessions = lambda: estovia.metrics()[f'entente_peer_sessions_total{{peer="{norlandia.name}"}}']
    before = sessions()
    try:
        with Flood(estovia.status()["peer_address"], sources, count) as flood:
            wait_for(lambda: flood.opened > count and refusals() > 0, "every place to be held")
            estovia.accept(newcomer)
            newcomer.start().accept(estovia)
            started = time.monotonic()
            sent(newcomer, estovia, tmp_path)
            sent(estovia, newcomer, tmp_path)
            print(f"in {time.monotonic() - started:.1f} s, while strangers opened {flood.opened} connections")
            sent(norlandia, estovia, tmp_path)
            assert sessions() == before, "the open session was interrupted"
            assert estovia.answers()
            assert estovia.metrics()["process_open_fds"] < PLACES + 200
    finally:
        newcomer.stop()
