"""A text file of questions, whichever of the two notations each block of it is written in."""

from __future__ import annotations

from collections.abc import Iterable

from courses.assessment.exchange import aiken, gift_read
from courses.assessment.exchange.types import Read


def read(text: str) -> Read:
    """Every question in the order of the file. A block with an "ANSWER: A" line is AIKEN, braces in its formulas or not; else it is GIFT.

    Where a file has such blocks, an AIKEN question may have empty lines in it, and what has no braces is told as an AIKEN question without an answer.
    """
    if not aiken.looks_like(text):
        return gift_read.read(text)
    lines = text.splitlines()
    mine: set[int] = set()
    follows = False
    for block in reversed(_blocks(lines)):
        said = [lines[n] for n in block]
        is_aiken = any(map(aiken.looks_like, said)) or (follows and not _is_gift(said[0]))
        is_aiken = is_aiken or ("{" not in "".join(said) and not _is_gift(said[0]))
        if is_aiken:
            mine.update(block)
        follows = is_aiken and aiken.goes_on(said[0])
    parts = aiken.read(_only(lines, mine)), gift_read.read(_only(lines, set(range(len(lines))) - mine))
    return Read(
        questions=sorted((one for part in parts for one in part.questions), key=lambda one: one.line),
        troubles=sorted((one for part in parts for one in part.troubles), key=lambda one: one.line),
    )


def _blocks(lines: list[str]) -> list[list[int]]:
    """The numbers of the lines between empty ones."""
    found: list[list[int]] = [[]]
    for number, line in enumerate(lines):
        if line.strip():
            found[-1].append(number)
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def _is_gift(line: str) -> bool:
    return line.strip().startswith(("//", "::", "$CATEGORY:"))


def _only(lines: list[str], wanted: Iterable[int]) -> str:
    """The text with the other lines empty, so that every line keeps its number."""
    kept = set(wanted)
    return "\n".join(line if number in kept else "" for number, line in enumerate(lines))
