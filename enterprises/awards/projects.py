"""Which project a bid is about: one is known by the number of its source, two spellings of a name are told from two projects by a person."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher

from trainhub.policy.types import Parameter


def key_of(text: str) -> str:
    """A name or number without what people write differently: width, case, spaces, brackets, dashes."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def is_alike(one: str, other: str, least: Parameter) -> bool:
    """Whether two names may be spellings of one project: one holds the other, or their signs agree from a share on
    (own.awards.project_likeness_percent)."""
    first, second = key_of(one), key_of(other)
    if not first or not second:
        return False
    if first in second or second in first:
        return True
    first, second = sorted((first, second))
    same = sum(block.size for block in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks())
    return same * 200 >= int(least.number) * (len(first) + len(second))
