"""Enrolment, the waiting list, progress from the log, completion pushed down exactly once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.assessment.operations import attempts
from courses.catalogue.models import Run
from courses.catalogue.operations import content, judging, offerings
from courses.catalogue.types import BlockKind, RunMode
from courses.learning import log_queries, operations, queries, tasks
from courses.learning.models import BlockProgress, Enrolment, LearningEvent
from courses.learning.types import EnrolmentState, EventKind, NotDone
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import identity as identities
from trainhub.certificates.models import Certificate
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.jobs import Job, Running
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import Milestone, PossibleDuplicate, TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.notifications.models import Notice

NOW = make.NOW


def taken(session: Session, run: Run) -> int | None:
    return session.scalar(select(Run.taken).where(Run.id == run.id))


def test_a_full_run_queues_and_a_freed_seat_goes_to_the_first(session: Session) -> None:
    run = make.run(is_published=True, quota=1)
    people = [ground.person() for _ in range(3)]
    identities.account(person=people[1])
    rows = [operations.enrol(run=run, person_id=p.id, by=SYSTEM, now=NOW + timedelta(minutes=n)) for n, p in enumerate(people)]
    assert [row.state for row in rows] == [EnrolmentState.ACTIVE, EnrolmentState.WAITING, EnrolmentState.WAITING]
    assert [queries.place_in_queue(row) for row in rows[1:]] == [1, 2]
    operations.withdraw(enrolment=rows[0], by=SYSTEM, now=NOW)
    session.expire_all()
    assert [row.state for row in rows] == [EnrolmentState.WITHDRAWN, EnrolmentState.ACTIVE, EnrolmentState.WAITING]
    assert taken(session, run) == 1
    assert session.scalars(select(Notice.kind)).all() == ["courses.promoted"]
    operations.withdraw(enrolment=rows[0], by=SYSTEM, now=NOW)  # twice changes nothing
    assert taken(session, run) == 1
    again = operations.enrol(run=run, person_id=people[0].id, by=SYSTEM, now=NOW + timedelta(hours=1))
    assert (again.id, again.state, queries.place_in_queue(again)) == (rows[0].id, EnrolmentState.WAITING, 2)


def test_a_raised_quota_promotes_and_one_below_the_taken_seats_is_refused(session: Session) -> None:
    run = make.run(is_published=True, quota=1)
    rows = [make.enrolment(run, now=NOW + timedelta(minutes=n)) for n in range(3)]
    offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, quota=2)
    assert operations.promote(run_id=run.id, by=SYSTEM, now=NOW) == [rows[1].person_id]
    with pytest.raises(offerings.BadCourse) as refused:
        offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, quota=1)
    assert refused.value.field == "quota"


def test_approval_invitation_and_cohort_decide_who_gets_in(session: Session) -> None:
    who = ground.person()
    asked = operations.enrol(run=make.run(is_published=True, mode=RunMode.APPROVAL, quota=1), person_id=who.id, by=SYSTEM, now=NOW)
    assert asked.state is EnrolmentState.PENDING
    assert operations.approve(enrolment=asked, by=SYSTEM, now=NOW).state is EnrolmentState.ACTIVE
    assert operations.approve(enrolment=asked, by=SYSTEM, now=NOW).state is EnrolmentState.ACTIVE
    invited = make.run(is_published=True, mode=RunMode.INVITATION)
    with pytest.raises(operations.NotForYou):
        operations.enrol(run=invited, person_id=who.id, by=SYSTEM, now=NOW)
    assert [operations.invite(run=invited, person_ids=[who.id], by=SYSTEM, now=NOW) for _ in range(2)] == [1, 0]
    assert operations.enrol(run=invited, person_id=who.id, by=SYSTEM, now=NOW).state is EnrolmentState.ACTIVE
    student = ground.student()
    cohort_run = make.run(is_published=True, mode=RunMode.COHORT, cohort_id=student.cohort_id)
    with pytest.raises(operations.NotForYou):
        operations.enrol(run=cohort_run, person_id=who.id, by=SYSTEM, now=NOW)
    assert operations.enrol(run=cohort_run, person_id=student.person_id, by=SYSTEM, now=NOW).state is EnrolmentState.ACTIVE


def test_a_rejection_needs_a_reason_and_gives_the_learner_words(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.APPROVAL)
    row = operations.enrol(run=run, person_id=ground.person().id, by=SYSTEM, now=NOW)
    with pytest.raises(operations.NotPossible):
        operations.reject(enrolment=row, note=" ", by=SYSTEM, now=NOW)
    operations.reject(enrolment=row, note="不属于本单位", by=SYSTEM, now=NOW)
    assert (row.state, row.note) == (EnrolmentState.WITHDRAWN, "不属于本单位")
    with pytest.raises(operations.NotPossible):
        operations.approve(enrolment=row, by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"enrol_from": date(2026, 3, 3)}, "还没有开始"),
        ({"enrol_until": date(2026, 3, 1)}, "截止"),
        ({"starts_on": date(2026, 2, 1), "ends_on": date(2026, 3, 1)}, "2026-03-01 结束"),
    ],
)
def test_outside_the_dates_nobody_enrols(session: Session, given: dict[str, date], words: str) -> None:
    run = make.run(is_published=True, **given)
    with pytest.raises(operations.EnrolmentClosed, match=words):
        operations.enrol(run=run, person_id=ground.person().id, by=SYSTEM, now=NOW)


def test_a_draft_takes_nobody_and_an_unverified_organisation_publishes_nothing(session: Session) -> None:
    run = make.run(has_content=True)
    with pytest.raises(operations.EnrolmentClosed):
        operations.enrol(run=run, person_id=ground.person().id, by=SYSTEM, now=NOW)
    unverified = make.run(make.course(ground.university(is_verified=False)), has_content=True)
    with pytest.raises(offerings.NotReady, match="核验"):
        make.publish(unverified)
    with pytest.raises(offerings.NotReady, match="内容"):
        make.publish(make.run())


def finish(session: Session, **given: object) -> tuple[Enrolment, Run]:
    """A learner who read the text, watched the video, answered rightly and wrote."""
    run = make.run(**given)
    unit = make.unit(run)
    text, video, quiz, talk = make.text(unit), make.video(unit), make.quiz(unit, of=run), make.discussion(unit)
    run = make.publish(run)
    row = make.enrolment(run)
    operations.mark_done(enrolment=row, block=text, by=SYSTEM, now=NOW)
    operations.start_video(enrolment=row, block=video, by=SYSTEM, now=NOW)
    operations.watch(enrolment=row, block=video, start=0, end=80, by=SYSTEM, now=NOW + timedelta(seconds=60))
    operations.note_post(enrolment=row, block=talk, post_id=1, by=SYSTEM, now=NOW)
    assert row.state is EnrolmentState.ACTIVE
    attempt = attempts.start(block=quiz, person_id=row.person_id, by=SYSTEM, now=NOW)
    done, _ = attempts.submit(attempt_id=attempt.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)
    for _ in range(2):
        operations.note_attempt(enrolment=row, attempt=done, by=SYSTEM, now=NOW)
    return row, run


def test_completion_pushes_its_facts_down_exactly_once(session: Session) -> None:
    row, run = finish(session, counts_for_goal=True, goal_category=Category.FOUNDER)
    assert (row.state, row.completed_on, row.score_x10, row.progress_x1000) == (EnrolmentState.COMPLETED, date(2026, 3, 2), 1000, 1000)
    operations.evaluate(enrolment=row, by=SYSTEM, now=NOW + timedelta(days=3))
    operations.recompute(enrolment=row, by=SYSTEM, now=NOW + timedelta(days=3))
    milestones = session.scalars(select(Milestone).where(Milestone.person_id == row.person_id)).all()
    assert [(m.key, m.reached_on, m.hours_x10, m.score_x10) for m in milestones] == [(operations.completion_key(run), date(2026, 3, 2), 160, 1000)]
    records = session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == row.person_id)).all()
    assert [(r.course, r.category, r.is_counted, r.organisation_id) for r in records] == [
        (run.course.title, Category.FOUNDER, True, run.course.owner_id)
    ]
    keys = session.scalars(select(Certificate.asked_key).where(Certificate.person_id == row.person_id)).all()
    assert keys == [f"course:{run.course.code}/{run.code}:person:{row.person_id}"]


def test_a_run_with_hours_of_its_own_records_and_certifies_those(session: Session) -> None:
    row, run = finish(session, counts_for_goal=True, goal_category=Category.FOUNDER, own_hours_x10=245)
    assert session.scalars(select(Milestone.hours_x10).where(Milestone.person_id == row.person_id)).all() == [245]
    assert session.scalars(select(TrainingRecord.hours_x10).where(TrainingRecord.person_id == row.person_id)).all() == [245]
    facts = session.scalars(select(Certificate.facts).where(Certificate.person_id == row.person_id)).one()
    assert facts["hours"] == "24.5"
    assert (run.course.hours_x10, run.credits_x10, run.language) == (160, run.course.credits_x10, run.course.language)


def test_who_completes_a_course_and_may_be_another_waits_for_an_eye(session: Session) -> None:
    """The same name and birth date under another number: a course counts by the rule of rosters, and so is doubted by it."""
    other = ground.person("林晓", id_number=ground.resident_id(date(1998, 3, 2), order=1))
    run = make.run(counts_for_goal=True, goal_category=Category.WORKER)
    text = make.text(make.unit(run))
    row = make.enrolment(make.publish(run), ground.person("林晓", id_number=ground.resident_id(date(1998, 3, 2), order=2)))
    assert session.scalars(select(PossibleDuplicate)).all() == []
    for _ in range(2):
        operations.mark_done(enrolment=row, block=text, by=SYSTEM, now=NOW)
    assert row.state is EnrolmentState.COMPLETED
    assert [(pair.person_id, pair.other_person_id) for pair in session.scalars(select(PossibleDuplicate))] == [(other.id, row.person_id)]


def test_a_run_that_does_not_count_records_no_training(session: Session) -> None:
    row, _run = finish(session)
    assert row.state is EnrolmentState.COMPLETED
    assert session.scalar(select(func.count()).select_from(TrainingRecord).where(TrainingRecord.person_id == row.person_id)) == 0


def test_who_completed_before_a_run_counted_is_recorded_when_it_does(session: Session) -> None:
    row, run = finish(session, counts_for_goal=False)
    assert (row.state, session.scalars(select(TrainingRecord.id)).all()) == (EnrolmentState.COMPLETED, [])
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=NOW, counts_for_goal=True)
    key, run_id, day = row.id, run.id, row.completed_on
    session.commit()
    asked = args_of_judging(session)
    assert asked == {"run_id": run_id, judging.RECORDS: True, judging.CHANGED: NOW.isoformat()}
    for recorded in (1, 0):  # safe to repeat
        assert tasks.judge_anew(Running(0, asked, None)) == {"learners": 1, "recorded": recorded, "refused": 0}
        made = session.scalars(select(TrainingRecord)).one()
        assert (made.source_id, made.completed_on) == (key, day)


def args_of_judging(session: Session) -> dict[str, object]:
    return dict(session.scalars(select(Job.args).where(Job.task == judging.TASK)).one())


def test_a_completion_that_the_ledger_refuses_lets_everybody_be_judged(session: Session) -> None:
    _row, run = finish(session, counts_for_goal=False)
    since, run_id = date(2026, 6, 1), run.id
    ledger.register_course(organisation_id=run.course.owner_id, title=run.title, since=since, by=SYSTEM, today=since, now=NOW)
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=NOW, counts_for_goal=True)
    asked = args_of_judging(session)
    session.commit()
    assert tasks.judge_anew(Running(0, asked, None)) == {"learners": 1, "recorded": 0, "refused": 1}
    assert tasks.judge_anew(Running(0, {"run_id": run_id}, None)) == {"learners": 1, "recorded": 0, "refused": 0}  # a change of content asks for none


def test_a_completion_that_a_roster_recorded_already_is_not_told_as_new(session: Session) -> None:
    row, run = finish(session, counts_for_goal=False)
    run_id, county = run.id, run.course.owner.region_code or "350102"
    known = {"person_id": row.person_id, "organisation_id": run.course.owner_id, "course": run.title, "completed_on": row.completed_on}
    more = {"category": Category.WORKER, "county_code": county, "hours_x10": 10, "is_counted": True, "source": Source.ROSTER}
    ledger.record_training(**known, **more, by=SYSTEM, now=NOW)
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=NOW, counts_for_goal=True)
    content.remove(part=make.queries.blocks_of_run(run_id)[0], by=SYSTEM, now=NOW)  # what waits goes on asking for the records
    asked = args_of_judging(session)
    session.commit()
    assert tasks.judge_anew(Running(0, asked, None)) == {"learners": 1, "recorded": 0, "refused": 0}
    assert len(session.scalars(select(TrainingRecord)).all()) == 1


def test_many_reports_at_the_same_moment_are_no_watching(session: Session) -> None:
    run = make.run()
    video = make.video(make.unit(run), duration=600)
    row = make.enrolment(make.publish(run))
    operations.start_video(enrolment=row, block=video, by=SYSTEM, now=NOW)
    for start in range(0, 600, 10):
        state = operations.watch(enrolment=row, block=video, start=start, end=start + 10, by=SYSTEM, now=NOW + timedelta(seconds=1))
    assert (state.share_x1000, state.is_done) == (28, False)  # 17 of 600 seconds
    # who really watches, at double speed, loses nothing
    for start in range(0, 600, 10):
        now = NOW + timedelta(minutes=1, seconds=(start + 10) / 2)
        state = operations.watch(enrolment=row, block=video, start=start, end=start + 10, by=SYSTEM, now=now)
    assert (state.share_x1000, state.is_done) == (1000, True)


def test_starts_without_watching_do_not_make_the_log_longer(session: Session) -> None:
    run = make.run()
    video = make.video(make.unit(run), duration=600)
    row = make.enrolment(make.publish(run))

    def kinds() -> list[EventKind]:
        return [event.kind for event in log_queries.events_of(row.id, video.id)]

    for second in range(5):
        operations.start_video(enrolment=row, block=video, by=SYSTEM, now=NOW + timedelta(seconds=second))
    assert kinds() == [EventKind.VIDEO_STARTED]
    operations.watch(enrolment=row, block=video, start=0, end=10, by=SYSTEM, now=NOW + timedelta(seconds=10))
    later = NOW + timedelta(hours=1)
    operations.start_video(enrolment=row, block=video, by=SYSTEM, now=later)  # after a pause: the pause was not watched
    assert kinds() == [EventKind.VIDEO_STARTED, EventKind.VIDEO_WATCHED, EventKind.VIDEO_STARTED]
    assert operations.watch(enrolment=row, block=video, start=10, end=600, by=SYSTEM, now=later).share_x1000 == 42  # 10 and 15 of 600 seconds
    operations.watch(enrolment=row, block=video, start=1, end=1.04, by=SYSTEM, now=later)  # a moment that the log does not hold
    assert len(kinds()) == 4


def test_a_video_that_plays_elsewhere_is_marked_by_hand(session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    film = content.add_block(unit=unit, kind=BlockKind.VIDEO, settings={"youtube": "abc", "duration": 90}, by=SYSTEM, now=NOW)
    row = make.enrolment(make.publish(run))
    assert operations.standing_of(row, run, NOW).missing == ((film.id, NotDone.NOT_MARKED),)
    operations.mark_done(enrolment=row, block=film, by=SYSTEM, now=NOW)
    assert row.state is EnrolmentState.COMPLETED


def test_progress_computed_again_from_the_log_is_the_same(session: Session) -> None:
    row, _run = finish(session)
    before = {b: queries.as_state(r) for b, r in queries.progress_rows(row.id).items()}
    assert operations.recompute(enrolment=row, by=SYSTEM, now=NOW) == []
    for stored in session.scalars(select(BlockProgress).where(BlockProgress.enrolment_id == row.id)):
        session.delete(stored)
    session.flush()
    assert sorted(operations.recompute(enrolment=row, by=SYSTEM, now=NOW)) == sorted(before)
    assert {b: queries.as_state(r) for b, r in queries.progress_rows(row.id).items()} == before
    assert row.state is EnrolmentState.COMPLETED


def test_content_added_after_completion_takes_nothing_back(session: Session) -> None:
    row, run = finish(session)
    make.text(make.unit(run))
    standing = operations.evaluate(enrolment=row, by=SYSTEM, now=NOW)
    assert (row.state, standing.is_complete, row.progress_x1000) == (EnrolmentState.COMPLETED, False, 1000)


def test_marking_twice_writes_one_event_and_a_video_cannot_be_marked(session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    text, video = make.text(unit), make.video(unit)
    row = make.enrolment(make.publish(run))
    for _ in range(2):
        operations.mark_done(enrolment=row, block=text, by=SYSTEM, now=NOW)
    assert session.scalar(select(func.count()).select_from(LearningEvent).where(LearningEvent.enrolment_id == row.id)) == 1
    with pytest.raises(operations.NotLearning):
        operations.mark_done(enrolment=row, block=video, by=SYSTEM, now=NOW)
    standing = operations.standing_of(row, make.loaded(run), NOW)
    assert dict(standing.missing) == {video.id: NotDone.NOT_OPENED}


def test_a_low_mark_keeps_the_course_open_until_a_better_attempt(session: Session) -> None:
    run = make.run(pass_mark_x10=600)
    quiz = make.quiz(make.unit(run), of=run)
    row = make.enrolment(make.publish(run))
    for choice, state in (("a", EnrolmentState.ACTIVE), ("b", EnrolmentState.COMPLETED)):
        attempt = attempts.start(block=quiz, person_id=row.person_id, by=SYSTEM, now=NOW)
        done, _ = attempts.submit(attempt_id=attempt.id, responses={1: {"choice": choice}}, by=SYSTEM, now=NOW)
        operations.note_attempt(enrolment=row, attempt=done, by=SYSTEM, now=NOW)
        assert row.state is state


def test_a_waiting_learner_records_nothing(session: Session) -> None:
    run = make.run(quota=1)
    block = make.text(make.unit(run))
    run = make.publish(run)
    make.enrolment(run)
    waits = make.enrolment(run)
    with pytest.raises(operations.NotLearning):
        operations.mark_done(enrolment=waits, block=block, by=SYSTEM, now=NOW)


def test_a_copied_run_has_the_content_and_no_learners(session: Session) -> None:
    from courses.assessment.operations.bank import duplicate_run
    from courses.assessment.queries import items_of
    from courses.catalogue import queries as catalogue

    lead = ground.person()
    run = make.run(lead=lead, quota=5)
    quiz = make.quiz(make.unit(run), of=run)
    make.enrolment(run)
    new = make.loaded(duplicate_run(run=run, code="next", starts_on=date(2027, 3, 1), by=SYSTEM, now=NOW))
    outline = catalogue.outline(new.id)
    assert [(b.key, b.kind) for b in outline.blocks] == [(quiz.key, quiz.kind)]
    assert len(items_of(outline.blocks[0].id)) == 1
    assert (new.taken, new.quota, new.state.value, [s.person_id for s in new.staff]) == (0, 5, "draft", [lead.id])
    assert queries.counts_by_state(new.id) == {}
