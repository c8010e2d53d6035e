"""Writing into cells, with reason, author and history; and handing totals down to learning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from courses.catalogue import queries as catalogue
from courses.gradebook import queries, rules
from courses.gradebook.models import Grade, Gradebook, GradeChange, GradeColumn
from courses.gradebook.operations.books import BadBook, Locked
from courses.gradebook.types import GradeKind
from courses.learning import operations as learning
from courses.learning import queries as learners
from courses.learning.models import Enrolment
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _, _l
from trainhub.people import queries as people

EXCUSED_WORD = N_("免")
OWN_LINE = _l("不能改动自己的成绩。请由课程团队的其他教师登记。")


def set_grade(
    *,
    book: Gradebook,
    column: GradeColumn,
    enrolment: Enrolment,
    kind: GradeKind | None,
    points_x10: int | None,
    reason: str,
    version: int | None,
    by: Identity,
    now: datetime,
    own: Collection[int] | None = None,
    known: Mapping[tuple[int, int], Grade] | None = None,
) -> bool:
    """Write a mark, an override, an excusal, or (None) take back what was written. Returns False when nothing changed.

    `version` is the version of the cell when it was shown (0: nobody had written into it). Overrides and excusals need a reason.
    Nobody writes into their own line, whichever of their person rows it names. `own`: the lines of the one who writes
    (`queries.own_lines`), `known`: what stands in the cells (`queries.grades_in`), both from a caller with many cells who has asked once, and
    who holds the book and the lines and flushes.
    """
    if people.is_among(by.person_id, [enrolment.person_id]) if own is None else enrolment.id in own:
        raise BadBook(str(OWN_LINE))
    if known is None:
        hold(book, [column])
        queries.hold_lines([enrolment.id])
    _check(book, column, enrolment, kind, points_x10, reason)
    row = queries.grade(column.id, enrolment.id) if known is None else known.get((column.id, enrolment.id))
    if version is not None and version != (row.version if row is not None else 0):
        raise Stale(_("“%(title)s”的成绩刚被其他教师修改过，你的修改没有保存，也没有覆盖对方的修改。请刷新后核对。", title=column.title))
    points_x10 = points_x10 if kind in (GradeKind.MANUAL, GradeKind.OVERRIDE) else None
    if (row.kind if row is not None else None, row.points_x10 if row is not None else None) == (kind, points_x10):
        return False
    before = _worded(row)
    if row is None:
        row = Grade(column_id=column.id, enrolment_id=enrolment.id)
        session().add(row)
    row.kind, row.points_x10, row.reason, row.by_id, row.changed_at = kind, points_x10, reason.strip()[:400], by.account_id, now
    if known is None:
        session().flush()
    session().add(
        GradeChange(
            column_id=column.id,
            enrolment_id=enrolment.id,
            before=before,
            after=_worded(row),
            kind=kind,
            reason=row.reason,
            by_id=by.account_id,
            by=by.name[:120],
            at=now,
        )
    )
    if known is None:
        session().flush()
    audit.record(
        by=by,
        did="courses.grade.set",
        on=enrolment,
        data={"column": column.id, "kind": kind, "before": before, "after": _worded(row), "reason": row.reason},
    )
    return True


def hold(book: Gradebook, columns: Iterable[GradeColumn]) -> None:
    """Read anew whether these are locked; nobody locks them before this transaction ends, others write beside it."""
    for row in (book, *columns):
        session().refresh(row, with_for_update={"read": True})


def _check(book: Gradebook, column: GradeColumn, enrolment: Enrolment, kind: GradeKind | None, points_x10: int | None, reason: str) -> None:
    if book.locked_at is not None or column.is_locked:
        raise Locked(_("成绩册或“%(title)s”已锁定，不能修改。如确需修改，请先解锁。", title=column.title))
    if column.book_id != book.id or enrolment.run_id != book.run_id:
        raise BadBook(_("这名学员或这个成绩项不属于本期课程。"))
    if kind in (GradeKind.MANUAL, GradeKind.OVERRIDE) and (points_x10 is None or not 0 <= points_x10 <= column.max_x10):
        raise BadBook(_("“%(title)s”的得分应在 0 到 %(max)s 之间。", title=column.title, max=f"{column.max_x10 / 10:g}"), field="points")
    if kind is GradeKind.MANUAL and column.block_id is not None:
        raise BadBook(_("这一项由系统计算；如需更改请使用“改定”并写明理由。"))
    if kind in (GradeKind.OVERRIDE, GradeKind.EXCUSED) and not reason.strip():
        raise BadBook(_("改定或免考（免计）需要写明理由；学员会看到。"), field="reason")


def _worded(row: Grade | None) -> str:
    """A cell as the history tells it: points, 免, or nothing written."""
    if row is None or row.kind is None:
        return ""
    return EXCUSED_WORD if row.kind is GradeKind.EXCUSED else f"{(row.points_x10 or 0) / 10:g}"


def hand_down(*, run_id: int, enrolment_ids: Sequence[int], by: Identity, now: datetime) -> int:
    """Compute the totals of some learners of a run and hand them down, which may complete them. Returns how many."""
    run, book = catalogue.run_by_id(run_id), queries.book_of(run_id)
    if run is None or book is None:
        return 0
    enrolments = learning.begin_marks(enrolment_ids=enrolment_ids)
    categories, columns = queries.rules_of(book.id)
    cells, aside = queries.cells_of(columns, enrolment_ids), queries.settled_aside(book.id, enrolment_ids)
    outline = catalogue.outline(run_id, only_published=True)
    # Where parts are for groups only, each learner has an outline of their own; else one serves all.
    shared = None if any(part.access for part in outline.parts) else (run, learners.counted(outline, now))
    for enrolment in enrolments:
        total = rules.total(categories, columns, cells.get(enrolment.id, {}), missing_is_zero=book.missing_is_zero)
        learning.take_mark(
            enrolment=enrolment,
            score_x10=rules.mark(total),
            by=by,
            now=now,
            place=shared,
            columns=rules.empty(total),
            settled=aside.get(enrolment.id, {}) | rules.settled(total),
            is_written=rules.is_written(total),
        )
    return len(enrolment_ids)
