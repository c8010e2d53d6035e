"""The folder of `capstones simulate`: every bad cell named with file and row, nothing computed from half a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from enterprises.capstones.planner.types import CapstoneIn, PersonIn, Problem, Side, Slot
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_enum, parse_int, parse_text, split_list
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.kernel.sheets.types import Problem as Fault

SHOWN = 200
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
OPTIONAL = frozenset({"fixed", "current"})


class BadFolder(Refused):
    """Rows or files that cannot be taken; nothing was computed."""

    code = "bad_rows"


class _Reader:
    """Rows of the files with what is wrong in them; a row with a fault is left out of what is built."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.count = 0
        self.warnings: list[dict[str, Any]] = []

    def fault(self, file: str, row: int | None, column: str | None, value: str | None, problem: str) -> None:
        self.count += 1
        if len(self.faults) < SHOWN:
            self.faults.append(Fault(file, None, row, column, value, problem))

    def warn(self, file: str, row: int | None, column: str, value: str, problem: str) -> None:
        if len(self.warnings) < SHOWN:
            self.warnings.append(Fault(file, None, row, column, value, problem, "warning").as_dict())

    def rows(self, name: str) -> Iterator[Parsed]:
        """The good rows of one file; the others are faults."""
        path = self.path(name)
        if path is None:
            if name not in OPTIONAL:
                self.fault(f"{name}.csv", None, None, None, _("文件夹中没有这个文件。"))
            return
        schema = SCHEMAS[name]
        with read_table(path, schema.columns) as table:
            self.warnings += [problem.as_dict() for problem in table.problems]
            for parsed in schema.parse(table):
                if parsed.is_good:
                    yield parsed
                for problem in parsed.problems:
                    if problem.level == "error":
                        self.fault(path.name, problem.row, problem.column, problem.value, problem.problem)

    def path(self, name: str) -> Path | None:
        """name.csv, else name.xlsx."""
        return next((p for p in (self.folder / f"{name}.csv", self.folder / f"{name}.xlsx") if p.is_file()), None)

    def file(self, name: str) -> str:
        found = self.path(name)
        return found.name if found else f"{name}.csv"


def read(folder: Path, *, relax_fixed: bool = False) -> tuple[Problem, list[dict[str, Any]]]:
    """The task in the folder and the warnings. Raises BadFolder naming every bad row, SheetError for an unreadable file.

    An impossible fixed row is a fault with its file and row; with `relax_fixed` it is dropped with a warning.
    """
    if not folder.is_dir():
        raise BadFolder(
            _("没有这个文件夹：%(folder)s", folder=folder.name),
            code="no_folder",
            details=[Fault(folder.name, None, None, None, None, "no such folder").as_dict()],
        )
    reader = _Reader(folder)
    capstones = _unique(reader, "capstones", "capstone", lambda d: CapstoneIn(d["capstone"], d["student"], d["discipline"], d["enterprise"]))
    teachers = _unique(reader, "teachers", "teacher", lambda d: PersonIn(d["teacher"], frozenset(d["disciplines"]), d["capacity"]))
    mentors = _unique(reader, "mentors", "mentor", lambda d: PersonIn(d["mentor"], frozenset([d["enterprise"]]), d["capacity"]))
    people = {Side.SCHOOL: teachers, Side.ENTERPRISE: mentors}
    for key in sorted(teachers.keys() & mentors.keys()):
        reader.warn(
            reader.file("mentors"), None, "mentor", key, _("同一编号也出现在 teachers 中；请确认不是同一人，同一人不能担任一个毕业设计的双方导师。")
        )
    ranks = _preferences(reader, capstones, people)
    current = _current(reader, capstones)
    fixed, dropped = _fixed(reader, capstones, people, relax_fixed=relax_fixed)
    if reader.faults:
        raise BadFolder(
            _("文件夹中有 %(count)d 处错误，没有计算。请按下列位置改正后重试。", count=reader.count), details=[f.as_dict() for f in reader.faults]
        )
    problem = Problem(
        tuple(capstones.values()),
        {side: tuple(rows.values()) for side, rows in people.items()},
        ranks,
        fixed,
        current,
        frozenset(dropped),
    )
    return problem, reader.warnings


def _unique(reader: _Reader, name: str, key: str, build: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parsed in reader.rows(name):
        value = parsed.data[key]
        if value in found:
            reader.fault(reader.file(name), parsed.number, key, value, _("与前面的行重复。"))
        else:
            found[value] = build(parsed.data)
    return found


def _slot_known(reader: _Reader, name: str, parsed: Parsed, capstones: dict[str, CapstoneIn], people: dict[Side, dict[str, PersonIn]]) -> bool:
    data, file = parsed.data, reader.file(name)
    if data["capstone"] not in capstones:
        reader.fault(file, parsed.number, "capstone", data["capstone"], _("capstones 中没有这个毕业设计。"))
        return False
    if data["person"] not in people[data["role"]]:
        where = "teachers" if data["role"] is Side.SCHOOL else "mentors"
        reader.fault(file, parsed.number, "person", data["person"], _("%(file)s 中没有这个人。", file=where))
        return False
    return True


def _preferences(reader: _Reader, capstones: dict[str, CapstoneIn], people: dict[Side, dict[str, PersonIn]]) -> dict[tuple[str, Side, str], int]:
    ranks: dict[tuple[str, Side, str], int] = {}
    for parsed in reader.rows("preferences"):
        if not _slot_known(reader, "preferences", parsed, capstones, people):
            continue
        data = parsed.data
        key = (data["capstone"], data["role"], data["person"])
        if key in ranks:
            reader.fault(reader.file("preferences"), parsed.number, "person", data["person"], _("同一志愿出现两次。"))
            continue
        ranks[key] = data["rank"]
        if capstones[key[0]].group(key[1]) not in people[key[1]][key[2]].groups:
            reader.warn(reader.file("preferences"), parsed.number, "person", key[2], _("这个人不属于该毕业设计的学科或企业，志愿不起作用。"))
    return ranks


def _current(reader: _Reader, capstones: dict[str, CapstoneIn]) -> dict[Slot, str]:
    """An earlier plan may name people who have left: such a row cannot be kept and counts as a change."""
    current: dict[Slot, str] = {}
    for parsed in reader.rows("current"):
        data = parsed.data
        if data["capstone"] not in capstones:
            reader.warn(reader.file("current"), parsed.number, "capstone", data["capstone"], _("capstones 中没有这个毕业设计，这一行不计。"))
        elif (data["capstone"], data["role"]) in current:
            reader.fault(reader.file("current"), parsed.number, "capstone", data["capstone"], _("同一毕业设计的同一角色出现两次。"))
        else:
            current[(data["capstone"], data["role"])] = data["person"]
    return current


def _fixed(
    reader: _Reader, capstones: dict[str, CapstoneIn], people: dict[Side, dict[str, PersonIn]], *, relax_fixed: bool
) -> tuple[dict[Slot, str], list[Slot]]:
    fixed: dict[Slot, str] = {}
    dropped: list[Slot] = []
    held: Counter[tuple[Side, str]] = Counter()
    for parsed in reader.rows("fixed"):
        if not _slot_known(reader, "fixed", parsed, capstones, people):
            continue
        data, file = parsed.data, reader.file("fixed")
        slot: Slot = (data["capstone"], data["role"])
        person = people[data["role"]][data["person"]]
        problem = ""
        if slot in fixed:
            problem = _("同一毕业设计的同一角色固定了两次。") if fixed[slot] != person.id else ""
            if not problem:
                continue
        elif capstones[slot[0]].group(slot[1]) not in person.groups:
            problem = _("固定的导师不属于该毕业设计的学科或企业。")
        elif held[(slot[1], person.id)] >= person.capacity:
            problem = _("固定的人数超过该导师的容量 %(capacity)d。", capacity=person.capacity)
        if not problem:
            fixed[slot] = person.id
            held[(slot[1], person.id)] += 1
        elif relax_fixed:
            dropped.append(slot)
            reader.warn(file, parsed.number, "person", person.id, problem)
        else:
            reader.fault(file, parsed.number, "person", person.id, problem)
    return fixed, [slot for slot in dropped if slot not in fixed]
