"""The server of `start.py lab` takes our connection to the kernels: no picture waits."""

import sys
from pathlib import Path

from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from bplib.server import AtOnce

sys.path.insert(0, str(Path(__file__).parents[1]))
import start


def test_the_server_takes_the_connection_that_start_py_names():
    settings = start.SETTINGS["etc/jupyter/jupyter_server_config.json"]
    server = ServerApp(config=Config(settings))
    assert server.kernel_websocket_connection_class is AtOnce
    ServerApp.clear_instance()
