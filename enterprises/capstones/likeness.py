"""How alike two topics are: a reuse check that a person judges. Pure: texts in, a share out.

A reused topic comes back in two ways: under its old title, or as the old problem under a new one. So both are compared and the
higher share counts: titles by the pairs of characters they have in common (Dice), problems by how much of the shorter is found in
the longer. Words of Chinese need no dictionary for this: neighbouring characters (2-grams) do; Latin words count whole, numbers and
punctuation not at all, because a figure that was changed makes no new topic.

`tests/enterprises/capstones/similar_topics.tsv` holds the pairs on which the limit was chosen and those on which it was tried.
"""

from __future__ import annotations

import re
import unicodedata
import zlib

LIKE_FROM = 0.45
"""From which share on two topics are shown beside each other."""
SAMPLED = 4
"""Of the pairs of a problem every fourth (by checksum, so the same ones everywhere) is kept to find candidates by; of a title all are."""
SHORT = 12
"""Below so many pairs a problem is too short to ask how much of it is found elsewhere."""
RUNS = re.compile(r"[㐀-鿿]+|[a-z]+")


def grams(text: str) -> frozenset[str]:
    """The pairs of neighbouring Chinese characters and the Latin words of a text."""
    found: set[str] = set()
    for run in RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run.isascii() or len(run) == 1:
            found.add(run)
        else:
            found.update(run[at : at + 2] for at in range(len(run) - 1))
    return frozenset(found)


def share(one: tuple[str, str], other: tuple[str, str]) -> float:
    """How alike two topics (title, problem) are, 0 to 1."""
    titles, problems = (grams(one[0]), grams(other[0])), (grams(one[1]), grams(other[1]))
    return max(_dice(*titles), _found(*problems))


def marks(title: str, problem: str) -> frozenset[int]:
    """By what a topic is found again: checksums of its pairs, 31 bits, the same on every machine and in every version."""
    sums = {_sum(gram) for gram in grams(problem)}
    return frozenset({one for one in sums if one % SAMPLED == 0} | {_sum(gram) for gram in grams(title)})


def _sum(gram: str) -> int:
    return zlib.crc32(gram.encode()) & 0x7FFFFFFF


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def _found(one: frozenset[str], other: frozenset[str]) -> float:
    if min(len(one), len(other)) < SHORT:
        return _dice(one, other)
    return len(one & other) / min(len(one), len(other))
