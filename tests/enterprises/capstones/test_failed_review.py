"""A review says 不通过 and the defence carries weight: revise and read again, ask others, or conclude as failed; nobody is left waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries, rules
from enterprises.capstones.models import Review
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import CapstoneState, Decision, ReviewKind, SupervisorRole, Verdict, WindowStage
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.identity import queries as identities
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
WEIGHTS = {"school": 30, "enterprise": 30, "review": 10, "defence": 30}


def _weigh(found: make.Case) -> None:
    """A rubric in which the review and the defence count."""
    version = ground.version(found.programme, from_cohort_year=2023)
    number = next(point.number for _v, _n, point in queries.points_of(version.id))
    operations.adopt_rubric(
        version=version, items=[{"code": "a", "label": "成果", "hint": "", "weight": 100, "points": [number]}], weights=WEIGHTS, by=SYSTEM, now=NOW
    )  # fmt: skip


def _ask(found: make.Case, who: Person | None = None) -> Review:
    who = who or make.signer()
    return operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)


def _sign(session: Session, review: Review, verdict: Verdict, score: int = 40, now: object = NOW) -> Review:
    by = make.as_person(session.get_one(Person, review.person_id))
    return operations.sign_review(review=review, score=score, verdict=verdict, comment="意见", by=by, today=TODAY, now=now)  # type: ignore[arg-type]


def _failed(session: Session) -> tuple[make.Case, Review]:
    found = make.case()
    _weigh(found)
    make.submit(found)
    return found, _sign(session, _ask(found), Verdict.FAIL)


def _cohort(session: Session, found: make.Case) -> Cohort:
    return session.get_one(Cohort, found.student.cohort_id)


@pytest.mark.parametrize(("passes", "fails", "is_barred"), [(0, 0, False), (3, 0, False), (0, 1, True), (1, 1, True), (2, 1, False), (2, 2, True)])
def test_more_reviewers_pass_than_fail_or_there_is_no_defence(passes: int, fails: int, is_barred: bool) -> None:
    assert rules.bars_defence(passes, fails) is is_barred


def test_a_failed_review_is_told_to_everybody_whom_it_concerns(session: Session) -> None:
    found = make.case()
    _weigh(found)
    make.submit(found)
    assert found.school is not None
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=found.programme.id)
    told = {who: identity.account(person=person) for who, person in (("student", found.who), ("school", found.school))}
    _sign(session, _ask(found), Verdict.FAIL)
    assert "不通过" in make.told(told["student"].id, "capstones.review_failed")[0]
    assert "不通过" in make.told(told["school"].id, "capstones.review_failed")[0]
    assert "决定" in make.told(head.id, "capstones.review_failed")[0]


def test_the_thesis_is_revised_and_read_again(session: Session) -> None:
    found, review = _failed(session)
    assert queries.to_defend(found.student.cohort_id) == []
    with pytest.raises(CapstoneRefused, match="理由"):
        operations.send_back(capstone=found.capstone, reason=" ", by=SYSTEM, now=NOW)
    operations.send_back(capstone=found.capstone, reason="重做实验", by=SYSTEM, now=NOW)
    assert (found.capstone.state, review.cancelled_at) == (CapstoneState.MIDTERM, NOW)
    later = NOW + timedelta(days=1)
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf("二稿.pdf"), by=found.by("student"), now=later)
    make.nameless(found, later)
    again = queries.review_of(found.capstone.id, review.person_id)
    assert again is not None
    assert again.id != review.id
    _sign(session, again, Verdict.PASS, 70, later)
    assert [row.id for row in queries.to_defend(found.student.cohort_id)] == [found.capstone.id]


def test_a_thesis_that_was_sent_back_is_revised_for_its_own_topic(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """Its reviews and its place in a timetable read this topic: another one is another capstone."""
    found, _review = _failed(session)
    other = make.topic(programme=found.programme)
    operations.send_back(capstone=found.capstone, reason="重做实验", by=SYSTEM, now=NOW)
    assert found.capstone.state is CapstoneState.MIDTERM
    with pytest.raises(CapstoneRefused, match="按原选题修改") as no:
        operations.change_topic(capstone=found.capstone, topic=other, reason="换题", by=SYSTEM, **TIMES)
    assert (no.value.code, other.taken) == ("has_thesis", 0)
    key, programme_id = found.capstone.id, found.programme.id
    found.topic.closed_at = NOW
    session.commit()
    assert queries.to_move(found.student.cohort_id) == []
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert f"/capstones/{key}/topic" not in head.get(f"/capstones/{key}").text
    assert "按原选题修改" in head.get(f"/capstones/{key}/topic").text


def test_sent_back_beside_a_signed_grade_it_stays_submitted_and_takes_a_new_version(session: Session) -> None:
    found, _review = _failed(session)
    operations.grade(capstone=found.capstone, role=SupervisorRole.SCHOOL, points={"a": 80}, by=found.by("school"), **TIMES)
    operations.send_back(capstone=found.capstone, reason="重做实验", by=SYSTEM, now=NOW)
    assert found.capstone.state is CapstoneState.SUBMITTED
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf("二稿.pdf"), by=found.by("student"), now=NOW + timedelta(days=1))


def test_others_read_it_and_a_majority_lets_it_defend(session: Session) -> None:
    found, _review = _failed(session)
    _sign(session, _ask(found), Verdict.PASS, 70)
    assert queries.to_defend(found.student.cohort_id) == []  # one against one
    _sign(session, _ask(found), Verdict.PASS, 70)
    assert [row.id for row in queries.to_defend(found.student.cohort_id)] == [found.capstone.id]


def test_nothing_is_sent_back_or_concluded_that_no_review_has_failed(session: Session) -> None:
    found = make.case()
    _weigh(found)
    make.submit(found)
    _sign(session, _ask(found), Verdict.PASS, 70)
    with pytest.raises(CapstoneRefused, match="不通过"):
        operations.send_back(capstone=found.capstone, reason="重做", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="不通过"):
        operations.conclude_failed(capstone=found.capstone, score_x10=400, note="不及格", by=SYSTEM, **TIMES)


def test_it_is_concluded_as_failed_with_a_reason(session: Session) -> None:
    """Without a defence nothing passes: the score lies below the pass mark, the result is published, may be appealed, and the student repeats."""
    found, _review = _failed(session)
    call = {"capstone": found.capstone, "by": SYSTEM, **TIMES}
    with pytest.raises(CapstoneRefused, match="理由"):
        operations.conclude_failed(score_x10=400, note=" ", **call)
    for wrong in (600, -1):
        with pytest.raises(CapstoneRefused) as no:
            operations.conclude_failed(score_x10=wrong, note="两次修改仍不合格", **call)
        assert no.value.field == "score"
    row = operations.conclude_failed(score_x10=599, note="两次修改仍不合格", **call)
    assert (row.decision, row.after_x10, found.capstone.state) == (Decision.CHANGED, 599, CapstoneState.GRADED)
    with pytest.raises(CapstoneRefused, match="答辩"):  # a moderation afterwards cannot pass what was never defended
        operations.moderate(capstone=found.capstone, reason="再看", by=SYSTEM, now=NOW)
        operations.settle(capstone=found.capstone, score_x10=800, note="提高", by=SYSTEM, **TIMES)
    operations.settle(capstone=found.capstone, score_x10=None, note="维持", by=SYSTEM, **TIMES)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert (found.capstone.state, found.capstone.score_x10, found.capstone.grade_text) == (CapstoneState.FAILED, 599, "fail")
    operations.appeal(capstone=found.capstone, reason="评阅有误", by=found.by("student"), **TIMES)
    with pytest.raises(CapstoneRefused, match="答辩"):
        operations.decide_appeal(capstone=found.capstone, score_x10=700, note="提高", by=SYSTEM, **TIMES)
    operations.decide_appeal(capstone=found.capstone, score_x10=None, note="维持", by=SYSTEM, **TIMES)
    operations.archive(capstone=found.capstone, **{"by": SYSTEM, **TIMES})
    assert found.capstone.archive is not None


def test_an_open_review_is_heard_before_it_is_concluded(session: Session) -> None:
    found, _review = _failed(session)
    _ask(found)
    with pytest.raises(CapstoneRefused, match="撤回"):
        operations.conclude_failed(capstone=found.capstone, score_x10=400, note="不及格", by=SYSTEM, **TIMES)


def test_who_supervises_does_not_conclude_it(session: Session) -> None:
    from dataclasses import replace

    found, _review = _failed(session)
    assert found.school is not None
    mine = replace(make.head_of(found.programme), person_id=found.school.id)
    with pytest.raises(CapstoneRefused) as no:
        operations.conclude_failed(capstone=found.capstone, score_x10=400, note="不及格", by=mine, **TIMES)
    assert no.value.code == "own_grade"


def test_the_page_says_what_comes_next_and_offers_it(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, _review = _failed(session)
    key, programme_id, student = found.capstone.id, found.programme.id, found.who.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    page = head.get(f"/capstones/{key}").text
    for words in ("评阅不通过", "退回修改后复评", "另请评阅人", "按不合格办理"):
        assert words in page
    mine = as_role(Role.STUDENT, person_id=student).get(f"/capstones/{key}").text
    assert "评阅不通过" in mine
    assert "按不合格办理" not in mine.replace("或按不合格办理", "")
    said = head.post(f"/capstones/{key}/conclude", data={"score": "80", "note": "写明"}, follow_redirects=True)
    assert said.status_code == 422
    assert "写明" in said.text
    head.post(f"/capstones/{key}/send-back", data={"reason": "重做实验"})
    session.expire_all()
    row = queries.by_id(key)
    assert row is not None
    assert row.state is CapstoneState.MIDTERM


def test_the_panel_is_told_of_a_place_that_falls_away(session: Session) -> None:
    found = make.handed_in()
    panel, secretary = [make.signer() for _n in range(3)], make.signer()
    accounts = identities.accounts_of_persons([one.id for one in (*panel, secretary)]).values()
    cohort = _cohort(session, found)
    operations.form_group(
        cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:],
        secretary=secretary, by=SYSTEM, now=NOW,
    )  # fmt: skip
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    operations.publish_timetable(cohort=cohort, by=SYSTEM, now=NOW)
    _sign(session, _ask(found), Verdict.FAIL)
    operations.conclude_failed(capstone=found.capstone, score_x10=400, note="不及格", by=SYSTEM, **TIMES)
    assert len(accounts) == 4
    for key in accounts:
        assert "原定" in make.told(key, "capstones.defence")[-1]


def test_no_defence_is_recorded_that_the_reviews_do_not_allow(session: Session) -> None:
    """The place was given before the review was signed; once more reviewers pass the thesis, it is heard."""
    found = make.case()
    _weigh(found)
    make.submit(found)
    panel = [ground.person() for _n in range(3)]
    group = operations.form_group(
        cohort=_cohort(session, found), name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:],
        secretary=(secretary := make.signer()), by=SYSTEM, now=NOW,
    )  # fmt: skip
    operations.timetable(cohort=_cohort(session, found), by=SYSTEM, **TIMES)
    _sign(session, _ask(found), Verdict.FAIL)
    slot = queries.slots_of_group(group.id)[0][0]
    record = {
        "slot": slot,
        "scores": {one.id: 80 for one in panel},
        "questions": "问",
        "verdict": Verdict.PASS,
        "by": make.as_person(secretary),
        **TIMES,
    }
    with pytest.raises(CapstoneRefused, match="评阅") as no:
        operations.record_defence(**record)
    assert no.value.code == "failed_in_review"
    for _n in range(2):
        _sign(session, _ask(found), Verdict.PASS, 70)
    assert operations.record_defence(**record).recorded_at == NOW


def test_the_form_of_a_review_offers_the_last_day_of_its_window(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """The day of today is refused before the window opens."""
    found = make.handed_in()
    last = clock.today() + timedelta(days=20)
    windows = {WindowStage.REVIEW: (clock.today() + timedelta(days=5), last)}
    operations.set_windows(cohort=_cohort(session, found), windows=windows, by=SYSTEM, now=NOW)
    at, programme_id = f"/capstones/cohorts/{found.programme.code}/{_cohort(session, found).year}/judging", found.programme.id
    session.commit()
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(at).text
    assert page.count(f'name="due_on" value="{last.isoformat()}"') >= 1
