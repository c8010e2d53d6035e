"""The dated membership in the 卓越计划. Who is judged hangs on it: what ends, shortens or removes a span has a reason that stays (requirements.md 9, 1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.people import queries, rules
from trainhub.people.models import PetoeChange, PetoeSpan, Student
from trainhub.people.operations.errors import BadStudent

Span = tuple[date, date | None]


def begin_petoe(*, student: Student, since: date, by: Identity, now: datetime, until: date | None = None, reason: str = "") -> PetoeSpan:
    """The student joins the 卓越计划 on a day (requirements.md 9, 1), until the last day at school at most. The same span again changes nothing.

    `reason`: why it ends, where that is before the last day at school.

    Raises BadStudent when spans would overlap, the day is before enrolment, or an end has no reason.
    """
    until = until or student.left_on
    spans = queries.spans_of([student.id])[student.id]
    known = next((span for span in spans if span.since == since and span.until == until), None)
    if known is not None:
        return known
    if since < student.enrolled_on:
        raise BadStudent(_("加入卓越计划的日期不能早于入学日期 %(day)s。", day=student.enrolled_on), field="since")
    if until is not None and until < since:
        raise BadStudent(_("结束日期不能早于开始日期。"), field="until")
    if rules.overlaps(since, until, [(span.since, span.until) for span in spans]):
        raise BadStudent(_("与已有的卓越计划起止时间重叠，请核对日期。"), field="since")
    if ends_early(student, until):
        _note(student, None, (since, until), _reason(reason), by, now)
    row = PetoeSpan(student_id=student.id, since=since, until=until)
    session().add(row)
    _touch(student)
    audit.record(by=by, did="people.student.petoe_changed", on=student, data={"since": since, "until": until})
    return row


def end_petoe(*, student: Student, until: date, by: Identity, now: datetime, reason: str = "") -> PetoeSpan | None:
    """The last day in the 卓越计划; the open span ends. None when there is no open span. Raises BadStudent, also without a reason."""
    span = next((span for span in queries.spans_of([student.id])[student.id] if span.until is None), None)
    if span is None:
        return None
    if until < span.since:
        raise BadStudent(_("结束日期不能早于开始日期 %(day)s。", day=span.since), field="until")
    _note(student, (span.since, None), (span.since, until), _reason(reason), by, now)
    _end(student, span, until, by)
    return span


def set_petoe_spans(*, student: Student, spans: list[Span], by: Identity, now: datetime, version: int | None = None, reason: str = "") -> bool:
    """Replace the student's spans in the 卓越计划; returns whether anything changed. `reason`: why one is changed, taken away or has an end before
    the last day at school; it is kept. Raises Stale and BadStudent."""
    check_version(student, version)
    wanted = sorted(spans, key=lambda span: span[0])
    for place, (since, until) in enumerate(wanted):
        if since < student.enrolled_on:
            raise BadStudent(_("加入卓越计划的日期不能早于入学日期 %(day)s。", day=student.enrolled_on), field="since")
        if until is not None and until < since:
            raise BadStudent(_("结束日期不能早于开始日期。"), field="until")
        if until is None and student.left_on is not None:
            raise BadStudent(_("学生已于 %(day)s 离校，请填写结束日期。", day=student.left_on), field="until")
        if rules.overlaps(since, until, wanted[place + 1 :]):
            raise BadStudent(_("卓越计划的起止时间互相重叠，请核对日期。"), field="since")
    known = queries.spans_of([student.id])[student.id]
    before = [(span.since, span.until) for span in known]
    if before == wanted:
        return False
    gone, new = [span for span in before if span not in wanted], [span for span in wanted if span not in before]
    if gone or any(ends_early(student, until) for _since, until in new):
        words = _reason(reason)
        for was, span in _paired(gone, new):
            if was is not None or (span is not None and ends_early(student, span[1])):
                _note(student, was, span, words, by, now)
    for row in known:
        if (row.since, row.until) in gone:
            session().delete(row)
    session().flush()
    session().add_all([PetoeSpan(student_id=student.id, since=since, until=until) for since, until in new])
    _touch(student)
    audit.record(by=by, did="people.student.petoe_changed", on=student, data={"before": before, "after": wanted})
    return True


def follow_leaving(student: Student, before: date | None, left_on: date | None, by: Identity) -> None:
    """The end of a span that is the last day at school goes with that day: leaving ends an open span, another day moves the end, coming back opens it.

    So the correction of a day takes nobody out of the 卓越计划 whom no reason took out.
    """
    if before == left_on:
        return
    spans = queries.spans_of([student.id])[student.id]
    if before is not None:
        last = spans[-1] if spans else None
        if last is not None and last.until == before and (left_on is None or left_on >= last.since):
            _end(student, last, left_on, by)
        return
    for span in spans:
        if span.until is None and left_on is not None and span.since <= left_on:
            _end(student, span, left_on, by)


def ends_early(student: Student, until: date | None) -> bool:
    """Whether a span has an end that is not that of the time at school."""
    return until is not None and (student.left_on is None or until < student.left_on)


def _end(student: Student, span: PetoeSpan, until: date | None, by: Identity) -> None:
    span.until = until
    _touch(student)
    audit.record(by=by, did="people.student.petoe_changed", on=student, data={"since": span.since, "until": until})


def _paired(gone: Sequence[Span], new: Sequence[Span]) -> list[tuple[Span | None, Span | None]]:
    """What became of each span that is there no more: the new one that begins on its day, else the next one; and what is new."""
    left, pairs = list(new), []
    for was in gone:
        same = next((span for span in left if span[0] == was[0]), None)
        if same is not None:
            left.remove(same)
        pairs.append((was, same))
    found: list[tuple[Span | None, Span | None]] = []
    for was, span in pairs:
        found.append((was, span if span is not None or not left else left.pop(0)))
    return found + [(None, span) for span in left]


def note_taken_out(student: Student, span: PetoeSpan, reason: str, by: Identity, now: datetime) -> None:
    """Before the correction of a place: out of which cohort somebody of the 卓越计划 is taken, and why; the span stays."""
    _note(student, (span.since, span.until), (span.since, span.until), reason, by, now, cohort_id=student.cohort_id)


def _note(student: Student, was: Span | None, span: Span | None, reason: str, by: Identity, now: datetime, *, cohort_id: int | None = None) -> None:
    """The reason stays with the row, not in the log: it is about somebody."""
    before, after = was or (None, None), span or (None, None)
    session().add(
        PetoeChange(
            student_id=student.id,
            was_since=before[0],
            was_until=before[1],
            since=after[0],
            until=after[1],
            cohort_id=cohort_id,
            reason=reason,
            written_by_id=by.account_id,
            written_at=now,
        )
    )
    session().flush()


def _reason(text: str) -> str:
    words = " ".join(text.split())[:200]
    if not words:
        raise BadStudent(_("请写明退出或更改的理由；专业评价会列出姓名、日期和理由。"), field="reason")
    return words


def _touch(student: Student) -> None:
    """A change of the spans is a change of the student: the version counts, so that two editors notice each other."""
    flag_modified(student, "state")
    session().flush()
