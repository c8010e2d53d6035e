"""Whether 姓名 and 课程 are swapped over a whole file: every cell may be a name, only the file shows it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from trainhub.kernel.characters import plain_words

LOOKED_AT = 4_000
"""Rows from the start that are looked at: what is swapped is swapped from the first row."""
FEW = 3
"""From how many different numbers, each with a course of its own, on a "name" may be a course. Persons who do share a name took the same
few courses, where behind a course in the wrong column stand as many names as persons; two may be chance, of three of one name with a
course each most of a file does not consist."""
MANY = 10
"""From how many persons behind such names on it is no chance: a group of three namesakes with a course each is one."""


def is_swapped(rows: Iterable[Mapping[str, str]], titles: Collection[str]) -> bool:
    """Most rows have a "name" that stands for `FEW` persons or more, `MANY` of them in the file, or that is a registered course while
    their course is none."""
    numbers: dict[str, set[str]] = defaultdict(set)
    courses: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    total = registered = 0
    for row in rows:
        name, course = row.get("name", "").strip(), row.get("course", "").strip()
        total += 1
        if is_course(name, course, titles):
            registered += 1
        elif name:
            counts[name] += 1
            numbers[name].add(row.get("id_number", "").strip())
            courses[name].add(course)
    shared = [name for name in counts if min(len(numbers[name]), len(courses[name])) >= FEW]
    is_chance = len(set().union(*(numbers[name] for name in shared))) < MANY
    odd = 0 if is_chance else sum(counts[name] for name in shared)
    return (odd + registered) * 2 > total


def is_course(name: str, course: str, titles: Collection[str]) -> bool:
    """What stands as a name is a registered course, and what stands as a course is none; `titles` for comparison (`plain_words`)."""
    return bool(titles) and plain_words(name) in titles and plain_words(course) not in titles
