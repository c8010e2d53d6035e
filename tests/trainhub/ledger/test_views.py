"""The pages of the registry and of rosters, as each role sees them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.trainhub.ledger.rosters import read, resident, row, write
from trainhub.kernel import jobs
from trainhub.kernel.access import Role
from trainhub.kernel.db import session as database
from trainhub.ledger import queries, tasks
from trainhub.ledger.models import PossibleDuplicate, RosterBatch, TrainingRecord

As = Callable[..., FlaskClient]
Command = Callable[..., dict[str, Any]]


@pytest.fixture
def filled(command: Command, bases: dict[str, int], tmp_path: Path) -> dict[str, int]:
    """Three trainees: 福州 and 平潭 at the first base, 厦门 at the second."""
    rows = [
        row(1, name="林福州", county_code="350102"),
        row(2, name="陈平潭", county_code="350128", category="worker", completed_on="2016-05-01"),
        row(3, name="黄厦门", county_code="350203", base_code="B-02"),
    ]
    assert command("trainees", "import", write(tmp_path / "r.csv", rows))["accepted"] == 3
    return bases


def names(client: FlaskClient, address: str = "/trainees/") -> set[str]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return {name for name in ("林福州", "陈平潭", "黄厦门") if name in answer.text}


@pytest.mark.parametrize("page", ["/trainees/", "/trainees/export.csv"])
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_day_that_does_not_exist_is_no_list_of_everything(as_role: As, filled: dict[str, int], page: str, name: str) -> None:
    """A bookmark with a wrong day was answered with every row, as if it had been narrowed."""
    client = as_role(Role.DEPT_HR)
    for text in ("2016-02-30", "abc"):
        answer = client.get(page, query_string={name: text})
        assert (answer.status_code, f"日期“{text}”不存在" in answer.text, "林福州" in answer.text) == (422, True, False)
    assert [client.get(page, query_string={name: text}).status_code for text in ("", "2016-02-29")] == [200, 200]


def test_each_role_sees_its_own_rows(as_role: As, filled: dict[str, int]) -> None:
    assert names(as_role(Role.DEPT_HR)) == {"林福州", "陈平潭", "黄厦门"}
    assert names(as_role(Role.PREFECTURE_OPERATOR, region_code="350100")) == {"林福州"}
    assert names(as_role(Role.PREFECTURE_OPERATOR, region_code="350128")) == {"陈平潭"}
    assert names(as_role(Role.CENTRE_LEADER, organisation_id=filled["B-02"])) == {"黄厦门"}
    assert as_role(Role.STUDENT).get("/trainees/").status_code == 403


@pytest.mark.parametrize(("most", "said"), [(4, "共 3 条记录"), (3, "共 3 条记录"), (2, "超过 2 条记录，列出前 2 条")])
def test_the_registry_is_listed_up_to_a_bound(as_role: As, filled: dict[str, int], monkeypatch: pytest.MonkeyPatch, most: int, said: str) -> None:
    """A page far behind reads no more than the bound; beyond it the order is that of days, and the page says so."""
    monkeypatch.setattr(queries, "MOST_LISTED", most)
    client = as_role(Role.DEPT_HR)
    text = client.get("/trainees/?page=10000&sort=-name").text
    assert said in text
    assert ("按日期排列" in text) is (most < 3)
    assert "按日期排列" not in client.get("/trainees/?sort=completed").text
    if most < 3:
        assert names(client, "/trainees/?region=350100&sort=name") == {"林福州"}


def test_every_record_is_on_one_page_in_the_order_of_days(as_role: As, command: Command, bases: dict[str, int], tmp_path: Path) -> None:
    """Pages are read by their keys: none twice, none left out, also where many records share a day; the filters hold on each page."""
    days = ("2016-01-01", "2016-01-02", "2016-01-02", "2016-01-02", "2016-01-03")
    rows = [row(n, name=f"学员{n:02d}", completed_on=days[n % 5], county_code=("350102", "350203")[n % 2]) for n in range(45)]
    assert command("trainees", "import", write(tmp_path / "r.csv", rows))["accepted"] == 45
    client = as_role(Role.DEPT_HR)

    def listed(query: str) -> list[str]:
        return [name for number in (1, 2, 3) for name in re.findall(r"学员\d\d", client.get(f"/trainees/?page={number}&{query}").text)]

    for query in ("", "sort=completed", "sort=-completed", "sort=name"):
        assert sorted(dict.fromkeys(listed(query))) == [f"学员{n:02d}" for n in range(45)], query
    latest, earliest = (list(dict.fromkeys(listed(query))) for query in ("", "sort=completed"))
    assert [int(name[2:]) % 5 for name in latest[:9]] == [4] * 9
    assert [int(name[2:]) % 5 for name in earliest[:9]] == [0] * 9
    assert {int(name[2:]) % 2 for name in listed("region=350200")} == {1}


def test_a_page_far_behind_is_found_in_an_index_alone(as_role: As, filled: dict[str, int], app: Flask, count_queries: list[str]) -> None:
    """Rows before a page were once looked up one by one for whether they stand: the last page cost twice the first on SQLite."""
    count_queries.clear()
    assert as_role(Role.DEPT_HR).get("/trainees/").status_code == 200
    (statement,) = [one for one in count_queries if one.startswith("SELECT training_record.id \nFROM training_record") and "OFFSET" in one]
    with app.app_context():
        if database().get_bind().dialect.name == "sqlite":
            plan = database().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (20, 9_980)).all()
            assert [step.detail for step in plan] == ["SCAN training_record USING COVERING INDEX ix_training_record_day"]


def test_numbers_are_masked_in_list_and_export(as_role: As, filled: dict[str, int]) -> None:
    client = as_role(Role.DEPT_HR)
    number = row(1)["id_number"]
    for address in ("/trainees/", "/trainees/export.csv"):
        text = client.get(address).text
        assert number not in text
        assert f"{number[:4]}**********{number[-4:]}" in text
    assert client.get("/trainees/export.xlsx").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=林", {"林福州"}),
        ("q=chen", {"陈平潭"}),
        ("region=350100", {"林福州"}),
        ("region=350128", {"陈平潭"}),
        ("category=worker", {"陈平潭"}),
        ("since=2016-04-01", {"陈平潭"}),
        ("until=2016-03-01", {"林福州", "黄厦门"}),
        ("q=%25", set()),
        ("since=&category=x&base=y", {"林福州", "陈平潭", "黄厦门"}),
    ],
)
def test_filters(as_role: As, filled: dict[str, int], query: str, found: set[str]) -> None:
    assert names(as_role(Role.DEPT_HR), f"/trainees/?{query}") == found


def asked(app: Flask, statement: Any) -> Any:
    """The first value of a select, in a context of its own."""
    with app.app_context():
        return database().scalars(statement).first()


def test_a_record_and_its_cancellation(app: Flask, as_role: As, filled: dict[str, int]) -> None:
    record = asked(app, select(TrainingRecord.id).order_by(TrainingRecord.id))
    xiamen = as_role(Role.PREFECTURE_OPERATOR, region_code="350200")
    assert xiamen.get(f"/trainees/records/{record}").status_code == 403
    assert xiamen.post(f"/trainees/records/{record}/cancel", data={"reason": "试试"}).status_code == 403
    fuzhou = as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    assert "林福州" in fuzhou.get(f"/trainees/records/{record}").text
    assert fuzhou.post(f"/trainees/records/{record}/cancel", data={"reason": " "}).status_code == 422
    assert fuzhou.post(f"/trainees/records/{record}/cancel", data={"reason": "重复登记"}).status_code == 303
    assert "重复登记" in fuzhou.get(f"/trainees/records/{record}").text
    assert names(fuzhou) == set()
    assert fuzhou.get("/trainees/records/999999").status_code == 404


def upload(client: FlaskClient, path: Path, **fields: str) -> Any:
    return client.post("/trainees/rosters/", data={"file": (io.BytesIO(path.read_bytes()), path.name), "base": "", **fields})


def test_a_roster_from_the_browser(app: Flask, as_role: As, bases: dict[str, int], tmp_path: Path) -> None:
    client = as_role(Role.DEPT_HR)
    file = write(tmp_path / "名册.csv", [row(1), row(2, hours="x")])
    dry = upload(client, file, is_dry_run="y")
    assert dry.status_code == 303
    assert "排队中" in client.get(dry.location).text
    with app.app_context():
        jobs.run_all()
    assert "数据没有改变" in client.get(dry.location).text
    answer = upload(client, file)
    with app.app_context():
        jobs.run_all()
        batch = database().scalars(select(RosterBatch)).one()
        batch_id, counts = batch.id, (batch.row_count, batch.accepted_count, batch.rejected_count)
    assert counts == (2, 1, 1)
    page = client.get(answer.location)
    assert "有 1 行没有导入" in page.text
    assert client.get(f"{answer.location}/state").headers["HX-Refresh"] == "true"
    rejected = client.get(f"/trainees/rosters/{batch_id}/rejected.csv")
    (tmp_path / "back.csv").write_bytes(rejected.data)
    assert [(line["row"], line["column"]) for line in read(tmp_path / "back.csv")] == [("3", "hours")]
    assert "名册.csv" in client.get("/trainees/rosters/").text
    other = as_role(Role.DEPT_HR)
    assert other.get(f"/trainees/rosters/{batch_id}/rejected.csv").status_code == 403


def test_a_strict_roster_is_refused_as_a_whole(app: Flask, as_role: As, bases: dict[str, int], tmp_path: Path) -> None:
    client = as_role(Role.DEPT_HR)
    answer = upload(client, write(tmp_path / "r.csv", [row(1), row(2, hours="x")]), is_strict="y")
    with app.app_context():
        jobs.run_all()
        assert database().scalar(select(TrainingRecord.id)) is None
    assert "没有导入" in client.get(answer.location).text


@pytest.mark.parametrize("choice", ["is_strict", "is_dry_run"])
def test_what_a_job_keeps_of_a_refused_roster_names_nobody(app: Flask, as_role: As, bases: dict[str, int], tmp_path: Path, choice: str) -> None:
    client = as_role(Role.DEPT_HR)
    number = "35010220020202123"  # seventeen signs: only its column says what it is
    rows = [row(1, base_code=number), row(2, name=number), row(3, name="欧阳诺诺", id_number=resident(1)), row(4, id_number=resident(1))]
    answer = upload(client, write(tmp_path / "r.csv", rows), **{choice: "y"})
    with app.app_context():
        jobs.run_all()
        kept = json.dumps(database().scalars(select(jobs.Job.result).where(jobs.Job.task == tasks.IMPORT)).one(), ensure_ascii=False)
    assert "base_code" in kept
    assert "name_differs" in kept
    assert not re.search(r"\d{7,}", kept)
    assert "欧阳诺诺" not in kept
    page = client.get(answer.location).text
    assert "没有代码为“350…”的基地或机构" in page
    assert number not in page


def test_a_base_leader_imports_only_for_the_own_base(app: Flask, as_role: As, bases: dict[str, int], tmp_path: Path) -> None:
    client = as_role(Role.CENTRE_LEADER, organisation_id=bases["B-02"])
    file = write(tmp_path / "r.csv", [row(1, base_code=""), row(2, base_code="B-01")])
    assert upload(client, file, base="").status_code == 422
    assert upload(client, file, base="B-01").status_code == 422
    answer = upload(client, file, base="B-02")
    assert answer.status_code == 303, answer.text[answer.text.find("error-summary") :][:700]
    with app.app_context():
        jobs.run_all()
        assert list(database().scalars(select(TrainingRecord.organisation_id))) == [bases["B-02"]]


def test_an_upload_that_is_no_table(as_role: As, bases: dict[str, int]) -> None:
    client = as_role(Role.DEPT_HR)
    for name, content in (("a.exe", b"MZ" + bytes(200)), ("a.pdf", b"%PDF-1.4 x"), ("empty.csv", b"")):
        answer = client.post("/trainees/rosters/", data={"file": (io.BytesIO(content), name), "base": ""})
        assert answer.status_code in (413, 422), name
    assert client.post("/trainees/rosters/", data={"base": ""}).status_code == 422
    assert client.get("/trainees/rosters/template.csv").status_code == 200


def test_possible_duplicates_are_decided(app: Flask, as_role: As, command: Command, bases: dict[str, int], tmp_path: Path) -> None:
    command("trainees", "import", write(tmp_path / "r.csv", [row(n, id_number=resident(n), name="林一") for n in (1, 2)]))
    pair = asked(app, select(PossibleDuplicate.id))
    client = as_role(Role.DEPT_HR)
    assert "林一" in client.get("/trainees/duplicates/").text
    assert client.post(f"/trainees/duplicates/{pair}", data={"note": "x"}).status_code == 422
    for empty in ("", "  "):
        assert client.post(f"/trainees/duplicates/{pair}", data={"is_same": "yes", "note": empty}).status_code == 422
    assert client.post(f"/trainees/duplicates/{pair}", data={"is_same": "yes", "note": "换证"}).status_code == 303
    assert "没有待判定的人员" in client.get("/trainees/duplicates/").text
    assert "换证" in client.get("/trainees/duplicates/?all=1").text
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350100").get("/trainees/duplicates/").status_code == 403


def test_the_list_asks_the_same_at_1_and_at_30_rows(
    as_role: As, command: Command, bases: dict[str, int], tmp_path: Path, count_queries: list[str]
) -> None:
    client, seen = as_role(Role.DEPT_HR), []
    for rows in (1, 30):
        command("trainees", "import", write(tmp_path / f"{rows}.csv", [row(n) for n in range(rows)]))
        count_queries.clear()
        assert client.get("/trainees/?size=50").status_code == 200
        seen.append(len(count_queries))
    assert seen[0] == seen[1]


def test_courses_are_registered_by_who_imports_for_the_organisation(as_role: As, bases: dict[str, int]) -> None:
    leader = as_role(Role.CENTRE_LEADER, organisation_id=bases["B-01"])
    course = {"organisation": "B-01", "title": "电子商务运营", "since": "2016-03-01"}
    assert leader.post("/trainees/courses", data=course).status_code == 303
    assert leader.post("/trainees/courses", data={**course, "organisation": "B-02"}).status_code == 422
    assert leader.post("/trainees/courses", data={**course, "since": "2100-01-01"}).status_code == 422
    assert "电子商务运营" in leader.get("/trainees/courses").text
    assert "电子商务运营" not in as_role(Role.CENTRE_LEADER, organisation_id=bases["B-02"]).get("/trainees/courses").text
    assert as_role(Role.STUDENT).get("/trainees/courses").status_code == 403
