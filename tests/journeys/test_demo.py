"""The demo province as issue and contract promise it: how much there is of what, in which states, and that it is left alone."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from courses.catalogue.models import Course
from courses.discussion.models import Thread
from courses.learning.models import Enrolment
from enterprises.bases.models import BaseAcceptance, BaseTyping
from enterprises.capstones import queries as capstones
from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.types import CapstoneState, TopicState
from enterprises.mentors.models import Mentor
from enterprises.placements import queries as placements
from enterprises.placements.models import DayEntry, Placement, Round, Term, WeeklyLog
from enterprises.placements.types import DayState, Light, PlacementState, RoundState
from enterprises.subsidies import operations as subsidies
from enterprises.subsidies.models import SubsidyClaim
from enterprises.subsidies.types import ClaimState
from tests import processes
from tests.conftest import Blank
from tests.journeys.conftest import DAY, Place, at, opened
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Kind
from trainhub.demo.accounts import ACCOUNTS, FURTHER, JUDGES, OFFICES, READERS
from trainhub.demo.calendar import Calendar
from trainhub.demo.invented import BASES, credit_code
from trainhub.identity import operations
from trainhub.identity.models import Account, LoginName
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.commands import operator
from trainhub.kernel.db import session, transaction
from trainhub.ledger.models import ConfirmedDay, HolidayDay, TrainingRecord
from trainhub.ledger.types import HolidayKind
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation, Region
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.chains import queries as chains
from trainhub.oversight.reports import operations as reports
from trainhub.oversight.reports.models import Report
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import IdType, NationalityKind
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def app(demo: Place) -> Iterator[Flask]:
    """The app on the demo itself: these tests only read."""
    with opened(demo) as app:
        yield app


@pytest.fixture(autouse=True)
def reading(app: Flask) -> Iterator[None]:
    """Inside the app; whatever was read is let go."""
    with app.app_context():
        yield
        session().rollback()


def count(*what: object) -> int:
    return session().scalar(select(func.count()).where(*what)) or 0  # type: ignore[arg-type]


def by(column: object) -> Counter[object]:
    return Counter(dict(session().execute(select(column, func.count()).group_by(column)).all()))  # type: ignore[call-overload]


def account_of(name: str) -> Account:
    return session().scalars(select(Account).join(LoginName, LoginName.account_id == Account.id).where(LoginName.value == name)).one()


def test_there_is_as_much_as_the_issue_asks() -> None:
    kinds = Counter(session().scalars(select(Organisation.kind).where(Organisation.is_demo.is_(True))))
    schools = kinds[OrganisationKind.UNIVERSITY] + kinds[OrganisationKind.VOCATIONAL_SCHOOL]
    assert (schools, kinds[OrganisationKind.ENTERPRISE], kinds[OrganisationKind.BASE]) == (4, 14, 8)
    assert [count(column.is_not(None)) for column in (Programme.id, Student.id, Teacher.id, Mentor.id, Course.id)] == [3, 300, 40, 60, 6]
    assert set(Counter(session().scalars(select(Cohort.programme_id))).values()) == {3}
    assert by(Round.state) == {RoundState.PUBLISHED: 1, RoundState.OPEN: 1}
    assert set(session().scalars(select(LoginName.value).where(LoginName.kind == LoginKind.USERNAME))) == {
        *ACCOUNTS,
        *FURTHER,
        *READERS,
        *JUDGES,
        *(name for name, _role in OFFICES),
    }


def test_reports_are_made_last_of_what_was_known() -> None:
    """Whatever hour the demo is built at: a report that looks ahead of its making would count otherwise when it is counted again."""
    made = session().scalars(select(AuditEvent).where(AuditEvent.did == "reports.report.made")).all()
    others = select(func.max(AuditEvent.id)).where(AuditEvent.did.startswith("ledger.") | AuditEvent.did.startswith("mentors."))
    assert made
    assert min(event.id for event in made) > (session().scalar(others) or 0)
    for event in made:
        row = session().get_one(Report, int(event.on_id))
        assert row.known_at <= event.at
        assert reports.recount(row).differences == []


def test_bases_differ_in_type_and_state() -> None:
    assert len(set(session().scalars(select(BaseTyping.type)))) >= 7
    assert len(set(session().scalars(select(BaseAcceptance.step)))) == 2


def test_everybody_is_invented_and_marked_so() -> None:
    people = select(Person.id).join(Student, Student.person_id == Person.id).where(Person.is_demo.is_(False))
    assert session().scalars(people).all() == []
    assert count(Person.is_demo.is_(False)) == 0
    foreign = session().scalars(select(Person.id_type).where(Person.nationality_kind == NationalityKind.FOREIGN)).all()
    assert (len(foreign) > 10, set(foreign)) == (True, {IdType.PASSPORT})
    assert session().scalars(select(Course.code).where(Course.is_demo.is_(False))).all() == []


def test_the_trainees_are_spread_over_cities_and_years() -> None:
    persons = session().scalar(select(func.count(func.distinct(TrainingRecord.person_id))).where(TrainingRecord.source == "roster"))
    assert persons == 5000
    cities = session().scalars(select(Region.reporting_code).join(TrainingRecord, TrainingRecord.county_code == Region.code)).all()
    assert len(set(cities)) == 10
    years = Counter(day.year for day in session().scalars(select(TrainingRecord.completed_on)))
    assert set(range(2015, DAY.year + 1)) == set(years)
    assert all(years[year] >= 30 for year in range(2015, DAY.year + 1))


def test_the_enterprise_has_completions_to_claim() -> None:
    """One claim of the enterprise's account was paid; what it trained since can be drawn up at once."""
    enterprise = session().scalars(select(Organisation).where(Organisation.code == credit_code(1))).one()
    claims = session().scalars(select(SubsidyClaim).where(SubsidyClaim.organisation_id == enterprise.id)).all()
    assert [(claim.state, claim.item_count > 10) for claim in claims] == [(ClaimState.PAID, True)]
    base = session().scalars(select(Organisation).where(Organisation.code == BASES[0][0])).one()  # the same account leads it
    for organisation in (enterprise, base):
        found = subsidies.draw_up(organisation=organisation, since=DAY - timedelta(days=90), until=DAY, by=SYSTEM, today=DAY, now=at(0))
        assert found.item_count >= 10
        assert found.amount_fen > 0


def test_capstones_and_topics_stand_in_every_state() -> None:
    assert set(by(Capstone.state)) == set(CapstoneState)
    assert set(by(Topic.state)) >= {TopicState.PROPOSED, TopicState.APPROVED, TopicState.REFUSED}


def test_a_passed_capstone_beyond_the_placements_waits_for_its_certificate() -> None:
    passed = session().scalars(select(Capstone).where(Capstone.state == CapstoneState.PASSED)).all()
    findings = capstones.findings_of([row.id for row in passed], DAY)
    certified = set(session().scalars(select(Certificate.asked_key).where(Certificate.kind == Kind.CAPSTONE)))
    waiting = [row for row in passed if f"capstone:{row.id}" not in certified]
    assert [[f.code for f in findings[row.id] if not f.met] for row in waiting] == [["8.2"]]
    assert len(passed) == len(certified) + 1


def test_placements_and_their_days_stand_in_every_state() -> None:
    assert set(by(Placement.state)) == set(PlacementState)
    assert set(by(DayEntry.state)) == set(DayState)
    assert session().scalar(select(func.count()).select_from(WeeklyLog).where(WeeklyLog.mentor_comment != "")) > 100  # type: ignore[operator]


def test_the_lights_are_mixed() -> None:
    rows = session().execute(placements.progress_rows(SYSTEM, on=DAY)).all()
    found = Counter(one.light for one in placements.progress_of(rows, on=DAY))
    assert sum(found.values()) == 40
    assert (found[Light.DONE], found[Light.RED]) == (4, 1)
    assert found[Light.GREEN] >= 5
    assert found[Light.YELLOW] >= 5


def test_every_finished_placement_is_certified() -> None:
    finished = {f"placement:{key}" for key in session().scalars(select(Placement.id).where(Placement.state == PlacementState.FINISHED))}
    assert finished == set(session().scalars(select(Certificate.asked_key).where(Certificate.kind == Kind.PLACEMENT)))


def test_whole_chains_of_the_graduated_hold_a_certificate_and_the_others_lack_one_thing() -> None:
    year = Calendar(DAY).graduated
    for code, whole, lacking in (("DEMO-P1", 18, {"chain.course": 2}), ("DEMO-P2", 16, {"chain.course": 1, "7.2": 3})):
        programme = programmes.by_code(code)
        assert programme is not None
        cohort = programmes.cohort_of(programme.id, year)
        assert cohort is not None
        found = [one for one in chains.chains_of_programme(programme, on=DAY, cohort_id=cohort.id) if one.met_count]
        assert len(found) == 20
        assert sum(one.is_complete for one in found) == whole
        assert all((one.certificate_number is not None) is one.is_complete for one in found)
        missing = [[f.code for f in one.findings if not f.met] for one in found if not one.is_complete]
        assert Counter(code for (code,) in missing) == lacking


def test_learners_and_their_scores_are_spread() -> None:
    rows = session().execute(select(Enrolment.progress_x1000, Enrolment.score_x10)).all()
    assert len({row.progress_x1000 for row in rows}) >= 5
    assert len({row.score_x10 for row in rows if row.score_x10}) >= 5
    assert count(Thread.block_id.is_not(None), Thread.posts > 1) >= 3


def test_notices_differ_in_kind_and_age() -> None:
    for name, kinds, days in (("student", 6, 60), ("mentor", 3, 20), ("supervisor", 2, 20)):
        account = account_of(name)
        rows = session().scalars(select(Notice).where(Notice.account_id == account.id)).all()
        assert len({row.kind for row in rows}) >= kinds, name
        assert (max(row.created_at for row in rows) - min(row.created_at for row in rows)).days >= days, name
        assert 0 < sum(row.read_at is None for row in rows) <= 15, name
    assert session().scalar(select(func.max(Notice.created_at))) <= at(1)  # type: ignore[operator]


def test_the_student_stands_one_day_before_the_target_with_a_capstone_that_can_be_certified() -> None:
    student = session().scalars(select(Student).where(Student.person_id == account_of("student").person_id)).one()
    (row,) = [one for one in session().execute(placements.progress_rows(SYSTEM, on=DAY)).all() if one.id == student.id]
    (progress,) = placements.progress_of([row], on=DAY)
    assert (progress.credited_days, progress.light) == (159, Light.YELLOW)
    capstone = capstones.capstone_of_student(student.id)
    assert capstone is not None
    found = {one.code: one.met for one in capstones.findings_of([capstone.id], DAY)[capstone.id]}
    assert found["8.2"]
    assert found["8.3.enterprise"]


def test_again_changes_nothing_that_a_user_did(place: Place) -> None:
    with opened(place) as app, app.app_context():
        account_of("mentor").display_name = "我改的名字"
        session().commit()
        before = _sizes()
    again = place.command("demo", "--scale", "3")
    assert (again["built"], again["scale"], again["today"]) == (False, 1, DAY.isoformat())
    with opened(place) as app, app.app_context():
        assert _sizes() == before
        assert account_of("mentor").display_name == "我改的名字"
    refused = place.command("demo", "--today", "2026-01-05", status=1)
    assert "2026-11-22" in refused["error"]["message"]


def test_a_build_that_was_killed_before_the_roster_goes_on(place: Place) -> None:
    with opened(place) as app, app.app_context():
        before = _sizes()
    mark = place.folder / "demo.json"
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "is_built": False}))
    again = place.command("demo")
    assert (again["built"], again["today"]) == (True, DAY.isoformat())
    with opened(place) as app, app.app_context():
        assert {name: n for name, n in _sizes().items() if name != "audit_event"} == {name: n for name, n in before.items() if name != "audit_event"}


def _sizes() -> dict[str, int]:
    """How many rows the tables have that a builder would add to."""
    tables = ("person", "student", "placement", "day_entry", "certificate", "notice", "training_record", "audit_event", "enrolment")
    return {name: session().execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}


def test_an_instance_with_data_of_its_own_is_refused(demo: Place, tmp_path: Path) -> None:
    own = demo.copy(tmp_path / "own")
    try:
        with opened(own) as app, app.app_context():
            person = session().scalars(select(Person).limit(1)).one()
            person.is_demo = False
            session().commit()
        (own.folder / "demo.json").unlink()
        secret = (own.folder / "demo-secret").read_text().strip()
        done = processes.run(["demo", "--json"], {**own.environment, "TRAINHUB_SECRET_KEY": secret}, timeout=300)
        assert done.returncode == 1, done.stderr[-2000:]
        assert json.loads(done.stdout)["error"]["code"] == "not_a_demo"
    finally:
        own.drop()
        shutil.rmtree(tmp_path / "own", ignore_errors=True)


def test_an_installation_is_no_demo_though_it_knows_nobody_yet_and_the_folder_is_empty(blank_file: Blank, tmp_path: Path) -> None:
    """Only the database can tell: an administrator was made, and the keys lie on another machine."""
    place = tmp_path / "own"
    with blank_file.opened(place) as app, app.app_context(), transaction():
        operations.create_account(person=None, display_name="管理员", username="boss", by=operator(), now=clock.now())
    shutil.copy(place / "trainhub.sqlite3", tmp_path / "real.sqlite3")
    shutil.rmtree(place)
    done = processes.run(["demo", "--json"], {"TRAINHUB_INSTANCE": str(place), "TRAINHUB_DATABASE_URL": f"sqlite:///{tmp_path / 'real.sqlite3'}"})
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "not_a_demo"), done.stderr[-2000:]
    assert not place.exists(), "neither a mark nor keys were made"


def test_nobody_worked_on_a_public_holiday() -> None:
    """The days that the demo has entered as free are nobody's days of work, and the terms they fall into had a week more for them."""
    free = select(HolidayDay.day).where(HolidayDay.kind == HolidayKind.OFF, HolidayDay.closed_at.is_(None))
    assert session().scalar(select(func.count()).select_from(DayEntry).where(DayEntry.on.in_(free))) == 0
    assert session().scalar(select(func.count()).select_from(ConfirmedDay).where(ConfirmedDay.on.in_(free))) == 0
    taken = [row for row in session().scalars(select(Term)) for day in session().scalars(free) if row.starts_on <= day <= min(row.ends_on, DAY)]
    assert taken
