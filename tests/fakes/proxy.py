# SPDX-License-Identifier: EUPL-1.2
"""A TCP proxy on loopback that does to connections what networks do: refuses, cuts, truncates, repeats, holds back, delays. Octets pass as they are (TLS lies inside)."""
import contextlib
import select
import socket
import struct
import threading

FEW = 16
GOODBYE, ALERT = 24, b"\x17\x03\x03\x00\x13"  # close_notify: the only record of TLS 1.3 that is so short (RFC 8446 sections 5.2 and 6.1)
UP, DOWN = "up", "down"  # client to server, server to client


class Proxy:
    """Listens on `port`; `target` (a port on loopback) may be changed at any time, None refuses.

    arm(): the next fault. It strikes once, after so many octets in that direction counted from now over all connections:
      cut        both sides are reset, the octets behind are lost
      truncate   both sides get an orderly end, the octets behind are lost
      repeat     the octets around that place are sent twice, then all goes on
      stay       nothing more passes there, nor on new connections, until release(); then it is reset
      stall      nothing passes any more, in either direction, until the client has given up and `late` is set; then all that was held but the client's goodbye goes to
                 where it was meant for, and what the server answers to it to nobody; drop_all() ends it

    trickle: while it is true octets are passed few at a time."""

    def __init__(self, target):
        self.target = target
        self.lock = threading.Lock()
        self.fault = None     # [direction, octets left, kind]
        self.struck = 0
        self.stays = False    # a fault of kind "stay" has struck
        self.holding = False  # new connections are held
        self.held = []        # connections that pass nothing upwards
        self.asked = set()    # clients whose last octets went up
        self.free = threading.Event()
        self.free.set()
        self.trickle = False
        self.given_up = threading.Event()  # the client of the newest stall has gone
        self.late = threading.Event()      # what is stalled may go on then
        self.late.set()
        self.late_octets = 0               # that the server answered to what came late
        self.stalled = 0                   # connections that are, or that nobody has at the other end
        self.open = []        # the newest last
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stopping = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stopping = True
        self.free.set()
        self.late.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop_all()

    # ---- what the test does

    def arm(self, direction, octets, kind="cut"):
        self.given_up.clear()
        self.late_octets = 0
        with self.lock:
            self.fault = [direction, octets, kind]

    def armed(self):
        with self.lock:
            return self.fault is not None

    def asking(self):
        """How many connections wait for an answer."""
        with self.lock:
            return sum(client in self.asked for client, _ in self.open)

    def hold(self, idle=False):
        """The newest connection, or all that wait for no answer, pass nothing upwards, and those made from now on pass nothing at all, until release()."""
        with self.lock:
            self.held = [client for client, _ in self.open if client not in self.asked] if idle else [self.open[-1][0]]
        self.free.clear()
        self.holding = True

    def release(self):
        self.holding = False
        self.stays = False
        self.held = []
        self.free.set()

    def drop_all(self):
        with self.lock:
            pairs = list(self.open)
        for pair in pairs:
            _reset(*pair)

    # ---- what it does

    def _accept(self):
        while not self.stopping:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client, self.holding), daemon=True).start()

    def _connect(self, client, held):
        if held:
            self.free.wait()
        try:
            if self.target is None:
                raise OSError
            server = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        pair = (client, server)
        with self.lock:
            self.open.append(pair)
        try:
            self._relay(client, server)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.remove(pair)
                self.asked.discard(client)
            for s in pair:
                s.close()

    def _relay(self, client, server):
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            for source in select.select([client, server], [], [])[0]:
                octets = source.recv(65536)
                if not octets:
                    return
                direction, to = (UP, server) if source is client else (DOWN, client)
                if not self._pass(direction, to, octets, client, server):
                    return

    def _pass(self, direction, to, octets, client, server):
        """False: the connection is over."""
        if direction == UP and client in self.held:
            self.free.wait()
        with self.lock:
            (self.asked.add if direction == UP else self.asked.discard)(client)
            strikes = False
            if self.fault and self.fault[0] == direction:
                at, kind = self.fault[1], self.fault[2]
                strikes = at < len(octets)
                if strikes:
                    self.fault = None
                    self.struck += 1
                else:
                    self.fault[1] -= len(octets)
        if not strikes:
            piece = FEW if self.trickle else len(octets)
            for start in range(0, len(octets), piece):
                to.sendall(octets[start:start + piece])
            return True
        to.sendall(octets[:at])
        if kind == "cut":
            _reset(client, server)
            return False
        if kind == "truncate":
            return False
        if kind == "stay":
            self.free.clear()
            self.holding = True
            self.stays = True
            self.free.wait()
            return False
        if kind == "stall":
            self._stall(direction, octets[at:], client, server)
            return False
        to.sendall(octets[max(0, at - 50):])  # repeat
        return True

    def _stall(self, direction, held, client, server):
        with self.lock:
            self.stalled += 1
        try:
            up, down = (held, b"") if direction == UP else (b"", held)
            with contextlib.suppress(OSError):
                while octets := client.recv(65536):
                    up += octets
            self.given_up.set()
            self.late.wait()
            with contextlib.suppress(OSError):
                client.sendall(down)
            with contextlib.suppress(OSError):
                server.sendall(up[:-GOODBYE] if up[-GOODBYE:].startswith(ALERT) else up)
                while octets := server.recv(65536):
                    self.late_octets += len(octets)
        finally:
            with self.lock:
                self.stalled -= 1


def _reset(*sockets):
    for s in sockets:
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        s.close()
