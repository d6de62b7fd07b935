"""The server of `start.py lab` takes our connection to the kernels, with no waiting for pictures."""

import socket
import sys
from pathlib import Path

from jupyter_server.serverapp import ServerApp
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect
from traitlets.config import Config

from bplib.server import AtOnce

sys.path.insert(0, str(Path(__file__).parents[1]))
import start


def test_the_server_takes_the_connection_that_start_py_names():
    settings = start.SETTINGS["etc/jupyter/jupyter_server_config.json"]
    server = ServerApp(config=Config(settings))
    assert server.kernel_websocket_connection_class is AtOnce


def test_a_connection_sends_small_messages_at_once():
    seen = []

    class Handler(WebSocketHandler):
        def open(self):
            try:
                AtOnce(websocket_handler=self).connect()
            except AttributeError:
                pass  # there is no kernel behind it: it has gone far enough
            own = self.ws_connection.stream.socket
            seen.append(own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            self.close()

    async def talk():
        listening, port = bind_unused_port()
        server = HTTPServer(Application([("/", Handler)]))
        server.add_sockets([listening])
        client = await websocket_connect(f"ws://127.0.0.1:{port}/")
        await client.read_message()
        server.stop()

    IOLoop().run_sync(talk, timeout=60)
    assert len(seen) == 1 and seen[0] != 0
