"""Holidays entered or withdrawn after the days they touch were confirmed: milestones and certificates are judged again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from enterprises.placements import operations
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.certificates import queries as certificates
from trainhub.certificates.types import State
from trainhub.kernel.access import SYSTEM
from trainhub.ledger import operations as ledger
from trainhub.ledger import queries as ledger_queries
from trainhub.ledger.holidays import operations as holidays
from trainhub.ledger.types import HolidayKind, Source
from trainhub.policy import book as books

NOW, MONDAY = make.NOW, make.TODAY
FREE = (MONDAY + timedelta(days=3), MONDAY + timedelta(days=4))
"""Thursday and Friday of the first week."""


@pytest.fixture(params=["own.weeks.holiday_rule", ""])
def switched(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """Whether the holiday rule is in force for undergraduates."""
    if request.param:
        shutil.copytree(books.PARAMS, tmp_path / "params")
        file = tmp_path / "params" / "trainhub_teaching.toml"
        before = f'key = "{request.param}"\nvalue = false'
        assert before in file.read_text(encoding="utf-8")
        file.write_text(file.read_text(encoding="utf-8").replace(before, before.replace("false", "true")), encoding="utf-8")
        monkeypatch.setattr(books, "PARAMS", tmp_path / "params")
    books.book.cache_clear()
    yield bool(request.param)
    monkeypatch.undo()
    books.book.cache_clear()


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A student with 77 days from before; a finished placement whose first week has only Monday to Wednesday: 158 of 160 days."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university, is_petoe=True)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    ledger.confirm_days(
        student_id=student.id, enterprise_id=enterprise.id, base_id=None, days=make.weekdays(date(2025, 8, 4), 80), source_id=None, by=SYSTEM, now=NOW
    )
    position = make.position(enterprise=enterprise, base=base, terms=[term])
    placement = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
    make.confirmed(placement, [day for day in make.weekdays(MONDAY, 80) if day not in FREE])
    last = term.ends_on
    operations.grade_placement(placement=placement, score_x10=900, comment="", today=last, by=SYSTEM, now=make.at(last))
    after = last + timedelta(days=1)
    operations.finish_placement(placement=placement, today=after, by=SYSTEM, now=make.at(after))
    return SimpleNamespace(student=student, placement=placement, later=last + timedelta(days=20))


def stands(world: SimpleNamespace) -> tuple[bool, str | None]:
    """(the milestone of 32 weeks stands, the weeks that the certificate says)."""
    milestone = ledger_queries.live_milestone(world.student.person_id, Source.PLACEMENT, f"weeks:{world.student.id}")
    certificate = certificates.by_asked_key(operations.asked_key(world.placement))
    assert certificate is None or certificate.state in (State.ISSUED, State.DRAFT)
    return milestone is not None, certificate.facts["weeks"] if certificate is not None else None


def judged(world: SimpleNamespace, days: int = 0) -> dict[str, int]:
    day = world.later + timedelta(days=days)
    return operations.rejudge_weeks(today=day, by=SYSTEM, now=make.at(day))


def test_holidays_entered_late_reach_milestones_and_certificates(world: SimpleNamespace, switched: bool) -> None:
    assert stands(world) == (False, "15.6")
    assert judged(world) == {"students": 0, "reached": 0, "lost": 0, "certificates": 0}
    rows = holidays.enter(
        since=FREE[0], until=FREE[1], kind=HolidayKind.OFF, name="节日", document="通知", by=SYSTEM, now=make.at(world.later - timedelta(days=1))
    )
    found = {"students": 1, "reached": 1, "lost": 0, "certificates": 1} if switched else {"students": 1, "reached": 0, "lost": 0, "certificates": 0}
    assert judged(world) == found
    assert stands(world) == ((True, "16") if switched else (False, "15.6"))
    assert judged(world, 1) == {"students": 1, "reached": 0, "lost": 0, "certificates": 0}
    holidays.close(ids=[row.id for row in rows], reason="通知已更正", by=SYSTEM, now=make.at(world.later + timedelta(days=2)))
    assert judged(world, 3)["lost"] == int(switched)
    assert stands(world) == (False, "15.6")
    assert judged(world, 4) == {"students": 1, "reached": 0, "lost": 0, "certificates": 0}
    assert judged(world, 60)["students"] == 0
