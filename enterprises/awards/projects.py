"""Which project a bid is about: one is known by the number of its source, two spellings of a name are told from two projects by a person."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher

from enterprises.awards.types import BY_PROJECT
from trainhub.policy.types import Parameter


def key_of(text: str) -> str:
    """A name or number without what people write differently: width, case, spaces, brackets, dashes."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


Thing = tuple[str, str, int]
"""(name of the project, number of its source, year)"""


def is_same(rule: str, given: Thing, asked: Thing) -> bool:
    """Whether something was given for the same as is asked for: the year, or the project whatever the year. Projects are told apart by the number of
    their source, by name where one of them has none. A bid award of the year that names no project (decided before projects were kept) stands for
    any of them."""
    project, number, year = given
    if rule not in BY_PROJECT or not key_of(project):
        return year == asked[2]
    if key_of(number) and key_of(asked[1]):
        return key_of(number) == key_of(asked[1])
    return key_of(project) == key_of(asked[0])


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
