"""The lag meter for Python's repod: `python player.py Ada`: everybody's round trips, until Ctrl-C."""

import os
import sys
import time

from repod import ConnectionListener

FRAME = 1 / 120
PING_EVERY = 0.1


class LagMeter(ConnectionListener):
    def __init__(self, name):
        self.name = name
        self.joined = False
        self.over = False
        self.failed = False
        self.count = 0
        self.sent_at = {}

    def ping(self):
        self.count += 1
        self.sent_at[self.count] = time.perf_counter()
        self.send({"action": "ping", "count": self.count})

    def Network_connected(self, data):
        if not self.joined:  # it may be called twice
            self.send({"action": "join", "name": self.name})
        self.joined = True

    def Network_pong(self, data):
        # A pong waits for the next pump(): up to a frame of this is not the network's.
        seconds = time.perf_counter() - self.sent_at.pop(data["count"])
        self.send({"action": "measured", "roundTrip": seconds * 1000})

    def Network_table(self, data):
        if sys.stdout.isatty():
            print("\033[H\033[2J", end="")
        print(f"{'name':<16}   pings   last ms   mean ms  worst ms")
        for row in data["rows"]:
            times = "".join(f"{row[each]:10.2f}" for each in ("last", "mean", "worst"))
            print(f"{row['name']:<16}{row['pings']:8}{times}")

    def Network_disconnected(self, data):
        self.over = True

    def Network_error(self, data):
        print(data["error"], file=sys.stderr)
        self.over = self.failed = True


meter = LagMeter(sys.argv[1] if len(sys.argv) > 1 else "Ada")
meter.connect("127.0.0.1", int(os.environ.get("PORT", "5071")))
try:
    next_ping = time.perf_counter()
    while not meter.over:
        meter.pump()
        if meter.joined and time.perf_counter() >= next_ping:
            meter.ping()
            next_ping += PING_EVERY
        time.sleep(FRAME)
except KeyboardInterrupt:
    pass
meter.connection.close()
sys.exit(meter.failed)
