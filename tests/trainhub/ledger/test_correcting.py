"""A correction is a new record; the wrong one stays, cancelled, and names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.parallel import together
from tests.trainhub.ledger.rosters import row, write
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as session_now
from trainhub.kernel.db import transaction
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


@pytest.mark.database
def test_a_correction_is_not_lost_in_a_record_that_stands_already(session: Session) -> None:
    wrong = _record()
    same: dict[str, Any] = {"person_id": wrong.person_id, "organisation_id": wrong.organisation_id, "source": Source.ROSTER, "by": SYSTEM, "now": NOW}
    other, _new = operations.record_training(**same, **{**RIGHT, "completed_on": date(2026, 1, 11), "is_counted": False})
    call: dict[str, Any] = {"record": wrong, "reason": "日期填错", "by": SYSTEM, "today": TODAY, "now": NOW}
    with pytest.raises(operations.BadRecord, match="已有另一条") as refused:
        operations.correct_record(**call, **{**RIGHT, "completed_on": other.completed_on})
    assert (refused.value.field, wrong.cancelled_at) == ("completed_on", None)
    assert operations.correct_record(**call, **{**RIGHT, "completed_on": date(2026, 1, 12)}).cancelled_at is None
    assert other.cancelled_at is None


@pytest.mark.database
@pytest.mark.usefixtures("bases")
@pytest.mark.parametrize(("is_corrected", "said"), [(True, "已更正（理由：课程填错）"), (False, "已作废（理由：课程填错）")])
def test_the_same_file_brings_no_mistake_back(
    session: Session, command: Callable[..., dict[str, Any]], tmp_path: Path, is_corrected: bool, said: str
) -> None:
    file = write(tmp_path / "r.csv", [row(1)])
    assert command("trainees", "import", file)["accepted"] == 1
    record = session.scalars(select(TrainingRecord)).one()
    if is_corrected:
        right = {**RIGHT, "course": "直播电商", "completed_on": record.completed_on}
        operations.correct_record(record=record, reason="课程填错", by=SYSTEM, today=TODAY, now=NOW, **right)
    else:
        operations.cancel_record(record_id=record.id, reason="课程填错", by=SYSTEM, now=NOW)
    session.commit()
    for more in (["--dry-run"], []):
        again = command("trainees", "import", file, *more)
        assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 0, 1)
    assert said in (tmp_path / "r.csv.rejected.csv").read_text(encoding="utf-8-sig")
    assert command("goals", "report")["persons"] == int(is_corrected)
    # A row that was changed slightly: of a cancelled record it is taken; what was corrected does not come back under its old name beside it.
    spelled = " ".join(row(1)["course"])
    other = command("trainees", "import", write(tmp_path / "s.csv", [row(1, county_code="350103"), row(1, hours="99", course=spelled)]))
    assert (other["accepted"], other["rejected"]) == ((0, 2) if is_corrected else (2, 0))
    if is_corrected:
        assert (tmp_path / "s.csv.rejected.csv").read_text(encoding="utf-8-sig").count("现为“直播电商”（2016-03-01）") == 2


@pytest.mark.database
def test_what_was_cancelled_by_mistake_stands_again(session: Session) -> None:
    """By a new record with the same values, which the cancelled one names; once, with a reason, and not where something took its place."""
    wrong = _record()
    call: dict[str, Any] = {"record": wrong, "reason": "误作废", "by": SYSTEM, "today": TODAY, "now": NOW}
    with pytest.raises(Refused, match="没有作废"):
        operations.restore_record(**call)
    operations.cancel_record(record_id=wrong.id, reason="重复", by=SYSTEM, now=NOW)
    with pytest.raises(Refused, match="理由"):
        operations.restore_record(**{**call, "reason": " "})
    made = operations.restore_record(**call)
    same = ("person_id", "organisation_id", "course", "category", "county_code", "hours_x10", "completed_on", "is_counted", "source")
    assert [getattr(made, key) for key in same] == [getattr(wrong, key) for key in same]
    assert (made.cancelled_at, wrong.cancelled_at, queries.cancellation_of(wrong.id).replaced_by_id) == (None, NOW, made.id)
    with pytest.raises(Refused, match="已有另一条记录代替"):
        operations.restore_record(**call)
    operations.cancel_record(record_id=made.id, reason="重复", by=SYSTEM, now=NOW)
    operations.record_training(person_id=made.person_id, organisation_id=made.organisation_id, source=Source.ROSTER, by=SYSTEM, now=NOW, **RIGHT)
    with pytest.raises(Refused, match="同一天已有另一条"):
        operations.restore_record(**{**call, "record": made})
    events = [event.did for event in session.info["audit"]]
    assert events.count("ledger.record.restored") == 1


@pytest.mark.database
def test_a_training_without_days_comes_back_with_them_only(session: Session) -> None:
    row = _record()
    operations.cancel_record(record_id=row.id, reason=f"{operations.NO_DAYS}：误确认", by=SYSTEM, now=NOW)
    with pytest.raises(Refused, match="恢复实习日"):
        operations.restore_record(record=row, reason="误作废", by=SYSTEM, today=TODAY, now=NOW)


def test_the_page_of_a_cancelled_record_restores_it(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    row = _record()
    operations.cancel_record(record_id=row.id, reason="重复", by=SYSTEM, now=NOW)
    at = f"/trainees/records/{row.id}"
    session.commit()
    hr, reader, city = as_role(Role.DEPT_HR), as_role(Role.AUDITOR), as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    assert [f"{at}/restore" in one.get(at).text for one in (hr, reader)] == [True, False]
    assert [one.post(f"{at}/restore", data={"reason": "误作废"}).status_code for one in (reader, city)] == [403, 403]
    assert hr.post(f"{at}/restore", data={"reason": ""}).status_code == 422
    answer = hr.post(f"{at}/restore", data={"reason": "误作废"})
    assert (answer.status_code, answer.headers["Location"] != at) == (303, True)
    assert f"{at}/restore" not in hr.get(at).text
    assert hr.post(f"{at}/restore", data={"reason": "误作废"}).status_code == 422


@pytest.mark.database
def test_a_record_is_restored_once_by_two_at_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key = _record().id
        operations.cancel_record(record_id=key, reason="重复", by=SYSTEM, now=NOW)

    def restore() -> object:
        row = session_now().get_one(TrainingRecord, key)
        return operations.restore_record(record=row, reason="误作废", by=SYSTEM, today=TODAY, now=NOW)

    assert together(committed, restore, restore) == ["", "bad_record"]
    with committed.app_context():
        standing = select(func.count()).select_from(TrainingRecord).where(TrainingRecord.cancelled_at.is_(None))
        assert session_now().scalar(standing) == 1
