"""A store that speaks as much of S3 as the product asks of one, on a port of this machine: one bucket, one key, objects in memory."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET, KEY_ID = "training", "the-key"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    ill: Iterator[int]

    def log_message(self, *_words: object) -> None:
        """Nothing: what was asked is not a test's output."""

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _asked(self) -> tuple[str, dict[str, list[str]]] | None:
        """The key within the bucket and the query; None when it was refused."""
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if status := next(self.ill, 0):
            self._error(status, "NotNow")
        elif f"Credential={KEY_ID}/" not in self.headers.get("Authorization", ""):
            self._error(403, "InvalidAccessKeyId")
        elif bucket != BUCKET:
            self._error(404, "NoSuchBucket")
        else:
            return key, parse_qs(parts.query, keep_blank_values=True)
        return None

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if asked := self._asked():
            self.objects[asked[0]] = data
            self._answer(200, ETag='"1"')

    def do_POST(self) -> None:
        """Several keys to delete at once, as the library asks it of one, too."""
        gone = re.findall("<Key>([^<]+)</Key>", self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        if self._asked():
            for key in gone:
                self.objects.pop(key, None)
            rows = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in gone)
            self._answer(200, f"<DeleteResult>{rows}</DeleteResult>".encode())

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        asked = self._asked()
        if asked is None:
            return
        key, query = asked
        when = "Mon, 02 Nov 2026 08:00:00 GMT"
        if "list-type" in query:
            prefix = query.get("prefix", [""])[0]
            rows = "".join(
                f"<Contents><Key>{escape(name)}</Key><LastModified>2026-11-02T08:00:00.000Z</LastModified><ETag>1</ETag><Size>{len(data)}</Size></Contents>"
                for name, data in sorted(self.objects.items())
                if name.startswith(prefix)
            )
            self._answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode())
        elif key not in self.objects:
            self._error(404, "NoSuchKey")
        elif span := self.headers.get("Range"):
            data = self.objects[key]
            start, _, end = span.removeprefix("bytes=").partition("-")
            piece = data[int(start) : int(end) + 1]
            self._answer(206, piece, ETag='"1"', Last_Modified=when, Content_Range=f"bytes {start}-{int(start) + len(piece) - 1}/{len(data)}")
        else:
            self._answer(200, self.objects[key], ETag='"1"', Last_Modified=when)


@contextmanager
def served(ill: Iterable[int] = ()) -> Iterator[tuple[dict[str, str], dict[str, bytes]]]:
    """The variables by which an installation keeps its files in it, and what lies there. `ill`: the statuses by which it answers first."""
    objects: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"objects": objects, "ill": iter(ill)}))
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )  # by itself it notices half a second later that it is to end
    thread.start()
    try:
        yield (
            {
                "TRAINHUB_FILES_URL": f"s3://{BUCKET}/files",
                "AWS_ACCESS_KEY_ID": KEY_ID,
                "AWS_SECRET_ACCESS_KEY": "the-secret",
                "AWS_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
                "AWS_ALLOW_HTTP": "true",
            },
            objects,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
