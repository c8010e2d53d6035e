"""Timetables of defences without clashes, and reviews spread evenly. Pure: ids in, a plan out; the same input gives the same plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Session:
    """A panel in a room. `people` are members and secretary, `judges` the members alone; `places` how many students fit before midnight."""

    id: int
    name: str
    room: str
    on: date
    starts_minute: int
    minutes_each: int
    people: frozenset[int]
    judges: frozenset[int]
    taken: int = 0
    """Places up to the last one that is recorded: they are over."""
    given: int = 0
    """Places behind these that are given and not recorded: of a group of another cohort they stay too."""
    site: int = 0
    """The university: a room of the same name elsewhere is another room."""

    @property
    def where(self) -> tuple[int, str]:
        """The room, however its name was written."""
        return self.site, "".join(self.room.casefold().split())

    @property
    def places(self) -> int:
        """How many students fit into the rest of the day, the recorded ones left out."""
        return max((1440 - self.starts_minute) // self.minutes_each - self.taken, 0)

    def ends_after(self, students: int) -> int:
        """The minute at which the last of so many further students leaves; a group that has none at all is held for one."""
        return self.starts_minute + max(self.taken + students, 1) * self.minutes_each

    def begun_at(self, minute: int) -> Session:
        """The same group when this minute of its day has come: no place before it is given any more."""
        return replace(self, taken=max(self.taken, -(-(minute - self.starts_minute) // self.minutes_each)))


ROOM = "地点"
"""What two groups share when it is no person: a word of the product, told in the language of the reader."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two groups that meet at the same time in the same room, or with the same person."""

    first: str
    second: str
    what: str


@dataclass(frozen=True, slots=True)
class Timetable:
    """`placed`: (group, minute) by capstone; `left`: capstones for which every panel holds somebody who has to stay away, or is full."""

    placed: Mapping[int, tuple[int, int]]
    left: frozenset[int]
    alike: frozenset[int] = frozenset()
    """Not placed at all: the thesis lies above the limit of similarity."""


def clock_of(minute: int) -> str:
    """`08:30` of 510."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def clash_of(sessions: Sequence[Session], *, students: Mapping[int, int] | None = None) -> Clash | None:
    """The first pair that cannot both take place; `students` by group say how many more come (default: those who have a place)."""
    for one, other in combinations(sorted(sessions, key=lambda s: (s.on, s.starts_minute, s.id)), 2):
        if one.on != other.on:
            continue
        ends = {s.id: s.ends_after((students or {}).get(s.id, s.given)) for s in (one, other)}
        if one.starts_minute >= ends[other.id] or other.starts_minute >= ends[one.id]:
            continue
        if one.where == other.where:
            return Clash(one.name, other.name, ROOM)
        if one.people & other.people:
            return Clash(one.name, other.name, "人员")
    return None


def _limits(sessions: Sequence[Session], around: Sequence[Session]) -> dict[int, int]:
    """How many students each group may take before the next group of the same room or the same people begins, whosesoever it is."""
    most = {}
    for one in sessions:
        later = [
            other.starts_minute
            for other in (*sessions, *around)
            if other.id != one.id
            and other.on == one.on
            and other.starts_minute >= one.ends_after(0)
            and (other.where == one.where or other.people & one.people)
        ]
        room = (min(later) - one.starts_minute) // one.minutes_each - one.taken if later else one.places
        most[one.id] = max(min(room, one.places), 0)
    return most


def place(
    capstones: Sequence[int], sessions: Sequence[Session], barred: Mapping[int, Collection[int]], *, around: Sequence[Session] = ()
) -> Timetable:
    """Give as many capstones as possible a place, evenly over the groups; nobody judges a student from whom he is barred.

    `around` are groups of other cohorts and programmes, which stay as they are: none of `sessions` runs into one of them.

    Exact: places are filled by augmenting paths under a level that rises one by one, so that no group gets a further student
    while another one below the level could still take him.
    """
    groups = sorted(sessions, key=lambda s: (s.on, s.starts_minute, s.id))
    most = _limits(groups, around)
    open_to = {key: [g.id for g in groups if not g.judges & set(barred.get(key, ()))] for key in capstones}
    found = assign(sorted(capstones), open_to, most)
    placed: dict[int, tuple[int, int]] = {}
    for group in groups:
        mine = sorted(key for key, at in found.items() if at == group.id)
        for number, key in enumerate(mine):
            placed[key] = (group.id, group.starts_minute + (group.taken + number) * group.minutes_each)
    return Timetable(placed, frozenset(set(capstones) - set(placed)))


def spread(
    capstones: Sequence[int], people: Sequence[int], barred: Mapping[int, Collection[int]], *, held: Mapping[int, int] | None = None
) -> dict[int, int]:
    """One person to each capstone as evenly as possible, none from whom he is barred; what somebody holds already counts."""
    open_to = {key: [p for p in people if p not in set(barred.get(key, ()))] for key in capstones}
    return assign(sorted(capstones), open_to, dict.fromkeys(people, len(capstones)), held=held or {})


def assign(
    items: Sequence[int], open_to: Mapping[int, Sequence[int]], most: Mapping[int, int], *, held: Mapping[int, int] | None = None
) -> dict[int, int]:
    """A largest assignment of items to holders, with the highest load as low as possible."""
    before = held or {}
    found: dict[int, int] = {}
    ceiling = max((before.get(key, 0) + room for key, room in most.items()), default=0)
    level = 0
    while len(found) < len(items) and level < ceiling:
        level += 1
        room = {key: max(min(limit, level - before.get(key, 0)), 0) for key, limit in most.items()}
        for item in items:
            if item not in found:
                _augment(item, open_to, room, found)
    return found


def _augment(start: int, open_to: Mapping[int, Sequence[int]], room: Mapping[int, int], found: dict[int, int]) -> bool:
    """Place one item, moving others on where that frees a place (breadth first over holders)."""
    load: dict[int, list[int]] = {}
    for item, holder in found.items():
        load.setdefault(holder, []).append(item)
    came: dict[int, tuple[int, int | None]] = {}
    queue: list[tuple[int, int | None]] = [(start, None)]
    while queue:
        item, at = queue.pop(0)
        for holder in open_to.get(item, ()):
            if holder in came or holder == at:
                continue
            came[holder] = (item, at)
            if len(load.get(holder, ())) < room.get(holder, 0):
                step: int | None = holder
                while step is not None:
                    mover, behind = came[step]
                    found[mover] = step
                    step = behind
                return True
            queue.extend((other, holder) for other in sorted(load.get(holder, ())))
    return False
