"""What a reviewer has signed is not made to vanish: neither by taking a re-reading back nor by the supervisors' signatures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Review
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import CapstoneState, ReviewKind, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM
from trainhub.people.models import Person

TIMES = {"today": TODAY, "now": NOW}
LATER = NOW + timedelta(hours=2)


def _read(session: Session, found: make.Case, verdict: Verdict, who: Person | None = None) -> Review:
    who = who or make.signer()
    row = operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    return operations.sign_review(review=row, score=40, verdict=verdict, comment="意见", by=make.as_person(who), **TIMES)


def _grade(found: make.Case) -> None:
    for role in SupervisorRole:
        make.grade(found, role)


def _again(found: make.Case, review: Review) -> Review:
    """A new version is handed in; the re-reading of who sent it back."""
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf("新稿.pdf"), by=found.by("student"), now=LATER)
    make.nameless(found, LATER)
    again = queries.review_of(found.capstone.id, review.person_id)
    assert again is not None
    assert again.id != review.id
    return again


def test_a_failed_review_counts_again_when_its_rereading_is_taken_back(session: Session) -> None:
    found = make.handed_in()
    review = _read(session, found, Verdict.FAIL)
    operations.send_back(capstone=found.capstone, reason="重做", by=SYSTEM, now=NOW + timedelta(hours=1))
    operations.cancel_review(review=_again(found, review), by=SYSTEM, now=LATER)
    assert review.cancelled_at is None
    _grade(found)
    assert (found.capstone.state, queries.is_failed_in_review(found.capstone)) == (CapstoneState.SUBMITTED, True)


def test_somebody_reads_the_new_version_of_what_was_to_be_revised(session: Session) -> None:
    found = make.handed_in()
    review = _read(session, found, Verdict.REVISE)
    operations.cancel_review(review=_again(found, review), by=SYSTEM, now=LATER)
    _grade(found)
    assert found.capstone.state is CapstoneState.SUBMITTED
    assert queries.awaited(found.capstone) == ("review",)
    _read(session, found, Verdict.PASS)
    assert found.capstone.state is CapstoneState.GRADED


def test_two_signatures_do_not_take_the_decision_on_a_failed_review_from_the_head(session: Session) -> None:
    found = make.handed_in()
    _read(session, found, Verdict.FAIL)
    _grade(found)
    assert found.capstone.state is CapstoneState.SUBMITTED
    operations.send_back(capstone=found.capstone, reason="重做", by=SYSTEM, now=LATER)


def test_more_reviewers_pass_it_and_it_is_graded(session: Session) -> None:
    found = make.handed_in()
    _read(session, found, Verdict.FAIL)
    _grade(found)
    _read(session, found, Verdict.PASS)
    assert found.capstone.state is CapstoneState.SUBMITTED
    _read(session, found, Verdict.PASS)
    assert found.capstone.state is CapstoneState.GRADED


def test_no_moderation_passes_what_its_reviewers_failed(session: Session) -> None:
    found = make.handed_in()
    _read(session, found, Verdict.FAIL)
    _grade(found)
    operations.conclude_failed(capstone=found.capstone, score_x10=400, note="不合格", by=SYSTEM, **TIMES)
    operations.moderate(capstone=found.capstone, reason="再看", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused) as no:
        operations.settle(capstone=found.capstone, score_x10=800, note="提高", by=SYSTEM, **TIMES)
    assert no.value.code == "not_defended"
