"""Logs of practice and guidance lose their words five years after graduation; confirmed days and dates stay."""

from __future__ import annotations

import io
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enterprises.capstones.models import GuidanceEntry
from enterprises.capstones.operations import forget_guidance
from enterprises.placements import operations
from enterprises.placements.models import DayEntry, WeeklyLog
from enterprises.placements.types import EventKind, PaperKind
from tests.factories import capstones, ground
from tests.factories import enterprises as make
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session as current
from trainhub.ledger.models import ConfirmedDay
from trainhub.organisations.models import Organisation
from trainhub.people import operations as people
from trainhub.people.models import Person, Student

NOW = make.NOW
LEFT = date(2026, 9, 1)
NEXT = date(2026, 3, 3)


def practised(student: Student) -> None:
    """A confirmed day with words and a week's log."""
    enterprise, term = ground.enterprise(), make.term(university=current().get_one(Organisation, student.university_id))
    base = ground.base(enterprise)
    make.opened_base(base=base)
    position = make.position(enterprise=enterprise, terms=[term], base=base)
    placement = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
    day = term.starts_on
    operations.log_day(placement=placement, on=day, note="装配减速机", today=day, by=SYSTEM, now=NOW)
    operations.decide_days(placement=placement, days=[day], is_approved=True, today=day, by=SYSTEM, now=NOW)
    operations.save_weekly_log(placement=placement, on=day, text="学会了装配", tags=[], today=day, by=SYSTEM, now=NOW)
    absent = operations.report_event(placement=placement, kind=EventKind.ABSENCE, since=NEXT, until=NEXT, text="发烧", by=SYSTEM, now=NOW)
    operations.log_day(placement=placement, on=NEXT, note="装配", today=NEXT, by=SYSTEM, now=NOW)
    operations.decide_absence(event=absent, placement=placement, is_approved=True, by=SYSTEM, now=NOW)  # the day that waits is kept beside it
    kept = files.keep(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name="保险单.pdf", kind="placement_paper", by=SYSTEM, now=NOW)
    operations.add_paper(placement=placement, kind=PaperKind.INSURANCE, file=kept, by=SYSTEM, now=NOW)
    student.left_on = LEFT
    current().flush()


def test_logs_go_and_confirmed_days_stay(session: Session) -> None:
    student, held = ground.student(), ground.student()
    practised(student)
    practised(held)
    people.place_hold(person=session.get_one(Person, held.person_id), reason="工伤争议", by=SYSTEM, now=NOW)
    assert operations.forget_logs(today=date(2031, 9, 1)) == {"notes": 0, "photos": 0, "papers": 0, "weeks": 0, "days": 0, "set_aside": 0}
    assert operations.forget_logs(today=date(2031, 9, 2)) == {"notes": 0, "photos": 0, "papers": 1, "weeks": 1, "days": 1, "set_aside": 1}
    assert operations.forget_logs(today=date(2031, 9, 2)) == {"notes": 0, "photos": 0, "papers": 0, "weeks": 0, "days": 0, "set_aside": 0}
    notes = dict(session.execute(select(DayEntry.student_id, DayEntry.note).where(DayEntry.student_id.in_([student.id, held.id]))).all())
    assert notes == {student.id: "", held.id: "装配减速机"}
    assert session.scalar(select(func.count()).select_from(WeeklyLog)) == 1
    assert session.scalar(select(func.count()).select_from(ConfirmedDay).where(ConfirmedDay.student_id == student.id)) == 1


def test_guidance_loses_its_words_and_keeps_its_day(session: Session) -> None:
    found = capstones.case()
    capstones.guide(found, times=1)
    session.get_one(Student, found.capstone.student_id).left_on = LEFT
    session.flush()
    assert forget_guidance(today=date(2031, 9, 1)) == 0
    assert forget_guidance(today=date(2031, 9, 2)) == 2
    assert forget_guidance(today=date(2031, 9, 2)) == 0
    rows = session.execute(select(GuidanceEntry.content, GuidanceEntry.on).where(GuidanceEntry.capstone_id == found.capstone.id)).all()
    assert [(content, on) for content, on in rows] == [("", capstones.START)] * 2
