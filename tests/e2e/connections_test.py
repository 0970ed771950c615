# SPDX-License-Identifier: EUPL-1.2
"""Slow and half-open clients: a time-out on every phase, and one agency's connections do not keep another out."""
import contextlib
import resource
import socket
import ssl
import struct
import time
import unittest

import harness

HANDSHAKE_MS, IDLE_MS, REQUEST_MS, WRITE_MS = 1500, 4000, 2000, 2000
PER_AGENCY = 64
IDLE_CONNECTIONS = 10000
HEAD = b"POST /sluss.v1.ExchangeService/Fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\n"


def setUpModule():
    global world
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    world = World()


def tearDownModule():
    world.close()


class World:
    def __init__(self):
        self.context = harness.gateway(settings={"handshake_timeout_ms": HANDSHAKE_MS, "idle_timeout_ms": IDLE_MS, "request_timeout_ms": REQUEST_MS,
                                                 "write_timeout_ms": WRITE_MS, "fetch_wait_max_ms": IDLE_MS // 2, "connections_per_agency": PER_AGENCY})
        self.gateway = self.context.__enter__()
        self.greedy = self.gateway.agency("greedy", "school")
        self.other = self.gateway.agency("other", "school")

    def close(self):
        self.context.__exit__(None, None, None)

    def plain(self):
        return socket.create_connection(("127.0.0.1", self.gateway.agency_port), timeout=30)

    def tls(self, agency):
        return agency.tls().wrap_socket(self.plain(), server_hostname="localhost")


class Connections(unittest.TestCase):
    def closes_within(self, s, low_ms, high_ms):
        """The gateway ends the connection, not before and not long after its time-out."""
        start = time.monotonic()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while s.recv(4096):
                pass
        took = (time.monotonic() - start) * 1000
        self.assertGreaterEqual(took, low_ms * 0.8)
        self.assertLess(took, high_ms + 3000)
        s.close()

    def others_are_served(self):
        start = time.monotonic()
        connection = world.other.connect()
        status, _, _ = world.other.post("ExchangeService/Fetch", b"", connection=connection)
        connection.close()
        self.assertEqual(status, 200)
        self.assertLess(time.monotonic() - start, 3)

    def test_says_nothing_at_all(self):
        self.closes_within(world.plain(), HANDSHAKE_MS, HANDSHAKE_MS)

    def test_stalls_in_the_handshake(self):
        s = world.plain()
        s.sendall(bytes.fromhex("16030100c8010000c40303"))  # the beginning of a ClientHello
        self.closes_within(s, HANDSHAKE_MS, HANDSHAKE_MS)

    def test_drips_the_handshake(self):
        """Octet by octet does not prolong it."""
        s = world.plain()
        start = time.monotonic()
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            for octet in bytes.fromhex("16030100c8010000c40303") + bytes(200):
                s.sendall(bytes([octet]))
                time.sleep(0.05)
                if time.monotonic() - start > 2 * HANDSHAKE_MS / 1000 + 3:
                    self.fail("a dripping handshake is not ended")
        s.close()

    def test_idle_after_the_handshake(self):
        self.closes_within(world.tls(world.greedy), IDLE_MS, IDLE_MS)

    def test_stalls_in_the_head(self):
        s = world.tls(world.greedy)
        s.sendall(HEAD)
        self.closes_within(s, REQUEST_MS, IDLE_MS)

    def test_stalls_in_the_body(self):
        s = world.tls(world.greedy)
        s.sendall(HEAD + b"Content-Length: 1000\r\n\r\n" + bytes(10))
        self.closes_within(s, REQUEST_MS, IDLE_MS)

    def test_drips_the_body(self):
        s = world.tls(world.greedy)
        s.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        s.settimeout(0.1)
        start = time.monotonic()
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            while True:
                self.assertLess(time.monotonic() - start, REQUEST_MS / 1000 + 4, "a dripping body is not ended")
                s.sendall(b"\0")
                with contextlib.suppress(TimeoutError):
                    if s.recv(4096) == b"":
                        break
        s.close()

    def test_half_closed(self):
        """A client that closes its writing side in the middle of a request is given up."""
        s = world.plain()
        s.shutdown(socket.SHUT_WR)
        self.closes_within(s, 0, HANDSHAKE_MS)

    def test_vanishes(self):
        """Resets in the middle of requests harm nobody."""
        for _ in range(50):
            s = world.tls(world.greedy)
            s.sendall(HEAD + b"Content-Length: 1000\r\n\r\n" + bytes(10))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        self.others_are_served()

    def test_old_tls(self):
        context = world.greedy.tls()
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(world.plain(), server_hostname="localhost")

    def test_ten_thousand_idle_connections(self):
        """One agency opens them as fast as it can and holds on to all that it is left; another is served all the while."""
        context = world.greedy.tls()
        held = []
        try:
            for number in range(IDLE_CONNECTIONS):
                held.append(context.wrap_socket(world.plain(), server_hostname="localhost"))
                if number % 1000 == 999:
                    self.others_are_served()
            self.others_are_served()
        finally:
            for s in held:
                s.close()

    def test_ten_thousand_connections_without_handshake(self):
        held = []
        try:
            for number in range(IDLE_CONNECTIONS):
                held.append(world.plain())
                if number % 1000 == 999:
                    self.others_are_served()
        finally:
            for s in held:
                s.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
