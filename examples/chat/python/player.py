"""The chat's client for Python's repod: `python player.py Ada [room]`; lines, /go room, /quit."""

import os
import queue
import sys
import threading
import time

from repod import ConnectionListener


class Player(ConnectionListener):
    def __init__(self, name, room):
        self.name = name
        self.room = room
        self.joined = False
        self.over = False
        self.failed = False

    def Network_connected(self, data):
        if not self.joined:  # it may be called twice
            self.send({"action": "join", "name": self.name, "room": self.room})
        self.joined = True

    def Network_entered(self, data):
        print(f"* {data['room']}: {', '.join(data['people'])}")

    def Network_came(self, data):
        print(f"* {data['name']} comes in")

    def Network_went(self, data):
        print(f"* {data['name']} goes")

    def Network_said(self, data):
        print(f"{data['name']}: {data['text']}")

    def Network_refused(self, data):
        print(f"* no: {data['why']}")

    def Network_disconnected(self, data):
        print("* the end")
        self.over = True

    def Network_error(self, data):
        print(f"* it failed: {data['error']}")
        self.over = self.failed = True

    def obey(self, line):
        command, _, rest = line.partition(" ")
        if command == "/quit":
            self.over = True
        elif command == "/go":
            self.send({"action": "go", "room": rest})
        else:
            self.send({"action": "say", "text": line})


def read_lines(lines):
    for line in sys.stdin:
        lines.put(line.rstrip("\n"))
    lines.put("/quit")


name = sys.argv[1] if len(sys.argv) > 1 else "Ada"
room = sys.argv[2] if len(sys.argv) > 2 else "lobby"
lines = queue.SimpleQueue()
threading.Thread(target=read_lines, args=(lines,), daemon=True).start()

player = Player(name, room)
player.connect("127.0.0.1", int(os.environ.get("PORT", "5071")))
try:
    while not player.over:
        player.pump()
        while player.joined and not player.over and not lines.empty():
            player.obey(lines.get())
        time.sleep(1 / 60)
except KeyboardInterrupt:
    pass
player.connection.close()
sys.exit(player.failed)
