"""The worker of gunicorn whose threads wait for nobody: neither for a connection that asks for nothing nor for a reader who takes an answer slowly.

gunicorn's own threads give a connection that was just opened five seconds to say something, and write an answer until the last byte is taken: as many
players or phones on a weak network as there are threads stop the whole process. Here what a reader does not take at once waits on the disk
(`kernel.outgoing`) and is sent as it is taken, by the loop that looks after the connections; the thread answers the next one.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from trainhub.kernel.outgoing import SENT, STALLED, Outgoing

CLOSERS = 4
"""Threads that close connections in order, which takes up to two seconds each where the other side keeps its end open."""


class Connection(TConn):  # type: ignore[misc]
    """One connection, and what of its last answer is not taken yet."""

    outgoing: Outgoing | None = None

    def __init__(self, closers: ThreadPoolExecutor, *facts: Any) -> None:
        super().__init__(*facts)
        self._closers = closers

    def close(self, graceful: bool = False) -> None:
        """Close it; `graceful` waits for the other side, in a thread of its own: the loop has all the others to look after."""
        if graceful:
            self._closers.submit(super().close, graceful=True)
        else:
            super().close()


class Worker(ThreadWorker):  # type: ignore[misc]
    """For `gunicorn --worker-class trainhub.kernel.gunicorn_worker.Worker`."""

    def init_process(self) -> None:
        """Begin to serve (in the process of the worker)."""
        self.sending: set[Connection] = set()
        self.closers = ThreadPoolExecutor(max_workers=CLOSERS, thread_name_prefix="close")
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Take a connection; a thread gets it when it has said something."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT)
        found = Connection(self.closers, self.cfg, sock, address, listener.getsockname())
        found.timeout = time.monotonic() + max(self.cfg.keepalive, 1)
        self.pending_conns.append(found)
        self.poller.register(sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, found))

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Answer a request (in a thread). What the reader does not take at once is left for the loop."""
        sock = conn.sock
        conn.sock = out = Outgoing(sock)
        try:
            is_kept = bool(super().handle_request(req, conn))
        except BaseException:
            out.close()
            raise
        finally:
            conn.sock = sock
        if out.is_waiting:
            conn.outgoing = out
        return is_kept

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        """What happens to a connection after its request: first its reader gets the rest of the answer (in the loop)."""
        if conn.outgoing is None:
            super().finish_request(conn, fs)
            return
        self.sending.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._send_more, conn, fs))

    def _send_more(self, conn: Connection, fs: Future[Any], _sock: Any) -> None:
        out = conn.outgoing
        if out is None:
            return
        try:
            out.send_some()
        except OSError:  # gone
            self._give_up(conn)
            return
        if not out.is_waiting:
            self._forget(conn)
            super().finish_request(conn, fs)

    def _forget(self, conn: Connection) -> None:
        self.sending.discard(conn)
        self.poller.unregister(conn.sock)
        if conn.outgoing is not None:
            conn.outgoing.close()
            conn.outgoing = None

    def _give_up(self, conn: Connection) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Close what waited too long, readers who have stopped to read among them (looked at every second)."""
        super().murder_pending()
        latest = time.monotonic() - STALLED
        for conn in [one for one in self.sending if one.outgoing is not None and one.outgoing.moved_at < latest]:
            self._give_up(conn)
