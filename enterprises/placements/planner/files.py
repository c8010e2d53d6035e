"""`trainhub placements simulate`: a case from files, the plan as files. Every problem names file, row and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from enterprises.placements.planner.plan import DEFAULT, solve
from enterprises.placements.planner.telling import proof, told
from enterprises.placements.planner.types import Case, Options, Plan, Post, Pupil, Slot, Triple
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.columns import Columns
from trainhub.kernel.sheets.folder import Folder
from trainhub.kernel.sheets.parsers import parse_date, parse_decimal, parse_int, parse_text, split_list
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import put_csv
from trainhub.policy.book import book

MOST_TERMS = 12


def _weeks(text: str) -> int:
    """Weeks with at most one decimal, in tenths."""
    return int(parse_decimal(text, least=0, most=1000, places=1) * 10)


def _positive_weeks(text: str) -> int:
    value = _weeks(text)
    if value == 0:
        raise ValueError(_("周数应大于 0。"))
    return value


_id = parse_text(most=100)


def _count(least: int, most: int) -> Callable[[str], int]:
    return lambda text: parse_int(text, least=least, most=most)


def _field(name: str, zh: str, parse: Callable[[str], Any] = _id, *, required: bool = True, default: Any = None) -> Field:
    return Field(name, zh, parse, required=required, default=default, is_code=True)


STUDENT, TERM, POSITION = _field("student", "学生"), _field("term", "学期"), _field("position", "岗位")
TRIPLES = Schema([STUDENT, TERM, POSITION])
SCHEMAS: dict[str, Schema] = {
    "terms": Schema(
        [TERM, _field("starts_on", "开始日期", parse_date), _field("ends_on", "结束日期", parse_date), _field("weeks", "周数", _positive_weeks)]
    ),
    "positions": Schema(
        [
            POSITION,
            _field("enterprise", "企业"),
            _field("majors", "专业", split_list(), required=False, default=()),
            _field("county_code", "县区代码", required=False, default=""),
            _field("base", "基地", required=False, default=""),
        ]
    ),
    "seats": Schema([POSITION, TERM, _field("seats", "席位", _count(0, 100_000))]),
    "students": Schema(
        [
            STUDENT,
            _field("major", "专业"),
            _field("prior_weeks", "已有周数", _weeks, required=False, default=0),
            _field("target_weeks", "目标周数", _weeks, required=False),
            _field("blocked_terms", "不可用学期", split_list(), required=False, default=()),
            _field("priority", "优先级", _count(1, 9), required=False, default=0),
        ]
    ),
    "preferences": Schema([STUDENT, _field("rank", "志愿顺序", _count(1, 1000)), POSITION]),
    "fixed": TRIPLES,
    "current": TRIPLES,
    "mentors": Schema([_field("mentor", "企业导师"), _field("enterprise", "企业"), _field("load", "可带人数", _count(0, 100_000))]),
    "bases": Schema([_field("base", "基地"), TERM, _field("places", "可接纳人数", _count(0, 100_000))]),
}
OPTIONAL = ("fixed", "current", "mentors", "bases")

ASSIGNMENTS = (Column("student", "学生"), Column("term", "学期"), Column("position", "岗位"), Column("rank", "志愿顺序"))
UNPLACED = (
    Column("student", "学生"),
    Column("weeks", "周数"),
    Column("target", "目标周数"),
    Column("reason", "原因"),
    Column("explanation", "说明"),
)


def read_case(path: Path, *, is_relaxed: bool = False) -> tuple[Case, Folder]:
    """The case of a folder, and the folder with its warnings. Raises BadFolder naming every bad row (file, row, column), SheetError.

    An impossible fixed row is refused, or with `is_relaxed` let go: the student is planned anew.
    """
    folder = Folder(path, SCHEMAS, OPTIONAL)
    slots = _slots(folder)
    rows = folder.unique("positions", folder.read("positions"), "position").data
    names = ("position", "enterprise", "majors", "base")
    posts = {one: Post(one, firm, frozenset(majors), base=base) for one, firm, majors, base in _zip(rows, *names)}
    rows = folder.known("seats", folder.unique("seats", folder.read("seats"), "position", "term"), position=posts, term=slots).data
    seats = {(post, term): count for post, term, count in _zip(rows, "position", "term", "seats")}
    pupils = _pupils(folder, slots)
    found = folder.unique("preferences", folder.unique("preferences", folder.read("preferences"), "student", "rank"), "student", "position")
    wishes: dict[str, dict[str, int]] = {}
    for pupil, post, rank in _zip(folder.known("preferences", found, student=pupils, position=posts).data, "student", "position", "rank"):
        wishes.setdefault(pupil, {})[post] = rank
    folder.refuse_if_bad()
    fixed, dropped = _fixed(folder, slots, posts, seats, pupils, is_relaxed=is_relaxed)
    current = _current(folder, slots, posts, pupils)
    mentors = _mentors(folder, posts)
    base_room = _bases(folder, slots, posts)
    folder.refuse_if_bad()
    known = (tuple(slots.values()), tuple(posts.values()), seats, tuple(pupils.values()), wishes, fixed, current, frozenset(dropped))
    return Case(*known, mentors=mentors, base_room=base_room), folder


def _zip(data: dict[str, list[Any]], *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(data[name] for name in names), strict=True)


def _slots(folder: Folder) -> dict[str, Slot]:
    rows = folder.unique("terms", folder.read("terms"), "term")
    if len(rows) > MOST_TERMS:
        folder.bad("terms", rows.numbers[MOST_TERMS], "term", rows.data["term"][MOST_TERMS], _("一次最多安排 12 个学期。"))
    good: dict[str, Slot] = {}
    times: list[tuple[Any, Any]] = []
    for row, term, starts, ends, weeks in zip(rows.numbers, *(rows.data[one] for one in ("term", "starts_on", "ends_on", "weeks")), strict=True):
        if ends < starts:
            folder.bad("terms", row, "ends_on", ends, _("结束日期早于开始日期。"))
        elif any(starts <= other_ends and other_starts <= ends for other_starts, other_ends in times):
            folder.bad("terms", row, "starts_on", starts, _("与前面的学期日期重叠，学生不能同时在两个学期实习。"))
        else:
            good[term] = Slot(term, weeks)
            times.append((starts, ends))
    return good


def _pupils(folder: Folder, slots: dict[str, Slot]) -> dict[str, Pupil]:
    required = book().versions("petoe.enterprise_weeks")[-1].number * 10
    rows = folder.unique("students", folder.read("students"), "student")
    blocked = {one: frozenset(one) for one in set(rows.data["blocked_terms"])}
    strange = {one: unknown[0] for one in blocked if (unknown := [term for term in one if term not in slots])}
    if strange:
        for row, one in zip(rows.numbers, rows.data["blocked_terms"], strict=True):
            if one in strange:
                folder.bad("students", row, "blocked_terms", strange[one], _("“%(value)s”没有在对应文件中出现。", value=strange[one]))
    names = ("student", "major", "prior_weeks", "target_weeks", "blocked_terms", "priority")
    return {
        pupil: Pupil(pupil, major, prior, required if target is None else target, blocked[terms], priority)
        for pupil, major, prior, target, terms, priority in _zip(rows.data, *names)
    }


def _fixed(
    folder: Folder, slots: dict[str, Slot], posts: dict[str, Post], seats: dict[tuple[str, str], int], pupils: dict[str, Pupil], *, is_relaxed: bool
) -> tuple[tuple[Triple, ...], set[str]]:
    left = dict(seats)
    taken: dict[tuple[str, str], str] = {}
    dropped: set[str] = set()
    for row, (student, term, post) in _triples(
        folder, "fixed", folder.known("fixed", folder.read("fixed"), student=pupils, term=slots, position=posts)
    ):
        problem = None
        if taken.get((student, term)) == post:
            continue
        if (student, term) in taken:
            problem = ("term", term, _("学生 %(student)s 在学期 %(term)s 已有一项固定安排。", student=student, term=term))
        elif posts[post].majors and pupils[student].major not in posts[post].majors:
            problem = ("position", post, _("岗位 %(post)s 不接收专业 %(major)s。", post=post, major=pupils[student].major))
        elif term in pupils[student].blocked:
            problem = ("term", term, _("学期 %(term)s 对学生 %(student)s 不可用。", term=term, student=student))
        elif left.get((post, term), 0) < 1:
            problem = ("position", post, _("岗位 %(post)s 在学期 %(term)s 的席位少于固定安排的人数。", post=post, term=term))
        if problem is None:
            taken[student, term] = post
            left[post, term] -= 1
        else:
            dropped.add(student)
            folder.bad("fixed", row, *problem, is_warning=is_relaxed)
    return tuple((student, term, post) for (student, term), post in taken.items()), dropped


def _triples(folder: Folder, name: str, rows: Columns) -> list[tuple[int, Triple]]:
    """Rows by student, term and position, so that their order in the file says nothing."""
    return sorted(zip(rows.numbers, _zip(rows.data, "student", "term", "position"), strict=True), key=lambda one: one[1])


def _current(folder: Folder, slots: dict[str, Slot], posts: dict[str, Post], pupils: dict[str, Pupil]) -> tuple[Triple, ...] | None:
    """The earlier plan. A position that is gone is no mistake: the row cannot stay and is a change. Students and terms that are
    gone are left out with a warning.
    """
    if folder.file("current") is None:
        return None
    rows = folder.unique("current", folder.read("current"), "student", "term")
    rows = folder.known("current", rows, is_warning=True, student=pupils, term=slots)
    for row, (_student, _term, post) in _triples(folder, "current", rows):
        if post not in posts:
            folder.bad("current", row, "position", post, _("岗位已不存在，这一行须另行安排，计为变动。"), is_warning=True)
    return tuple(triple for _row, triple in _triples(folder, "current", rows))


def _mentors(folder: Folder, posts: dict[str, Post]) -> dict[str, int] | None:
    """How many students the mentors of each enterprise can look after in a term, when the folder has mentors.csv."""
    if folder.file("mentors") is None:
        return None
    rows = folder.unique("mentors", folder.read("mentors"), "mentor")
    rows = folder.known("mentors", rows, is_warning=True, enterprise={one.enterprise for one in posts.values()})
    found: Counter[str] = Counter()
    for firm, load in _zip(rows.data, "enterprise", "load"):
        found[firm] += load
    return dict(found)


def _bases(folder: Folder, slots: dict[str, Slot], posts: dict[str, Post]) -> dict[tuple[str, str], int] | None:
    """The places at bases by term, when the folder has bases.csv."""
    if folder.file("bases") is None:
        return None
    rows = folder.unique("bases", folder.read("bases"), "base", "term")
    rows = folder.known("bases", rows, is_warning=True, base={one.base for one in posts.values()}, term=slots)
    return {(base, term): places for base, term, places in _zip(rows.data, "base", "term", "places")}


def simulate(
    path: Path, out: Path, *, seed: int = 1, time_limit: float = 60.0, is_relaxed: bool = False, options: Options = DEFAULT
) -> dict[str, Any]:
    """Plan the case of a folder, write assignments.csv and unplaced.csv, and return the figures of the contract."""
    case, folder = read_case(path, is_relaxed=is_relaxed)
    plan = solve(case, seed=seed, time_limit=time_limit, options=options)
    write(plan, out)
    said = proof(plan.figures, options.aim, is_one_enterprise=options.is_one_enterprise, is_repair=case.current is not None)
    return {**plan.figures, "proof": " ".join(said[1:]), **folder.told()}


def write(plan: Plan, out: Path) -> None:
    """Both files, sorted by id, each put in place whole; a student's rank is empty when the position was not ranked."""
    out.mkdir(parents=True, exist_ok=True)
    put_csv(out / "assignments.csv", ((a.pupil, a.slot, a.post, "" if a.rank is None else a.rank) for a in plan.assignments), ASSIGNMENTS)
    rows = ((u.pupil, _number(u.weeks_x10), _number(u.target_x10), u.reason.value, told(u.why)) for u in plan.unplaced)
    put_csv(out / "unplaced.csv", rows, UNPLACED)


def _number(weeks_x10: int) -> int | Decimal:
    return weeks_x10 // 10 if weeks_x10 % 10 == 0 else Decimal(weeks_x10) / 10
