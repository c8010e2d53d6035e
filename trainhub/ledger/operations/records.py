"""Completions: recorded, cancelled, corrected, restored. A record is never changed: a wrong one is cancelled with its reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, _l
from trainhub.ledger import queries
from trainhub.ledger.models import RecordCancellation, TrainingCourse, TrainingRecord
from trainhub.ledger.rosters import queries as rosters
from trainhub.ledger.rosters.checking import EARLIEST, plain_name
from trainhub.ledger.rosters.pairing import queue_alike
from trainhub.ledger.types import HOURS, Category, Source
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.people.operations.stamping import stamp
from trainhub.people.queries.numbers import gone_to

ALREADY_THERE = _l("此人在这家机构同一天已有另一条这门课程的记录。请更正那一条记录；本条是重复登记的，请作废本条。")


NO_DAYS = "已确认的实习日全部更正为不计入"
"""Why a training no longer stands that rests on days; only what was cancelled for it stands again when a day does."""


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
    by_number: bool = False,
    is_known: bool = False,
    by: Identity,
    now: datetime,
) -> tuple[TrainingRecord, bool]:
    """Record one completed training; the same person, base, course and day is a duplicate: the known record and False. `by_number`: a roster named
    the person by their number; `is_known`: the completion stood before, under another row. Who may be the same human waits for review.

    `hours_x10` are tenths of an hour. Raises BadRecord for an empty course, negative hours, or a day before
    the course was taught there.
    """
    course = course.strip()
    if not course or len(course) > 200:
        raise BadRecord(_("课程名称不能为空，也不能超过 200 个字。"), field="course")
    if hours_x10 < 0:
        raise BadRecord(_("学时不能是负数。"), field="hours")
    if not is_known:
        _check_course(organisation_id, course, completed_on)
    now = stamp(now)
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
        by_number=by_number,
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
    if not is_known:
        queue_alike([person_id], now=now)
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
    now = stamp(now)
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
    values = {"course": course, "category": category, "county_code": county, "hours_x10": hours_x10}
    days = {"completed_on": completed_on, "is_counted": is_counted}
    _cancellation, is_first = cancel_record(record_id=record.id, reason=reason, by=by, now=now)
    if not is_first:  # somebody else was faster by less than this request
        raise BadRecord(_("这条记录已作废，不能再更正。"))
    return replace_record(record=record, reason=reason, did="corrected", by=by, now=now, **values, **days)


def restore_record(*, record: TrainingRecord, reason: str, by: Identity, today: date, now: datetime) -> TrainingRecord:
    """Let a record that was cancelled by mistake stand again: a new one with its values, which the cancelled one names; of a placement with
    the hours that its days earn today (`types.HOURS`). Whoever may cancel may take it back.

    Raises ReasonNeeded; BadRecord: it is not cancelled, another one took its place, the person has the same course and day on another
    record, it was cancelled with the days behind it, which bring it back themselves, or none of its days counts.
    """
    if not reason.strip():
        raise ReasonNeeded(_("请写明恢复这条记录的理由，理由会随记录保存。"), field="reason")
    queries.hold_record(record.id)
    session().refresh(record)
    if record.cancelled_at is None:
        raise BadRecord(_("这条记录没有作废，不用恢复。"))
    cancellation = queries.cancellation_of(record.id)
    if cancellation.replaced_by_id is not None:
        raise BadRecord(_("已有另一条记录代替这一条，不能恢复：有误的，请更正那一条。"))
    if cancellation.reason.startswith(NO_DAYS):
        raise BadRecord(_("这条记录随实习日一起作废：恢复实习日，它就重新计入。"))
    person_id, by_number = _whose(record)
    if queries.live_record(person_id, record.organisation_id, record.course, record.completed_on) is not None:
        raise BadRecord(_("此人在这家机构同一天已有另一条这门课程的记录，不能恢复。"))
    ask = current_app.extensions.get(HOURS, {}).get(record.source)
    hours_x10 = record.hours_x10 if ask is None or record.source_id is None else ask(record.source_id, today)
    if not hours_x10 and record.hours_x10:
        raise BadRecord(_("这条记录没有可以计入的实习日，不能恢复：恢复实习日后再恢复。"))
    values = {"hours_x10": hours_x10, "by_number": by_number, "person_id": person_id}
    return replace_record(record=record, reason=reason, did="restored", by=by, now=now, **values)


def _whose(record: TrainingRecord) -> tuple[int, bool]:
    """(person, whether a roster named them by the number) of a record that stands again: the number by which it was may have gone to somebody else
    meanwhile, and the record with it where the name is the same (`yielding.follow_number`)."""
    person = session().get_one(Person, record.person_id)
    holder = gone_to(person.id, record.recorded_at) if record.by_number else None
    if holder is None or people.is_same_human(person.id, holder.id):
        return person.id, record.by_number and (holder is not None or person.id_number_hash is not None)
    return (holder.id, True) if plain_name(holder.name) == plain_name(person.name) else (person.id, False)


def replace_record(*, record: TrainingRecord, reason: str, did: str, by: Identity, now: datetime, **values: Any) -> TrainingRecord:
    """A new record in the place of one that is, or now becomes, cancelled: with its values (and person) but for those given. The cancelled one names it.
    Raises BadRecord where the same stands already."""
    cancellation, _is_first = cancel_record(record_id=record.id, reason=reason, by=by, now=now)
    session().refresh(record)
    kept = {
        key: getattr(record, key)
        for key in ("course", "category", "county_code", "hours_x10", "completed_on", "is_counted", "by_number", "person_id")
    }
    made, is_new = record_training(
        organisation_id=record.organisation_id,
        source=record.source,
        source_id=record.source_id,
        by=by,
        now=now,
        **{**kept, **values},
    )
    if not is_new:  # recorded by somebody else meanwhile
        raise BadRecord(str(ALREADY_THERE), field="completed_on")
    cancellation.replaced_by_id = made.id
    session().flush()
    audit.record(by=by, did=f"ledger.record.{did}", on=made, data={"replaces": record.id, "reason": reason.strip()[:400]})
    return made
