"""Who has left signs no grade, whose term has an end that has not come sees the topics, and no order of acts gets around the limit of similarity."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceSlot
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import CapstoneState, LinkPurpose, ReviewKind, Stage, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
SCHOOL, ENTERPRISE = SupervisorRole


def _leaves(session: Session, found: make.Case, role: SupervisorRole, until: date) -> None:
    term = found.teacher if role is SCHOOL else found.mentor
    assert term is not None
    term.until = until
    session.flush()


@pytest.mark.parametrize("role", list(SupervisorRole))
@pytest.mark.parametrize(("days", "is_refused"), [(-1, True), (0, False), (1, False)])
def test_who_has_left_signs_no_grade(session: Session, role: SupervisorRole, days: int, is_refused: bool) -> None:
    found = make.handed_in()
    _leaves(session, found, role, TODAY + timedelta(days=days))
    assert (operations.against_grade(found.capstone, role, NOW) is not None) is is_refused  # the page says so before
    if not is_refused:
        assert make.grade(found, role).score_x10 == 800
        return
    with pytest.raises(CapstoneRefused, match="不在任") as no:
        make.grade(found, role)
    assert no.value.code == "not_in_office"


def test_the_link_of_who_has_left_is_closed(session: Session) -> None:
    found = make.handed_in()
    link, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=NOW)
    assert operations.link_of(secret, NOW).id == link.id
    _leaves(session, found, ENTERPRISE, TODAY - timedelta(days=1))
    with pytest.raises(operations.LinkClosed, match="任职"):
        operations.link_of(secret, NOW)


@pytest.mark.parametrize(("until", "is_seen"), [(None, True), (TODAY + timedelta(days=1), True), (TODAY, True), (TODAY - timedelta(days=1), False)])
def test_a_mentor_whose_term_ends_later_sees_the_topics(session: Session, until: date | None, is_seen: bool) -> None:
    topic = make.topic(is_confidential=True, enterprise=(enterprise := ground.enterprise()))
    who = ground.person()
    make.mentor(enterprise, who=who).until = until
    session.flush()
    reader = make.as_person(who)
    seen = queries.topic_seen_by(topic.id, reader, TODAY) is not None
    assert (seen, queries.is_opened_to(topic.id, reader, TODAY), who.id in queries.topic_subject(topic, TODAY).persons) == (is_seen,) * 3


# -- similarity -------------------------------------------------------------------------------------------------------------


def _report(found: make.Case, share_x10: int) -> None:
    said = {"stage": Stage.SIMILARITY, "file_id": make.pdf("查重.pdf"), "by": found.by("student"), "now": NOW}
    operations.hand_in(capstone=found.capstone, similarity_x10=share_x10, **said)


@pytest.mark.parametrize(("share_x10", "is_refused"), [(299, False), (300, False), (301, True)])
def test_neither_a_review_nor_a_defence_passes_a_thesis_above_the_limit(session: Session, share_x10: int, is_refused: bool) -> None:
    """Both were arranged before the report came in; a no, or 修改后再审, may be said all the same."""
    found, reviewer, secretary = make.handed_in(), make.signer(), make.signer()
    review = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    panel = [ground.person() for _n in range(3)]
    group = operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30,
        chair=panel[0], members=panel[1:], secretary=secretary, by=SYSTEM, now=NOW,
    )  # fmt: skip
    slot = DefenceSlot(group_id=group.id, capstone_id=found.capstone.id, starts_minute=540, scores={})
    session.add(slot)
    session.flush()
    _report(found, share_x10)
    sign = {"review": review, "score": 80, "comment": "意见", "by": make.as_person(reviewer), **TIMES}
    record = {"slot": slot, "scores": {one.id: 80 for one in panel}, "questions": "问", "by": make.as_person(secretary), **TIMES}
    if not is_refused:
        assert operations.sign_review(verdict=Verdict.PASS, **sign).signed_at == NOW
        assert operations.record_defence(verdict=Verdict.PASS, **record).recorded_at == NOW
        return
    for act in (lambda: operations.sign_review(verdict=Verdict.PASS, **sign), lambda: operations.record_defence(verdict=Verdict.PASS, **record)):
        with pytest.raises(CapstoneRefused, match="查重") as no:
            act()
        assert no.value.code == "too_similar"
    assert operations.record_defence(verdict=Verdict.REVISE, **record).recorded_at == NOW
    assert operations.sign_review(verdict=Verdict.REVISE, **sign).signed_at == NOW


def test_a_pass_above_the_limit_is_looked_at_again_before_publication(session: Session) -> None:
    found = make.handed_in()
    _report(found, 900)
    for role in SupervisorRole:
        make.grade(found, role)
    with pytest.raises(CapstoneRefused, match="查重") as no:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert no.value.code == "too_similar"
    operations.moderate(capstone=found.capstone, reason="查重超过规定", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=300, note="抄袭", by=SYSTEM, **TIMES)
    assert operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES).state is CapstoneState.FAILED


@pytest.mark.parametrize("again", [False, True])
def test_a_new_version_needs_a_report_of_its_own(session: Session, again: bool) -> None:
    """The report before was of another text: neither read, nor defended, nor published with it. Without any report nothing is asked."""
    found = make.case()
    account = identity.account(person=found.who)
    _report(found, 90)  # before the first version: it is of that one
    make.submit(found)
    ask = {"capstone": found.capstone, "kind": ReviewKind.CROSS, "due_on": TODAY, "by": SYSTEM, **TIMES}
    operations.cancel_review(review=operations.ask_review(person=make.signer(), **ask), by=SYSTEM, now=NOW)
    make.submit(found)
    assert "查重" in make.told(account.id, "capstones.similarity")[0]
    if again:
        _report(found, 90)
        assert operations.ask_review(person=make.signer(), **ask).signed_at is None
        return
    with pytest.raises(CapstoneRefused, match="上一稿") as no:
        operations.ask_review(person=make.signer(), **ask)
    assert no.value.code == "report_outdated"
    assert operations.unread_originals(found.student.cohort_id, TODAY) == 0
    assert [one.needs_report for one in queries.judged_rows(found.student.cohort_id)] == [True]
    for role in SupervisorRole:
        make.grade(found, role)
    with pytest.raises(CapstoneRefused, match="上一稿") as no:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert no.value.code == "report_outdated"


def test_without_a_report_a_new_version_is_read(session: Session) -> None:
    found = make.handed_in()
    make.submit(found)
    ask = {"capstone": found.capstone, "person": make.signer(), "kind": ReviewKind.CROSS, "due_on": TODAY, "by": SYSTEM, **TIMES}
    assert operations.ask_review(**ask).signed_at is None
