"""What can be done to the peer port by somebody whom nobody accepted."""

import select
import socket
import threading
import time

from federation import Node, bundle_file, indicator, wait_for

PLACES = 256  # max_connections
BOUND = 20.0  # seconds in which a new peer gets in and an object through


class Flood:
    """Silent connections from sixteen addresses; each that the node closes is opened again at once."""

    def __init__(self, address, count=2 * PLACES):
        host, port = address.rsplit(":", 1)
        self.to, self.count, self.opened, self.over = (host, int(port)), count, 0, threading.Event()
        self.sockets, self.events, self.thread = {}, select.epoll(), threading.Thread(target=self.renew)

    def open(self):
        connection = socket.socket()
        connection.setblocking(False)
        connection.bind((f"127.0.9.{1 + self.opened % 16}", 0))
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


def test_H69_a_new_peer_gets_in_while_strangers_hold_every_place(pair, tmp_path):
    norlandia, estovia = pair
    # Nobody can dial the newcomer: it must come in through the port.
    newcomer = Node(tmp_path / "newcomer", "newcomer", nation="XO", init_args=("--address", "127.0.0.1:1"))
    refusals = lambda: estovia.metrics()['entente_handshake_refusals_total{reason="connections"}']
    sessions = lambda: estovia.metrics()[f'entente_peer_sessions_total{{peer="{norlandia.name}"}}']
    before = sessions()
    try:
        with Flood(estovia.status()["peer_address"]) as flood:
            wait_for(lambda: flood.opened > 2 * PLACES and refusals() > 0, "every place to be held")
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
