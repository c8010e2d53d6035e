"""Facts are pushed down here: completions, confirmed days, milestones. Each verb may be repeated and changes nothing then.

A fact is never changed: a wrong record is cancelled with its reason, a withdrawn day keeps its row.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from flask import current_app
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, _l
from trainhub.ledger import queries
from trainhub.ledger.models import ConfirmedDay, Milestone, PossibleDuplicate, RecordCancellation, TrainingCourse, TrainingRecord
from trainhub.ledger.rosters import queries as rosters
from trainhub.ledger.rosters.checking import EARLIEST
from trainhub.ledger.types import MOVED, Category, Source
from trainhub.organisations import queries as organisations
from trainhub.people import operations as people
from trainhub.people.models import Person, Student
from trainhub.people.types import PairDecision

ALREADY_THERE = _l("此人在这家机构同一天已有另一条这门课程的记录。请更正那一条记录；本条是重复登记的，请作废本条。")


class ReasonNeeded(Refused):
    """A correction without a reason."""

    code = "reason_needed"


class BadRecord(Refused):
    """A completion that cannot be."""

    code = "bad_record"


def register_course(*, organisation_id: int, title: str, since: date, by: Identity, today: date, now: datetime) -> tuple[TrainingCourse, bool]:
    """Since when a training organisation teaches a course; a known one gets the new day. The same again changes nothing (False).

    Raises BadRecord: no title, a day after today, or a completion that stands before the day.
    """
    title = title.strip()
    if not title or len(title) > 200:
        raise BadRecord(_("课程名称不能为空，也不能超过 200 个字。"), field="title")
    if since > today:
        raise BadRecord(_("开设日期不能晚于今天。"), field="since")
    first = rosters.earliest_completion(organisation_id, title)
    if first is not None and first < since:
        raise BadRecord(_("这门课程已有 %(day)s 的结业记录，早于所填的开设日期。请先更正那些记录，或填写更早的日期。", day=first), field="since")
    known = rosters.course(organisation_id, title)
    if known is not None and known.since == since:
        return known, False
    row = known or TrainingCourse(organisation_id=organisation_id, title=title, registered_by_id=by.account_id, registered_at=now)
    before, row.since = (None if known is None else known.since), since
    session().add(row)
    session().flush()
    audit.record(
        by=by, did="ledger.course.registered", on=row, data={"organisation": organisation_id, "title": title, "since": since, "before": before}
    )
    return row, True


def _check_course(organisation_id: int, course: str, completed_on: date) -> None:
    known = rosters.course(organisation_id, course)
    if known is not None and completed_on < known.since:
        raise BadRecord(_("“%(course)s”自 %(since)s 起开设，完成日期不能早于开课。", course=course, since=known.since), field="completed_on")


def record_training(
    *,
    person_id: int,
    organisation_id: int,
    course: str,
    category: Category,
    county_code: str,
    hours_x10: int,
    completed_on: date,
    is_counted: bool,
    source: Source,
    source_id: int | None = None,
    by: Identity,
    now: datetime,
) -> tuple[TrainingRecord, bool]:
    """Record one completed training; the same person, base, course and day is a duplicate: the known record and False.

    `hours_x10` are tenths of an hour. Raises BadRecord for an empty course, negative hours, or a day before
    the course was taught there.
    """
    course = course.strip()
    if not course or len(course) > 200:
        raise BadRecord(_("课程名称不能为空，也不能超过 200 个字。"), field="course")
    if hours_x10 < 0:
        raise BadRecord(_("学时不能是负数。"), field="hours")
    _check_course(organisation_id, course, completed_on)
    known = queries.live_record(person_id, organisation_id, course, completed_on)
    if known is not None:
        return known, False
    row = TrainingRecord(
        person_id=person_id,
        organisation_id=organisation_id,
        course=course,
        category=category,
        county_code=county_code,
        hours_x10=hours_x10,
        completed_on=completed_on,
        is_counted=is_counted,
        source=source,
        source_id=source_id,
        recorded_at=now,
        recorded_by_id=by.account_id,
    )
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError:
        known = queries.live_record(person_id, organisation_id, course, completed_on)
        if known is None:
            raise
        return known, False
    audit.record(
        by=by,
        did="ledger.record.recorded",
        on=row,
        data={"organisation": organisation_id, "course": course, "completed_on": completed_on, "counted": is_counted, "source": source},
    )
    return row, True


def cancel_record(*, record_id: int, reason: str, by: Identity, now: datetime, replaced_by_id: int | None = None) -> tuple[RecordCancellation, bool]:
    """Cancel a record that is wrong; it stays, with who and why. A second cancellation changes nothing (False).

    Raises NotFound, or ReasonNeeded when no reason is given.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(_("请写明作废这条记录的理由，理由会随记录保存。"), field="reason")
    current = session()
    if current.get(TrainingRecord, record_id) is None:
        raise NotFound(_("没有这条培训记录。"))
    taken = current.execute(
        update(TrainingRecord)
        .where(TrainingRecord.id == record_id, TrainingRecord.cancelled_at.is_(None))
        .values(cancelled_at=now)
        .execution_options(synchronize_session="fetch")
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return queries.cancellation_of(record_id), False
    row = RecordCancellation(record_id=record_id, replaced_by_id=replaced_by_id, reason=reason[:400], by_account_id=by.account_id, at=now)
    current.add(row)
    current.flush()
    audit.record(by=by, did="ledger.record.cancelled", on=("training_record", str(record_id)), data={"reason": reason[:400]})
    return row, True


def correct_record(
    *,
    record: TrainingRecord,
    course: str,
    category: Category,
    county_code: str,
    hours_x10: int,
    completed_on: date,
    is_counted: bool,
    reason: str,
    by: Identity,
    today: date,
    now: datetime,
) -> TrainingRecord:
    """Correct a record: a new one takes its place, the wrong one stays cancelled and names it. All or nothing.

    It takes nothing that a roster would refuse, so that an export can be imported. Raises BadRecord: cancelled already, nothing changed,
    what the person has on another record already (the same course and day), a day after today, too early or before the person was born, a county that was none on that day or lies outside the
    region of who corrects.
    """
    if record.cancelled_at is not None:
        raise BadRecord(_("这条记录已作废，不能再更正。"))
    if completed_on > today:
        raise BadRecord(_("完成日期不能晚于今天。"), field="completed_on")
    if completed_on < EARLIEST:
        raise BadRecord(_("完成日期 %(day)s 过早。请核对年份。", day=completed_on), field="completed_on")
    born = session().get_one(Person, record.person_id).birth_on
    if born is not None and born >= completed_on:
        raise BadRecord(_("完成日期早于证件号码中的出生日期 %(birth)s。请核对。", birth=born), field="completed_on")
    county = organisations.resolve_county(county_code, completed_on)
    if county is None:
        raise BadRecord(_("没有县区代码“%(code)s”。请按行政区划代码填写 6 位县（市、区）代码。", code=county_code[:20]), field="county_code")
    reach = queries.reach_of(by)
    if reach is not None and record.organisation_id not in reach.own and county not in reach.counties:
        raise BadRecord(_("县区代码 %(code)s 不在你负责的地区之内。应归外地的，请省人社厅更正。", code=county), field="county_code")
    before = (record.course, record.category, record.county_code, record.hours_x10, record.completed_on, record.is_counted)
    if before == (course.strip(), category, county, hours_x10, completed_on, is_counted):
        raise BadRecord(_("没有改变任何一项，不用更正。"))
    there = queries.live_record(record.person_id, record.organisation_id, course.strip(), completed_on, besides=record.id)
    if there is not None:
        raise BadRecord(str(ALREADY_THERE), field="completed_on")
    cancellation, is_first = cancel_record(record_id=record.id, reason=reason, by=by, now=now)
    if not is_first:  # somebody else was faster by less than this request
        raise BadRecord(_("这条记录已作废，不能再更正。"))
    session().refresh(record)
    made, is_new = record_training(
        person_id=record.person_id,
        organisation_id=record.organisation_id,
        course=course,
        category=category,
        county_code=county,
        hours_x10=hours_x10,
        completed_on=completed_on,
        is_counted=is_counted,
        source=record.source,
        source_id=record.source_id,
        by=by,
        now=now,
    )
    if not is_new:  # recorded by somebody else meanwhile
        raise BadRecord(str(ALREADY_THERE), field="completed_on")
    cancellation.replaced_by_id = made.id
    session().flush()
    audit.record(by=by, did="ledger.record.corrected", on=made, data={"replaces": record.id, "reason": cancellation.reason})
    return made


def confirm_days(
    *,
    student_id: int,
    enterprise_id: int,
    base_id: int | None,
    days: Iterable[date],
    source_id: int | None,
    by: Identity,
    now: datetime,
) -> int:
    """Record confirmed days of a student in an enterprise; the result is how many were new.

    Days already confirmed there are left as they are. Whether a day may be confirmed at all is the placement's question.
    """
    wanted = sorted(set(days))
    known = queries.confirmed_on(student_id, enterprise_id, wanted)
    new = [day for day in wanted if day not in known]
    rows = [
        ConfirmedDay(
            student_id=student_id,
            enterprise_id=enterprise_id,
            base_id=base_id,
            on=day,
            source_id=source_id,
            confirmed_by_id=by.account_id,
            confirmed_at=now,
        )
        for day in new
    ]
    added = _add_days(rows)
    if added:
        audit.record(
            by=by,
            did="ledger.days.confirmed",
            on=("student", str(student_id)),
            data={"enterprise": enterprise_id, "days": [day.isoformat() for day in new]},
        )
    return added


def _add_days(rows: list[ConfirmedDay]) -> int:
    """Write days together; where somebody else confirmed one of them at the same moment, one by one. The number written."""
    current = session()
    try:
        with current.begin_nested():
            current.add_all(rows)
            current.flush()
        return len(rows)
    except IntegrityError:
        if len(rows) > 1:
            return sum(_add_days([row]) for row in rows)
        if not rows or not queries.confirmed_on(rows[0].student_id, rows[0].enterprise_id, [rows[0].on]):
            raise
        return 0


def withdraw_day(*, student_id: int, enterprise_id: int, day: date, reason: str, by: Identity, now: datetime) -> bool:
    """Withdraw a confirmed day, with its reason; False when no such day stands. Raises ReasonNeeded."""
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(_("请写明撤回这一天的理由，理由会随记录保存。"), field="reason")
    taken = session().execute(
        update(ConfirmedDay)
        .where(
            ConfirmedDay.student_id == student_id,
            ConfirmedDay.enterprise_id == enterprise_id,
            ConfirmedDay.on == day,
            ConfirmedDay.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now, withdrawal_reason=reason[:400])
        .execution_options(synchronize_session="fetch")
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return False
    audit.record(
        by=by,
        did="ledger.day.withdrawn",
        on=("student", str(student_id)),
        data={"enterprise": enterprise_id, "day": day, "reason": reason[:400]},
    )
    _moved(session().get_one(Student, student_id).person_id, by, now)
    return True


def _moved(person_id: int, by: Identity, now: datetime) -> None:
    for tell in current_app.extensions.get(MOVED, ()):
        tell(person_id, by, now)


def reach_milestone(
    *,
    person_id: int,
    source: Source,
    key: str,
    title: str,
    reached_on: date,
    organisation_id: int | None = None,
    programme_id: int | None = None,
    hours_x10: int = 0,
    score_x10: int | None = None,
    by: Identity,
    now: datetime,
) -> tuple[Milestone, bool]:
    """Record one finished thing of a person; `key` is the room's stable name of it. A repeat: the known one and False."""
    known = queries.live_milestone(person_id, source, key)
    if known is not None:
        return known, False
    row = Milestone(
        person_id=person_id,
        source=source,
        key=key,
        title=title[:300],
        organisation_id=organisation_id,
        programme_id=programme_id,
        hours_x10=hours_x10,
        score_x10=score_x10,
        reached_on=reached_on,
        recorded_at=now,
    )
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError:
        known = queries.live_milestone(person_id, source, key)
        if known is None:
            raise
        return known, False
    audit.record(by=by, did="ledger.milestone.reached", on=row, data={"key": key, "source": source, "reached_on": reached_on})
    _moved(person_id, by, now)
    return row, True


def withdraw_milestone(*, person_id: int, source: Source, key: str, reason: str, by: Identity, now: datetime) -> bool:
    """Withdraw a milestone that turned out wrong; False when none stands. Raises ReasonNeeded."""
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(_("请写明撤回的理由，理由会随记录保存。"), field="reason")
    row = queries.live_milestone(person_id, source, key)
    if row is None:
        return False
    row.withdrawn_at = now
    session().flush()
    audit.record(by=by, did="ledger.milestone.withdrawn", on=row, data={"key": key, "reason": reason[:400]})
    _moved(person_id, by, now)
    return True


def decide_duplicate(*, duplicate_id: int, is_same: bool, note: str = "", by: Identity, now: datetime) -> tuple[PossibleDuplicate, bool]:
    """Decide whether two persons are one human. "Same": they are merged and count as one; a later "not same" parts them again.

    Records stay with the person under whose number they came. Repeating a decision changes nothing (False). Raises NotFound.
    """
    current = session()
    row = current.get(PossibleDuplicate, duplicate_id, with_for_update=True)
    if row is None:
        raise NotFound(_("没有这条疑似重复。"))
    if row.decided_at is not None and row.is_same is is_same:
        return row, False
    row.is_same, row.decided_at, row.decided_by_id, row.note = is_same, now, by.account_id, note.strip()[:400]
    people.note_decision(
        first_id=row.person_id,
        second_id=row.other_person_id,
        decision=PairDecision.SAME if is_same else PairDecision.DIFFERENT,
        reason=row.note,
        by=by,
        now=now,
    )
    audit.record(by=by, did="ledger.duplicate.decided", on=row, data={"is_same": is_same, "note": row.note})
    return row, True
