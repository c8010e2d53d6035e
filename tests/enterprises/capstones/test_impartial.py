"""Nobody decides on the own grade: a head who supervises, has reviewed or stands near the student leaves it to another one of the office."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations
from enterprises.capstones.models import Review
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import Decision, ReviewKind, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person

TIMES = {"today": TODAY, "now": NOW}


def _head(found: make.Case, who: Person | None) -> object:
    """A head of the programme who is this person."""
    return replace(make.head_of(found.programme), person_id=who.id if who is not None else None)


@pytest.mark.parametrize("side", list(SupervisorRole))
def test_a_head_who_supervises_settles_no_moderation_of_the_own_grade(session: Session, side: SupervisorRole) -> None:
    found = make.graded(60, 90)
    operations.moderate(capstone=found.capstone, reason="双方相差过大", by=SYSTEM, now=NOW)
    mine = found.school if side is SupervisorRole.SCHOOL else found.field
    with pytest.raises(CapstoneRefused) as no:
        operations.settle(capstone=found.capstone, score_x10=900, note="按我方评分", by=_head(found, mine), **TIMES)
    assert no.value.code == "own_grade"
    assert found.capstone.score_x10 == 750
    row = operations.settle(capstone=found.capstone, score_x10=None, note="维持", by=_head(found, ground.person()), **TIMES)
    assert row.decision is Decision.UPHELD


def test_an_appeal_is_decided_by_who_has_no_part_in_the_result(session: Session) -> None:
    """Neither a supervisor of today or before, nor a reviewer, nor whoever stands near the student; a head without a part decides."""
    found = make.graded(80, 80)
    reviewer, relative = ground.person(), ground.person()
    session.add(
        Review(
            capstone_id=found.capstone.id, person_id=reviewer.id, kind=ReviewKind.BLIND, due_on=TODAY, asked_at=NOW, score_x10=800,
            verdict=Verdict.PASS, comment="好", signed_at=NOW,
        )
    )  # fmt: skip
    operations.record_conflict(person=relative, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.appeal(capstone=found.capstone, reason="漏评第三章", by=found.by("student"), **TIMES)
    for who in (found.school, found.field, reviewer, relative):
        with pytest.raises(CapstoneRefused) as no:
            operations.decide_appeal(capstone=found.capstone, score_x10=950, note="提高", by=_head(found, who), **TIMES)
        assert no.value.code == "own_grade"
    row = operations.decide_appeal(capstone=found.capstone, score_x10=None, note="维持", by=_head(found, ground.person()), **TIMES)
    assert (row.decision, found.capstone.score_x10) == (Decision.UPHELD, 800)


def test_the_page_offers_the_decision_to_somebody_else(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.appeal(capstone=found.capstone, reason="漏评", by=found.by("student"), today=TODAY + timedelta(days=1), now=NOW)
    assert found.school is not None
    key = found.capstone.id
    supervises = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id, person_id=found.school.id)
    other = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    session.commit()
    page = supervises.get(f"/capstones/{key}").text
    assert "须由他人决定" in page
    assert "登记申诉结论" not in page
    said = supervises.post(f"/capstones/{key}/appeal/decide", data={"note": "维持"}, follow_redirects=True)
    assert said.status_code == 422
    assert "不能由你决定" in said.text
    assert "登记申诉结论" in other.get(f"/capstones/{key}").text
