"""A server of tools made of PyPI `mcp`, the protocol's own SDK for Python. Input: JSON order on stdin. Output: its port, then every method
of HTTP and the status it was answered with, a line each."""

import json
import socket
import sys

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.responses import PlainTextResponse

order = json.loads(sys.stdin.readline())
server = MCPServer("harbour", log_level="CRITICAL")


@server.tool()
def departures(harbour: str, seats: int = 1) -> str:
    """When the next ferries leave."""
    return f"{harbour}: at nine and at noon, {seats} seats"


@server.tool()
def tariff(harbour: str) -> dict[str, float]:
    """What a ticket costs."""
    return {"euro": 4.5}


@server.tool()
def broken() -> str:
    """Fails."""
    raise ToolError("the pier is closed")


class Porter:
    """Lets nobody in without the key, and says who came."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def told(message):
            if message["type"] == "http.response.start":
                print(scope["method"], message["status"], flush=True)
            await send(message)

        keys = [value for name, value in scope["headers"] if name == b"authorization"]
        is_known = keys == [f"Bearer {order['key']}".encode()]
        await (self.app if is_known else PlainTextResponse("who are you?", 401))(scope, receive, told)


class Announced(uvicorn.Server):
    """Says its port as soon as it answers."""

    async def startup(self, sockets=None):
        await super().startup(sockets=sockets)
        print(sockets[0].getsockname()[1], flush=True)


app = Porter(server.streamable_http_app(json_response=order["json"]))
listener = socket.create_server(("127.0.0.1", 0))
Announced(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
