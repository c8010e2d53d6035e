"""`trainhub placements simulate`: a case from files, the plan as files. Every problem names file, row and column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from enterprises.placements.planner.plan import solve
from enterprises.placements.planner.types import Case, Plan, Post, Pupil, Slot, Triple
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_date, parse_decimal, parse_int, parse_text, split_list
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.kernel.sheets.types import Column, Problem, SheetError
from trainhub.kernel.sheets.writing import write_csv
from trainhub.policy.book import book

SHOWN = 200


def _weeks(text: str) -> int:
    """Weeks with at most one decimal, in tenths."""
    return int(parse_decimal(text, least=0, most=1000, places=1) * 10)


def _positive_weeks(text: str) -> int:
    value = _weeks(text)
    if value == 0:
        raise ValueError(_("周数应大于 0。"))
    return value


def _id(text: str) -> str:
    return parse_text(most=100)(text)


def _field(name: str, zh: str, parse: Callable[[str], Any] = _id, *, required: bool = True, default: Any = None) -> Field:
    return Field(name, zh, parse, required=required, default=default, is_code=True)


STUDENT, TERM, POSITION = _field("student", "学生"), _field("term", "学期"), _field("position", "岗位")
TRIPLES = Schema([STUDENT, TERM, POSITION])
SCHEMAS: Mapping[str, Schema] = {
    "terms.csv": Schema(
        [TERM, _field("starts_on", "开始日期", parse_date), _field("ends_on", "结束日期", parse_date), _field("weeks", "周数", _positive_weeks)]
    ),
    "positions.csv": Schema(
        [
            POSITION,
            _field("enterprise", "企业"),
            _field("majors", "专业", split_list(), required=False, default=()),
            _field("county_code", "县区代码", required=False, default=""),
        ]
    ),
    "seats.csv": Schema([POSITION, TERM, _field("seats", "席位", lambda text: parse_int(text, least=0, most=100_000))]),
    "students.csv": Schema(
        [
            STUDENT,
            _field("major", "专业"),
            _field("prior_weeks", "已有周数", _weeks, required=False, default=0),
            _field("target_weeks", "目标周数", _weeks, required=False),
            _field("blocked_terms", "不可用学期", split_list(), required=False, default=()),
        ]
    ),
    "preferences.csv": Schema([STUDENT, _field("rank", "志愿顺序", lambda text: parse_int(text, least=1, most=1000)), POSITION]),
    "fixed.csv": TRIPLES,
    "current.csv": TRIPLES,
}
OPTIONAL = ("fixed.csv", "current.csv")

ASSIGNMENTS = (Column("student", "学生"), Column("term", "学期"), Column("position", "岗位"), Column("rank", "志愿顺序"))
UNPLACED = (
    Column("student", "学生"),
    Column("weeks", "周数"),
    Column("target", "目标周数"),
    Column("reason", "原因"),
    Column("explanation", "说明"),
)

Row = tuple[int, dict[str, Any]]


class BadCase(Refused):
    """Rows of the files that cannot be taken; nothing was computed."""

    code = "bad_rows"


class _Reader:
    """Reads the files and collects their problems."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def rows(self, name: str) -> list[Row]:
        path = self.folder / name
        if not path.is_file():
            if name in OPTIONAL:
                return []
            raise SheetError(_("文件夹中没有 %(name)s。请补充这个文件。", name=name), file=name, code="file_missing")
        found: list[Row] = []
        with read_table(path, SCHEMAS[name].columns) as table:
            for parsed in SCHEMAS[name].parse(table):
                errors = [problem for problem in parsed.problems if problem.level == "error"]
                self.problems += [replace(problem, file=name) for problem in errors]
                if not errors:
                    found.append((parsed.number, parsed.data))
            self.warnings += [replace(problem, file=name) for problem in table.problems]
        return found

    def bad(self, name: str, row: int, column: str, value: Any, text: str) -> None:
        self.problems.append(Problem(name, None, row, column, str(value), text))

    def known(self, name: str, row: int, data: dict[str, Any], **sets: Any) -> bool:
        """Whether the named ids exist; an unknown one is a problem."""
        fine = True
        for column, ids in sets.items():
            if data[column] not in ids:
                self.bad(name, row, column, data[column], _("“%(value)s”没有在对应文件中出现。", value=data[column]))
                fine = False
        return fine

    def unique(self, name: str, rows: list[Row], *columns: str) -> list[Row]:
        """The rows whose key is new; a repeated key is a problem."""
        seen: dict[tuple[Any, ...], int] = {}
        kept = []
        for row, data in rows:
            key = tuple(data[column] for column in columns)
            if key in seen:
                self.bad(name, row, columns[-1], key[-1], _("与第 %(row)d 行重复。", row=seen[key]))
            else:
                seen[key] = row
                kept.append((row, data))
        return kept


def read_case(folder: Path, *, is_relaxed: bool = False) -> tuple[Case, list[Problem]]:
    """The case of a folder and warnings. Raises BadCase naming every bad row (file, row, column), SheetError.

    An impossible fixed row is refused, or with `is_relaxed` let go: the student is planned anew.
    """
    if not folder.is_dir():
        raise Refused(_("没有文件夹 %(folder)s。", folder=str(folder)), field="folder", code="folder_missing")
    reader = _Reader(folder)
    required = book().versions("petoe.enterprise_weeks")[-1].number * 10
    slots = {data["term"]: Slot(data["term"], data["weeks"]) for _n, data in _terms(reader)}
    posts = {
        data["position"]: Post(data["position"], data["enterprise"], frozenset(data["majors"]))
        for _n, data in reader.unique("positions.csv", reader.rows("positions.csv"), "position")
    }
    seats: dict[tuple[str, str], int] = {}
    for row, data in reader.unique("seats.csv", reader.rows("seats.csv"), "position", "term"):
        if reader.known("seats.csv", row, data, position=posts, term=slots):
            seats[data["position"], data["term"]] = data["seats"]
    pupils: dict[str, Pupil] = {}
    for row, data in reader.unique("students.csv", reader.rows("students.csv"), "student"):
        unknown = [term for term in data["blocked_terms"] if term not in slots]
        if unknown:
            reader.bad("students.csv", row, "blocked_terms", unknown[0], _("“%(value)s”没有在对应文件中出现。", value=unknown[0]))
            continue
        target = required if data["target_weeks"] is None else data["target_weeks"]
        pupils[data["student"]] = Pupil(data["student"], data["major"], data["prior_weeks"], target, frozenset(data["blocked_terms"]))
    wishes: dict[str, dict[str, int]] = {}
    rows = reader.unique("preferences.csv", reader.rows("preferences.csv"), "student", "rank")
    for row, data in reader.unique("preferences.csv", rows, "student", "position"):
        if reader.known("preferences.csv", row, data, student=pupils, position=posts):
            wishes.setdefault(data["student"], {})[data["position"]] = data["rank"]
    if reader.problems and is_relaxed is False:
        _refuse(reader)
    fixed, dropped = _fixed(reader, slots, posts, seats, pupils, is_relaxed=is_relaxed)
    current = _current(reader, slots, posts, pupils) if (folder / "current.csv").is_file() else None
    if reader.problems:
        _refuse(reader)
    case = Case(tuple(slots.values()), tuple(posts.values()), seats, tuple(pupils.values()), wishes, fixed, current, frozenset(dropped))
    return case, reader.warnings


def _terms(reader: _Reader) -> list[Row]:
    rows = reader.unique("terms.csv", reader.rows("terms.csv"), "term")
    good: list[Row] = []
    for row, data in rows:
        if data["ends_on"] < data["starts_on"]:
            reader.bad("terms.csv", row, "ends_on", data["ends_on"], _("结束日期早于开始日期。"))
        elif any(data["starts_on"] <= other["ends_on"] and other["starts_on"] <= data["ends_on"] for _n, other in good):
            reader.bad("terms.csv", row, "starts_on", data["starts_on"], _("与前面的学期日期重叠，学生不能同时在两个学期实习。"))
        else:
            good.append((row, data))
    if len(rows) > 12:
        reader.bad("terms.csv", rows[12][0], "term", rows[12][1]["term"], _("一次最多安排 12 个学期。"))
    return good


def _fixed(
    reader: _Reader,
    slots: Mapping[str, Slot],
    posts: Mapping[str, Post],
    seats: Mapping[tuple[str, str], int],
    pupils: Mapping[str, Pupil],
    *,
    is_relaxed: bool,
) -> tuple[tuple[Triple, ...], set[str]]:
    left = dict(seats)
    taken: set[tuple[str, str]] = set()
    kept: list[Triple] = []
    dropped: set[str] = set()
    rows = [(row, data) for row, data in reader.rows("fixed.csv") if reader.known("fixed.csv", row, data, student=pupils, term=slots, position=posts)]
    for row, data in sorted(rows, key=lambda item: (item[1]["student"], item[1]["term"], item[1]["position"])):
        student, term, post = data["student"], data["term"], data["position"]
        problem = None
        if (student, term) in taken:
            problem = ("term", term, _("学生 %(student)s 在学期 %(term)s 已有一项固定安排。", student=student, term=term))
        elif posts[post].majors and pupils[student].major not in posts[post].majors:
            problem = ("position", post, _("岗位 %(post)s 不接收专业 %(major)s。", post=post, major=pupils[student].major))
        elif term in pupils[student].blocked:
            problem = ("term", term, _("学期 %(term)s 对学生 %(student)s 不可用。", term=term, student=student))
        elif left.get((post, term), 0) < 1:
            problem = ("position", post, _("岗位 %(post)s 在学期 %(term)s 的席位少于固定安排的人数。", post=post, term=term))
        if problem is None:
            taken.add((student, term))
            left[post, term] -= 1
            kept.append((student, term, post))
        elif is_relaxed:
            dropped.add(student)
        else:
            reader.bad("fixed.csv", row, *problem)
    return tuple(kept), dropped


def _current(reader: _Reader, slots: Mapping[str, Slot], posts: Mapping[str, Post], pupils: Mapping[str, Pupil]) -> tuple[Triple, ...]:
    found = []
    for row, data in reader.unique("current.csv", reader.rows("current.csv"), "student", "term"):
        if reader.known("current.csv", row, data, student=pupils, term=slots, position=posts):
            found.append((data["student"], data["term"], data["position"]))
    return tuple(sorted(found))


def _refuse(reader: _Reader) -> None:
    order = list(SCHEMAS)
    problems = sorted(reader.problems, key=lambda p: (order.index(p.file), p.row or 0, p.column or ""))
    raise BadCase(
        _("文件中有 %(count)d 处错误，没有计算。请按下列位置改正后重新运行。", count=len(problems)),
        details=[problem.as_dict() for problem in problems[:SHOWN]],
    )


def simulate(folder: Path, out: Path, *, seed: int = 1, time_limit: float = 60.0, is_relaxed: bool = False) -> dict[str, Any]:
    """Plan the case of a folder, write assignments.csv and unplaced.csv, and return the figures of the contract."""
    case, warnings = read_case(folder, is_relaxed=is_relaxed)
    plan = solve(case, seed=seed, time_limit=time_limit)
    write(plan, out)
    return {**plan.figures, **({"warnings": [problem.as_dict() for problem in warnings]} if warnings else {})}


def write(plan: Plan, out: Path) -> None:
    """Both files, sorted by id; a student's rank is empty when the position was not ranked."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "assignments.csv").open("wb") as file:
        write_csv(((a.pupil, a.slot, a.post, "" if a.rank is None else a.rank) for a in plan.assignments), ASSIGNMENTS, file)
    with (out / "unplaced.csv").open("wb") as file:
        write_csv(((u.pupil, _number(u.weeks_x10), _number(u.target_x10), u.reason.value, u.explanation) for u in plan.unplaced), UNPLACED, file)


def _number(weeks_x10: int) -> int | Decimal:
    return weeks_x10 // 10 if weeks_x10 % 10 == 0 else Decimal(weeks_x10) / 10
