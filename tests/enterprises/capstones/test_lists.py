"""Lists come in pages with as many queries at one row as at thirty; who dropped out is in no count, and a number leads to as many rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, Review, SpotCheck, SpotItem, SpotOpinion, Supervision
from enterprises.capstones.types import CapstoneState, ReviewKind, RoundKind, SupervisorRole
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationState
from trainhub.people import operations as people
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]
TIMES: dict[str, Any] = {"by": SYSTEM, "today": TODAY, "now": NOW}
LEFT = TODAY - timedelta(days=3)
TOTAL = re.compile(r"共 (\d+) (?:项|人|行|篇)")


def _drop_out(student: Student) -> None:
    people.change_student(student=student, state=StudentState.WITHDRAWN, left_on=LEFT, left_reason="转学", by=SYSTEM, now=NOW)


def test_who_dropped_out_is_in_no_figure_of_a_board_and_every_figure_leads_to_as_many_rows(session: Session, as_role: AsRole) -> None:
    found = make.case()
    gone, alone = (make.case(programme=found.programme, enterprise=found.enterprise, has_supervisors=False) for _n in range(2))
    other = ground.student(found.programme, year=2022)  # of another cohort: in no figure of this one
    operations.assign_capstone(student=other, topic=make.topic(programme=found.programme), starts_on=START, ends_on=END, **TIMES)
    _drop_out(gone.student)
    cohort_id, enterprise_id = found.student.cohort_id, found.enterprise.id
    board = queries.board_of_cohort(found.programme.id, cohort_id, TODAY)
    assert (board.states, board.alone) == ({CapstoneState.ASSIGNED: 2}, 1)
    assert queries.board_of_cohort(found.programme.id, cohort_id, LEFT).states == {CapstoneState.ASSIGNED: 3}  # the last day counts
    desk = queries.boards_of([enterprise_id], TODAY)[enterprise_id]
    assert (desk.states, desk.alone) == ({CapstoneState.ASSIGNED: 2}, 1)
    assert [row[2:] for row in queries.programmes_at(enterprise_id, TODAY)] == [(2, 0)]
    names, code = {key: one.who.name for key, one in (("gone", gone), ("alone", alone))}, found.enterprise.code
    programme_id, code_of, year = found.programme.id, found.programme.code, session.get_one(Cohort, cohort_id).year
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    page = head.get(f"/capstones/cohorts/{code_of}/{year}").text
    links = _stats(page)
    assert len(links) == 3, page  # the state, who lacks a supervisor, open topics
    for label, (number, address) in links.items():
        rows = head.get(address).text
        listed = TOTAL.search(rows)
        assert (int(listed.group(1)) if listed else 0) == number, (label, address)
    coordinator = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise_id)
    desk_page = coordinator.get(f"/capstones/enterprises/{code}").text
    assert (names["alone"] in desk_page, names["gone"] in desk_page) == (True, False)


def _stats(page: str) -> dict[str, tuple[int, str]]:
    """{what: (how many, where it leads)} of the figures of a page that lead somewhere."""
    found = {}
    document: Any = html.fromstring(page)
    for box in document.xpath("//main//*[contains(concat(' ', @class, ' '), ' stat ')]"):
        links = box.xpath(".//a/@href")
        value = "".join(box.xpath(".//*[contains(@class, 'stat-value')]")[0].itertext())
        if links and (number := re.search(r"\d+", value)):
            found[" ".join("".join(box.itertext()).split())] = (int(number.group()), links[0])
    return found


def test_a_topic_of_an_enterprise_that_is_not_verified_is_not_open(session: Session) -> None:
    topic = make.topic()
    programme_id, enterprise = topic.programme_id, session.get_one(Organisation, topic.enterprise_id)
    cohort_id = ground.student(session.get_one(type(ground.programme()), programme_id)).cohort_id

    def figures() -> list[tuple[int, int]]:
        boards = (queries.board_of_cohort(programme_id, cohort_id, TODAY), queries.boards_of([enterprise.id], TODAY)[enterprise.id])
        return [(one.topics, one.topics_open) for one in boards]

    assert figures() == [(1, 1)] * 2
    enterprise.state = OrganisationState.CLOSED
    session.flush()
    assert figures() == [(1, 0)] * 2


def test_the_directory_counts_nobody_who_dropped_out(session: Session) -> None:
    found = make.case()
    assert found.school is not None
    gone = make.case(programme=found.programme, enterprise=found.enterprise, has_supervisors=False)
    assert found.field is not None
    operations.assign_supervisor(capstone=gone.capstone, role=SupervisorRole.ENTERPRISE, person=found.field, **TIMES)

    def counted() -> list[tuple[int, int]]:
        return [(row["students"], row["live"]) for row in queries.directory(TODAY, enterprise_id=found.enterprise.id)]

    assert counted() == [(2, 2)]
    _drop_out(gone.student)
    assert counted() == [(1, 1)]


def test_after_a_change_of_topic_the_directory_keeps_who_guided_with_the_enterprise_that_sent_them(session: Session) -> None:
    found, other = make.case(), ground.enterprise()
    assert found.field is not None
    make.guide(found, times=2)
    topic = make.topic(programme=found.programme, enterprise=other)
    operations.change_topic(capstone=found.capstone, topic=topic, reason="改题", **TIMES)

    def told(enterprise: Organisation) -> list[tuple[str, str, int, int, int]]:
        rows = queries.directory(TODAY, enterprise_id=enterprise.id)
        return [(row["mentor"], row["enterprise"], row["students"], row["live"], row["guidances"]) for row in rows]

    assert told(found.enterprise) == [(found.field.name, found.enterprise.name, 1, 0, 2)]
    assert told(other) == []
    assert [row["enterprise"] for row in queries.directory(TODAY, programme_id=found.programme.id)] == [found.enterprise.name]


def test_who_was_taken_off_a_capstone_and_came_back_has_guided_as_often_as_before(session: Session) -> None:
    found = make.case()
    make.guide(found, times=3)
    assert found.field is not None

    def row() -> tuple[int, int, int, Any]:
        (one,) = queries.directory(TODAY, programme_id=found.programme.id)
        return one["students"], one["live"], one["guidances"], one["since"]

    before = row()
    assert before[:3] == (1, 1, 3)
    held = queries.live_supervision(found.capstone.id, SupervisorRole.ENTERPRISE)
    assert held is not None
    operations.end_supervision(supervision=held, reason="出差", **TIMES)
    assert row() == (1, 0, 3, before[3])
    operations.assign_supervisor(capstone=found.capstone, role=SupervisorRole.ENTERPRISE, person=found.field, **TIMES)
    assert row() == before


# -- pages and queries --------------------------------------------------------------------------------------------------


@dataclass
class Place:
    """A programme with capstones that are handed in, read by one reviewer, supervised by one teacher and one mentor each, and drawn."""

    first: make.Case
    reader: int
    check: SpotCheck
    round_id: int = 0

    def grow(self, session: Session, n: int) -> None:
        """So many capstones and so many students without one more."""
        first = self.first
        assert first.school is not None
        for at in range(n):
            enterprise = first.enterprise if at % 10 else ground.enterprise()
            one = make.case(programme=first.programme, enterprise=enterprise, has_supervisors=False)
            person = ground.person()
            make.mentor(enterprise, who=person)
            ground.student(first.programme)
            session.add_all(
                [
                    Supervision(capstone_id=one.capstone.id, role=SupervisorRole.SCHOOL, person_id=first.school.id, since=TODAY),
                    Supervision(capstone_id=one.capstone.id, role=SupervisorRole.ENTERPRISE, person_id=person.id, since=TODAY),
                ]
            )
            session.add(
                SpotCheck(university_id=first.student.university_id, year=1990 + at, percent=2, seed=1, population=[one.capstone.id], drawn_at=NOW)
            )
            session.flush()
            self.read(session, one.capstone)
        session.execute(sa.update(Capstone).values(state=CapstoneState.SUBMITTED))
        session.flush()

    def read(self, session: Session, row: Capstone) -> None:
        """Asked of the reader twice: a review, and an opinion on the thesis as one of the sample."""
        item = SpotItem(check_id=self.check.id, capstone_id=row.id)
        session.add_all([Review(capstone_id=row.id, person_id=self.reader, kind=ReviewKind.CROSS, due_on=TODAY, asked_at=NOW), item])
        session.flush()
        session.add(SpotOpinion(item_id=item.id, person_id=self.reader, stage=1, asked_at=NOW))
        session.flush()

    def plan(self, session: Session) -> None:
        """The round is computed anew: who chose nothing is told why there is nothing."""
        cohort = session.get_one(Cohort, self.first.student.cohort_id)
        if not self.round_id:
            row = operations.create_choices(
                cohort=cohort, kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW
            )
            operations.open_choices(round=row, by=SYSTEM, now=NOW)
            self.round_id = row.id
        found = queries.choice_round(self.round_id)
        assert found is not None
        operations.close_choices(round=found, by=SYSTEM, now=NOW)
        operations.plan_choices(round=found, by=SYSTEM, now=NOW)


def _place(session: Session) -> Place:
    first = make.case()
    ground.student(first.programme)
    make.topic(programme=first.programme, enterprise=first.enterprise)
    check = SpotCheck(university_id=first.student.university_id, year=2024, percent=2, seed=1, population=[first.capstone.id], drawn_at=NOW)
    session.add(check)
    session.flush()
    made = Place(first, make.signer().id, check)
    made.read(session, first.capstone)
    made.grow(session, 0)
    made.plan(session)
    return made


def test_every_list_comes_in_pages_and_asks_as_much_at_1_row_as_at_30(session: Session, as_role: AsRole, count_queries: list[str]) -> None:
    place = _place(session)
    first, where = place.first, f"/capstones/cohorts/{place.first.programme.code}/2023"
    assert first.school is not None
    assert first.field is not None
    keys = {one.name: (type(row), row.id) for one in fields(first) if (row := getattr(first, one.name)) is not None}
    reader, university_id = place.reader, first.student.university_id
    names: dict[str, Any] = {"check": place.check.id, "round": place.round_id, "enterprise": first.enterprise.code}
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=first.programme.id)
    department = as_role(Role.DEPT_EDU)
    pages: dict[str, tuple[FlaskClient, str]] = {
        where: (head, "page"),
        f"{where}?only=open": (head, "page"),
        f"{where}/assign": (head, "page"),
        f"{where}/board": (head, "page"),
        f"{where}/judging": (head, "page"),
        **{f"{where}/materials/{which}": (head, "page") for which in ("t2", "m81", "m82", "m83", "directory")},
        f"/capstones/rounds/{names['round']}": (head, "without"),
        "/capstones/": (head, "page"),
        "/capstones/topics": (head, "page"),
        f"/capstones/enterprises/{names['enterprise']}": (department, "page"),
        f"/capstones/enterprises/{names['enterprise']}?": (department, "people"),
        "/capstones/spot-checks": (department, "page"),
        f"/capstones/spot-checks/{names['check']}": (department, "page"),
        "/capstones/supervised": (as_role(Role.SCHOOL_SUPERVISOR, person_id=first.school.id), "page"),
        "/capstones/tasks": (as_role(Role.LECTURER, organisation_id=university_id, person_id=reader), "page"),
    }

    def counts() -> dict[str, int]:
        found = {}
        for path, (client, _key) in pages.items():
            session.commit()
            session.expunge_all()  # nothing is known from the page before
            count_queries.clear()
            answer = client.get(path)
            assert answer.status_code == 200, path
            found[path] = len(count_queries)
        return found

    counts()  # whatever is asked once in the life of an app or a client
    one = counts()
    place = Place(_read_again(session, keys), reader, session.get_one(SpotCheck, names["check"]), names["round"])
    place.grow(session, 29)
    place.plan(session)
    assert counts() == one
    assert "sample(sorted(ids), 30)" in department.get(f"/capstones/spot-checks/{names['check']}").text  # the sample is told as a whole
    for path, (client, key) in pages.items():
        mark = "&" if "?" in path else "?"
        page, second = client.get(path).text, client.get(f"{path}{mark}{key}=2").text
        assert f"{key}=2" in page, path
        assert page.split("<main")[1] != second.split("<main")[1], path
        rows = [text.count("<tr") + text.count("<article") for text in (page, second)]
        assert rows[0] >= rows[1] > 0, path


def _read_again(session: Session, keys: dict[str, tuple[type[Any], int]]) -> make.Case:
    """The case as the session knows it now."""
    return make.Case(**{name: session.get_one(kind, key) for name, (kind, key) in keys.items()})


def test_a_form_that_is_refused_keeps_its_list_and_the_way_to_the_next_page(session: Session, as_role: AsRole) -> None:
    found = make.case()
    for _n in range(20):
        make.case(programme=found.programme, enterprise=found.enterprise, has_supervisors=False)
    where, key, mate = f"/capstones/cohorts/{found.programme.code}/2023", found.capstone.id, ground.person().id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    refused = head.post(f"/capstones/{key}/supervisors/board?page=2&size=20", data={"role": "school", "person_id": mate})
    assert (refused.status_code, f"{where}/board?page=1" in refused.text) == (422, True)


def test_more_cohorts_and_enterprises_than_the_list_offers_are_on_pages_of_their_own(session: Session, as_role: AsRole) -> None:
    programme = ground.programme(ground.university())
    for year in range(1990, 2023):
        ground.cohort(programme, year)
    for _n in range(31):
        make.topic(programme=programme, enterprise=ground.enterprise(), has_evidence=False)
    code = programme.code
    session.commit()
    department = as_role(Role.DEPT_EDU)
    index = department.get("/capstones/").text
    assert ("全部年级" in index, "全部企业" in index) == (True, True)
    for path, found in (("/capstones/cohorts", f"/capstones/cohorts/{code}/1990"), ("/capstones/enterprises", "/capstones/enterprises/")):
        pages = [department.get(f"{path}?q=&page={n}").text for n in (1, 2)]
        assert any(found in page for page in pages), path
        assert "没有符合条件的记录" in department.get(f"{path}?q=没有这样的名称").text
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    assert "没有可以查看的企业" in head.get("/capstones/enterprises").text
    assert TOTAL.search(head.get("/capstones/cohorts").text).group(1) == "33"  # type: ignore[union-attr]
