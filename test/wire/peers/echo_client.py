"""A Python repod client: echo_client.py PORT COUNT SEED; sends values and compares what comes back."""

import json
import random
import sys
import time

from repod import ConnectionListener
from values import same, value

WINDOW = 200
SILENCE = 20.0


class EchoClient(ConnectionListener):
    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.rng = random.Random(seed)
        self.waiting: list[object] = []
        self.sent = self.received = self.equal = 0
        self.connected = self.disconnected = False
        self.difference: str | None = None
        self.heard = time.monotonic()

    def Network_connected(self, data: dict) -> None:
        # It fires more than once per connection.
        self.connected = True

    def Network_disconnected(self, data: dict) -> None:
        self.disconnected = True

    def Network_echo(self, data: dict) -> None:
        self.heard = time.monotonic()
        wanted = {"action": "echo", "n": self.received, "value": self.waiting.pop(0)}
        if same(wanted, data):
            self.equal += 1
        elif self.difference is None:
            self.difference = f"sent {wanted!r}, got {data!r}"
        self.received += 1

    def step(self) -> bool:
        self.pump()
        if self.connected:
            while self.sent < self.count and len(self.waiting) < WINDOW:
                self.waiting.append(value(self.rng))
                self.send({"action": "echo", "n": self.sent, "value": self.waiting[-1]})
                self.sent += 1
        done = self.received == self.count or self.disconnected
        return done or time.monotonic() - self.heard > SILENCE


port, count, seed = map(int, sys.argv[1:])
client = EchoClient(count, seed)
client.connect("127.0.0.1", port)
while not client.step():
    time.sleep(0.001)
names = ("sent", "received", "equal", "connected", "disconnected", "difference")
print(json.dumps({"event": "done", **{name: getattr(client, name) for name in names}}), flush=True)
client.connection.close()
