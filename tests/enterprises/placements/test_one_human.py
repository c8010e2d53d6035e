"""One human signs and decides for one side only, whichever of their accounts or person rows they come with."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement, NotReady, WrongState
from enterprises.placements.types import AgreementParty, OfferState, PlacementState, SelfFoundState, WithdrawalSide
from tests.courses.discussion.test_migration import put
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel import files, migrations
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

NOW, TODAY = make.NOW, make.TODAY
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}
SCHOOL, ENTERPRISE, STUDENT = AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def acting(account: Any) -> Identity:
    return identities.identity_of(account.id, today=TODAY, origin="test")


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that is accepted; one human heads the programme under one person and speaks for the enterprise under another."""
    university, enterprise = ground.university(), ground.enterprise()
    programme, term = ground.programme(university), make.term(university=university)
    student = ground.student(programme)
    row = operations.place_student(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, **WHOLE)
    operations.accept_placement(placement=row, **WHOLE)
    first, second = ground.person("林老师"), ground.person("林老师")
    head = identity.account(person=first, roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
    host = identity.account(person=second, roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    other = identity.account(person=ground.person("陈经理"), roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    return SimpleNamespace(
        row=row,
        university=university,
        enterprise=enterprise,
        programme=programme,
        term=term,
        student=student,
        persons=(first, second),
        head=acting(head),
        host=acting(host),
        other=acting(other),
    )


def sign(world: SimpleNamespace, party: AgreementParty, by: Identity, **more: Any) -> Any:
    return operations.sign_placement(placement=world.row, party=party, signed_name="签署人", signed_on=TODAY, by=by, now=NOW, **more)


def refused(world: SimpleNamespace, party: AgreementParty, by: Identity, **more: Any) -> str:
    try:
        sign(world, party, by, **more)
    except (BadPlacement, WrongState) as why:
        return why.code
    return ""


@pytest.mark.parametrize(("first", "second"), [(("head", SCHOOL), ("host", ENTERPRISE)), (("host", ENTERPRISE), ("head", SCHOOL))])
def test_two_accounts_of_one_human_do_not_sign_for_both_sides(world: SimpleNamespace, first: tuple[str, Any], second: tuple[str, Any]) -> None:
    ground.merge(*world.persons)
    sign(world, first[1], getattr(world, first[0]))
    assert refused(world, second[1], getattr(world, second[0])) == "same_person"
    assert len(queries.signatures_of(world.row.id)) == 1


def test_two_humans_sign_each_for_their_side(world: SimpleNamespace) -> None:
    sign(world, SCHOOL, world.head)
    sign(world, ENTERPRISE, world.host)
    assert queries.signed_all(world.row.id) == {SCHOOL, ENTERPRISE}
    sign(world, ENTERPRISE, world.host)  # again: the known one


def test_a_colleague_signs_instead_and_a_paper_of_another_is_recorded(world: SimpleNamespace) -> None:
    ground.merge(*world.persons)
    kept = files.keep(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name="签名页.pdf", kind="agreement", **WHOLE)
    sign(world, SCHOOL, world.head)
    sign(world, STUDENT, world.head, file_id=kept.id)  # the student signed on paper: whoever records it signs nothing
    assert refused(world, ENTERPRISE, world.host) == "same_person"
    sign(world, ENTERPRISE, world.other)
    assert queries.signed_all(world.row.id) == {SCHOOL, ENTERPRISE, STUDENT}


def test_an_amendment_is_signed_by_two_humans_too(world: SimpleNamespace) -> None:
    ground.merge(*world.persons)
    kept = files.keep(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name="签名页.pdf", kind="agreement", **WHOLE)
    sign(world, SCHOOL, world.head)
    sign(world, ENTERPRISE, world.other)
    sign(world, STUDENT, world.head, file_id=kept.id)
    text = operations.amend_agreement(placement=world.row, changes=["补贴每月二千元"], reason="调整", **WHOLE)
    assert refused(world, ENTERPRISE, world.host, text_no=text.number) == "same_person"


def test_a_student_signs_for_no_other_side(world: SimpleNamespace) -> None:
    """Students found enterprises, and staff study."""
    ground.merge(db.session.get_one(Person, world.student.person_id), world.persons[1])
    assert refused(world, ENTERPRISE, world.host) == "own_side"
    assert refused(world, SCHOOL, world.host) == "own_side"
    sign(world, STUDENT, world.host)


def test_a_student_neither_trains_nor_starts_nor_ends_the_own_placement(world: SimpleNamespace) -> None:
    ground.merge(db.session.get_one(Person, world.student.person_id), world.persons[1])
    for act, more in (
        (operations.record_safety, {"trained_on": TODAY}),
        (operations.start_placement, {"today": TODAY}),
        (operations.finish_placement, {"today": TODAY, "by_host": True}),
    ):
        with pytest.raises(WrongState) as why:
            act(placement=world.row, by=world.host, now=NOW, **more)
        assert why.value.code == "own_mentor"


def test_a_student_neither_ends_early_nor_takes_back_the_own_placement(world: SimpleNamespace) -> None:
    """Giving it up is theirs, and says so."""
    ground.merge(db.session.get_one(Person, world.student.person_id), world.persons[1])
    for side in (WithdrawalSide.SCHOOL, WithdrawalSide.ENTERPRISE):
        with pytest.raises(WrongState) as why:
            operations.withdraw_placement(placement=world.row, reason="换岗", side=side, by=world.host, now=NOW)
        assert why.value.code == "own_mentor"
    world.row.state = PlacementState.STARTED
    with pytest.raises(WrongState) as why:
        operations.end_early(placement=world.row, on=TODAY, reason="换岗", today=TODAY, by=world.host, now=NOW)
    assert (why.value.code, world.row.state) == ("own_mentor", PlacementState.STARTED)
    operations.end_early(placement=world.row, on=TODAY, reason="换岗", today=TODAY, by=world.other, now=NOW)
    assert world.row.state is PlacementState.FINISHED


def test_a_student_gives_up_the_own_placement(world: SimpleNamespace) -> None:
    ground.merge(db.session.get_one(Person, world.student.person_id), world.persons[1])
    operations.decline_placement(placement=world.row, reason="考研", by=world.host, now=NOW)
    assert world.row.state is PlacementState.WITHDRAWN


def test_a_placement_whose_two_sides_turn_out_to_be_one_human_does_not_start(world: SimpleNamespace) -> None:
    sign(world, SCHOOL, world.head)
    sign(world, ENTERPRISE, world.host)
    make.ready(world.row, make.mentor(enterprise=world.enterprise))
    ground.merge(*world.persons)
    told = db.session.scalars(sa.select(Notice).where(Notice.kind == "placements.both_sides")).all()
    assert {row.account_id for row in told} == {world.head.account_id, world.host.account_id, world.other.account_id}
    with pytest.raises(NotReady) as why:
        operations.start_placement(placement=world.row, today=TODAY, **WHOLE)
    assert [one["code"] for one in why.value.details] == ["start.sides"]
    assert "合并" not in why.value.message  # an account signed for both sides under the rule of before, too
    assert "协议各方由不同的人签署" in why.value.message
    text = operations.correct_text(placement=world.row, number=1, changes=["企业签署人"], reason="同一人代表双方", **WHOLE)
    for party, by in ((SCHOOL, world.head), (ENTERPRISE, world.other), (STUDENT, SYSTEM), (AgreementParty.GUARDIAN, SYSTEM)):
        sign(world, party, by, text_no=text.number)
    operations.start_placement(placement=world.row, today=TODAY, **WHOLE)


# -- offers and places students find -------------------------------------------------------------------------------------
def found(world: SimpleNamespace) -> Any:
    term = make.term(university=world.university, starts_on=date(2026, 9, 7))
    return operations.propose_self_found(student=world.student, term=term, enterprise_name=world.enterprise.name, title="岗位", **WHOLE)


def test_nobody_approves_the_place_they_found_themselves(world: SimpleNamespace) -> None:
    row = found(world)
    ground.merge(db.session.get_one(Person, world.student.person_id), world.persons[0])
    with pytest.raises(WrongState) as why:
        operations.approve_self_found(row=row, enterprise=world.enterprise, by=world.head, now=NOW)
    assert (why.value.code, row.state) == ("own_side", SelfFoundState.SUBMITTED)


def test_nobody_approves_a_place_at_the_enterprise_they_speak_for(world: SimpleNamespace) -> None:
    row = found(world)
    ground.merge(*world.persons)
    with pytest.raises(WrongState) as why:
        operations.approve_self_found(row=row, enterprise=world.enterprise, by=world.head, now=NOW)
    assert (why.value.code, row.state) == ("both_sides", SelfFoundState.SUBMITTED)


def test_a_head_approves_a_place_elsewhere(world: SimpleNamespace) -> None:
    row, elsewhere = found(world), ground.enterprise()
    ground.merge(*world.persons)
    operations.approve_self_found(row=row, enterprise=elsewhere, by=world.head, now=NOW)
    assert row.state is SelfFoundState.APPROVED


def test_nobody_approves_the_offer_of_the_enterprise_they_speak_for(world: SimpleNamespace) -> None:
    offer = make.position(enterprise=world.enterprise, terms=[world.term], is_approved=False)
    operations.submit_position(position=offer, **WHOLE)
    ground.merge(*world.persons)
    with pytest.raises(WrongState) as why:
        operations.approve_position(position=offer, by=world.head, now=NOW)
    assert (why.value.code, offer.state) == ("both_sides", OfferState.SUBMITTED)
    operations.return_position(position=offer, reason="请同事审核", by=world.head, now=NOW)  # giving back is nobody's advantage
    assert offer.state is OfferState.DRAFT


# -- what was signed before who signed was kept --------------------------------------------------------------------------
def test_the_audit_log_tells_who_signed_on_the_page_before(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0108")
    with engine.begin() as connection:
        for number in range(1, 4):
            put(
                connection,
                "organisation",
                id=number,
                code=f"{number}",
                name="x",
                kind="university" if number == 1 else "enterprise",
                state="verified",
            )
        put(connection, "person", id=1, name="张三", gender="unknown", nationality_kind="china")
        put(connection, "programme", id=1, university_id=1, code="P", name="x", degree_level="bachelor")
        put(connection, "cohort", id=1, programme_id=1, year=2023)
        put(connection, "student", id=1, person_id=1, university_id=1, programme_id=1, cohort_id=1, student_no="1", state="enrolled")
        put(connection, "position", id=1, code="P", enterprise_id=2, state="approved", majors=[], skills=[])
        put(connection, "placement_term", id=1, university_id=1, code="T", ends_on=date(2026, 6, 30))
        put(connection, "placement", id=5, student_id=1, position_id=1, term_id=1, enterprise_id=2, state="accepted")
        for number, (party, account_id) in enumerate((("school", 71), ("enterprise", 72), ("student", None)), start=1):
            put(connection, "agreement_signature", id=number, placement_id=5, text_no=1, party=party, signed_name="x")
            put(
                connection,
                "audit_event",
                account_id=account_id,
                did="placements.agreement.signed",
                on_kind="placement",
                on_id="5",
                data={"party": party, "text": 1, "is_paper": party == "student"},
                hash=party,
            )
    migrations.upgrade(engine, "0109")
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT party, recorded_by_id FROM agreement_signature ORDER BY id")).all()
        assert [tuple(row) for row in rows] == [("school", 71), ("enterprise", 72), ("student", None)]
    migrations.downgrade(engine, "0108")
    with engine.begin() as connection:
        assert "recorded_by_id" not in {one["name"] for one in sa.inspect(connection).get_columns("agreement_signature")}
