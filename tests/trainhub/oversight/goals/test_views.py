"""The pages of goals, as each role sees them."""

from __future__ import annotations

import csv
import html
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories.remembering import remembered
from tests.trainhub.ledger.conftest import NOW, bases, command, register, run  # noqa: F401 - fixtures
from tests.trainhub.ledger.rosters import row, write
from trainhub.kernel import downloads, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session, transaction
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import GoalPerson, GoalSnapshot

As = Callable[..., FlaskClient]
Command = Callable[..., dict[str, Any]]


@remembered
def kept(rows: list[dict[str, str]]) -> dict[str, int]:
    """Two bases and an enterprise, by code; the roster is imported, its facts are kept by the job."""
    found, app = register(), current_app._get_current_object()  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        assert run(app, "trainees", "import", write(Path(folder) / "r.csv", rows))["accepted"] == len(rows)
    with transaction():
        jobs.ask("goals.refresh", by=SYSTEM, title="")
    jobs.run_all()
    session().commit()
    return found


@pytest.fixture
def filled(app: Flask) -> dict[str, int]:
    """Four persons in three units, one of them twice."""
    rows = [
        row(1, name="林福州", county_code="350102"),
        row(2, name="陈平潭", county_code="350128", category="worker", completed_on="2016-05-01"),
        row(3, name="黄厦门", county_code="350203", base_code="B-02"),
        row(3, name="黄厦门", county_code="350203", base_code="B-02", course="二", completed_on="2017-05-01"),
    ]
    with app.app_context():
        return kept(rows)


def test_the_job_keeps_the_facts(app: Flask, filled: dict[str, int]) -> None:
    with app.app_context():
        goal = queries.by_code("fj-400k")
        assert goal is not None
        assert queries.kept_totals(goal) == (*queries.completion_count(goal)[:1], 3) == (4, 3)


def test_the_list_and_the_dashboard(as_role: As, filled: dict[str, int]) -> None:
    client = as_role(Role.DEPT_HR)
    page = client.get("/goals/")
    assert (page.status_code, "FJ-16c" in page.text) == (200, True)
    text = client.get("/goals/fj-400k").text
    for needed in ("400,000", "平潭综合实验区", "福州", "数据表", "2016-03", "近 6 个月"):
        assert needed in text, needed
    assert text.count("<polygon") == 11  # ten units of the map, one area of the line
    assert client.get("/goals/fj-400k?region=350128").status_code == 200
    assert client.get("/goals/fj-400k?region=nonsense").status_code == 200
    assert client.get("/goals/nothing").status_code == 404
    assert client.get("/goals/cn-teachers-10k/reported").status_code == 200
    assert as_role(Role.STUDENT).get("/goals/fj-400k").status_code == 403


def test_what_a_goal_counts_is_said_in_the_language_of_the_page(as_role: As) -> None:
    client = as_role(Role.DEPT_HR)
    for address, zh, en in (
        ("/goals/", "400,000 人", "400,000 persons"),
        ("/goals/fj-400k", "目标 400,000 人。", "target 400,000 persons."),
        ("/goals/cn-skill-projects-100/reported", "目标 100 个。", "target 100 items."),
    ):
        assert zh in client.get(address + "?lang=zh").text, address
        assert en in client.get(address + "?lang=en").text, address


def test_an_empty_goal_has_its_pages(as_role: As) -> None:
    client = as_role(Role.DEPT_HR)
    for address in ("/goals/", "/goals/fj-400k", "/goals/fj-400k/people", "/goals/fj-400k/summary", "/goals/fj-400k/figures.csv"):
        assert client.get(address).status_code == 200, address


def test_the_figures_as_a_table(as_role: As, filled: dict[str, int]) -> None:
    client = as_role(Role.DEPT_HR)
    text = client.get("/goals/fj-400k/figures.csv").data.decode("utf-8-sig")
    assert "地区,350128,平潭综合实验区,1,1" in text or "地区,350128,平潭县,1,1" in text
    assert "培训机构,B-02,机构B-02,1,2" in text
    assert client.get("/goals/fj-400k/figures.xlsx").status_code == 200
    assert client.get("/goals/fj-400k/figures.pdf").status_code == 404


def names(client: FlaskClient, query: str = "") -> set[str]:
    answer = client.get(f"/goals/fj-400k/people{query}")
    assert answer.status_code == 200
    return {name for name in ("林福州", "陈平潭", "黄厦门") if name in answer.text}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"林福州", "陈平潭", "黄厦门"}),
        ("?region=350100", {"林福州"}),
        ("?region=350128", {"陈平潭"}),
        ("?category=worker", {"陈平潭"}),
        ("?month=2016-03", {"林福州", "黄厦门"}),
        ("?month=2016-12", set()),
        ("?since=2016-01&month=2016-03", {"林福州", "黄厦门"}),
        ("?since=2016-04", {"陈平潭"}),
        ("?since=2016-04&month=2016-03", set()),
        ("?since=2016-13", {"林福州", "陈平潭", "黄厦门"}),
        ("?month=9999-99", {"林福州", "陈平潭", "黄厦门"}),
    ],
)
def test_drilling_down(as_role: As, filled: dict[str, int], query: str, found: set[str]) -> None:
    assert names(as_role(Role.DEPT_HR), query) == found


def test_the_totals_in_the_comparison_of_years_lead_to_their_persons(as_role: As, filled: dict[str, int]) -> None:
    """A total stands for the months of its year up to its own: the list behind it has as many rows, whatever the month."""
    client = as_role(Role.DEPT_HR)
    for board, more in (("", ""), ("?region=350200", "&region=350200")):
        text = html.unescape(client.get(f"/goals/fj-400k{board}").text)
        table = re.search('aria-label="年度比较数据表".*?</table>', text, re.S)
        assert table is not None
        links = re.findall(r'<td class="num"><a href="(/goals/fj-400k/people\?[^"]+)">([\d,]+)</a>', table[0])
        assert len(links) >= 1
        for address, total in links:
            assert more in address
            assert f"共 {total} 人" in client.get(address).text, address
            lines = client.get(address.replace("/people?", "/people.csv?")).data.decode("utf-8-sig").strip().splitlines()
            assert len(lines) - 1 == int(total)


@pytest.mark.parametrize("role", [Role.DEPT_HR, Role.PREFECTURE_OPERATOR, Role.CENTRE_LEADER])
def test_a_figure_leads_to_a_list_only_where_the_list_has_as_many_rows(as_role: As, filled: dict[str, int], role: Role) -> None:
    """Who may not list everybody reads the figure of the province without a link: the list behind it would be another."""
    scope = {
        Role.DEPT_HR: {},
        Role.PREFECTURE_OPERATOR: {"region_code": "350200"},
        Role.CENTRE_LEADER: {"organisation_id": filled["B-02"]},
    }[role]
    client, seen, pages = as_role(role, **scope), 0, dict[str, str]()
    for board in ("", "?region=350200", "?region=350100", "?region=350128"):
        text = html.unescape(client.get(f"/goals/fj-400k{board}").text)
        for address, figure in re.findall(r'<a href="(/goals/fj-400k/(?:people|enrolments)[^"]*)">([\d,]+)</a>', text):
            if address not in pages:  # several figures lead to the same list
                pages[address] = client.get(address).text
            assert re.search(rf"共 {figure} 人", pages[address]), (board, address, figure)
            seen += 1
        if scope:
            own = ("region=350200", f"base={filled['B-02']}")
            others = [one for one in re.findall(r'<a href="/goals/fj-400k/(?:people|enrolments)\?([^"]*)"', text) if not one.startswith(own)]
            assert [one for one in others if not one.endswith(own)] == []
    assert seen >= (20 if role is Role.DEPT_HR else 1)


def test_a_base_is_drilled_into(as_role: As, filled: dict[str, int]) -> None:
    client = as_role(Role.DEPT_HR)
    assert names(client, f"?base={filled['B-02']}") == {"黄厦门"}
    for nobody in ("99999999999999999999", "0"):  # no base can be called so: nothing, not everything
        assert names(client, f"?base={nobody}") == set()
        assert "林福州" not in client.get(f"/trainees/?base={nobody}").text
    assert "林福州" in client.get("/trainees/?base=").text


def test_drilling_down_shows_only_the_own_rows(as_role: As, filled: dict[str, int]) -> None:
    assert names(as_role(Role.PREFECTURE_OPERATOR, region_code="350100")) == {"林福州"}
    assert names(as_role(Role.CENTRE_LEADER, organisation_id=filled["B-02"])) == {"黄厦门"}
    text = as_role(Role.PREFECTURE_OPERATOR, region_code="350128").get("/goals/fj-400k/people.csv").data.decode()
    assert ("陈平潭" in text, "林福州" in text, row(2)["id_number"] in text) == (True, False, False)


@pytest.mark.parametrize(
    ("query", "rows", "first"),
    [("", 4, 3), ("?region=350200", 2, 1), ("?month=2017-05", 1, 0), ("?course=二", 1, 0), ("?category=worker", 1, 1), ("?late=1", 0, 0)],
)
def test_the_enrolments_behind_a_figure(as_role: As, filled: dict[str, int], query: str, rows: int, first: int) -> None:
    client = as_role(Role.DEPT_HR)
    text = client.get(f"/goals/fj-400k/enrolments.csv{query}").data.decode("utf-8-sig")
    lines = list(csv.DictReader(text.splitlines()))
    assert (len(lines), sum(line["计入人数"] == "是" for line in lines)) == (rows, first)
    page = client.get(f"/goals/fj-400k/enrolments{query}")
    assert (page.status_code, f"共 {rows} 人次" in page.text) == (200, True)


def test_enrolments_are_narrowed_like_persons_and_reached_from_the_dashboard(as_role: As, filled: dict[str, int]) -> None:
    client = as_role(Role.DEPT_HR)
    board = client.get("/goals/fj-400k").text
    for query in ("", "?region=350200", f"?base={filled['B-02']}"):
        assert f"/goals/fj-400k/enrolments{query}" in board, query
    text = as_role(Role.PREFECTURE_OPERATOR, region_code="350128").get("/goals/fj-400k/enrolments.csv?sort=-base").text
    assert ("陈平潭" in text, "林福州" in text, row(2)["id_number"] in text) == (True, False, False)
    assert as_role(Role.STUDENT).get("/goals/fj-400k/enrolments").status_code == 403
    assert client.get("/goals/cn-teachers-10k/enrolments").status_code == 404
    assert client.get("/goals/fj-400k/enrolments.xlsx").status_code == 200


def test_an_export_that_would_leave_out_rows_is_refused(as_role: As, filled: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_role(Role.DEPT_HR)
    for most, status in ((3, 200), (2, 422)):
        monkeypatch.setattr(downloads, "MOST_ROWS", most)
        assert client.get("/goals/fj-400k/people.csv").status_code == status
    assert "一次最多导出 2 行" in client.get("/trainees/export.csv").text
    assert client.get("/goals/fj-400k/people.csv?region=350128").status_code == 200


def test_the_summary_is_for_everybody_and_names_nobody(client: FlaskClient, filled: dict[str, int]) -> None:
    answer = client.get("/goals/fj-400k/summary")
    assert answer.status_code == 200
    assert not any(name in answer.text for name in ("林福州", "陈平潭", "黄厦门", "机构B-01"))
    assert client.get("/goals/fj-400k").status_code == 303


def test_a_snapshot_from_the_page(app: Flask, as_role: As, filled: dict[str, int]) -> None:
    client = as_role(Role.DEPT_HR)
    assert client.post("/goals/fj-400k/snapshots", data={"on": "2016-12-31", "reason": ""}).status_code == 422
    assert client.post("/goals/fj-400k/snapshots", data={"on": "2099-12-31", "reason": "x"}).status_code == 422
    assert client.post("/goals/fj-400k/snapshots", data={"on": "2016-12-31", "reason": "中期"}).status_code == 303
    assert "中期" in client.get("/goals/fj-400k/keeping").text
    with app.app_context():
        assert session().scalars(select(GoalSnapshot.persons)).one() == 3
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350100").post("/goals/fj-400k/snapshots", data={}).status_code == 403


def test_what_the_database_adds_up_is_what_single_facts_add_up_to(app: Flask, filled: dict[str, int]) -> None:
    with app.app_context():
        goal = queries.by_code("fj-400k")
        assert goal is not None
        units = [code for code, _name in queries.regions_of(goal)]
        facts = list(queries.counted(goal, until=goal.deadline))
        assert queries.kept_progress(goal, prefectures=units) == queries.progress(goal, facts)
        assert sum(one.persons for one in facts) > 0
        for unit in units:
            alone = queries.kept_progress(goal, prefectures=units, region=unit)
            assert alone == queries.progress(goal, [one for one in facts if one.prefecture == unit])


def test_the_dashboard_asks_the_same_however_many_persons(
    app: Flask, as_role: As, command: Command, bases: dict[str, int], tmp_path: Path, count_queries: list[str]
) -> None:
    client, seen = as_role(Role.DEPT_HR), []
    for rows in (1, 30):
        command("trainees", "import", write(tmp_path / f"{rows}.csv", [row(n) for n in range(rows)]))
        with app.app_context(), transaction():
            goal = queries.by_code("fj-400k")
            assert goal is not None
            operations.refresh(goal=goal, now=NOW)
            assert len(session().scalars(select(GoalPerson.id)).all()) == rows
        for address in ("/goals/fj-400k", "/goals/fj-400k/people?size=50"):
            count_queries.clear()
            assert client.get(address).status_code == 200
            seen.append(len(count_queries))
    assert seen[:2] == seen[2:]


@pytest.fixture
def crowded(app: Flask) -> dict[str, int]:
    """Courses of 4, 5 and 6 persons at two bases in two units."""
    rows, number = [], 0
    for course, persons, unit, base in (("四人班", 4, "350102", "B-01"), ("五人班", 5, "350203", "B-02"), ("六人班", 6, "350203", "B-02")):
        for _ in range(persons):
            number += 1
            rows.append(row(number, name=f"林学员{number}", course=course, county_code=unit, base_code=base))
    with app.app_context():
        return kept(rows)


def _figures(client: FlaskClient, query: str = "") -> dict[tuple[str, str], tuple[str, str]]:
    """{(group, name): (persons, enrolments)} of the file."""
    lines = csv.reader(client.get(f"/goals/fj-400k/figures.csv{query}").data.decode("utf-8-sig").splitlines())
    return {(group, name): (persons, enrolments) for group, _code, name, persons, enrolments in lines}


def test_who_may_not_see_the_persons_reads_no_small_numbers(as_role: As, crowded: dict[str, int]) -> None:
    """Five is the smallest group (own.reports.small_cell_min): below, at and above it; the department and one's own are exact."""
    everything = _figures(as_role(Role.DEPT_HR))
    assert [everything["课程", name][0] for name in ("四人班", "五人班", "六人班")] == ["4", "5", "6"]
    leader = as_role(Role.CENTRE_LEADER, organisation_id=crowded["B-02"])
    seen = _figures(leader)
    assert [seen["课程", name][0] for name in ("四人班", "五人班", "六人班")] == ["0", "5", "5"]
    assert (seen["培训机构", "机构B-01"][0], seen["培训机构", "机构B-02"][0]) == ("0", "11")
    assert (seen["地区", "福州市"], seen["地区", "厦门市"]) == (("0", "0"), ("10", "10"))
    for (group, _name), shown in seen.items():
        assert group in ("分组", "匀速进度") or all(not number or int(number) % 5 == 0 or number == "11" for number in shown), shown
    page, exact = leader.get("/goals/fj-400k").text, as_role(Role.DEPT_HR).get("/goals/fj-400k").text
    assert ("人数已取整" in page, "人数已取整" in exact) == (True, False)
    assert "合计与各行分别取整，相加不一定相等" in page
    assert (_foot(page), _foot(exact)) == (["15", "15"], ["15", "15"])  # the parts read 0 and 10


def _foot(page: str) -> list[str]:
    """Persons and enrolments at the foot of the table of units."""
    foot = page.split("<tfoot>")[1].split("</tfoot>")[0]
    return re.findall(r">([\d,]+)<", foot)[:2]


def test_the_goal_of_the_measures_names_whom_it_met(as_role: As, crowded: dict[str, int]) -> None:
    """FJ-QA1, 000:1100: figures of the book beside the goal they were told with, not beside others."""
    page = as_role(Role.DEPT_HR).get("/goals/fj-400k").text
    assert "互联网从业人员 500,000 人，其中电商 300,000 人、数字文创 30,000 人，另有网店 600,000 家" in page
    assert "目标数相当于从业人员的 80%" in page


def test_a_city_reads_its_own_figures_as_they_are(as_role: As, crowded: dict[str, int]) -> None:
    city = as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    assert _figures(city)["地区", "福州市"] == ("4", "4")
    assert _figures(city)["课程", "四人班"] == ("0", "0")
    assert _figures(city, "?region=350100")["课程", "四人班"] == ("4", "4")
    assert _figures(city, "?region=350200")["课程", "六人班"] == ("5", "5")


def test_what_was_given_out_is_read_in_the_same_steps(app: Flask, as_role: As, crowded: dict[str, int]) -> None:
    hr = as_role(Role.DEPT_HR)
    assert hr.post("/goals/fj-400k/snapshots", data={"on": "2017-12-31", "reason": "上报"}).status_code == 303
    with app.app_context():
        key = session().scalar(select(GoalSnapshot.id))
    leader = as_role(Role.CENTRE_LEADER, organisation_id=crowded["B-01"])
    row_of_xiamen = leader.get(f"/goals/fj-400k/snapshots/{key}").text.split("厦门")[1][:400]
    assert (">10<" in row_of_xiamen, ">11<" in row_of_xiamen) == (True, False)
    assert ">11<" in hr.get(f"/goals/fj-400k/snapshots/{key}").text
