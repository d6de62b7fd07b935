"""What a JupyterLab server of ours does differently: it sends every picture at once.

Without this a small message waits until the browser has confirmed the one before, and a browser
takes up to 40 ms for that.  start.py writes the name of this class into the settings of the server.
Source: RFC 896 (Nagle), and RFC 1122, sec. 4.2.3.2 (the confirmation that waits).
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class AtOnce(ZMQChannelsWebsocketConnection):
    """The connection of a browser to a kernel, with TCP_NODELAY."""

    def connect(self):
        """Switch the waiting off, then connect."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
