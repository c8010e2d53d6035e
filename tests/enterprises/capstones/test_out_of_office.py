"""Who has left guides, passes and issues nothing any more, counts for no day after that, and the heads hear of it in time (8.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, Supervision
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.queries import guiding, office, outputs
from enterprises.capstones.types import CapstoneState, LinkPurpose, Stage, SupervisorRole
from enterprises.mentors import operations as mentors
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.oversight.home.queries import practice
from trainhub.people import operations as people
from trainhub.policy.findings import Status
from trainhub.programmes.models import Cohort

SCHOOL, ENTERPRISE = SupervisorRole
BEFORE, AFTER = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def _leaves(session: Session, found: make.Case, role: SupervisorRole, until: date) -> None:
    term = found.teacher if role is SCHOOL else found.mentor
    assert term is not None
    term.until = until
    session.flush()


def _log(found: make.Case, role: SupervisorRole, on: date, by: str = "") -> Any:
    return operations.log_guidance(capstone=found.capstone, role=role, on=on, content="讨论方案", by=found.by(by or role), today=TODAY, now=NOW)


@pytest.mark.parametrize("by", ["", "student"])
@pytest.mark.parametrize("role", list(SupervisorRole))
def test_a_guidance_of_a_day_after_the_term_is_refused(session: Session, role: SupervisorRole, by: str) -> None:
    found = make.case()
    _leaves(session, found, role, BEFORE)
    with pytest.raises(CapstoneRefused, match="不在任") as no:
        _log(found, role, TODAY, by)
    assert (no.value.code, no.value.field) == ("not_in_office", "on")
    assert _log(found, role, BEFORE, by).on == BEFORE


@pytest.mark.parametrize("role", list(SupervisorRole))
@pytest.mark.parametrize(("days", "is_refused"), [(-1, True), (0, False), (1, False)])
def test_what_was_logged_is_confirmed_for_days_of_the_term_alone(session: Session, role: SupervisorRole, days: int, is_refused: bool) -> None:
    found = make.case()
    theirs = _log(found, role, TODAY, "student")
    _leaves(session, found, role, TODAY + timedelta(days=days))
    if not is_refused:
        assert operations.confirm_guidance(entry=theirs, by=found.by(role), now=NOW).confirmed_at == NOW
        return
    with pytest.raises(CapstoneRefused, match="不在任") as no:
        operations.confirm_guidance(entry=theirs, by=found.by(role), now=NOW)
    assert no.value.code == "not_in_office"


@pytest.mark.parametrize("by", ["", "student"])
@pytest.mark.parametrize("role", list(SupervisorRole))
def test_what_counts_for_nobody_waits_for_nobody(session: Session, as_role: Callable[..., FlaskClient], role: SupervisorRole, by: str) -> None:
    """By whomever it was written: no desk offers it, nobody confirms it, the page says that it does not count, confirmed or not."""
    found = make.case()
    theirs = _log(found, role, TODAY, by)
    party = found.by("student" if not by else role)
    person = party.person_id
    assert person is not None
    assert (guiding.confirmers_of(found.capstone.id, TODAY)[theirs.id].has(person), len(guiding.waiting_for(person, TODAY))) == (True, 1 if by else 0)
    _leaves(session, found, role, BEFORE)
    assert (guiding.confirmers_of(found.capstone.id, TODAY)[theirs.id].has(person), guiding.waiting_for(person, TODAY)) == (False, [])
    with pytest.raises(CapstoneRefused, match="不在任") as no:
        operations.confirm_guidance(entry=theirs, by=party, now=NOW)
    assert no.value.code == "not_in_office"
    session.commit()
    client, at = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id), f"/capstones/{found.capstone.id}"
    assert "不计入</span>" in client.get(at).text
    theirs.confirmed_at = NOW
    session.commit()
    assert "不计入</span>" in client.get(at).text
    _leaves(session, found, role, TODAY)
    session.commit()
    assert "不计入</span>" not in client.get(at).text


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_guidances_count_for_days_in_office_alone(session: Session, role: SupervisorRole) -> None:
    """Facts, findings, M8.3, the directory and the certificate: entries are there, and a term that ended before them takes them out."""
    found = make.case()
    for on in (TODAY - timedelta(days=2), BEFORE, TODAY):
        operations.confirm_guidance(entry=_log(found, role, on), by=found.by("student"), now=NOW)
    key, cohort = found.capstone.id, found.student.cohort_id
    for until, counted in ((None, 3), (TODAY, 3), (BEFORE, 2), (TODAY - timedelta(days=2), 1), (TODAY - timedelta(days=3), 0)):
        term = found.teacher if role is SCHOOL else found.mentor
        assert term is not None
        term.until = until
        session.flush()
        assert queries.facts_of([key], TODAY)[key].logs.get(role, 0) == counted
        if role is ENTERPRISE:
            assert [row["guidances"] for row in outputs.mentors_table(cohort, TODAY)] == [counted]
            assert [row["guidances"] for row in outputs.directory(TODAY, cohort_id=cohort)] == [counted]
    found.capstone.state = CapstoneState.PASSED
    session.flush()
    if role is ENTERPRISE:
        assert [one.guidances for one in outputs.supervised_in(cohort, on=TODAY)] == []  # named, and guided nobody


def test_what_was_guided_at_the_enterprise_before_stays_with_it(session: Session) -> None:
    """Who has never been a mentor of the enterprise of now is asked for the own: the directory names that one."""
    found = make.case()
    operations.confirm_guidance(entry=_log(found, ENTERPRISE, BEFORE), by=found.by("student"), now=NOW)
    other = make.topic(programme=found.programme)
    operations.change_topic(capstone=found.capstone, topic=other, reason="企业退出", by=SYSTEM, today=TODAY, now=NOW)
    assert [row["guidances"] for row in outputs.directory(TODAY, cohort_id=found.student.cohort_id)] == [1]
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs == {}


def _acts(found: make.Case) -> dict[str, Callable[[], Any]]:
    school, row = {"by": found.by(SCHOOL), "now": NOW}, found.capstone
    paper = operations.hand_in(capstone=row, stage=Stage.OPENING, file_id=make.pdf(), by=found.by("student"), now=NOW)
    book = {"capstone": row, "stage": Stage.TASK_BOOK, "file_id": make.pdf()}
    return {
        "task": lambda: operations.hand_in(**book, **school),
        "task_enterprise": lambda: operations.hand_in(**book, by=found.by(ENTERPRISE), now=NOW),
        "return": lambda: operations.return_paper(paper=paper, reason="重写", **school),
        "pass": lambda: operations.pass_stage(capstone=row, stage=Stage.OPENING, **school),
    }


@pytest.mark.parametrize("act", ["task", "task_enterprise", "return", "pass"])
@pytest.mark.parametrize(("days", "is_refused"), [(-1, True), (0, False), (1, False)])
def test_who_has_left_issues_returns_and_passes_nothing(session: Session, act: str, days: int, is_refused: bool) -> None:
    found = make.case()
    acts = _acts(found)
    _leaves(session, found, ENTERPRISE if act == "task_enterprise" else SCHOOL, TODAY + timedelta(days=days))
    if not is_refused:
        acts[act]()
        return
    with pytest.raises(CapstoneRefused, match="不在任") as no:
        acts[act]()
    assert no.value.code == "not_in_office"


# -- who sees it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_the_heads_have_it_to_do_and_the_lists_agree(session: Session, role: SupervisorRole) -> None:
    found = make.case()
    head = make.head_of(found.programme)

    def alone() -> tuple[int, int, int]:
        listed = session.execute(queries.listing(head, only_alone=True, on=TODAY)).all()
        cohort = session.get_one(Cohort, found.student.cohort_id)
        board = queries.board_of_cohort(found.programme.id, cohort.id, TODAY)
        return practice.capstones_going(head, TODAY)[1], len(listed), board.alone

    for until, number in ((None, 0), (TODAY, 0), (BEFORE, 1)):
        term = found.teacher if role is SCHOOL else found.mentor
        assert term is not None
        term.until = until
        session.flush()
        assert alone() == (number,) * 3
    assert queries.boards_of([found.enterprise.id], TODAY)[found.enterprise.id].alone == 1


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_the_page_marks_who_has_left(session: Session, as_role: Callable[..., FlaskClient], role: SupervisorRole) -> None:
    found = make.case()
    session.commit()
    client = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    assert "已不在任" not in client.get(f"/capstones/{found.capstone.id}").text
    _leaves(session, found, role, clock.today() - timedelta(days=1))
    session.commit()
    text = client.get(f"/capstones/{found.capstone.id}").text
    assert "已不在任" in text
    assert f"/capstones/{found.capstone.id}/supervisors" in text
    found.capstone.state = CapstoneState.PASSED  # nobody is exchanged any more
    session.commit()
    assert "已不在任" not in client.get(f"/capstones/{found.capstone.id}").text


def _head(found: make.Case) -> int:
    account = identity.account(person=ground.person())
    identity.grant(account, Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    return account.id


KIND = "capstones.supervisor_leaves"


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_the_heads_are_told_once_whose_term_ends_before_the_capstone(session: Session, role: SupervisorRole) -> None:
    found = make.case()
    head = _head(found)
    for until in (found.capstone.ends_on, found.capstone.ends_on + timedelta(days=1)):
        _leaves(session, found, role, until)
        assert operations.tell_of_leaving(today=TODAY, now=NOW) == 0
    _leaves(session, found, role, found.capstone.ends_on - timedelta(days=1))
    for _again in range(2):
        operations.tell_of_leaving(today=TODAY, now=NOW)
    (told,) = make.told(head, KIND)
    person = found.school if role is SCHOOL else found.field
    assert person is not None
    assert person.name in told
    assert found.who.name in told
    assert (found.capstone.ends_on - timedelta(days=1)).isoformat() in told
    _leaves(session, found, role, BEFORE)  # another day is told anew
    operations.tell_of_leaving(today=TODAY, now=NOW)
    assert len(make.told(head, KIND)) == 2
    found.capstone.state = CapstoneState.WITHDRAWN
    _leaves(session, found, role, TODAY - timedelta(days=5))
    assert operations.tell_of_leaving(today=TODAY, now=NOW) == 0


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_nobody_is_asked_to_name_a_supervisor_where_none_can_be_named(
    session: Session, as_role: Callable[..., FlaskClient], role: SupervisorRole
) -> None:
    """A side that has graded, and a capstone that both have graded: who leaves then has done what there was to do."""
    found = make.case()
    head = make.head_of(found.programme)
    make.submit(found)
    _leaves(session, found, role, BEFORE)

    def asked() -> tuple[int, int, int]:
        listed = session.execute(queries.listing(head, only_alone=True, on=TODAY)).all()
        return practice.capstones_going(head, TODAY)[1], len(listed), len(office.leaving(TODAY))

    assert asked() == (1, 1, 1)
    _leaves(session, found, role, AFTER)
    make.grade(found, role)
    _leaves(session, found, role, BEFORE)
    assert asked() == (0, 0, 0)
    session.commit()
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id).get(f"/capstones/{found.capstone.id}").text
    assert "已不在任" not in page
    other = ENTERPRISE if role is SCHOOL else SCHOOL
    _leaves(session, found, other, BEFORE)
    assert asked() == (1, 1, 1)  # that side is still to grade
    _leaves(session, found, other, AFTER)
    make.grade(found, other)
    assert found.capstone.state is CapstoneState.GRADED
    _leaves(session, found, other, BEFORE)
    assert asked() == (0, 0, 0)


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_of_one_person_with_many_capstones_heads_and_enterprise_hear_once(session: Session, role: SupervisorRole) -> None:
    found = make.case()
    more = [make.case(programme=found.programme, enterprise=found.enterprise) for _n in range(2)]
    head, house = _head(found), identity.account(person=ground.person())
    identity.grant(house, Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id)
    person = found.school if role is SCHOOL else found.field
    assert person is not None
    for one in more:
        for held in session.scalars(select(Supervision).where(Supervision.capstone_id == one.capstone.id, Supervision.role == role)):
            held.person_id = person.id
    _leaves(session, found, role, BEFORE)
    for _again in range(2):
        assert operations.tell_of_leaving(today=TODAY, now=NOW) == 3
    (told,) = make.told(head, KIND)
    assert person.name in told
    assert "等 3 人" in told
    assert len(make.told(house.id, KIND)) == (1 if role is ENTERPRISE else 0)


def test_a_term_that_is_changed_is_told_at_once(session: Session) -> None:
    found = make.case()
    head = _head(found)
    assert found.mentor is not None
    assert found.teacher is not None
    mentors.change_mentor(mentor=found.mentor, by=SYSTEM, now=NOW, post="工程师")
    people.change_teacher(teacher=found.teacher, programme=found.programme, by=SYSTEM, now=NOW, title="教授")
    assert make.told(head, KIND) == []
    mentors.change_mentor(mentor=found.mentor, by=SYSTEM, now=NOW, until=BEFORE)
    assert len(make.told(head, KIND)) == 1
    people.change_teacher(teacher=found.teacher, programme=found.programme, by=SYSTEM, now=NOW, until=BEFORE)
    assert len(make.told(head, KIND)) == 2
    operations.tell_of_leaving(today=TODAY, now=NOW)
    assert len(make.told(head, KIND)) == 2


def test_who_was_replaced_is_told_no_more(session: Session) -> None:
    found = make.case()
    head = _head(found)
    new = ground.person()
    make.mentor(found.enterprise, who=new)
    operations.assign_supervisor(capstone=found.capstone, role=ENTERPRISE, person=new, reason="离职", by=SYSTEM, today=TODAY, now=NOW)
    _leaves(session, found, ENTERPRISE, BEFORE)
    operations.tell_of_leaving(today=TODAY, now=NOW)
    assert make.told(head, KIND) == []
    held = session.scalars(select(Supervision).where(Supervision.capstone_id == found.capstone.id, Supervision.until.is_(None))).all()
    assert {one.person_id for one in held} == {new.id, found.school.id if found.school else 0}
    assert session.get_one(Capstone, found.capstone.id).state is CapstoneState.ASSIGNED


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_a_head_confirms_days_of_the_term_where_nobody_else_was_named(session: Session, role: SupervisorRole) -> None:
    """The links of a mentor end with the term, and nobody may be named once the side has graded: the head says with a reason what happened."""
    found = make.case()
    theirs = _log(found, role, BEFORE, "student")
    head = make.head_of(found.programme)
    with pytest.raises(CapstoneRefused):
        operations.confirm_guidance_for(entry=theirs, reason="核对了周报", by=head, now=NOW)
    _leaves(session, found, role, BEFORE)
    assert guiding.confirmers_of(found.capstone.id, BEFORE)[theirs.id].is_for_heads is False
    assert operations.confirm_guidance_for(entry=theirs, reason="核对了周报", by=head, now=NOW).confirmed_at == NOW
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs[role] == 1


def test_no_link_is_offered_that_would_not_open(session: Session) -> None:
    found = make.case()
    assert operations.against_linking(found.capstone, TODAY) is None
    _leaves(session, found, ENTERPRISE, BEFORE)
    refused = operations.against_linking(found.capstone, TODAY)
    assert (refused and refused.code, operations.against_linking(found.capstone, BEFORE)) == ("not_in_office", None)
    with pytest.raises(CapstoneRefused, match="不是这家企业"):
        operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GUIDANCE, by=SYSTEM, now=NOW)


@pytest.mark.parametrize("role", list(SupervisorRole))
@pytest.mark.parametrize(("days", "is_met"), [(-1, False), (0, True), (1, True)])
def test_who_leaves_after_the_grade_has_supervised(session: Session, role: SupervisorRole, days: int, is_met: bool) -> None:
    """8.3 asks for supervisors until the capstone's last day, or until their side has graded: nobody could be named after that."""
    found = make.graded(80, 80)
    found.capstone.ends_on = TODAY + timedelta(days=30)
    _leaves(session, found, role, TODAY + timedelta(days=days))
    on = TODAY + timedelta(days=10)
    part = f"8.3.{role.value}"
    [status] = [one.status for one in queries.findings_of([found.capstone.id], on)[found.capstone.id] if one.code == part]
    assert (status is Status.MET) is is_met


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_who_is_hired_anew_keeps_what_was_confirmed(session: Session, role: SupervisorRole) -> None:
    found = make.case()
    operations.confirm_guidance(entry=_log(found, role, TODAY), by=found.by("student"), now=NOW)
    term = found.teacher if role is SCHOOL else found.mentor
    assert term is not None
    term.since = TODAY + timedelta(days=100)
    session.flush()
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs[role] == 1
