"""Reading our own PDFs back: the attachment and a digest of everything that is drawn. No PDF library is needed.

A file is cut at its streams. That finds the attachment also after another program saved the file anew (embedded files
stay streams of their own); anything such a program adds or changes gives another digest, which is what is asked. What lies
between the streams may not draw either: a note, a stamp or a stream in a disguise leaves the file without a seal. How the streams are put
together is not looked at: newer files are vouched for as a whole (`whole.py`), the digest is for those of before. The page that
verifies offline (static/js/verify-offline.js) reads in the same way.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass

from trainhub.certificates.layouts.document import digest_of

_STREAM = re.compile(rb">>\s*stream\r?\n")
LONGEST_HEAD = 4000
_SIGNED = re.compile(
    rb"/AcroForm<</Fields\[\d+ 0 R\]/SigFlags 3>>|/Annots\[\d+ 0 R\]"
    rb"|/Type/Annot/Subtype/Widget/FT/Sig/T\(Signature1\)/F 132/Rect\[0 0 0 0\]/P \d+ 0 R/V \d+ 0 R>>"
)
"""What a PAdES signature adds (see pades.py): a field that shows nothing."""
_DRAWS = re.compile(rb"stream|/Subtype(?!/CIDFontType2\b|/Type0\b)|/Annots|/AcroForm|/AA\b|/OpenAction|/\w*#")
"""What could show something though it is in no stream that was read, or hide that it does (a name spelt with #)."""
_HIDES = re.compile(rb"\bobj\b|/Annot")
"""In what stands before a stream: another object that ran into it."""
MOST_BYTES = 20 * 1024 * 1024
"""A single certificate is far smaller; an inflated stream beyond this is not read."""
MOST_INFLATED = 128 * 1024 * 1024
"""All streams together: six pictures of four million pixels; whoever sends more wants to keep us busy."""
MOST_ATTACHED = 1024 * 1024
MOST_STREAMS = 400


class NotReadable(ValueError):
    """The bytes are no PDF, or one with more in it than a certificate holds."""


@dataclass(frozen=True)
class Read:
    """What a file holds: its attachments, and the digest over all its other streams; empty when something else may draw."""

    attachments: tuple[bytes, ...]
    seal: str


def _inflate(data: bytes, most: int) -> bytes:
    machine = zlib.decompressobj()
    try:
        plain = machine.decompress(data, most)
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
    between: list[bytes] = []
    at, room = 0, MOST_INFLATED
    while (match := _STREAM.search(pdf, at)) is not None:
        start = match.end()
        end = pdf.find(b"endstream", start)
        if end < 0 or len(between) > MOST_STREAMS or room <= 0:
            raise NotReadable("streams do not end, or there are too many")
        before = max(at, match.start() - LONGEST_HEAD, pdf.rfind(b"endobj", at, match.start()))
        opens = pdf.find(b"<<", before, match.start())
        head = pdf[opens : match.start() + 2] if opens >= 0 else b""
        length = re.search(rb"/Length (\d+)(?! \d+ R)", head)
        if length is not None and pdf[start + int(length[1]) : start + int(length[1]) + 12].lstrip().startswith(b"endstream"):
            end = start + int(length[1])
        raw = pdf[start:end]
        is_attached = b"/EmbeddedFile" in head
        plain = _inflate(raw, MOST_ATTACHED if is_attached else MOST_BYTES) if b"/FlateDecode" in head else raw
        room -= len(plain)
        if is_attached:
            attachments.append(plain)
        else:
            digests.append(hashlib.sha256(plain).hexdigest())
        between.append(pdf[at : opens if opens >= 0 else match.end()] + (head if _HIDES.search(head) else b""))
        at = end + len(b"endstream")
    rest = _SIGNED.sub(b"", b"\n".join((*between, pdf[at:])))
    return Read(tuple(attachments), "" if _DRAWS.search(rest) else digest_of(digests))
