"""Two persons who are one human, both enrolled: one enrolment stands, one certificate is issued, whatever came first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.assessment import queries as assessment
from courses.assessment.operations import attempts
from courses.catalogue.models import Block, Run
from courses.learning import operations, queries
from courses.learning.models import Enrolment
from courses.learning.operations import certified
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import issuing
from trainhub.certificates.types import State
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as current
from trainhub.ledger import queries as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Source
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType, PairDecision

NOW = make.NOW


@pytest.fixture
def two(session: Session) -> tuple[Person, Person]:
    """The one who will stay (known first), and the one who will go."""
    born = date(1999, 1, 1)
    stays = ground.person("单一", id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(born))
    return stays, ground.person("单一", id_type=IdType.PASSPORT, id_number=f"E{ground.unique():08d}", birth_on=born)


@pytest.fixture
def course(session: Session) -> tuple[Run, Block]:
    """A run with one text, two seats."""
    run = make.run(quota=2)
    block = make.text(make.unit(run))
    return make.publish(run), block


def decide(two: tuple[Person, Person], decision: PairDecision = PairDecision.SAME) -> None:
    """A decision about the two; the same one stays whichever is named first."""
    people.decide_pair(first=two[0], second=two[1], decision=decision, reason="已核对", by=SYSTEM, now=NOW)


def finish(row: Enrolment, block: Block) -> Enrolment:
    """Read the text: that completes the course."""
    operations.mark_done(enrolment=row, block=block, by=SYSTEM, now=NOW)
    return row


def current_of(*who: Person) -> list[Certificate]:
    """The certificates of persons."""
    return list(current().scalars(select(Certificate).where(Certificate.person_id.in_([one.id for one in who])).order_by(Certificate.id)))


def test_what_was_issued_before_the_merging_is_not_issued_again(two: tuple[Person, Person], course: tuple[Run, Block]) -> None:
    run, block = course
    row = finish(make.enrolment(run, two[1]), block)
    (made,) = current_of(*two)
    decide(two)
    assert row.person_id == two[0].id
    for _again in range(2):
        assert operations.issue_certificate(enrolment=row, run=make.loaded(run), by=SYSTEM, now=NOW) == made.number
    assert [one.id for one in current_of(*two)] == [made.id]
    decide(two, PairDecision.DIFFERENT)
    assert operations.issue_certificate(enrolment=row, run=make.loaded(run), by=SYSTEM, now=NOW) == made.number
    assert len(current_of(*two)) == 1


def test_a_draft_of_a_completion_is_issued_with_what_the_course_is_called_then(two: tuple[Person, Person], course: tuple[Run, Block]) -> None:
    run, block = course
    row = finish(make.enrolment(run, two[1]), block)
    (made,) = current_of(*two)
    made.state = State.DRAFT
    run.course.title = "更名后的课程"
    current().flush()
    issuing.release(certificate=made, by=SYSTEM, today=NOW.date(), now=NOW)
    assert (made.state, made.facts["course"]) == (State.ISSUED, "更名后的课程")
    made.state, row.completed_on, row.state = State.DRAFT, None, EnrolmentState.ACTIVE
    current().flush()
    with pytest.raises(issuing.CannotIssue, match="来源记录"):
        issuing.release(certificate=made, by=SYSTEM, today=NOW.date(), now=NOW)


def test_drafts_of_completions_are_asked_for_together(course: tuple[Run, Block], count_queries: list[str]) -> None:
    run, block = course
    for _ in range(2):
        finish(make.enrolment(run, ground.person()), block)
    keys = list(current().scalars(select(Certificate.id).order_by(Certificate.id)))

    def asked(count: int) -> tuple[int, set[int]]:
        current().flush()
        current().expunge_all()
        drafts = list(current().scalars(select(Certificate).where(Certificate.id.in_(keys[:count]))))
        count_queries.clear()
        found = certified.present_facts(drafts, NOW.date())
        return len(count_queries), set(found)

    (few, one), (many, all_of_them) = asked(1), asked(2)
    assert (few, one, all_of_them) == (many, set(keys[:1]), set(keys))


@pytest.mark.parametrize("done", [0, 1])
def test_of_two_enrolments_the_completed_one_stands(session: Session, two: tuple[Person, Person], course: tuple[Run, Block], done: int) -> None:
    run, block = course
    rows = [make.enrolment(run, one) for one in two]
    finish(rows[done], block)
    decide(two)
    assert operations.settle_merged(by=SYSTEM, now=NOW) == [rows[1 - done].id]
    assert operations.settle_merged(by=SYSTEM, now=NOW) == []
    session.refresh(run)
    assert ([row.state for row in rows].count(EnrolmentState.COMPLETED), run.taken) == (1, 1)
    for who in two:
        found = queries.enrolment_of(run.id, who.id)
        assert found is not None
        assert found.id == rows[done].id
        assert operations.enrol(run=run, person_id=who.id, by=SYSTEM, now=NOW, is_approved=True).id == rows[done].id
        assert [row.id for row in session.execute(queries.my_runs(who.id))] == [rows[done].id]
        assert set(queries.enrolments_by_run([run.id], who.id)) == {run.id}
    assert len(current_of(*two)) == 1
    # Parted again, who was taken back may enrol again.
    decide(two, PairDecision.DIFFERENT)
    assert operations.enrol(run=run, person_id=rows[1 - done].person_id, by=SYSTEM, now=NOW, is_approved=True).id == rows[1 - done].id


def test_two_who_learn_go_on_as_the_one_who_is_further(session: Session, two: tuple[Person, Person]) -> None:
    run = make.run(quota=2)
    first = make.text(make.unit(run))
    second = make.text(make.unit(run))
    make.publish(run)
    behind, ahead = make.enrolment(run, two[0]), make.enrolment(run, two[1])
    operations.mark_done(enrolment=ahead, block=first, by=SYSTEM, now=NOW)
    decide(two)
    assert operations.settle_merged(by=SYSTEM, now=NOW) == [behind.id]
    assert (behind.state, ahead.state) == (EnrolmentState.WITHDRAWN, EnrolmentState.ACTIVE)
    finish(ahead, second)
    # What is pushed down is the human's: the milestone and the certificate are found under the one who stays.
    assert ledger.live_milestone(two[0].id, Source.COURSE, operations.completion_key(make.loaded(run))) is not None
    assert [one.person_id for one in current_of(*two)] == [two[0].id]


def test_both_completed_stay_and_nothing_is_issued_a_third_time(two: tuple[Person, Person], course: tuple[Run, Block]) -> None:
    run, block = course
    rows = [finish(make.enrolment(run, one), block) for one in two]
    numbers = [one.number for one in current_of(*two)]
    decide(two)
    assert operations.settle_merged(by=SYSTEM, now=NOW) == []
    assert {operations.issue_certificate(enrolment=row, run=make.loaded(run), by=SYSTEM, now=NOW) for row in rows} == {numbers[0]}
    assert len(current_of(*two)) == 2


def test_attempts_of_both_are_the_attempts_of_the_human(session: Session, two: tuple[Person, Person]) -> None:
    run = make.run()
    block = make.quiz(make.unit(run), of=run, attempts=2)
    for who in two:
        row = attempts.start(block=block, person_id=who.id, by=SYSTEM, now=NOW)
        attempts.submit(attempt_id=row.id, by=SYSTEM, now=NOW)
    decide(two)
    assert {len(assessment.attempts_of(block.id, who.id)) for who in two} == {2}
    with pytest.raises(attempts.NoAttempt):
        attempts.start(block=block, person_id=two[0].id, by=SYSTEM, now=NOW)


def test_the_human_opens_the_course_that_the_other_began(
    as_role: Callable[..., FlaskClient], session: Session, two: tuple[Person, Person], course: tuple[Run, Block]
) -> None:
    run, block = course
    rows = [make.enrolment(run, one) for one in two]
    finish(rows[1], block)
    decide(two)
    operations.settle_merged(by=SYSTEM, now=NOW)
    key, stays, run_id = rows[1].id, two[0].id, run.id
    session.commit()
    client = as_role(Role.TRAINEE, person_id=stays)
    assert client.get(f"/learning/runs/{run_id}/progress").status_code == 200
    assert client.get("/learning").get_data(as_text=True).count(f'href="/learning/runs/{run_id}"') <= 1
    assert client.get(f"/api/v1/enrolments/{key}/progress").status_code in (200, 401)
    assert session.scalar(select(func.count()).select_from(Enrolment).where(Enrolment.run_id == run_id)) == 2


def test_a_completion_after_the_joining_lies_in_the_county_of_the_human_and_goes_back_once_they_are_parted(session: Session) -> None:
    """A provincial university lies in no city: the county that only the other row tells places what is completed later as what was there."""
    stays, gone = ground.person(), ground.person(county_code="350203")
    run = make.run(make.course(ground.university(region_code="350000")), counts_for_goal=True)
    block = make.text(make.unit(run))
    row = make.enrolment(make.publish(run), stays)
    decide((stays, gone))
    assert (gone.merged_into_id, stays.county_code) == (stays.id, None)
    later = NOW + timedelta(minutes=1)
    operations.mark_done(enrolment=row, block=block, by=SYSTEM, now=later)

    def lies() -> list[str]:
        return list(session.scalars(select(TrainingRecord.county_code).where(TrainingRecord.cancelled_at.is_(None))))

    assert lies() == ["350203"]
    assert operations.record_training(row, make.loaded(run), SYSTEM, later) is False, "it is there"
    assert lies() == ["350203"]
    parted = NOW + timedelta(minutes=2)
    people.decide_pair(first=stays, second=gone, decision=PairDecision.DIFFERENT, reason="已核对", by=SYSTEM, now=parted)
    assert lies() == ["350000"]
