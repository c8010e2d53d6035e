"""A city imports and corrects its own: organisations of its region, no county outside it; 平潭 stands apart."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.trainhub.ledger.rosters import read, row, write
from trainhub.kernel import jobs
from trainhub.kernel.access import Role
from trainhub.kernel.db import session as database
from trainhub.ledger.models import RosterBatch, RosterRejection, TrainingCourse, TrainingRecord

As = Callable[..., FlaskClient]
ROWS = (("B-01", "350102"), ("B-01", "350128"), ("B-01", "350203"), ("B-02", "350102"), ("B-02", "350203"))


def _imported(app: Flask, client: FlaskClient, tmp_path: Path, **fields: str) -> tuple[list[tuple[int, str]], list[tuple[str, str]]]:
    """(organisation, county) of what was taken; (row, column) of what was left out."""
    file = write(tmp_path / "r.csv", [row(n, base_code=base, county_code=county) for n, (base, county) in enumerate(ROWS, 1)])
    answer = client.post("/trainees/rosters/", data={"file": (io.BytesIO(file.read_bytes()), "r.csv"), "base": "", **fields})
    assert answer.status_code == 303, answer.text
    with app.app_context():
        jobs.run_all()
        taken = [(r.organisation_id, r.county_code) for r in database().scalars(select(TrainingRecord).order_by(TrainingRecord.id))]
        batch = database().scalars(select(RosterBatch.id).order_by(RosterBatch.id.desc())).first()
    if batch is None:
        return taken, []
    left = client.get(f"/trainees/rosters/{batch}/rejected.csv")
    if left.status_code == 404:
        return taken, []
    (tmp_path / "left.csv").write_bytes(left.data)
    return taken, [(line["row"], line["column"]) for line in read(tmp_path / "left.csv")]


@pytest.mark.database
@pytest.mark.parametrize(
    ("region", "taken", "left"),
    [
        ("350100", [("B-01", "350102")], [("3", "county_code"), ("4", "county_code"), ("5", "base_code"), ("6", "base_code")]),
        ("350200", [("B-02", "350203")], [("2", "base_code"), ("3", "base_code"), ("4", "base_code"), ("5", "county_code")]),
        ("350128", [], [(str(n), "base_code") for n in range(2, 7)]),
    ],
)
def test_a_city_imports_for_its_own(
    app: Flask, as_role: As, bases: dict[str, int], tmp_path: Path, region: str, taken: list[tuple[str, str]], left: list[tuple[str, str]]
) -> None:
    found = _imported(app, as_role(Role.PREFECTURE_OPERATOR, region_code=region), tmp_path)
    assert found == ([(bases[code], county) for code, county in taken], left)


def test_the_department_and_a_base_itself_take_trainees_of_any_county(app: Flask, as_role: As, bases: dict[str, int], tmp_path: Path) -> None:
    leader = as_role(Role.CENTRE_LEADER, organisation_id=bases["B-02"])
    assert _imported(app, leader, tmp_path, base="B-02")[0] == [(bases["B-02"], "350102"), (bases["B-02"], "350203")]
    assert len(_imported(app, as_role(Role.DEPT_HR), tmp_path)[0]) == 5


def _offered(client: FlaskClient, address: str, name: str) -> list[str]:
    found = re.search(f'<select[^>]*name="{name}".*?</select>', client.get(address).text, re.DOTALL)
    assert found is not None
    return re.findall(r'<option[^>]*value="([^"]*)"', found[0])


def test_a_city_is_offered_its_own_organisations(app: Flask, as_role: As, bases: dict[str, int]) -> None:
    city, province = as_role(Role.PREFECTURE_OPERATOR, region_code="350100"), as_role(Role.DEPT_HR)
    assert (_offered(city, "/trainees/rosters/", "base"), _offered(province, "/trainees/rosters/", "base")) == (["", "B-01"], ["", "B-01", "B-02"])
    data = {"organisation": "B-02", "title": "电商", "since": "2016-01-01"}
    assert _offered(city, "/trainees/courses", "organisation") == ["B-01"]
    assert city.post("/trainees/courses", data=data).status_code == 422
    assert province.post("/trainees/courses", data=data).status_code == 303
    assert "电商" not in city.get("/trainees/courses").text
    assert city.post("/trainees/courses", data={**data, "organisation": "B-01", "title": "直播"}).status_code == 303
    with app.app_context():
        assert sorted(database().scalars(select(TrainingCourse.title))) == ["电商", "直播"]


def test_a_correction_stays_in_the_region_of_who_corrects(app: Flask, as_role: As, bases: dict[str, int], tmp_path: Path) -> None:
    city = as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    _imported(app, city, tmp_path)
    with app.app_context():
        key = database().scalars(select(TrainingRecord.id)).one()
    at = f"/trainees/records/{key}/correct"
    data: dict[str, Any] = {"course": "电商", "category": "worker", "hours": "16", "completed_on": "2016-03-01", "is_counted": "y", "reason": "填错"}
    for outside in ("350203", "350128"):
        answer = city.post(at, data={**data, "county_code": outside})
        assert (answer.status_code, "不在你负责的地区之内" in answer.text) == (422, True), outside
    assert city.post(at, data={**data, "county_code": "350103"}).status_code == 303
    with app.app_context():
        now = database().scalars(select(TrainingRecord.county_code).where(TrainingRecord.cancelled_at.is_(None))).all()
    assert now == ["350103"]


def test_where_else_somebody_was_trained_is_told_to_who_answers_for_it(
    app: Flask, as_role: As, command: Callable[..., Any], bases: dict[str, int], tmp_path: Path
) -> None:
    """A base reads that its trainee was trained in another city on that day, not where; the city itself and the province read the county."""
    told = {}
    people = {"base": (Role.CENTRE_LEADER, {"organisation_id": bases["B-02"]}), "province": (Role.DEPT_HR, {})}
    for number, (name, (role, scope)) in enumerate(people.items(), 1):
        command("trainees", "import", write(tmp_path / f"{name}-a.csv", [row(number, county_code="350102")]))
        file = write(tmp_path / f"{name}-b.csv", [row(number, county_code="350203", base_code="B-02")])
        answer = as_role(role, **scope).post("/trainees/rosters/", data={"file": (io.BytesIO(file.read_bytes()), "r.csv"), "base": "B-02"})
        assert answer.status_code == 303, answer.text
        with app.app_context():
            jobs.run_all()
            told[name] = (
                database().scalars(select(RosterRejection.problem).where(RosterRejection.is_notice).order_by(RosterRejection.id.desc())).first()
            )
    assert ["另一设区市" in str(one) for one in told.values()] == [True, True]
    assert ["350102" in str(one) for one in told.values()] == [False, True]
