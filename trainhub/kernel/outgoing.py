"""What a reader has not taken yet of an answer: sent as far as it goes, the rest on the disk (`kernel.gunicorn_worker`)."""

from __future__ import annotations

import os
import select
import socket
import tempfile
import time
from collections import deque
from typing import IO, Any

STALLED = 60
"""Seconds after which a connection is closed whose reader has taken not one byte, or which rests. A browser opens another when it needs one, a player asks
for the rest of its film."""
SENT = 256 << 10
"""Bytes the system may hold of what was sent and not taken yet (Linux takes twice that). Left to itself it holds up to 4 MB for each reader, and tells that
some were taken when a third is free: a reader of 20 KB a second would pass for one who has stopped."""
IN_MEMORY = 1 << 20
"""Bytes of an answer that wait in memory; more are put into a temporary file (TMPDIR)."""
MOST_WAITING = 1 << 30
"""Bytes of an answer that wait on the disk at most: whoever makes more waits for the reader."""
PART = 64 << 20
"""Bytes of one temporary file: the space of what was taken comes free as the answer goes on."""
PIECE = 256 << 10
AT_ONCE = 4 << 20
"""Bytes that one reader gets before the next has its turn."""


class _Written:
    """Bytes the app has made."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when it is taken
        self._at = self.end = 0

    def add(self, data: memoryview) -> None:
        self._file.seek(self.end)
        self.end += self._file.write(data)

    @property
    def left(self) -> int:
        return self.end - self._at

    def read(self) -> bytes:
        self._file.seek(self._at)
        return self._file.read(PIECE)

    def skip(self, count: int) -> None:
        self._at += count

    def close(self) -> None:
        self._file.close()


class _Stored:
    """A part of a file that lies on the disk anyway; nothing is copied."""

    def __init__(self, file: IO[bytes], at: int, count: int) -> None:
        self._file = os.dup(file.fileno())  # who opened it closes it when the app has answered
        self._at, self.left = at, count

    def read(self) -> bytes:
        data = os.pread(self._file, min(PIECE, self.left), self._at)
        if not data:
            raise OSError("the file was cut while it was sent")
        return data

    def skip(self, count: int) -> None:
        self._at += count
        self.left -= count

    def close(self) -> None:
        os.close(self._file)


class Outgoing:
    """Stands in for the socket while an answer is made: writing to it never waits for the reader (below MOST_WAITING)."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._parts: deque[_Written | _Stored] = deque()
        self.moved_at = time.monotonic()
        """When the reader has last taken something."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    @property
    def is_waiting(self) -> bool:
        """Whether something is not taken yet."""
        return bool(self._parts)

    def sendall(self, data: bytes) -> None:
        """Send, or keep for later. Raises OSError when the reader is gone, or has stopped to read an answer that is longer than what may wait."""
        while self.send_some() and sum(one.left for one in self._parts) > MOST_WAITING:
            if not select.select([], [self._sock], [], STALLED)[1]:
                raise TimeoutError("the reader has stopped to read")
        rest = memoryview(data)
        while rest and not self._parts:
            count = self._send(rest)
            if not count:
                break
            rest = rest[count:]
        if rest:
            last = self._parts[-1] if self._parts else None
            if not isinstance(last, _Written) or last.end >= PART:
                last = _Written()
                self._parts.append(last)
            last.add(rest)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Send a part of an open file, or keep it open for later. Returns the number of bytes, as a socket does."""
        size = os.fstat(file.fileno()).st_size - offset if count is None else count
        if size:
            self._parts.append(_Stored(file, offset, size))
            self.send_some()
        return size

    def send_some(self, most: int = AT_ONCE) -> bool:
        """Send of what waits as much as is taken without waiting, some `most` bytes in one go. Whether something waits still."""
        while self._parts and most > 0:
            first = self._parts[0]
            data = first.read()
            count = self._send(data)
            first.skip(count)
            most -= count
            if not first.left:
                self._parts.popleft().close()
            if count < len(data):
                break
        return self.is_waiting

    def _send(self, data: bytes | memoryview) -> int:
        try:
            count = self._sock.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        self.moved_at = time.monotonic()
        return count

    def close(self) -> None:
        """Let go of what waits."""
        while self._parts:
            self._parts.popleft().close()
