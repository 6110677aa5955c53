"""A Python repod server that sends back what it gets: echo_server.py; says its port, ends by SIGINT."""

import asyncio
import json
import socket

from repod import Channel, Server


def say(event: str, **more: object) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


class Echo(Channel):
    def Network_echo(self, data: dict) -> None:
        self.send(data)

    def Network_where(self, data: dict) -> None:
        self.send({"action": "here", "you": self.addr[1]})

    def network_received(self, data: dict) -> None:
        say("unhandled", action=data["action"])


class EchoServer(Server):
    channel_class = Echo

    def on_connect(self, channel: Channel, addr: tuple) -> None:
        say("connected", port=addr[1])

    def on_disconnect(self, channel: Channel) -> None:
        say("disconnected", port=channel.addr[1])


def free_port() -> int:
    """Given port 0, repodnet 0.1.2 listens but does not tell where."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def main() -> None:
    port = free_port()
    server = EchoServer("127.0.0.1", port)
    await server.start()
    say("ready", port=port)
    try:
        await server.run()
    finally:
        await server.stop()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
