"""One PDF from the files of a print run, in pieces: a run of 50,000 pages is handed out without being held in memory.

The files are our own (see document.py): plain objects, one cross-reference table, a page tree without nesting. Each file's
objects are renumbered behind those before; its page tree becomes a branch of the new one, so pages still inherit their size,
fonts and background.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_ROOT = re.compile(rb"/Root (\d+) 0 R")
_PAGES = re.compile(rb"/Pages (\d+) 0 R")
_COUNT = re.compile(rb"/Count (\d+)")
_CATALOG, _INFO, _TREE, _FIRST = 1, 2, 3, 4
_HEAD = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"


class NotOurs(ValueError):
    """The bytes are no file of a print run."""


def _offsets(pdf: bytes) -> dict[int, int]:
    """Where each object of a file begins."""
    at = pdf.rfind(b"startxref")
    start = int(pdf[at + 9 :].split(None, 1)[0]) if at >= 0 else -1
    if not pdf.startswith(b"%PDF-") or start < 0 or pdf[start : start + 4] != b"xref":
        raise NotOurs("no cross-reference table")
    _word, _zero, count, body = pdf[start:].split(None, 3)
    rows = body[: int(count) * 20].split()
    return {number: int(rows[3 * number]) for number in range(int(count)) if rows[3 * number + 2] == b"n"}


def _body(pdf: bytes, at: int, end: int) -> bytes:
    body = pdf[at:end]
    begin, stop = body.find(b"obj"), body.rfind(b"endobj")
    if begin < 0 or stop < 0:
        raise NotOurs("an object does not end")
    return body[begin + 3 : stop].strip(b"\r\n ")


def _renumbered(body: bytes, shift: int) -> bytes:
    """The object with its references moved; what lies inside a stream is data and stays."""
    at = body.find(b"stream\n")
    head, data = (body, b"") if at < 0 else (body[:at], body[at:])
    return _REFERENCE.sub(lambda match: b"%d 0 R" % (int(match[1]) + shift), head) + data


def _object(number: int, body: bytes) -> bytes:
    return b"%d 0 obj\n%b\nendobj\n" % (number, body)


def join(files: Iterable[bytes], title: str) -> Iterator[bytes]:
    """The pages of all files in one, in order, in pieces; at most one of the files is held at a time. Equal input, equal bytes."""
    places: dict[int, int] = {}
    at, shift = len(_HEAD), _FIRST - 1
    branches: list[int] = []
    pages = 0
    yield _HEAD
    for pdf in files:
        starts = _offsets(pdf)
        trailer = pdf[pdf.rfind(b"trailer") :]
        root_match = _ROOT.search(trailer)
        if root_match is None:
            raise NotOurs("no catalogue")
        root = int(root_match[1])
        bounds = sorted([*starts.values(), pdf.rfind(b"xref", 0, pdf.rfind(b"startxref"))])
        after = dict(pairwise(bounds))
        tree_match = _PAGES.search(_body(pdf, starts[root], after[starts[root]]))
        if tree_match is None:
            raise NotOurs("no page tree")
        tree = int(tree_match[1])
        pieces = []
        for number in sorted(starts):
            if number == root:
                continue
            body = _body(pdf, starts[number], after[starts[number]])
            moved = _renumbered(body, shift)
            if number == tree:
                count = _COUNT.search(body)
                pages += int(count[1]) if count else 0
                moved = moved.replace(b"<</Type/Pages", b"<</Type/Pages/Parent %d 0 R" % _TREE, 1)
                branches.append(number + shift)
            piece = _object(number + shift, moved)
            places[number + shift] = at
            at += len(piece)
            pieces.append(piece)
        yield b"".join(pieces)
        shift += max(starts)
    kids = b" ".join(b"%d 0 R" % number for number in branches)
    named = b"\xfe\xff" + title.encode("utf-16-be")
    last = (
        (_CATALOG, b"<</Type/Catalog/Pages %d 0 R/Lang(zh-CN)>>" % _TREE),
        (_INFO, b"<</Producer(trainhub)/Title<%b>>>" % named.hex().upper().encode("ascii")),
        (_TREE, b"<</Type/Pages/Count %d/Kids[%b]>>" % (pages, kids)),
    )
    tail = []
    for number, body in last:
        piece = _object(number, body)
        places[number] = at
        at += len(piece)
        tail.append(piece)
    yield b"".join(tail)
    size = max(places) + 1
    rows = [b"0000000000 65535 f \n"]
    rows += [b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n" for number in range(1, size)]
    yield b"xref\n0 %d\n" % size + b"".join(rows)
    yield b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, _CATALOG, _INFO, at)
