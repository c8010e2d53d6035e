"""Marks of an assignment out as a table and in again: all or nothing, every bad cell named, nobody's newer mark overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from courses.assignments.models import Assignment, Submission
from courses.assignments.operations import holding
from courses.assignments.operations.grading import NotGradable, add_mark, own_rows, role_of, settle, standing_marks
from courses.assignments.queries import work
from courses.assignments.types import Marking, MarkRole, Queue
from courses.learning.intakes import MOST_ROWS, STEP, Progress, nobody_asks
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_decimal, parse_int, parse_text
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.kernel.sheets.types import Problem
from trainhub.people import queries as people

AT_ONCE = 200
"""Submissions that are loaded together to be marked."""
MOST_TOLD = 500
"""Problems that a page lists."""
SCHEMA = Schema(
    (
        Field("alias", "作业编号", required=True, is_code=True),
        Field("who", "学员或小组"),
        Field("student_no", "学号", is_code=True),
        Field("points", "得分", parse=lambda text: parse_decimal(text, least=0, places=1)),
        Field("comment", "评语", parse=parse_text(most=4000)),
        Field("version", "版本", parse=parse_int, required=True, hint="导出时的版本，请勿改动"),
    )
)


class SheetRefused(Refused):
    """A table of marks has errors; nothing of it was taken. `details` name rows and columns."""

    code = "sheet_refused"


def rows(assignment_id: int) -> Iterator[dict[str, Any]]:
    """What was handed in, with the points that stand, read in pieces while it is sent or written."""
    for part in work.handed_in_parts(assignment_id):
        # A second grader works independently: what the first one wrote is nobody's to read until both are given.
        comments = work.latest_comments([submission.id for submission in part if submission.queue is not Queue.SECOND_GRADER])
        numbers = work.student_numbers(row.person_id for submission in part if submission.group is None for row in submission.members)
        # Whole before the first line is given: the progress of a job commits, and what was loaded is stale from then on.
        yield from [
            {
                "alias": submission.alias,
                "who": name_of(submission),
                "student_no": ""
                if submission.group is not None
                else "、".join(filter(None, (numbers.get(one.person_id) for one in submission.members))),
                "points": None if submission.points_x10 is None else Decimal(submission.points_x10) / 10,
                "comment": comments.get(submission.id, ""),
                "version": submission.version,
            }
            for submission in part
        ]


def name_of(submission: Submission) -> str:
    """The group, or the person."""
    if submission.group is not None:
        return submission.group.name
    return "、".join(row.person.name for row in submission.members)


@dataclass(frozen=True, slots=True)
class Known:
    """A submission as a table is checked against it."""

    id: int
    version: int
    points_x10: int | None
    persons: frozenset[int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mark that a table gives, and where it says so."""

    known: Known
    points_x10: int
    comment: str
    at: tuple[str, str | None, int]


def take(*, assignment: Assignment, file: IO[bytes], filename: str, by: Identity, now: datetime, reason: str = "") -> int:
    """Take marks from a table; rows without points or with the points that stand change nothing. Returns how many changed.

    Raises SheetRefused naming every bad row: unknown number, negative or too many points, twice the same work, changed meanwhile, a mark that
    only a `reason` changes.
    """
    wanted = check(assignment=assignment, file=file, filename=filename, by=by)
    return write(assignment=assignment, wanted=wanted, filename=filename, reason=reason, by=by, now=now)


def check(*, assignment: Assignment, file: IO[bytes], filename: str, by: Identity, progress: Progress = nobody_asks) -> list[Wanted]:
    """Which marks a table gives; the first half of `take`, which reads only. `progress` may commit: nothing here hangs on the session."""
    max_x10 = assignment.max_x10
    known = {
        row.alias: Known(row.id, row.version, row.points_x10, frozenset(member.person_id for member in row.members))
        for part in work.handed_in_parts(assignment.id)
        for row in part
    }
    own = frozenset(people.human_ids(by.person_id)) if by.person_id is not None else frozenset[int]()
    problems: list[Problem] = []
    wanted: list[Wanted] = []
    seen: set[str] = set()
    with read_table(file, SCHEMA.columns, filename=filename, max_rows=MOST_ROWS) as table:
        for number, parsed in enumerate(SCHEMA.parse(table)):
            if number % STEP == 0:
                progress(number, table.row_count)
            problems += [one for one in parsed.problems if one.level == "error"]
            if not parsed.is_good:
                continue
            at = (table.file, table.sheet, parsed.number)
            found = _row(max_x10, parsed, known, seen, own)
            if isinstance(found, str):
                column, said = found.split("|", 1)
                problems.append(Problem(*at, column, str(parsed.row.values.get(column, "")), said))
            elif found is not None:
                wanted.append(Wanted(*found, at))
        progress(table.row_count, table.row_count)
    _refuse(problems)
    return wanted


def write(*, assignment: Assignment, wanted: Sequence[Wanted], filename: str, by: Identity, now: datetime, reason: str = "") -> int:
    """Write the marks that a table gives; the second half of `take`, in one transaction. Raises SheetRefused when one was changed since
    it was checked.

    Where two mark, a table gives the mark of whoever brings it, the first or the second. A mark that its author has seen, that was overridden or
    that two graders settled is only changed with a `reason`, as by `grading.override`.
    """
    holding.beside(assignment)
    stale: list[Problem] = []
    why, own, count = reason.strip()[:400], own_rows(by), 0
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        found, given = work.whole([one.known.id for one in some]), work.marks_of_many([one.known.id for one in some])
        for one in some:
            submission = found.get(one.known.id)
            if submission is None or submission.version != one.known.version:
                stale.append(Problem(*one.at, "version", str(one.known.version), changed_meanwhile()))
                continue
            standing = standing_marks(submission, given[one.known.id])
            role, said = MarkRole.SHEET, why or str(_("表格导入"))
            try:
                asked = role_of(submission, own, standing)
                if assignment.is_double:
                    role, said = asked, ""
                    if role in standing and (standing[role].points_x10, standing[role].comment) == (one.points_x10, one.comment.strip()):
                        continue  # the same table again
            except NotGradable as refused:
                if not why:
                    stale.append(Problem(*one.at, "points", f"{one.points_x10 / 10:g}", _("%(why)s也可以在导入时填写理由。", why=refused.message)))
                    continue
            standing[role] = add_mark(submission, role, Marking({"points": one.points_x10}, one.comment), one.points_x10, by, now, said)
            settle(submission=submission, by=by, now=now, standing=standing)
            count += 1
    _refuse(stale)
    audit.record(by=by, did="courses.assignment.sheet_taken", on=assignment, data={"marks": count, "file": filename})
    return count


def changed_meanwhile() -> str:
    """What is said of a mark that somebody else gave after the table was put out."""
    return _("导出之后这份作业的成绩已被他人修改。请重新导出后再填。")


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise SheetRefused(
            _("表格有 %(n)d 处错误，没有导入任何成绩。请按下面的提示修改后重新上传。", n=len(problems)),
            field="file",
            details=[one.as_dict() for one in problems[:MOST_TOLD]],
        )


def _row(max_x10: int, parsed: Parsed, known: dict[str, Known], seen: set[str], own: frozenset[int]) -> tuple[Known, int, str] | str | None:
    """What a row asks for; `column|words` when it cannot be; None when it changes nothing. `own`: the person rows of who grades."""
    data = parsed.data
    submission = known.get(data["alias"])
    if submission is None:
        return "alias|" + _("没有编号为“%(alias)s”的已提交作业。", alias=data["alias"])
    if data["alias"] in seen:
        return "alias|" + _("这份作业在表中出现了两次。")
    seen.add(data["alias"])
    if data["points"] is None:
        return None
    points_x10 = int(data["points"] * 10)
    if points_x10 > max_x10:
        return "points|" + _("得分超过满分 %(max)s。", max=f"{max_x10 / 10:g}")
    if points_x10 == submission.points_x10:
        return None
    if data["version"] != submission.version:
        return "version|" + changed_meanwhile()
    if own & submission.persons:
        return "alias|" + _("不能给自己的作业评分。")
    return submission, points_x10, data["comment"] or ""
