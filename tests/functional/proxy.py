"""A TCP proxy in this process that makes one link as bad as a test says: cut at a byte, slow, late, silent."""

import asyncio
import socket
import threading

TO_SERVER, TO_CLIENT = 0, 1
BUFFER = 16 * 1024  # of each socket, so that what a slow link holds is little
PIECE = 4096


class Rules:
    """What befalls each connection; may change at any moment. Index by TO_SERVER and TO_CLIENT."""

    def __init__(self):
        self.cut = [None, None]  # so many bytes of a connection pass, then it is reset both ways
        self.rate = [None, None]  # bytes a second, of all connections together
        self.delay = [0.0, 0.0]  # seconds that each piece is late
        self.hole = [False, False]  # nothing passes, and nobody is told

    def heal(self):
        self.__init__()


class Proxy:
    """Listens on 127.0.0.1:`port` and passes each connection on to `target`, which may be named later."""

    def __init__(self, target=None):
        self.target, self.rules = target, Rules()
        self.connections = 0  # accepted so far
        self.cuts = 0  # made by Rules.cut
        self.passed = [0, 0]  # bytes of the connection that was accepted last
        self._open = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def reset_all(self):
        """Resets every connection that is open now."""
        self._loop.call_soon_threadsafe(lambda: [link.cut() for link in list(self._open)])

    def open(self):
        return len(self._open)

    def close(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._listener.close()

    def _run(self):
        self._listener.setblocking(False)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        accepting = asyncio.ensure_future(self._accept())
        await self._stop.wait()
        ending = [link.task for link in self._open] + [accepting]
        for link in list(self._open):
            link.cut()
        accepting.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _accept(self):
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            self.connections += 1
            self.passed = [0, 0]
            link = _Link(self, client, self.passed)
            self._open.add(link)
            link.task = asyncio.ensure_future(link.run())


class _Link:
    """One connection: two pumps, and an end that takes both."""

    def __init__(self, proxy, client, passed):
        self.proxy, self.client, self.passed = proxy, client, passed
        self.server = socket.socket()
        for end in (self.client, self.server):
            end.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                end.setsockopt(socket.SOL_SOCKET, option, BUFFER)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def cut(self):
        """As a router that went away and came back: both ends get a reset."""
        if self not in self.proxy._open:
            return
        self.proxy._open.discard(self)
        for end in (self.client, self.server):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.task.cancel()

    async def run(self):
        try:
            host, port = self.proxy.target.rsplit(":", 1)
            await self.proxy._loop.sock_connect(self.server, (host, int(port)))
            pumps = [asyncio.ensure_future(self._pump(self.client, self.server, TO_SERVER)),
                     asyncio.ensure_future(self._pump(self.server, self.client, TO_CLIENT))]
            try:
                await asyncio.gather(*pumps)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.proxy._open.discard(self)
            self.client.close()
            self.server.close()

    async def _pump(self, source, sink, way):
        loop, rules = self.proxy._loop, self.proxy.rules
        while True:
            await self._while_silent(way)
            if self._left(way) == 0:
                self.proxy.cuts += 1
                return self.cut()
            piece = await loop.sock_recv(source, min(PIECE if rules.rate[way] else 16 * PIECE, self._left(way)))
            if not piece:
                return sink.shutdown(socket.SHUT_WR)
            rate = rules.rate[way]
            if rate or rules.delay[way]:
                await asyncio.sleep(rules.delay[way] + (len(piece) / rate if rate else 0))  # the pace of the line
            await self._while_silent(way)
            await loop.sock_sendall(sink, piece)
            self.passed[way] += len(piece)

    def _left(self, way):
        cut = self.proxy.rules.cut[way]
        return 16 * PIECE if cut is None else max(0, cut - self.passed[way])

    async def _while_silent(self, way):
        while self.proxy.rules.hole[way]:
            await asyncio.sleep(0.02)  # polls the rule
