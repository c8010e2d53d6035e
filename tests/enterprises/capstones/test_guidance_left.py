"""Guidance that names a supervisor who left: whoever took over confirms it, or a head with a reason; no page offers what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import GuidanceEntry
from enterprises.capstones.operations import CapstoneRefused, WrongPerson
from enterprises.capstones.types import LinkPurpose, SupervisorRole
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, START, TODAY
from trainhub.identity import queries as accounts
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person

TIMES = {"today": TODAY, "now": NOW}
SCHOOL, ENTERPRISE = SupervisorRole


@dataclass
class Left:
    """A capstone whose supervisor of a side was exchanged after the student had written down a guidance."""

    found: make.Case
    entry: GuidanceEntry
    before: Person
    after: Person


def _exchange(found: make.Case, role: SupervisorRole, *, signs_in: bool = True) -> Person:
    after = make.signer() if signs_in else ground.person()
    if role is SCHOOL:
        ground.teacher(of=found.programme, who=after)
    else:
        make.mentor(found.enterprise, who=after)
    operations.assign_supervisor(capstone=found.capstone, role=role, person=after, reason="离任", by=SYSTEM, **TIMES)
    return after


def _left(role: SupervisorRole, *, by: str = "student", signs_in: bool = True) -> Left:
    found = make.case()
    entry = operations.log_guidance(capstone=found.capstone, role=role, on=START, content="讨论方案", by=found.by(by), **TIMES)
    before = found.school if role is SCHOOL else found.field
    assert before is not None
    return Left(found, entry, before, _exchange(found, role, signs_in=signs_in))


def _counted(found: make.Case, role: SupervisorRole) -> int:
    return queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs.get(role, 0)


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_who_took_over_confirms_what_the_student_wrote(session: Session, role: SupervisorRole) -> None:
    left = _left(role)
    assert _counted(left.found, role) == 0  # it counts only when somebody has confirmed it
    for wrong in (left.before, left.found.who):
        with pytest.raises(WrongPerson):
            operations.confirm_guidance(entry=left.entry, by=make.as_person(wrong), now=NOW)
    assert queries.open_work(left.after.id, TODAY)[1] == 1
    operations.confirm_guidance(entry=left.entry, by=make.as_person(left.after), now=NOW)
    assert (_counted(left.found, role), left.entry.person_id, queries.open_work(left.after.id, TODAY)[1]) == (1, left.before.id, 0)


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_what_the_one_before_wrote_still_waits_for_the_student(session: Session, role: SupervisorRole) -> None:
    left = _left(role, by=role.value)
    assert queries.open_work(left.after.id, TODAY)[1] == 0
    for wrong in (left.before, left.after):
        with pytest.raises(WrongPerson):
            operations.confirm_guidance(entry=left.entry, by=make.as_person(wrong), now=NOW)
    with pytest.raises(CapstoneRefused):
        operations.confirm_guidance_for(entry=left.entry, reason="代", by=make.head_of(left.found.programme), now=NOW)
    operations.confirm_guidance(entry=left.entry, by=left.found.by("student"), now=NOW)
    assert _counted(left.found, role) == 1


def test_a_head_confirms_with_a_reason_what_names_somebody_who_left(session: Session) -> None:
    left = _left(ENTERPRISE)
    account = identity.account(person=left.found.who)
    head = make.head_of(left.found.programme)
    with pytest.raises(CapstoneRefused, match="理由"):
        operations.confirm_guidance_for(entry=left.entry, reason=" ", by=head, now=NOW)
    with pytest.raises(WrongPerson):
        operations.confirm_guidance_for(entry=left.entry, reason="核对", by=left.found.by("student"), now=NOW)
    operations.confirm_guidance_for(entry=left.entry, reason="已核对现场记录", by=head, now=NOW)
    operations.confirm_guidance_for(entry=left.entry, reason="再说一次", by=head, now=NOW)
    assert _counted(left.found, ENTERPRISE) == 1
    assert [text for text in make.told(account.id, "capstones.guidance") if "已核对现场记录" in text]
    assert len(make.told(account.id, "capstones.guidance")) == 1


def test_a_head_confirms_nothing_for_a_supervisor_in_office(session: Session) -> None:
    found = make.case()
    entry = operations.log_guidance(capstone=found.capstone, role=SCHOOL, on=START, content="讨论", by=found.by("student"), **TIMES)
    with pytest.raises(CapstoneRefused, match="导师"):
        operations.confirm_guidance_for(entry=entry, reason="代", by=make.head_of(found.programme), now=NOW)


def test_a_mentor_of_the_new_enterprise_does_not_vouch_for_the_one_before(session: Session) -> None:
    """After a change of topic to another enterprise only a head can say what happened there; nobody's desk counts it."""
    found = make.case()
    entry = operations.log_guidance(capstone=found.capstone, role=ENTERPRISE, on=START, content="讨论", by=found.by("student"), **TIMES)
    other = ground.enterprise()
    topic = make.topic(programme=found.programme, enterprise=other)
    operations.change_topic(capstone=found.capstone, topic=topic, reason="改题", by=SYSTEM, **TIMES)
    after = make.signer()
    make.mentor(other, who=after)
    operations.assign_supervisor(capstone=found.capstone, role=ENTERPRISE, person=after, reason="离任", by=SYSTEM, **TIMES)
    with pytest.raises(WrongPerson):
        operations.confirm_guidance(entry=entry, by=make.as_person(after), now=NOW)
    assert queries.open_work(after.id, TODAY)[1] == 0
    operations.confirm_guidance_for(entry=entry, reason="原企业来函确认", by=make.head_of(found.programme), now=NOW)
    assert entry.confirmed_at == NOW


def test_who_takes_over_is_told_that_guidances_wait(session: Session) -> None:
    found = make.case()
    operations.log_guidance(capstone=found.capstone, role=SCHOOL, on=START, content="讨论", by=found.by("student"), **TIMES)
    after = make.signer()
    ground.teacher(of=found.programme, who=after)
    operations.assign_supervisor(capstone=found.capstone, role=SCHOOL, person=after, reason="离任", by=SYSTEM, **TIMES)
    key = accounts.accounts_of_persons([after.id])[after.id]
    assert ["1 条" in text for text in make.told(key, "capstones.guidance")] == [True]


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_no_page_offers_a_confirmation_that_is_refused(session: Session, as_role: Callable[..., FlaskClient], role: SupervisorRole) -> None:
    """Who sees the button may press it: the one who took over and the head; the student of what the one before wrote."""
    mine, theirs = _left(role), _left(role, by=role.value)
    wanted = {
        "waits": (mine.found, mine.entry.id, mine.after.id, mine.found.who.id),
        "wrote": (theirs.found, theirs.entry.id, theirs.after.id, theirs.found.who.id),
    }
    keys = {name: (found.capstone.id, found.programme.id, entry, after, student) for name, (found, entry, after, student) in wanted.items()}
    session.commit()
    capstone, programme, entry, after, student = keys["waits"]
    address = f"/capstones/{capstone}/guidance/{entry}/confirm"
    successor = as_role(Role.SCHOOL_SUPERVISOR, person_id=after)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme)
    assert f'{address}"' not in as_role(Role.STUDENT, person_id=student).get(f"/capstones/{capstone}").text
    assert f'{address}-for"' in head.get(f"/capstones/{capstone}").text
    assert f'{address}"' in successor.get(f"/capstones/{capstone}").text
    assert head.post(f"{address}-for", data={"reason": ""}).status_code == 422
    assert successor.post(address).status_code == 303
    capstone, programme, entry, after, student = keys["wrote"]
    address = f"/capstones/{capstone}/guidance/{entry}/confirm"
    assert address not in as_role(Role.SCHOOL_SUPERVISOR, person_id=after).get(f"/capstones/{capstone}").text
    assert address not in as_role(Role.PROGRAMME_ADMIN, programme_id=programme).get(f"/capstones/{capstone}").text
    pupil = as_role(Role.STUDENT, person_id=student)
    assert f'{address}"' in pupil.get(f"/capstones/{capstone}").text
    assert pupil.post(address).status_code == 303


def test_a_link_offers_what_its_holder_may_confirm(session: Session, client: FlaskClient) -> None:
    left = _left(ENTERPRISE, signs_in=False)
    written = operations.log_guidance(capstone=left.found.capstone, role=ENTERPRISE, on=TODAY, content="现场", by=make.as_person(left.after), **TIMES)
    _row, secret = operations.make_link(capstone=left.found.capstone, purpose=LinkPurpose.GUIDANCE, by=SYSTEM, now=clock.now())
    entry, own, name, phone = left.entry.id, written.id, left.after.name, left.after.phone
    session.commit()
    client.post(f"/capstones/link/{secret}/identity", data={"name": name, "digits": "".join(c for c in phone if c.isdigit())[-4:]})
    page = client.get(f"/capstones/link/{secret}").text
    assert f'value="{entry}"' in page
    assert f'value="{own}"' not in page
    client.post(f"/capstones/link/{secret}", data={"entry": str(entry)})
    session.expire_all()
    found = session.get_one(GuidanceEntry, entry)
    assert found.confirmed_at is not None
