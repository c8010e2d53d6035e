"""Pages of placements: who sees what, the way of a term through the pages, double submits, query counts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.bases.forms import ProfileForm as BaseForm
from enterprises.placements import operations, queries
from enterprises.placements.types import DayState, OfferState, PlacementState, RoundState
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.api import api_client
from tests.factories.remembering import remembered
from trainhub.certificates import queries as certificates
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.ledger import queries as ledger
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people_queries

NOW = make.NOW
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A school, an enterprise with base, mentor and position, a term, a student with a placement that has begun, an open round; an account of
    each kind of reader."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        version = ground.version(programme)
        base = ground.base(enterprise)
        make.opened_base(base=base, capacity_per_term=60)
        term = make.term(university=university, starts_on=date(2026, 2, 23))
        later = make.term(university=university, starts_on=term.ends_on + timedelta(days=1))
        person = ground.person(email="")
        mentor = make.mentor(enterprise=enterprise, person=person)
        position = make.position(enterprise=enterprise, base=base, terms=[term, later], seats=40)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        placement = make.started(student=student, position=position, term=term, mentor=mentor)
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[later])
        other = ground.enterprise()
        readers = {
            "student": identity.account(person=people_queries.person(student.person_id), roles=(Role.STUDENT,), programme_id=programme.id),
            "mentor": identity.account(person=person, roles=(Role.MENTOR,), organisation_id=enterprise.id),
            "enterprise": identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id),
            "programme": identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id),
            "university": identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=university.id),
            "stranger": identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=other.id),
            "admin": identity.account(roles=(Role.SYSTEM_ADMIN,)),
        }
        found = SimpleNamespace(
            readers=readers,
            other_id=other.id,
            university_id=university.id, enterprise_id=enterprise.id, programme_id=programme.id, version_id=version.id, base_code=base.code, base_id=base.id, unit_code=enterprise.code,
            term_id=term.id, later_id=later.id, mentor_id=mentor.id, mentor_person=person.id, position_id=position.id, student_id=student.id,
            student_person=student.person_id, placement_id=placement.id, round_id=round.id, first=term.starts_on, last=term.ends_on,
        )  # fmt: skip
    return found


@pytest.fixture
def people(world: SimpleNamespace, app: Flask) -> dict[str, FlaskClient]:
    """A browser of each kind of reader."""
    return {name: identity.sign_in(app, account) for name, account in world.readers.items()}


PAGES: dict[str, tuple[str, ...]] = {
    "/bases/": ("student", "mentor", "enterprise", "programme", "university", "stranger", "admin"),
    "/bases/{base_code}": ("student", "mentor", "enterprise", "programme", "university", "stranger", "admin"),
    "/bases/{base_code}/edit": ("enterprise", "admin"),
    "/bases/{base_code}/types": ("enterprise", "admin"),
    "/bases/{base_code}/leaders": ("enterprise", "admin"),
    "/bases/{base_code}/agreements": ("enterprise", "university", "admin"),  # its school sends students there and signs for itself
    "/bases/{base_code}/periods": ("enterprise", "admin"),
    "/bases/{base_code}/history": ("student", "mentor", "enterprise", "programme", "university", "stranger", "admin"),
    "/bases/{base_code}/acceptance": ("admin",),
    "/mentors/": ("enterprise", "programme", "university", "stranger", "admin"),
    "/mentors/new": ("enterprise", "stranger", "admin"),
    "/mentors/import": ("enterprise", "stranger", "admin"),
    "/mentors/{mentor_id}": ("mentor", "enterprise", "programme", "university", "admin"),
    "/mentors/{mentor_id}/edit": ("mentor", "enterprise", "admin"),
    "/placements/": ("mentor", "enterprise", "programme", "university", "stranger", "admin"),
    "/placements/{placement_id}": ("student", "mentor", "enterprise", "programme", "university", "admin"),
    "/placements/{placement_id}/days": ("student", "mentor", "enterprise", "programme", "university", "admin"),
    "/placements/terms": ("programme", "university", "admin"),
    "/placements/terms/new": ("programme", "university", "admin"),
    "/placements/terms/{term_id}/edit": ("programme", "university", "admin"),
    "/placements/positions": ("enterprise", "programme", "university", "stranger", "admin"),
    "/placements/positions/new": ("enterprise", "stranger", "admin"),
    "/placements/positions/{position_id}": ("student", "mentor", "enterprise", "programme", "university", "admin"),
    "/placements/positions/{position_id}/edit": ("enterprise", "admin"),
    "/placements/rounds": ("programme", "university", "admin"),
    "/placements/rounds/new": ("programme", "university", "admin"),
    "/placements/rounds/{round_id}": ("programme", "university", "admin"),
    "/placements/rounds/{round_id}/edit": ("programme", "university", "admin"),
    "/placements/rounds/{round_id}/compare": ("programme", "university", "admin"),
    "/placements/self-found": ("student",),
    "/placements/self-found/list": ("programme", "university", "admin"),
    "/placements/{placement_id}/agreement": ("student", "mentor", "enterprise", "programme", "university", "admin"),
    "/placements/{placement_id}/agreement/print": ("student", "mentor", "enterprise", "programme", "university", "admin"),
    "/placements/{placement_id}/events": ("student", "mentor", "enterprise", "programme", "university", "admin"),
    "/placements/{placement_id}/change": ("programme", "university", "admin"),
    "/placements/timeline": ("mentor", "enterprise", "programme", "university", "stranger", "admin"),
    "/placements/seats": ("programme", "university", "admin"),
    "/placements/enterprise": ("enterprise", "stranger"),
    "/placements/t1.xlsx": ("programme", "university", "admin"),
    "/placements/tables/t1": ("programme", "university", "admin"),
    "/placements/t4.csv": ("programme", "university", "admin"),
    "/bases/interest": ("enterprise", "programme", "university", "stranger", "admin"),
    "/bases/{base_code}/inspections": ("programme", "university", "admin"),
    "/bases/{unit_code}/inspections": ("programme", "university", "admin"),
    "/bases/{unit_code}/agreements": ("enterprise", "university", "admin"),
    "/bases/{unit_code}": ("student", "mentor", "enterprise", "programme", "university", "stranger", "admin"),
    "/placements/events": ("mentor", "enterprise", "programme", "university", "stranger", "admin"),
    "/placements/reviews": ("programme", "university", "admin"),
    "/placements/plans": ("programme", "university", "admin"),
    "/placements/plans/{version_id}": ("programme", "university", "admin"),
    "/placements/progress": ("programme", "university", "admin"),
    "/placements/progress.csv": ("programme", "university", "admin"),
    "/placements/progress.xlsx": ("programme", "university", "admin"),
    "/placements/students/{student_id}/weeks": ("student", "programme", "university", "admin"),
    "/placements/confirm": ("mentor",),
    "/placements/mine": ("student",),
    "/placements/mine/weeks": ("student",),
    "/placements/rounds/{round_id}/preferences": ("student",),
}


def test_every_page_opens_for_its_readers_and_for_nobody_else(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    wrong = {}
    for page, readers in PAGES.items():
        answers = {name: client.get(page.format(**vars(world))).status_code for name, client in people.items()}
        if {name for name, code in answers.items() if code == 200} != set(readers) or not set(answers.values()) <= {200, 403, 404}:
            wrong[page] = answers
    assert wrong == {}


def test_a_visitor_is_sent_to_sign_in(world: SimpleNamespace, client: FlaskClient) -> None:
    answer = client.get(f"/placements/{world.placement_id}")
    assert (answer.status_code, answer.location.startswith("/login")) == (303, True)


def week_url(world: SimpleNamespace) -> str:
    """The week of the first day."""
    return f"/placements/{world.placement_id}/days?week={world.first.isoformat()}"


def test_a_week_from_tick_to_ledger(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    days = [world.first + timedelta(days=n) for n in range(5)]
    data = {f"day_{day.isoformat()}": "1" for day in days} | {f"note_{days[0].isoformat()}": "装配线跟班"}
    for _n in range(2):
        assert people["student"].post(week_url(world), data=data).status_code == 303
    assert people["mentor"].post(week_url(world), data=data).status_code == 403
    assert (
        people["student"].post(f"/placements/{world.placement_id}/log?week={days[0]}", data={"text": "学会了装夹", "tags": ["practice"]}).status_code
        == 303
    )
    page = people["mentor"].get("/placements/confirm").text
    ids = sorted(set(re.findall(r'type="hidden" name="entry" value="(\d+)"', page)), key=int)
    assert (len(ids), "装配线跟班" in page, "学会了装夹" in page) == (5, True, True)
    for other in ("student", "enterprise", "programme"):
        assert people[other].post(f"/placements/{world.placement_id}/confirm", data={"entry": ids}).status_code == 403
    answer = people["mentor"].post(f"/placements/{world.placement_id}/reject", data={"entry": ids[4], "reason": "请假"})
    assert answer.status_code == 303
    assert people["mentor"].post(f"/placements/{world.placement_id}/confirm", data={"entry": ids}).status_code == 409
    for _again in range(2):  # an answer that was lost is asked for again
        assert people["mentor"].post(f"/placements/{world.placement_id}/confirm", data={"entry": ids[:4]}).status_code == 303
    assert "请假" in people["student"].get(week_url(world)).text
    assert "0.8 / 32 周" in people["student"].get("/placements/mine/weeks").text
    assert [row.on for row in ledger.days_of(world.student_id)] == days[:4]
    states = [entry.state for entry in queries.entries_of(world.placement_id)]
    assert states == [DayState.APPROVED] * 4 + [DayState.REJECTED]


def test_a_future_day_is_refused_on_the_page(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    url = f"/placements/{world.placement_id}/days?week={make.TODAY.isoformat()}"
    answer = people["student"].post(url, data={f"day_{make.TODAY + timedelta(days=1)}": "1"})
    assert answer.status_code == 422
    assert "不能提前登记" in answer.text
    assert queries.entries_of(world.placement_id) == []


def test_a_correction_takes_the_day_back(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    with transaction():
        placement = queries.placement(world.placement_id)
        assert placement is not None
        make.confirmed(placement, [world.first])
        entry = queries.day_entry(world.placement_id, world.first)
        assert entry is not None
        key = entry.id
    url = f"/placements/days/{key}/correct"
    assert people["mentor"].post(url, data={"reason": "误登"}).status_code == 403
    assert people["programme"].post(url, data={"reason": ""}).status_code == 422
    assert people["programme"].post(url, data={"reason": "误登"}).status_code == 303
    assert ledger.days_of(world.student_id) == []


def test_wishes_are_added_moved_and_dropped_without_scripts(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    with transaction():
        term = queries.term(world.later_id)
        enterprise = ground.enterprise()
        assert term is not None
        make.mentor(enterprise=enterprise)
        second = make.position(enterprise=enterprise, terms=[term]).id
        closed = make.position(enterprise=enterprise, terms=[term], majors=["000000"]).id
    url, first = f"/placements/rounds/{world.round_id}/preferences", world.position_id

    def chosen() -> list[int]:
        return [row.position_id for row in queries.preferences_of(world.round_id, world.student_id)]

    student = people["student"]
    assert student.post(url, data={"add": first}).status_code == 303
    assert student.post(url, data={"position": [first], "add": second}).status_code == 303
    assert chosen() == [first, second]
    student.post(url, data={"position": [first, second], "up": second})
    assert chosen() == [second, first]
    assert student.post(url, data={"position": [second, first], "add": closed}).status_code == 422
    assert chosen() == [second, first]
    student.post(url, data={"position": [second, first], "drop": second})
    assert chosen() == [first]
    page = student.get(url).text
    assert "不接收你的专业" in page
    with transaction():
        round = queries.round_(world.round_id)
        assert round is not None
        round.opens_on = round.closes_on = make.TODAY - timedelta(days=1)
    assert student.post(url, data={"position": [second]}).status_code == 422
    assert chosen() == [first]


def test_a_round_through_the_pages(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    admin, url = people["programme"], f"/placements/rounds/{world.round_id}"
    people["student"].post(f"{url}/preferences", data={"add": world.position_id})
    assert admin.post(f"{url}/plan").status_code == 422
    assert people["student"].post(f"{url}/close").status_code == 403
    admin.post(f"{url}/close")
    for _n in range(2):
        assert admin.post(f"{url}/plan").status_code == 303
    assert jobs.run_all() == 1
    page = admin.get(url).text
    assert "安排结果" in page
    assert "第 1 志愿" in page
    assert "安排" in people["student"].get("/placements/mine").text
    assert len(queries.live_of_student(world.student_id)) == 1
    for _n in range(2):
        assert admin.post(f"{url}/publish").status_code == 303
    assert [p.state for p in queries.live_of_student(world.student_id)] == [PlacementState.STARTED, PlacementState.PLANNED]
    assert admin.get(f"{url}/plan.csv").status_code == 200
    db.session.expire_all()
    round = queries.round_(world.round_id)
    assert round is not None
    assert round.state is RoundState.PUBLISHED


def test_an_offer_from_draft_to_approval(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    form = {
        "enterprise_id": world.enterprise_id,
        "base_id": world.base_id,
        "title": "视觉检测工程师",
        "majors": "080901、080902",
        "submission_key": "k1",
    }
    for _n in range(2):
        assert people["enterprise"].post("/placements/positions/new", data=form).status_code == 303
    assert people["stranger"].post("/placements/positions/new", data={**form, "submission_key": "k2"}).status_code == 422
    rows = [row for row in db.session.execute(queries.positions_listing(SYSTEM)).all() if row.title == "视觉检测工程师"]
    assert len(rows) == 1
    url = f"/placements/positions/{rows[0].id}"
    assert people["student"].get(url).status_code == 404
    assert people["enterprise"].post(f"{url}/submit").status_code == 422
    assert people["enterprise"].post(f"{url}/seats", data={"term_id": world.later_id, "new_seats": "3"}).status_code == 303
    assert people["enterprise"].post(f"{url}/seats", data={f"seats_{world.later_id}": "-3"}).status_code == 422
    assert "哪个学期" in people["enterprise"].post(f"{url}/seats", data={"term_id": "", "new_seats": "3"}).text
    told = people["enterprise"].post(f"{url}/seats", data={f"seats_{world.later_id}": "4", "version": "1"})
    assert told.status_code == 409, "opened before the seats were set"
    assert people["enterprise"].post(f"{url}/submit").status_code == 303
    assert people["enterprise"].post(f"{url}/approve").status_code == 403
    assert people["stranger"].post(f"{url}/close").status_code == 403
    assert people["university"].post(f"{url}/return", data={"reason": "写明设备"}).status_code == 303
    assert "写明设备" in people["enterprise"].get(url).text
    people["enterprise"].post(f"{url}/submit")
    assert people["programme"].post(f"{url}/approve", data=as_read(people["programme"].get(url).text, "version")).status_code == 303
    db.session.expire_all()
    position = queries.position(rows[0].id)
    assert position is not None
    assert (position.state, position.majors) == (OfferState.APPROVED, ["080901", "080902"])


def as_read(page: str, name: str) -> dict[str, str]:
    """What a page says of what was read on it, as a browser sends it back."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return {name: found[1]}


def test_signatures_are_recorded_by_whom_they_belong_to(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    with transaction():
        student = ground.student(queries_programme(world), petoe_since=date(2023, 9, 1))
        position, term = queries.position(world.position_id), queries.term(world.later_id)
        assert position is not None
        assert term is not None
        row = operations.place_student(student=student, position=position, term=term, by=SYSTEM, now=NOW)
        key = row.id
    url, signed = f"/placements/{key}/agreement/1/sign", {"signed_name": "某人", "signed_on": "2026-03-02"}
    signed |= as_read(people["enterprise"].get(f"/placements/{key}/agreement").text, "edition")
    assert people["enterprise"].post(url, data={**signed, "party": "school"}).status_code == 403
    assert people["enterprise"].post(url, data={**signed, "party": "enterprise"}).status_code == 303
    assert people["student"].post(url, data={**signed, "party": "student"}).status_code == 403
    scan = (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "学生签名页.pdf")
    on_paper = {**signed, "party": "student", "file": scan}
    assert people["programme"].post(url, data=on_paper, content_type="multipart/form-data").status_code == 303
    [signature] = [s for s in queries.signatures_of(key) if s.party == "student"]
    look = f'<iframe class="file-preview" src="/placements/{key}/agreement/signatures/{signature.id}" title="学生签名页.pdf"'
    assert look in people["programme"].get(f"/placements/{key}/agreement").text
    assert people["programme"].post(url, data={**signed, "party": "school", "signed_on": "2026-03-09"}).status_code == 422
    assert people["student"].post(f"/placements/{key}/accept").status_code == 403
    assert sorted(s.party for s in queries.signatures_of(key)) == ["enterprise", "student"]


def queries_programme(world: SimpleNamespace) -> Any:
    """The programme of the world."""
    from trainhub.programmes.queries import by_id

    return by_id(world.programme_id)


def test_the_training_plan_says_what_is_missing(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    url = f"/placements/plans/{world.version_id}"
    item = {"title": "生产实习", "weeks": "31.5", "is_at_enterprise": "y", "has_enterprise_mentor": "y", "assessment": "答辩"}
    assert people["programme"].post(url, data=item).status_code == 303
    assert "31.5" in people["programme"].get(url).text
    assert people["programme"].post(url, data={**item, "weeks": "0"}).status_code == 422
    assert people["programme"].post(url, data={**item, "title": "校内实训", "weeks": "0.5", "is_at_enterprise": ""}).status_code == 303
    signing = {"party": "school", "signed_name": "甲", "signed_on": "2026-03-01"}
    assert people["programme"].post(f"{url}/sign", data=signing).status_code == 422
    inside = queries.plan_items(world.version_id)[1]
    edit = f"/placements/plan-items/{inside.id}/edit"
    assert "0.5" in people["programme"].get(edit).text
    assert people["programme"].post(edit, data={**item, "title": "岗位实习", "weeks": "0.5", "version": inside.version}).status_code == 303
    assert people["programme"].post(f"{url}/sign", data=signing).status_code == 303
    assert people["programme"].post(f"{url}/sign", data={**signing, "party": "unnamed"}).status_code == 422  # the scan is missing
    scan = {"file": (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "签署页.pdf")}
    assert people["programme"].post(f"{url}/sign", data={**signing, "party": "unnamed", **scan}).status_code == 303
    assert people["programme"].post(url, data=item).status_code == 422
    assert len(queries.plan_items(world.version_id)) == 2


def test_the_form_of_a_base_shows_what_it_saves(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    url = f"/bases/{world.base_code}/edit"
    shown = set(re.findall(r'name="(\w+)"', people["enterprise"].get(url).text))
    assert set(BaseForm(meta={"csrf": False}).facts()) <= shown  # a field that is not on the page would be emptied
    span = {"title": "春季学期", "since": "2026-03-01", "until": "2026-07-01", "capacity": "30"}
    assert people["enterprise"].post(f"/bases/{world.base_code}/periods", data=span).status_code == 303
    assert "春季学期" in people["student"].get(f"/bases/{world.base_code}").text


LISTS = ("/bases/", "/mentors/", "/placements/ /placements/progress", "/placements/positions", "/placements/terms", "/placements/rounds")


@pytest.mark.parametrize("urls", LISTS)
def test_lists_ask_as_much_at_1_row_as_at_30(world: SimpleNamespace, people: dict[str, FlaskClient], count_queries: list[str], urls: str) -> None:
    """Pages that list the same rows are asked beside each other."""
    admin = people["admin"] if urls in ("/bases/", "/mentors/") else people["university"]

    def ask() -> dict[str, int]:
        found = {}
        for url in urls.split():
            db.session.expire_all()
            db.session.rollback()
            count_queries.clear()
            assert admin.get(url + "?size=50").status_code == 200
            found[url] = len(count_queries)
        return found

    ask()
    one = ask()
    with transaction():
        programme, term = queries_programme(world), queries.term(world.term_id)
        position = queries.position(world.position_id)
        assert position is not None
        assert term is not None
        from trainhub.organisations.queries import by_id

        enterprise, university = by_id(world.enterprise_id), by_id(world.university_id)
        assert enterprise is not None
        assert university is not None
        for n in range(30):
            if urls == "/bases/":
                make.opened_base()
            elif urls == "/mentors/":
                make.mentor(enterprise=enterprise)
            elif urls == "/placements/positions":
                make.position(enterprise=enterprise, terms=[term], seats=1)
            elif urls == "/placements/terms":
                make.term(university=university, starts_on=date(2028, 1, 3) + timedelta(days=14 * n), weeks=2)
            elif urls == "/placements/rounds":
                make.round(programme=programme, cohort=ground.cohort(programme, 2000 + n), terms=[term], is_open=False)
            else:
                student = ground.student(programme, petoe_since=date(2023, 9, 1))
                operations.place_student(student=student, position=position, term=term, by=SYSTEM, now=NOW)
    assert ask() == one


def test_the_api_lists_placements_and_weeks(world: SimpleNamespace, app: Flask) -> None:
    assert app.test_client().get("/api/v1/placements").status_code == 401
    client = api_client(app, Role.UNIVERSITY_ADMIN, scopes=("placements:",), organisation_id=world.university_id)
    answer = client.get("/api/v1/placements?limit=1")
    assert (answer.status_code, [row["id"] for row in answer.json["items"]], answer.json["next_cursor"]) == (200, [world.placement_id], None)
    weeks = client.get("/api/v1/weeks").json["items"]
    assert [(row["student_id"], row["credited_days"], row["is_met"]) for row in weeks] == [(world.student_id, 0, False)]


def test_a_finished_placement_shows_its_certificate(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    address, last = f"/placements/{world.placement_id}", world.last
    with transaction():
        placement = queries.placement(world.placement_id)
        assert placement is not None
        make.confirmed(placement, make.weekdays(world.first, 5))
        operations.grade_placement(placement=placement, score_x10=590, comment="需加强", today=last, by=SYSTEM, now=make.at(last))
        operations.finish_placement(placement=placement, today=last + timedelta(days=1), by=SYSTEM, now=make.at(last + timedelta(days=1)))
    page = people["programme"].get(address).text
    assert "没有签发：须有计入的实习日，且成绩合格。" in page
    assert f'action="{address}/certificate"' in page
    with transaction():
        placement = queries.placement(world.placement_id)
        assert placement is not None
        placement.mentor_score_x10 = 875
    answer = people["programme"].post(f"{address}/certificate", follow_redirects=True)
    assert "证书已签发。" in answer.text
    number = certificates.by_asked_key(f"placement:{world.placement_id}").number  # type: ignore[union-attr]
    assert number in answer.text
    assert "企业学习证明" in people["student"].get("/certificates/mine").text
    assert people["student"].post(f"{address}/certificate").status_code == 403


def test_a_certificate_that_waits_says_what_it_lacks_and_where_it_waits(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    address, last = f"/placements/{world.placement_id}", world.last
    with transaction():
        placement = queries.placement(world.placement_id)
        assert placement is not None
        make.confirmed(placement, make.weekdays(world.first, 5))
        operations.grade_placement(placement=placement, score_x10=875, comment="好", today=last, by=SYSTEM, now=make.at(last))
        placement.mentor_id = None
        operations.finish_placement(placement=placement, today=last + timedelta(days=1), by=SYSTEM, now=make.at(last + timedelta(days=1)))
    made = certificates.by_asked_key(f"placement:{world.placement_id}")
    assert made is not None
    for page in (people["programme"].get(address).text, people["programme"].post(f"{address}/certificate", follow_redirects=True).text):
        assert "证书已签发。" not in page
        assert "缺少企业指导教师" in page
        assert "待处理的证书" in page
    page = people["student"].get(address).text
    assert made.number not in page
    assert "等待学校签发" in page


def test_numbers_beyond_any_id_are_refused_in_words(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    huge = "9" * 30
    assert people["programme"].get(f"/placements/progress?cohort={huge}").status_code == 200
    assert people["mentor"].post(f"/placements/{world.placement_id}/confirm", data={"entry": huge}).status_code in (409, 422)
    url = f"/placements/positions/{world.position_id}/seats"
    for data in ({f"seats_{huge}": "3"}, {"term_id": world.later_id, "new_seats": "-4"}, {"term_id": huge, "new_seats": "4"}):
        assert people["enterprise"].post(url, data=data).status_code == 422


def test_whoever_makes_a_link_for_a_mentor_does_not_confirm_through_it(world: SimpleNamespace, people: dict[str, FlaskClient], app: Flask) -> None:
    with transaction():
        placement = queries.placement(world.placement_id)
        assert placement is not None
        placement.mentor_id = make.mentor(enterprise=organisations.by_id(world.enterprise_id)).id  # type: ignore[arg-type]
    found = re.search(r"/placements/c/[\w-]+", people["enterprise"].post(f"/placements/{world.placement_id}/mentor-link").text)
    assert found is not None
    for other in ("student", "enterprise", "programme", "university", "admin", "mentor"):
        assert people[other].get(found[0]).status_code == 403
        assert people[other].post(found[0], data={"d_1": "yes"}).status_code == 403
    assert app.test_client().get(found[0]).status_code == 200
