"""A correction is a new record; the wrong one stays, cancelled, and names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Refused
from trainhub.ledger import operations, queries
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.people.models import Person

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)
RIGHT: dict[str, Any] = {
    "course": "电商",
    "category": Category.WORKER,
    "county_code": "350102",
    "hours_x10": 160,
    "completed_on": date(2026, 1, 10),
    "is_counted": True,
}


def _record() -> TrainingRecord:
    person = ground.person(is_verified=True)
    row, _new = operations.record_training(
        person_id=person.id, organisation_id=ground.base().id, source=Source.ROSTER, by=SYSTEM, now=NOW, **{**RIGHT, "county_code": "350203"}
    )
    return row


def test_a_correction_is_a_new_record(session: Session) -> None:
    wrong = _record()
    call: dict[str, Any] = {"record": wrong, "reason": "县区填错", "by": SYSTEM, "today": TODAY, "now": NOW}
    for bad in (
        {"county_code": "350203"},
        {"completed_on": date(2026, 3, 3)},
        {"county_code": "999999"},
        {"reason": " "},
    ):
        with pytest.raises(Refused):
            operations.correct_record(**{**call, **RIGHT, **bad})
        assert wrong.cancelled_at is None
    made = operations.correct_record(**call, **RIGHT)
    assert (made.county_code, made.person_id, wrong.cancelled_at) == ("350102", wrong.person_id, NOW)
    assert queries.cancellation_of(wrong.id).replaced_by_id == made.id
    with pytest.raises(Refused, match="已作废"):
        operations.correct_record(**call, **RIGHT)


@pytest.mark.database
@pytest.mark.parametrize(
    ("born", "day", "refused"),
    [
        (None, date(1977, 12, 31), "过早"),
        (None, date(1978, 1, 1), ""),
        (date(2003, 5, 17), date(2003, 5, 16), "出生日期"),
        (date(2003, 5, 17), date(2003, 5, 17), "出生日期"),
        (date(2003, 5, 17), date(2003, 5, 18), ""),
    ],
)
def test_a_correction_takes_no_day_that_a_roster_refuses(session: Session, born: date | None, day: date, refused: str) -> None:
    wrong = _record()
    session.get_one(Person, wrong.person_id).birth_on = born
    call: dict[str, Any] = {"record": wrong, "reason": "日期填错", "by": SYSTEM, "today": TODAY, "now": NOW, **RIGHT, "completed_on": day}
    if not refused:
        assert operations.correct_record(**call).completed_on == day
        return
    with pytest.raises(Refused, match=refused):
        operations.correct_record(**call)
    assert wrong.cancelled_at is None


@pytest.mark.parametrize(("hours", "status"), [("16.5", 303), ("16.50", 303), ("16.55", 422)])
def test_hours_are_corrected_to_one_decimal(session: Session, as_role: Callable[..., FlaskClient], hours: str, status: int) -> None:
    key = _record().id
    session.commit()
    data = {"course": "电商", "category": "worker", "county_code": "350102", "completed_on": "2026-01-10", "is_counted": "y", "reason": "学时填错"}
    assert as_role(Role.DEPT_HR).post(f"/trainees/records/{key}/correct", data={**data, "hours": hours}).status_code == status


def test_the_page_of_a_record_corrects_it(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    key = _record().id
    session.commit()
    hr, reader = as_role(Role.DEPT_HR), as_role(Role.AUDITOR)
    at = f"/trainees/records/{key}"
    data = {
        "course": "电商",
        "category": "worker",
        "county_code": "350102",
        "hours": "16",
        "completed_on": "2026-01-10",
        "is_counted": "y",
        "reason": "",
    }
    assert ("更正这条记录" in hr.get(at).text, "更正这条记录" in reader.get(at).text) == (True, False)
    assert reader.post(f"{at}/correct", data=data).status_code == 403
    assert hr.post(f"{at}/correct", data=data).status_code == 422
    answer = hr.post(f"{at}/correct", data={**data, "reason": "县区填错"})
    assert answer.status_code == 303
    assert answer.headers["Location"] != at
    assert "已作废" in hr.get(at).text
