"""What was signed stays what was signed: the page of an agreement keeps it, whatever changes afterwards."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries, rules
from enterprises.placements.operations._support import WrongState
from enterprises.placements.types import AgreementParty
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
NOW, SIGNED_ON = make.NOW, make.TODAY
THREE = (AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT)
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that is accepted, with two mentors to choose from."""
    university, enterprise = ground.university(), ground.enterprise()
    programme, base = ground.programme(university), ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university)
    position = make.position(enterprise=enterprise, base=base, terms=[term])
    row = operations.place_student(student=ground.student(programme), position=position, term=term, **WHOLE)
    operations.accept_placement(placement=row, **WHOLE)
    first, second = (make.mentor(enterprise=enterprise, person=ground.person(name)) for name in ("赵师傅", "钱师傅"))
    return SimpleNamespace(row=row, first=first, second=second, programme=programme)


def sign(world: SimpleNamespace, *parties: AgreementParty, **more: Any) -> None:
    for party in parties:
        operations.sign_placement(placement=world.row, party=party, signed_name="签署人", signed_on=SIGNED_ON, **more, **WHOLE)


def guide(world: SimpleNamespace, mentor: Any) -> None:
    operations.assign_mentor(placement=world.row, mentor=mentor, **WHOLE)


def test_what_was_open_is_filled_in_and_what_was_said_is_changed() -> None:
    open_, said, other = {"mentor": None, "base": "A"}, {"mentor": "赵", "base": "A"}, {"mentor": "钱", "base": "A"}
    assert rules.signed_facts([]) is None
    assert rules.signed_facts([None, None]) is None
    assert rules.signed_facts([open_, None, said]) == said
    assert rules.signed_facts([said, other]) == said
    assert rules.changed_facts(open_, said) == []
    assert rules.changed_facts(said, other) == [("mentor", "赵", "钱")]
    assert rules.changed_facts(said, open_) == [("mentor", "赵", None)]


def test_nobody_signs_otherwise_than_another_party_did(world: SimpleNamespace) -> None:
    sign(world, AgreementParty.SCHOOL)
    guide(world, world.first)  # was open, is filled in
    sign(world, AgreementParty.ENTERPRISE)
    guide(world, world.second)
    with pytest.raises(WrongState) as refused:
        sign(world, AgreementParty.STUDENT)
    assert (refused.value.code, "赵师傅" in refused.value.message, "钱师傅" in refused.value.message) == ("facts_changed", True, True)
    assert AgreementParty.STUDENT not in queries.signed_all(world.row.id)
    made = operations.correct_text(placement=world.row, number=1, changes=["企业指导教师改为钱师傅"], reason="换人", **WHOLE)
    sign(world, *THREE, text_no=made.number)
    assert queries.signed_all(world.row.id) == frozenset(THREE)


def test_a_paper_that_comes_late_is_the_sheet_that_the_others_signed(world: SimpleNamespace) -> None:
    guide(world, world.first)
    sign(world, AgreementParty.SCHOOL, AgreementParty.ENTERPRISE)
    guide(world, world.second)
    kept = files.keep(io.BytesIO(PDF), name="协议.pdf", kind="agreement", by=SYSTEM, now=NOW)
    sign(world, AgreementParty.STUDENT, file_id=kept.id)
    assert {one.facts["mentor"] for one in queries.signatures_of(world.row.id) if one.facts} == {"赵师傅"}


@pytest.mark.parametrize("signers", [THREE[:2], THREE])
def test_an_amendment_is_offered_once_the_agreement_is_signed(world: SimpleNamespace, as_role: AsRole, signers: tuple[AgreementParty, ...]) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            sign(world, *signers)
            key, programme_id = world.row.id, world.programme.id
        page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/placements/{key}/agreement").text
    assert ("发出补充协议" in page) is (signers == THREE)
    assert "文本有误，更正" in page


def test_the_page_shows_what_was_signed_and_what_changed(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            guide(world, world.first)
            sign(world, *THREE)
            guide(world, world.second)
            key, programme_id = world.row.id, world.programme.id
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
        page = head.get(f"/placements/{key}/agreement").text
        assert "企业指导教师由“赵师傅”变更为“钱师傅”" in page
        assert page.index("签署的内容") < page.index("赵师傅")
        sheet = head.get(f"/placements/{key}/agreement/print").text
        assert ("赵师傅" in sheet, "钱师傅" in sheet) == (True, False)
        # An amendment that all sign says the same as the page again.
        with transaction():
            row = queries.placement(key)
            assert row is not None
            made = operations.amend_agreement(placement=row, changes=["企业指导教师改为钱师傅"], reason="调岗", **WHOLE)
            number = made.number
        assert "已发出补充协议" in head.get(f"/placements/{key}/agreement").text
        with transaction():
            for party in THREE:
                operations.sign_placement(
                    placement=queries.placement(key), party=party, signed_name="签署人", signed_on=SIGNED_ON, text_no=number, **WHOLE
                )
        page = head.get(f"/placements/{key}/agreement").text
        assert "签署之后的变更" not in page
        assert page.count("赵师傅") == 1
        assert "钱师傅" in page


def test_a_change_back_and_the_first_change_again_are_sent_each(world: SimpleNamespace) -> None:
    """From one mentor to another, back, and to the other again: the third reads as the first did."""
    sign(world, *THREE)

    def amend(name: str) -> int:
        return operations.amend_agreement(placement=world.row, changes=[f"企业指导教师改为{name}"], reason="调岗", **WHOLE).number

    assert [amend(name) for name in ("钱师傅", "钱师傅", "赵师傅", "钱师傅")] == [2, 2, 3, 4]
    sign(world, *THREE[:2], text_no=4)
    assert amend("钱师傅") == 4
    sign(world, *THREE[2:], text_no=4)
    assert amend("钱师傅") == 5


def test_signatures_from_before_are_not_given_a_text(world: SimpleNamespace, session: Session, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            guide(world, world.first)
            sign(world, *THREE)
            for one in queries.signatures_of(world.row.id):
                one.facts = None
            key, programme_id = world.row.id, world.programme.id
        page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/placements/{key}/agreement").text
        assert "没有留存签署的内容" in page
        assert "签署之后的变更" not in page


def test_what_the_parties_agree_on_is_kept_whole(world: SimpleNamespace) -> None:
    lines = ["实习补贴调整为每月二千元。" * 60, *(f"第{n}条" for n in range(60))]
    text = operations.correct_text(placement=world.row, number=1, changes=lines, reason="重新协商", **WHOLE)
    assert text.changes == lines
    sign(world, *THREE, text_no=text.number)
    assert operations.amend_agreement(placement=world.row, changes=[*lines, "末条"], reason="补充", **WHOLE).changes == [*lines, "末条"]
