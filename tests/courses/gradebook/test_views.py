"""The gradebook's pages: the same number of queries at 1 and at 30 learners, 409 for the second lecturer, a learner's own view."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.assignments.operations import releasing
from courses.gradebook import queries
from courses.gradebook.operations import books, sheets
from courses.learning import intakes, tables
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.files import StoredFile

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@pytest.fixture
def lecturer(as_role: AsRole, session: Session) -> tuple[FlaskClient, int]:
    lead = ground.person()
    run = make.run(lead=lead)
    made.assignment(run)
    session.commit()
    return as_role(Role.LECTURER, person_id=lead.id, organisation_id=run.course.owner_id), run.id


def test_a_gradebook_is_made_filled_locked_and_put_out(lecturer: tuple[FlaskClient, int], as_role: AsRole, session: Session) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    me = make.enrolment(run, ground.person(name="林同学"))
    session.commit()
    url = f"/teaching/runs/{run_id}/gradebook"
    assert "还没有建立成绩册" in client.get(url).text
    assert client.get(f"{url}/setup").status_code == 404
    assert client.post(url, data={"do": "make"}).status_code == 303
    assert "林同学" in client.get(url).text
    book = queries.book_of(run_id)
    assert book is not None
    category = queries.categories_of(book.id)[0]
    column = {"what": "column", "title": "课堂表现", "category_id": category.id, "max_points": "20", "weight": "1"}
    assert client.post(f"{url}/setup", data=column).status_code == 303
    assert client.post(f"{url}/setup", data=column).status_code == 422  # the same title again
    assert (
        client.post(
            f"{url}/setup", data={"what": "book", "scale": "five", "missing_is_zero": "y", "shows_total": "y", "version": book.version}
        ).status_code
        == 303
    )
    assert client.post(f"{url}/setup", data={"what": "book", "scale": "five", "version": 1}).status_code == 409  # opened before
    by_hand = next(c for c in queries.columns_of(book.id) if c.block_id is None)
    auto = next(c for c in queries.columns_of(book.id) if c.block_id is not None)
    column_url = f"{url}/columns/{by_hand.id}"
    assert client.get(f"{url}/columns/{auto.id}").status_code == 404
    assert client.get(column_url).status_code == 200
    assert client.post(column_url, data={f"points_{me.id}": "21", f"version_{me.id}": "0"}).status_code == 422
    assert client.post(column_url, data={f"points_{me.id}": "18", f"version_{me.id}": "0"}).status_code == 303
    late = client.post(column_url, data={f"points_{me.id}": "12", f"version_{me.id}": "0"})
    assert (late.status_code, "没有覆盖" in late.text) == (409, True)
    line = f"{url}/learners/{me.id}"
    assert client.post(line, data={"column_id": auto.id, "kind": "mark", "points": "90", f"version_{auto.id}": "0"}).status_code == 422
    given = {"column_id": auto.id, "kind": "mark", "points": "90", "reason": "复核", f"version_{auto.id}": "0"}
    assert client.post(line, data=given).status_code == 303
    assert client.post(line, data={**given, "points": "95"}).status_code == 409
    assert "复核" in client.get(line).text
    student = as_role(Role.TRAINEE, person_id=me.person_id)
    own = student.get(f"/learning/runs/{run_id}/grades").text
    assert "90" in own
    assert "优" in own
    assert student.get(f"/learning/runs/{run_id}/grades/print").status_code == 200
    assert student.get(f"/learning/runs/{run_id}/progress").status_code == 200
    assert student.get(url).status_code == 403
    table = client.get(f"{url}.csv").data
    assert client.post(f"{url}/import", data={"file": (io.BytesIO(table), "a.csv")}).status_code == 303
    assert client.get(f"{url}.xlsx").status_code == 200
    assert client.get(f"{url}.pdf").status_code == 404
    bad = client.post(f"{url}/import", data={"file": (io.BytesIO("报名编号,版本,课堂表现\r\n7777777,0,5".encode()), "a.csv")})
    assert (bad.status_code, "7777777" in bad.text) == (422, True)
    stats = client.get(f"{url}/statistics")
    assert (stats.status_code, "<svg" in stats.text) == (200, True)
    assert client.post(f"{url}/setup", data={"what": "remove_column", "id": by_hand.id}).status_code == 303
    assert "已移出的成绩项" in client.get(f"{url}/setup").text
    assert client.post(f"{url}/setup", data={"what": "bring_back", "id": by_hand.id}).status_code == 303
    assert "已移出的成绩项" not in client.get(f"{url}/setup").text
    assert client.post(url, data={"do": "lock"}).status_code == 303
    assert client.post(line, data={**given, "points": "95", f"version_{auto.id}": "1"}).status_code == 422
    assert me.state is EnrolmentState.COMPLETED, "the mark that was written counts as the quiz done"


def test_the_page_costs_the_same_at_1_and_at_30_learners(lecturer: tuple[FlaskClient, int], session: Session, count_queries: list[str]) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    books.make(run=run, by=SYSTEM, now=make.NOW)
    counts = []
    for more in (1, 29):
        for _n in range(more):
            make.enrolment(run)
        session.commit()
        for url in (
            f"/teaching/runs/{run_id}/gradebook?size=50",
            f"/teaching/runs/{run_id}/gradebook.csv",
            f"/teaching/runs/{run_id}/gradebook/statistics",
        ):
            session.expire_all()
            count_queries.clear()
            assert client.get(url).status_code == 200
            counts.append(len(count_queries))
    assert counts[:3] == counts[3:]


def test_a_workbook_of_very_many_is_made_by_a_job_and_kept_some_days(
    lecturer: tuple[FlaskClient, int], as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    for name in ("林同学", "陈同学"):
        make.enrolment(run, ground.person(name=name))
    columns = sheets.lines(books.make(run=run, by=SYSTEM, now=make.NOW))[0]
    session.commit()
    url, page = f"/teaching/runs/{run_id}/gradebook.xlsx", f"/teaching/runs/{run_id}/tables/grades"
    for limit, status in ((2 * len(columns), 200), (2 * len(columns) - 1, 302)):  # at the threshold, and above it
        monkeypatch.setattr(tables, "LARGE", limit)
        assert client.get(url).status_code == status
    assert client.get(url).location == page
    assert "生成 Excel" in client.get(page).text
    assert client.get(f"{page}/file").status_code == 404
    for _twice in range(2):  # asked again while it waits: the same job
        assert client.post(page).location == page
    assert session.scalar(select(func.count()).select_from(jobs.Job).where(jobs.Job.task == tables.TASK)) == 1
    assert "排队中" in client.get(f"{page}/state").text
    jobs.run_all()
    assert "下载（Excel）" in client.get(page).text
    answer = client.get(f"{page}/file")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    assert [row[1] for row in sheet.iter_rows(values_only=True)] == ["姓名", "陈同学", "林同学"]
    assert "grades.xlsx" in answer.headers["Content-Disposition"]
    # Another member of the staff has none until they ask, a stranger may not ask, and what was kept long enough is gone.
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=run.course.owner_id).get(f"{page}/file").status_code == 404
    assert as_role(Role.TRAINEE).post(page).status_code == 403
    assert client.get(f"/teaching/runs/{run_id}/tables/nothing").status_code == 404
    now = clock.now()
    assert tables.forget(now + timedelta(days=6)) == []
    assert len(tables.forget(now + timedelta(days=8))) == 1
    session.commit()
    assert client.get(f"{page}/file").status_code == 404
    assert "已过保存期限" in client.get(page).text
    assert client.post(page).status_code == 303
    assert session.scalar(select(func.count()).select_from(jobs.Job).where(jobs.Job.task == tables.TASK)) == 2


def test_a_table_of_very_many_grades_is_taken_by_a_job_all_or_nothing(
    lecturer: tuple[FlaskClient, int], as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    learners = [make.enrolment(run, ground.person(name=f"学员{n}")) for n in range(4)]
    book = books.make(run=run, by=SYSTEM, now=make.NOW)
    category = queries.categories_of(book.id)[0]
    books.save_column(
        book=book, column_id=None, title="课堂表现", category_id=category.id, max_x10=200, weight_x10=10, is_extra=False, is_hidden=False, is_locked=False,
        by=SYSTEM, now=make.NOW,
    )  # fmt: skip
    session.commit()
    url, page = f"/teaching/runs/{run_id}/gradebook/import", f"/teaching/runs/{run_id}/intakes/grades"
    assert client.get(page).status_code == 404  # nothing was handed in

    def send(points: dict[int, str], version: int = 0) -> Any:
        text = "报名编号,版本,课堂表现\r\n" + "".join(f"{key},{version},{value}\r\n" for key, value in points.items())
        return client.post(url, data={"file": (io.BytesIO(text.encode()), "成绩.csv"), "reason": "补录"})

    def standing() -> list[int | None]:
        column = next(one for one in queries.columns_of(book.id) if one.block_id is None)
        return [row.points_x10 if (row := queries.grade(column.id, one.id)) is not None else None for one in learners]

    monkeypatch.setattr(intakes, "AT_ONCE", 4)
    monkeypatch.setattr(sheets, "STEP", 1)  # progress commits between any two lines
    four = {one.id: "11" for one in learners}
    assert send({**four, learners[3].id: ""}).location == f"/teaching/runs/{run_id}/gradebook"  # at the threshold: at once
    assert standing() == [110, 110, 110, None]
    monkeypatch.setattr(intakes, "AT_ONCE", 3)
    # one bad line: nothing is taken, and it is named
    assert send({learners[0].id: "12", learners[3].id: "12", 7777777: "5", learners[1].id: "99"}, version=0).location == page
    assert "排队中" in client.get(f"{page}/state").text
    assert "上一份表格还在导入" in send(four).text
    jobs.run_all()
    shown = client.get(page).text
    assert all(word in shown for word in ("没有导入任何成绩", "7777777", "课堂表现", "报名编号"))
    assert standing() == [110, 110, 110, None]
    # with the versions of today everything is taken; a file that was taken is not kept
    latest = queries.line_versions([one.id for one in learners])
    text = "报名编号,版本,课堂表现\r\n" + "".join(f"{one.id},{latest.get(one.id, 0)},12\r\n" for one in learners)
    for _twice in range(2):  # the same file again while it waits is that one
        assert client.post(url, data={"file": (io.BytesIO(text.encode()), "成绩.csv")}).location == page
    assert session.scalar(select(func.count()).select_from(jobs.Job).where(jobs.Job.task == intakes.TASK)) == 2
    jobs.run_all()
    assert "已导入 4 个成绩" in client.get(page).text
    assert standing() == [120] * 4
    assert session.scalar(select(func.count()).select_from(StoredFile).where(StoredFile.kind == intakes.KIND)) == 0
    # the same again changes nothing: the lines have other versions, and nothing is to change in them
    assert client.post(url, data={"file": (io.BytesIO(text.encode()), "成绩.csv")}).location == page
    jobs.run_all()
    assert "表格与成绩册一致，没有改动" in client.get(page).text
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=run.course.owner_id).get(page).status_code in (403, 404)
    assert as_role(Role.TRAINEE).get(page).status_code == 403


def test_what_somebody_writes_between_the_check_and_the_writing_is_not_overwritten(lecturer: tuple[FlaskClient, int], session: Session) -> None:
    _client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    one = make.enrolment(run)
    book = books.make(run=run, by=SYSTEM, now=make.NOW)
    column = queries.columns_of(book.id)[0]
    text = f"报名编号,版本,{column.title}\r\n{one.id},0,5\r\n"
    given = {"book": book, "filename": "a.csv", "by": SYSTEM}
    wanted = sheets.check(file=io.BytesIO(text.encode()), **given)
    sheets.take(file=io.BytesIO(text.replace(",5", ",7").encode()), reason="", now=make.NOW, **given)
    with pytest.raises(sheets.GradesStale):
        sheets.write(wanted=wanted, reason="", now=make.NOW, **given)
    grade = queries.grade(column.id, one.id)
    assert grade is not None
    assert grade.points_x10 == 70


def test_a_hidden_column_is_not_shown_to_its_learner(lecturer: tuple[FlaskClient, int], as_role: AsRole, session: Session) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    me = make.enrolment(run)
    book = books.make(run=run, by=SYSTEM, now=make.NOW)
    category = queries.categories_of(book.id)[0]
    column = books.save_column(
        book=book, column_id=None, title="密", category_id=category.id, max_x10=1000, weight_x10=10, is_extra=False, is_hidden=True, is_locked=False,
        by=SYSTEM, now=make.NOW,
    )  # fmt: skip
    session.commit()
    given = {"column_id": column.id, "kind": "mark", "points": "77.7", f"version_{column.id}": "0"}
    assert client.post(f"/teaching/runs/{run_id}/gradebook/learners/{me.id}", data=given).status_code == 303
    own = as_role(Role.TRAINEE, person_id=me.person_id).get(f"/learning/runs/{run_id}/grades").text
    assert "77.7" not in own
    assert "38.9" not in own
    assert "未公布" in own


def test_both_sides_are_told_that_a_result_waits_behind_a_lock(lecturer: tuple[FlaskClient, int], as_role: AsRole, session: Session) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    me = make.enrolment(run)
    task = made.assignment(of=made.block(make.unit(run, is_published=True), is_published=True))
    books.make(run=run, by=SYSTEM, now=make.NOW)
    session.commit()
    assert client.post(f"/teaching/runs/{run_id}/gradebook", data={"do": "lock"}).status_code == 303
    made.grade(made.hand_in(task, me), 870)
    releasing.release(assignment=task, by=SYSTEM, now=make.NOW)
    session.commit()
    pages = [client.get(f"/teaching/runs/{run_id}/gradebook").text, client.get(f"/teaching/runs/{run_id}/gradebook/learners/{me.id}").text]
    own = as_role(Role.TRAINEE, person_id=me.person_id).get(f"/learning/runs/{run_id}/grades").text
    assert ["1 个新结果未计入" in pages[0], "新结果 87 没有计入" in pages[1], "新结果 87 没有计入" in own] == [True] * 3
    assert client.post(f"/teaching/runs/{run_id}/gradebook", data={"do": "unlock"}).status_code == 303
    assert "没有计入" not in as_role(Role.TRAINEE, person_id=me.person_id).get(f"/learning/runs/{run_id}/grades").text


def test_a_page_that_another_one_has_overtaken_changes_no_column(lecturer: tuple[FlaskClient, int], session: Session) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    book = books.make(run=run, by=SYSTEM, now=make.NOW)
    (category,), (column,) = queries.categories_of(book.id), queries.columns_of(book.id)
    books.save_category(book=book, category_id=None, name="空", weight_x10=10, drop=0, is_extra=False, by=SYSTEM, now=make.NOW)
    session.commit()
    url = f"/teaching/runs/{run_id}/gradebook/setup"
    opened = book.version
    assert client.get(url).text.count(f'name="version" value="{opened}"') == 6  # two categories and a column, each to save and to remove
    same = {"what": "column", "column_id": column.id, "title": "期末", "category_id": category.id, "max_points": "100", "weight": "60"}
    given = {**same, "version": opened}
    assert client.post(url, data={**given, "is_hidden": "y", "is_locked": "y"}).status_code == 303

    def state() -> tuple[str, bool, bool, bool, str, int]:
        session.expire_all()
        (row,) = queries.columns_of(book.id)
        names = queries.categories_of(book.id)
        return row.title, row.is_hidden, row.is_locked, row.removed_at is None, names[0].name, len(names)

    now = state()
    assert now[:4] == ("期末", True, True, True)
    for sent in (
        {**given, "title": "期末考试"},
        {"what": "category", "category_id": category.id, "name": "别的", "weight": "1", "drop": "0"},
        {"what": "remove_column", "id": column.id},
        {"what": "remove_category", "id": queries.categories_of(book.id)[1].id},
        {"what": "book", "scale": "five"},
    ):
        answer = client.post(url, data={**sent, "version": opened})
        assert (answer.status_code, state()) == (409, now), sent
    assert client.post(url, data={**given, "title": "期末考试", "version": session.get_one(type(book), book.id).version}).status_code == 303
    assert state()[:3] == ("期末考试", False, False)


def _forms(page: str) -> list[str]:
    return [part.split("</form>")[0] for part in page.split("<form")[1:]]


def test_what_the_page_sends_adds_a_category_and_a_column(lecturer: tuple[FlaskClient, int], session: Session) -> None:
    client, run_id = lecturer
    url = f"/teaching/runs/{run_id}/gradebook"
    client.post(url, data={"do": "make"})
    book = queries.book_of(run_id)
    assert book is not None
    for what, entered in (
        ("category", {"name": "平时", "weight": "40", "drop": "1"}),
        ("column", {"title": "课堂一", "max_points": "10", "weight": "1", "category_id": str(queries.categories_of(book.id)[0].id)}),
    ):
        hidden = hidden_fields(client.get(f"{url}/setup").text, what)
        assert client.post(f"{url}/setup", data={**hidden, **entered}).status_code == 303
        stale = client.post(
            f"{url}/setup", data={**hidden, **entered, "name": "另一个", "title": "另一个", "submission_key": "b"}
        )  # a second lecturer's page
        assert (stale.status_code, "刚被其他人修改过" in stale.text, "另一个" in stale.text) == (409, True, True)
        again = hidden_fields(stale.text, what)
        assert client.post(f"{url}/setup", data={**again, **entered, "name": f"再{what}", "title": f"再{what}"}).status_code == 303
    assert [row.name for row in queries.categories_of(book.id)][1:] == ["平时", "再category"]
    assert [row.title for row in queries.columns_of(book.id) if row.block_id is None] == ["课堂一", "再column"]


def hidden_fields(page: str, what: str) -> dict[str, str]:
    """What the form that adds a category or a column sends beside what is typed."""
    forms = [dict(form.form_values()) for form in html.document_fromstring(page).forms]
    (found,) = [form for form in forms if form.get("what") == what and not form.get(f"{what}_id")]
    return {name: found[name] for name in ("what", "version", "submission_key", "csrf_token") if name in found}


def test_what_the_second_one_typed_stays_in_the_form_of_its_row(lecturer: tuple[FlaskClient, int], session: Session) -> None:
    client, run_id = lecturer
    run = make.queries.run_by_id(run_id)
    assert run is not None
    book = books.make(run=run, by=SYSTEM, now=make.NOW)
    (category,), (column,) = queries.categories_of(book.id), queries.columns_of(book.id)
    session.commit()
    url, opened = f"/teaching/runs/{run_id}/gradebook/setup", book.version
    given = {"what": "column", "column_id": column.id, "title": "期末", "category_id": category.id, "max_points": "100", "weight": "60"}
    assert client.post(url, data={**given, "version": opened, "is_hidden": "y"}).status_code == 303
    session.expire_all()
    now = book.version

    def shown(sent: dict[str, object], what: str, key: str, status: int) -> tuple[list[str], list[str]]:
        """The forms of a kind on the page of a refusal that change a row, and those that add one."""
        answer = client.post(url, data=sent)
        assert answer.status_code == status
        kind = [one for one in _forms(answer.text) if f'name="what" value="{what}"' in one]
        mine = [one for one in kind if any(f'name="{key}" {rest}' in one for rest in (f'value="{sent[key]}"', f'type="hidden" value="{sent[key]}"'))]
        return mine, [one for one in kind if one not in mine]

    (mine,), (adding,) = shown({**given, "title": "期末考试", "version": opened}, "column", "column_id", 409)
    assert ["期末考试" in mine, f'value="{now}"' in mine, "现在的值" in mine] == [True] * 3  # hidden now: told beside
    assert ["期末" in adding, 'value="60"' in adding] == [False, False]
    (mine,), (adding,) = shown({**given, "title": "", "version": now}, "column", "column_id", 422)  # any other refusal, too
    assert ['value="60"' in mine, 'value="60"' in adding] == [True, False]
    sent = {"what": "category", "category_id": category.id, "name": "考试类", "weight": "7", "drop": "0", "version": opened}
    (mine,), (adding,) = shown(sent, "category", "category_id", 409)
    assert ["考试类" in mine, f'value="{now}"' in mine, "考试类" in adding] == [True, True, False]
    assert client.post(url, data={**given, "column_id": column.id + 99, "version": now}).status_code == 404  # taken out meanwhile: not added anew
    assert len(queries.columns_of(book.id)) == 1
