"""The folder of `capstones simulate`: every bad cell named with file and row, nothing computed from half a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import compress
from operator import contains
from pathlib import Path
from typing import Any

from enterprises.capstones.planner.types import CapstoneIn, PersonIn, Problem, Side, Slot
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.columns import Columns
from trainhub.kernel.sheets.folder import Folder
from trainhub.kernel.sheets.parsers import parse_enum, parse_int, parse_text, split_list
from trainhub.kernel.sheets.schema import Field, Schema

_code = parse_text(most=100)


def _whole(least: int, most: int) -> Callable[[str], int]:
    return lambda text: parse_int(text, least=least, most=most)


_ROLE = Field(
    "role",
    "角色",
    parse_enum({"school": Side.SCHOOL, "enterprise": Side.ENTERPRISE, "校内": Side.SCHOOL, "企业": Side.ENTERPRISE}),
    required=True,
    choices=("school", "enterprise"),
)
_CAPSTONE = Field("capstone", "毕业设计", _code, required=True, is_code=True)
_PERSON = Field("person", "导师", _code, required=True, is_code=True)
SCHEMAS: dict[str, Schema] = {
    "capstones": Schema(
        [
            _CAPSTONE,
            Field("student", "学生", _code, required=True, is_code=True),
            Field("discipline", "学科", _code, required=True, is_code=True),
            Field("enterprise", "企业", _code, required=True, is_code=True),
        ]
    ),
    "teachers": Schema(
        [
            Field("teacher", "教师", _code, required=True, is_code=True),
            Field("disciplines", "学科", split_list(), default=(), aliases=("discipline",), is_code=True),
            Field("capacity", "容量", _whole(0, 100_000), required=True),
        ]
    ),
    "mentors": Schema(
        [
            Field("mentor", "企业导师", _code, required=True, is_code=True),
            Field("enterprise", "企业", _code, required=True, is_code=True),
            Field("capacity", "容量", _whole(0, 100_000), required=True),
        ]
    ),
    "preferences": Schema([_CAPSTONE, _ROLE, _PERSON, Field("rank", "志愿序号", _whole(1, 1000), required=True)]),
    "fixed": Schema([_CAPSTONE, _ROLE, _PERSON]),
    "current": Schema([_CAPSTONE, _ROLE, _PERSON]),
}
OPTIONAL = ("fixed", "current")

People = dict[Side, dict[str, PersonIn]]
TABLES = {Side.SCHOOL: "teachers", Side.ENTERPRISE: "mentors"}


def read(path: Path, *, relax_fixed: bool = False) -> tuple[Problem, Folder]:
    """The task in the folder, and the folder with its warnings. Raises BadFolder naming every bad row, SheetError for an unreadable file.

    An impossible fixed row is a fault with its file and row; with `relax_fixed` it is dropped with a warning.
    """
    folder = Folder(path, SCHEMAS, OPTIONAL)
    rows = folder.unique("capstones", folder.read("capstones"), "capstone").data
    capstones = {one: CapstoneIn(one, *more) for one, *more in _zip(rows, "capstone", "student", "discipline", "enterprise")}
    rows = folder.unique("teachers", folder.read("teachers"), "teacher").data
    teachers = {one: PersonIn(one, frozenset(groups), capacity) for one, groups, capacity in _zip(rows, "teacher", "disciplines", "capacity")}
    guides = folder.unique("mentors", folder.read("mentors"), "mentor")
    mentors = {one: PersonIn(one, frozenset([firm]), capacity) for one, firm, capacity in _zip(guides.data, "mentor", "enterprise", "capacity")}
    _point_out_equal_ids(folder, guides, teachers)
    people = {Side.SCHOOL: teachers, Side.ENTERPRISE: mentors}
    ranks = _preferences(folder, capstones, people)
    current = _current(folder, capstones)
    fixed, dropped = _fixed(folder, capstones, people, relax_fixed=relax_fixed)
    folder.refuse_if_bad()
    groups = {side: tuple(rows.values()) for side, rows in people.items()}
    return Problem(tuple(capstones.values()), groups, ranks, fixed, current, frozenset(dropped)), folder


def _point_out_equal_ids(folder: Folder, guides: Columns, teachers: dict[str, PersonIn]) -> None:
    """Two registers number their people on their own, and the role says which is meant: equal ids are different people, which is said once."""
    same = [(key, row) for key, row in zip(guides.data["mentor"], guides.numbers, strict=True) if key in teachers]
    if not same:
        return
    text = _(
        "mentors 与 teachers 有 %(count)d 个编号相同，按各自文件中的不同的人计算；如果是同一人，请从其中一个文件删去，以免他成为双方导师。",
        count=len(same),
    )
    folder.bad("mentors", same[0][1], "mentor", same[0][0], text, is_warning=True)


def _zip(data: dict[str, list[Any]], *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(data[name] for name in names), strict=True)


def _of_side(rows: Columns, side: Side) -> list[bool]:
    return [role is side for role in rows.data["role"]]


def _named(folder: Folder, name: str, capstones: dict[str, CapstoneIn], people: People) -> Columns:
    """The rows that name a capstone and a person of the side."""
    rows = folder.known(name, folder.read(name), capstone=capstones)
    named = {side: set(compress(rows.data["person"], _of_side(rows, side))) for side in Side}
    strange = {(side, who) for side, found in named.items() for who in found.difference(people[side])}
    lost = set()
    if strange:
        for at, (side, who) in enumerate(_zip(rows.data, "role", "person")):
            if (side, who) in strange:
                lost.add(at)
                folder.bad(name, rows.numbers[at], "person", who, _("%(file)s 中没有这个人。", file=TABLES[side]))
    return rows.without(lost)


def _preferences(folder: Folder, capstones: dict[str, CapstoneIn], people: People) -> dict[tuple[str, Side, str], int]:
    rows = _named(folder, "preferences", capstones, people)
    keys = list(_zip(rows.data, "capstone", "role", "person"))
    ranks = dict(zip(keys, rows.data["rank"], strict=True))
    if len(ranks) < len(keys):
        rows = folder.unique("preferences", rows, "capstone", "role", "person")
        keys = list(_zip(rows.data, "capstone", "role", "person"))
    wanted = {side: {one.id: one.group(side) for one in capstones.values()} for side in Side}
    offered = {side: {one.id: one.groups for one in people[side].values()} for side in Side}
    if _all_fit(rows, wanted, offered):
        return ranks
    for at in [at for at, (key, side, who) in enumerate(keys) if wanted[side][key] not in offered[side][who]]:
        text = _("这个人不属于该毕业设计的学科或企业，志愿不起作用。")
        folder.bad("preferences", rows.numbers[at], "person", keys[at][2], text, is_warning=True)
    return ranks


def _all_fit(rows: Columns, wanted: dict[Side, dict[str, str]], offered: dict[Side, dict[str, frozenset[str]]]) -> bool:
    """Whether every wish is for somebody of the group, as nearly always: asked without a step of Python for each of many thousand rows."""
    for side in Side:
        of_side = _of_side(rows, side)
        groups = map(wanted[side].__getitem__, compress(rows.data["capstone"], of_side))
        members = map(offered[side].__getitem__, compress(rows.data["person"], of_side))
        if not all(map(contains, members, groups)):
            return False
    return True


def _current(folder: Folder, capstones: dict[str, CapstoneIn]) -> dict[Slot, str]:
    """An earlier plan may name people who have left: such a row cannot be kept and counts as a change."""
    rows = folder.unique("current", folder.read("current"), "role", "capstone")
    rows = folder.known("current", rows, is_warning=True, capstone=capstones)
    return {(key, side): who for key, side, who in _zip(rows.data, "capstone", "role", "person")}


def _fixed(folder: Folder, capstones: dict[str, CapstoneIn], people: People, *, relax_fixed: bool) -> tuple[dict[Slot, str], list[Slot]]:
    """The fixed rows by id, so that their order says nothing; an impossible one is a problem or is let go."""
    fixed: dict[Slot, str] = {}
    dropped: list[Slot] = []
    held: Counter[tuple[Side, str]] = Counter()
    rows = _named(folder, "fixed", capstones, people)
    for (key, side, who), row in sorted(zip(_zip(rows.data, "capstone", "role", "person"), rows.numbers, strict=True)):
        slot: Slot = (key, side)
        person = people[side][who]
        problem = ""
        if fixed.get(slot) == who:
            continue
        if slot in fixed:
            problem = _("同一毕业设计的同一角色固定了两次。")
        elif capstones[key].group(side) not in person.groups:
            problem = _("固定的导师不属于该毕业设计的学科或企业。")
        elif held[side, who] >= person.capacity:
            problem = _("固定的人数超过该导师的容量 %(capacity)d。", capacity=person.capacity)
        if problem:
            dropped.append(slot)
            folder.bad("fixed", row, "person", who, problem, is_warning=relax_fixed)
        else:
            fixed[slot] = who
            held[side, who] += 1
    return fixed, [slot for slot in dropped if slot not in fixed]
