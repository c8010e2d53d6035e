"""The connections of waitress: with little in the buffers of the system, and closed when their time is over.

Left to itself waitress marks a connection on which nothing moves and closes it when the reader takes something again: one who never does stays for ever,
and keeps the thread that makes an answer too large to wait on the disk.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

import waitress
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

SENT = 256 << 10
"""Bytes the system may hold of what was sent and not taken yet (Linux takes twice that). Left to itself it holds up to 4 MB for each reader, and tells that
some were taken when a third is free: a reader of 20 KB a second would pass for one who has stopped."""


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    def __init__(self, server: Any, sock: socket.socket, *facts: Any, **more: Any) -> None:
        with suppress(OSError):  # macOS refuses it to whose reader has gone already; waitress would close the listener for it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT)
        super().__init__(server, sock, *facts, **more)

    def writable(self) -> bool:
        """Whether something waits to be sent; asked in each round of the loop."""
        if self.will_close or self._is_waited_for_in_vain():
            self.handle_close()
            return False
        return bool(super().writable())

    def _is_waited_for_in_vain(self) -> bool:
        """Whether a thread waits for a reader who has taken nothing for the time that a connection may rest. Waitress looks at connections alone whose
        answer is made, and lets the thread wait without an end; closing wakes it, and what it writes next tells it that nobody is there."""
        waits = self.total_outbufs_len > self.adj.outbuf_high_watermark
        return bool(waits and self.last_activity < time.time() - self.adj.channel_timeout)


def create_server(app: Any, **options: Any) -> Any:
    """A server whose connections are these."""
    server = waitress.create_server(app, **options)
    known = server.map if hasattr(server, "map") else server._map
    for one in known.values():
        if isinstance(one, BaseWSGIServer):
            one.channel_class = Channel
    return server
