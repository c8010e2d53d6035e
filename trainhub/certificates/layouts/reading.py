"""Reading our own PDFs back: the attachment and a digest of everything that is drawn. No PDF library is needed.

A file is cut at its streams. That finds the attachment also after another program saved the file anew (embedded files
stay streams of their own); anything such a program adds or changes gives another digest, which is what is asked.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass

from trainhub.certificates.layouts.document import digest_of

_STREAM = re.compile(rb"(<<(?:(?!stream\r?\n|endobj).){0,4000}?>>)\s*stream\r?\n", re.DOTALL)
MOST_BYTES = 20 * 1024 * 1024
"""A single certificate is far smaller; an inflated stream beyond this is not read."""
MOST_STREAMS = 400


class NotReadable(ValueError):
    """The bytes are no PDF, or one with more in it than a certificate holds."""


@dataclass(frozen=True)
class Read:
    """What a file holds: its attachments, and the digest over all its other streams."""

    attachments: tuple[bytes, ...]
    seal: str


def _inflate(data: bytes) -> bytes:
    machine = zlib.decompressobj()
    try:
        plain = machine.decompress(data, MOST_BYTES)
    except zlib.error:
        return data
    if machine.unconsumed_tail:
        raise NotReadable("a stream is too large")
    return plain


def read(pdf: bytes) -> Read:
    """The attachments and the digest of a file; NotReadable when it is no PDF or too large to be a certificate."""
    if not pdf.startswith(b"%PDF-") or len(pdf) > MOST_BYTES:
        raise NotReadable("no PDF of one certificate")
    attachments: list[bytes] = []
    digests: list[str] = []
    at = 0
    while (match := _STREAM.search(pdf, at)) is not None:
        start = match.end()
        end = pdf.find(b"endstream", start)
        if end < 0 or len(digests) > MOST_STREAMS:
            raise NotReadable("streams do not end, or there are too many")
        head = match[1]
        length = re.search(rb"/Length (\d+)(?! \d+ R)", head)
        if length is not None and pdf[start + int(length[1]) : start + int(length[1]) + 12].lstrip().startswith(b"endstream"):
            end = start + int(length[1])
        raw = pdf[start:end]
        plain = _inflate(raw) if b"/FlateDecode" in head else raw
        if b"/EmbeddedFile" in head:
            attachments.append(plain)
        elif b"/XRef" not in head and b"/ObjStm" not in head:
            digests.append(hashlib.sha256(plain).hexdigest())
        at = end
    return Read(tuple(attachments), digest_of(digests))
