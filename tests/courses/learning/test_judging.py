"""Who learns is judged anew when what a course asks changes, so that progress is what recomputing gives and nobody waits for a click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courses.assessment.operations import attempts
from courses.catalogue.models import Block, Run, Unit
from courses.catalogue.operations import content, judging, offerings, versions
from courses.catalogue.types import BlockKind, PartKind
from courses.gradebook import queries as gradebook
from courses.gradebook.operations import books, grades
from courses.gradebook.tasks import hand_down_marks
from courses.learning import operations as learning
from courses.learning import queries as learners
from courses.learning import tasks
from courses.learning.models import Enrolment, EnrolmentMark
from courses.learning.operations import checking
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import identity as accounts
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.jobs import Job, Running
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import Milestone, TrainingRecord
from trainhub.ledger.types import Category

NOW = make.NOW
AsRole = Callable[..., FlaskClient]


def half_done(**given: object) -> tuple[Run, list[Block], Enrolment]:
    """A learner who has done the first of two texts."""
    run = make.run(**given)  # type: ignore[arg-type]
    unit = make.unit(run)
    blocks = [make.text(unit), make.text(unit)]
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    learning.mark_done(enrolment=me, block=blocks[0], by=SYSTEM, now=NOW)
    return make.loaded(run), blocks, me


def asked(session: Session) -> list[Job]:
    return list(session.scalars(select(Job).where(Job.task == judging.TASK, Job.state == jobs.JobState.QUEUED).order_by(Job.id)))


def judged(session: Session, run: Run, me: Enrolment) -> tuple[EnrolmentState, int, bool]:
    """State and progress after the job, and whether what is stored is what recomputing gives."""
    (job,) = asked(session)
    given, run_id, key = dict(job.args), run.id, me.id
    job.run_after_at = clock.now()  # its time has come
    session.commit()
    tasks.judge_anew(Running(0, given, None))
    me = session.get_one(Enrolment, key)
    return me.state, me.progress_x1000, not checking.check(run_ids=[run_id], now=NOW).differ


def test_who_has_done_all_that_is_left_completes_when_the_rest_is_removed(session: Session) -> None:
    run, blocks, me = half_done()
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    assert checking.check(run_ids=[run.id], now=NOW).totals == [me.id]
    assert judged(session, run, me) == (EnrolmentState.COMPLETED, 1000, True)


def test_an_author_may_bring_back_what_was_taken_away_before_anybody_completes_without_it(session: Session) -> None:
    _run, blocks, _me = half_done()
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    (job,) = asked(session)
    assert job.run_after_at - clock.now() > judging.UNDO - timedelta(minutes=1)
    content.bring_back(part=blocks[1], by=SYSTEM, now=NOW)
    assert [one.id for one in asked(session)] == [job.id]  # one job sees both, and waits on: something else may have been taken away as well
    assert job.run_after_at - clock.now() > judging.UNDO - timedelta(minutes=1)


def test_another_change_does_not_shorten_the_time_to_bring_back(session: Session) -> None:
    run, blocks, _me = half_done()
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=NOW, completion_share_x1000=501)
    (job,) = asked(session)
    assert job.run_after_at - clock.now() > judging.UNDO - timedelta(minutes=1)
    session.execute(Job.__table__.update().values(run_after_at=clock.now()))
    session.expire_all()
    content.remove(part=blocks[0], by=SYSTEM, now=NOW)  # a moment before it begins: this one has its ten minutes, too
    (job,) = asked(session)
    assert job.run_after_at - clock.now() > judging.UNDO - timedelta(minutes=1)


def test_new_content_lowers_the_progress_that_is_stored(session: Session) -> None:
    run, blocks, me = half_done()
    more = content.add_block(unit=session.get_one(Unit, blocks[0].unit_id), kind=blocks[0].kind, by=SYSTEM, now=NOW, body="新", is_published=False)
    content.publish(part=more, is_published=True, by=SYSTEM, now=NOW)
    assert judged(session, run, me) == (EnrolmentState.ACTIVE, 333, True)


def test_what_a_published_draft_no_longer_asks_for_holds_nobody_back(session: Session) -> None:
    run, blocks, me = half_done()
    versions.save(part=blocks[1], version=None, by=SYSTEM, now=NOW, is_required=False)
    assert asked(session) == []  # a draft changes nothing for learners
    versions.publish_drafts(parts=[blocks[1]], note="", by=SYSTEM, now=NOW)
    assert judging.holds(run.id)  # what is asked no more may be asked again before anybody completes without it
    assert judged(session, run, me) == (EnrolmentState.COMPLETED, 1000, True)


def test_a_rule_that_asks_for_less_completes_who_has_as_much(session: Session) -> None:
    run, _blocks, me = half_done()
    offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, own_title="新名称")
    assert asked(session) == []  # a name asks nothing of anybody
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=NOW, completion_share_x1000=501)
    assert judged(session, run, me) == (EnrolmentState.ACTIVE, 500, True)
    session.execute(Job.__table__.update().values(state="done"))
    session.expire_all()
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=NOW, completion_share_x1000=500)
    assert judged(session, run, me) == (EnrolmentState.COMPLETED, 1000, True)


def test_where_the_book_gives_the_mark_the_totals_are_asked_for(session: Session) -> None:
    run, blocks, me = half_done()
    books.make(run=run, by=SYSTEM, now=NOW)
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    assert judged(session, run, me) == (EnrolmentState.ACTIVE, 1000, True)
    session.commit()
    assert hand_down_marks(Running(0, {}, None)) == {"totals": 1}


def test_nothing_is_asked_while_nobody_can_be_in_the_run(session: Session) -> None:
    run = make.run()
    block = make.text(make.unit(run))
    content.remove(part=block, by=SYSTEM, now=NOW)
    content.bring_back(part=block, by=SYSTEM, now=NOW)
    make.publish(run)
    content.publish(part=block, is_published=False, by=SYSTEM, now=NOW)
    assert asked(session) == []


def test_who_comes_back_is_judged_by_what_the_course_asks_then(session: Session) -> None:
    run, blocks, me = half_done(quota=1)
    learning.withdraw(enrolment=me, by=SYSTEM, now=NOW)
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    other = make.enrolment(make.loaded(run))
    again = learning.enrol(run=make.loaded(run), person_id=me.person_id, by=SYSTEM, now=NOW, is_approved=True)
    assert (again.id, again.state) == (me.id, EnrolmentState.WAITING)
    learning.withdraw(enrolment=other, by=SYSTEM, now=NOW)
    session.refresh(me)
    assert (me.state, me.progress_x1000) == (EnrolmentState.COMPLETED, 1000)


def test_the_total_of_who_comes_back_is_computed_anew(session: Session) -> None:
    run, _blocks, me = half_done()
    books.make(run=run, by=SYSTEM, now=NOW)
    grades.hand_down(run_id=run.id, enrolment_ids=[me.id], by=SYSTEM, now=NOW)
    learning.withdraw(enrolment=me, by=SYSTEM, now=NOW)
    assert learners.marks_of([me.id])[me.id].is_due is False
    learning.enrol(run=make.loaded(run), person_id=me.person_id, by=SYSTEM, now=NOW)
    assert learners.marks_of([me.id])[me.id].is_due is True


def test_nobody_completes_while_what_was_taken_away_may_come_back(session: Session) -> None:
    run, blocks, me = half_done()
    content.publish(part=blocks[1], is_published=False, by=SYSTEM, now=NOW)
    for _n in range(2):
        learning.mark_done(enrolment=me, block=blocks[0], by=SYSTEM, now=NOW)
    standing = learning.standing_of(me, make.loaded(run), NOW)
    assert (me.state, me.progress_x1000, standing.is_complete, learning.is_held(me, standing)) == (EnrolmentState.ACTIVE, 1000, True, True)
    content.publish(part=blocks[1], is_published=True, by=SYSTEM, now=NOW)
    assert judged(session, run, me) == (EnrolmentState.ACTIVE, 500, True)
    # not brought back: who has done the rest completes when all are judged
    run, blocks, me = half_done()
    session.execute(Job.__table__.update().values(state="done", unique_key=None))
    session.expire_all()
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    learning.mark_done(enrolment=me, block=blocks[0], by=SYSTEM, now=NOW)
    assert me.state is EnrolmentState.ACTIVE
    assert judged(session, run, me) == (EnrolmentState.COMPLETED, 1000, True)


def test_nor_do_the_totals_of_a_book_complete_anybody_meanwhile(session: Session) -> None:
    run, blocks, me = half_done()
    book = books.make(run=run, by=SYSTEM, now=NOW)
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    books.configure(book=book, version=None, scale="percent", missing_is_zero=True, shows_total=True, by=SYSTEM, now=NOW)
    key, run_id = me.id, run.id
    session.commit()
    hand_down_marks(Running(0, {}, None))
    session.expire_all()
    assert session.get_one(Enrolment, key).state is EnrolmentState.ACTIVE
    assert judging.holds(run_id)


def test_where_nothing_was_taken_away_a_course_completes_at_once(session: Session) -> None:
    run, blocks, me = half_done()
    versions.save(part=blocks[1], version=None, by=SYSTEM, now=NOW, body="改")
    versions.publish_drafts(parts=[blocks[1]], note="", by=SYSTEM, now=NOW)
    assert (len(asked(session)), judging.holds(run.id)) == (1, False)
    learning.mark_done(enrolment=me, block=blocks[1], by=SYSTEM, now=NOW)
    assert me.state is EnrolmentState.COMPLETED


def test_the_order_alone_asks_for_nothing_else(session: Session) -> None:
    run, blocks, _me = half_done()
    unit = session.get_one(Unit, blocks[0].unit_id)
    other = make.unit(run)
    parts: list[content.Place] = [(PartKind.SECTION, unit.section_id), (PartKind.UNIT, unit.id)]
    rest: list[content.Place] = [(PartKind.SECTION, other.section_id), (PartKind.UNIT, other.id)]
    here: list[content.Place] = [(PartKind.BLOCK, block.id) for block in blocks]
    assert content.arrange(run=run, order=[*rest, *parts, *reversed(here)], by=SYSTEM, now=NOW)
    content.move_into(part=blocks[0], holder=unit, by=SYSTEM, now=NOW)  # to the end of where it is
    assert (asked(session), judging.holds(run.id)) == ([], False)
    assert content.arrange(run=run, order=[*parts, here[0], *rest, here[1]], by=SYSTEM, now=NOW)  # the other unit may be hidden, or for some only
    assert judging.holds(run.id)


def test_who_is_judged_later_completes_on_the_day_on_which_everything_was_there(session: Session) -> None:
    late = datetime(2026, 3, 31, 15, 50, tzinfo=UTC)  # 23:50 of that day
    run, blocks, me = half_done(counts_for_goal=True, goal_category=Category.WORKER)
    third = content.add_block(unit=session.get_one(Unit, blocks[0].unit_id), kind=blocks[0].kind, by=SYSTEM, now=NOW, body="三")
    content.remove(part=blocks[1], by=SYSTEM, now=late)
    learning.mark_done(enrolment=me, block=third, by=SYSTEM, now=late + timedelta(minutes=5))
    assert me.state is EnrolmentState.ACTIVE
    assert judged(session, run, me)[0] is EnrolmentState.COMPLETED  # long after midnight
    days = session.scalars(select(TrainingRecord.completed_on)).all(), session.scalars(select(Milestone.reached_on)).all()
    assert (me.completed_on, *days) == (date(2026, 3, 31), [date(2026, 3, 31)], [date(2026, 3, 31)])


def handed_down(session: Session, me: Enrolment) -> Enrolment:
    """The learner after the tick of the totals."""
    key = me.id
    session.commit()
    hand_down_marks(Running(0, {}, None))
    session.expire_all()
    return session.get_one(Enrolment, key)


def test_so_does_who_completes_by_a_total_that_is_reckoned_later(session: Session) -> None:
    late = datetime(2026, 3, 31, 15, 50, tzinfo=UTC)
    run, blocks, me = half_done(counts_for_goal=True, goal_category=Category.WORKER)
    books.make(run=run, by=SYSTEM, now=NOW)
    content.remove(part=blocks[1], by=SYSTEM, now=late)
    assert judged(session, run, me)[0] is EnrolmentState.ACTIVE
    me = handed_down(session, me)  # long after midnight
    assert (me.state, me.completed_on) == (EnrolmentState.COMPLETED, date(2026, 3, 31))
    assert session.scalars(select(TrainingRecord.completed_on)).all() == [date(2026, 3, 31)]


def test_what_is_done_before_midnight_is_of_that_day_however_late_its_total_is_reckoned(session: Session) -> None:
    late = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)
    run, blocks, me = half_done()
    book = books.make(run=run, by=SYSTEM, now=NOW)
    learning.mark_done(enrolment=me, block=blocks[1], by=SYSTEM, now=late)
    assert handed_down(session, me).completed_on == date(2026, 3, 31)
    # One who joined after the book was made, and has no total yet.
    other = make.enrolment(make.loaded(run))
    for block in blocks:
        learning.mark_done(enrolment=other, block=block, by=SYSTEM, now=late)
    assert handed_down(session, other).completed_on == date(2026, 3, 31)
    # The book is changed after midnight: nobody had everything before.
    third = make.enrolment(make.loaded(run))
    for block in blocks:
        learning.mark_done(enrolment=third, block=block, by=SYSTEM, now=late)
    changed = {"scale": "percent", "missing_is_zero": True, "shows_total": True}
    books.configure(book=book, version=None, by=SYSTEM, now=late + timedelta(minutes=1), **changed)  # type: ignore[arg-type]
    assert handed_down(session, third).completed_on == date(2026, 4, 1)


def test_a_mark_given_later_in_a_removed_quiz_that_its_column_keeps_is_news(session: Session) -> None:
    run, blocks, me = half_done()
    quiz = make.quiz(session.get_one(Unit, blocks[0].unit_id), make.essay(run), of=run, is_graded=True)
    book = books.make(run=run, by=SYSTEM, now=NOW)
    row = attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=NOW)
    done, _first = attempts.submit(attempt_id=row.id, responses={1: {"text": "看法"}}, by=SYSTEM, now=NOW)
    learning.note_attempt(enrolment=me, attempt=done, by=SYSTEM, now=NOW)
    learning.mark_done(enrolment=me, block=blocks[1], by=SYSTEM, now=NOW)
    content.remove(part=quiz, by=SYSTEM, now=NOW)
    assert book is not None
    assert judged(session, run, me)[0] is EnrolmentState.ACTIVE
    late = datetime(2026, 3, 31, 15, 50, tzinfo=UTC)
    marked = attempts.grade(attempt_id=row.id, points={1: 100}, feedback={}, by=SYSTEM, now=late)
    learning.note_attempt(enrolment=session.get_one(Enrolment, me.id), attempt=marked, by=SYSTEM, now=late)
    me = handed_down(session, me)
    assert (me.state, me.score_x10, me.completed_on) == (EnrolmentState.COMPLETED, 1000, date(2026, 3, 31))


def test_a_mark_that_a_teacher_writes_on_a_line_completes_on_its_own_day(session: Session, as_role: AsRole) -> None:
    """What was learned was there before; what was missing is the mark."""
    late, lead = datetime(2026, 3, 31, 15, 50, tzinfo=UTC), ground.person()
    run, blocks, me = half_done(lead=lead)
    book = books.make(run=run, by=SYSTEM, now=NOW)
    column: dict[str, Any] = {"title": "课堂表现", "category_id": gradebook.categories_of(book.id)[0].id, "max_x10": 200, "weight_x10": 10}
    flags = dict.fromkeys(("is_extra", "is_hidden", "is_locked"), False)
    by_hand = books.save_column(book=book, column_id=None, by=SYSTEM, now=NOW, **column, **flags)
    books.configure(book=book, version=None, scale="percent", missing_is_zero=True, shows_total=True, by=SYSTEM, now=NOW)
    learning.mark_done(enrolment=me, block=blocks[1], by=SYSTEM, now=late)
    me = handed_down(session, me)
    assert me.state is EnrolmentState.ACTIVE
    given = {"column_id": by_hand.id, "kind": "mark", "points": "20", "reason": "", f"version_{by_hand.id}": "0"}
    line, owner_id = f"/teaching/runs/{run.id}/gradebook/learners/{me.id}", make.loaded(run).course.owner_id
    session.commit()
    assert as_role(Role.LECTURER, person_id=lead.id, organisation_id=owner_id).post(line, data=given).status_code == 303
    session.expire_all()
    assert (me.state, me.completed_on) == (EnrolmentState.COMPLETED, clock.today())


def test_a_total_of_before_that_was_kept_completes_on_the_day_it_is_reckoned(session: Session) -> None:
    run, blocks, me = half_done()
    books.make(run=run, by=SYSTEM, now=NOW)
    session.execute(update(EnrolmentMark).values(changed_at=None))
    learning.mark_done(enrolment=me, block=blocks[1], by=SYSTEM, now=NOW)
    assert handed_down(session, me).completed_on == clock.today()


@pytest.mark.parametrize(("since", "day"), [(date(2026, 3, 31), date(2026, 3, 31)), (date(2026, 4, 1), date(2026, 4, 1))])
def test_nor_before_the_organisation_teaches_the_course(session: Session, since: date, day: date) -> None:
    """The ledger takes no such training, and nobody of the run would be judged."""
    late = datetime(2026, 3, 31, 15, 50, tzinfo=UTC)
    run, blocks, me = half_done(counts_for_goal=True, goal_category=Category.WORKER)
    ledger.register_course(organisation_id=run.course.owner_id, title=run.title, since=since, by=SYSTEM, today=since, now=NOW)
    content.remove(part=blocks[1], by=SYSTEM, now=late)
    assert judged(session, run, me)[0] is EnrolmentState.COMPLETED
    assert (me.completed_on, session.scalars(select(TrainingRecord.completed_on)).all()) == (day, [day])


def test_nor_do_they_complete_before_what_was_asked_is_asked_no_more(session: Session) -> None:
    late = datetime(2026, 3, 31, 15, 50, tzinfo=UTC)
    run, blocks, me = half_done()
    content.remove(part=blocks[1], by=SYSTEM, now=late)
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=late + timedelta(minutes=10), completion_share_x1000=900)
    assert judged(session, run, me)[0] is EnrolmentState.COMPLETED
    assert me.completed_on == date(2026, 4, 1)  # the last change was made at midnight


def test_what_is_asked_while_a_judging_runs_dates_who_completes_by_it(session: Session) -> None:
    """The judging reads the rules as they are by then: another portion of it completes by the new one, which nobody met the day before."""
    late = datetime(2026, 3, 31, 15, 50, tzinfo=UTC)
    run, blocks, me = half_done()
    content.add_block(unit=session.get_one(Unit, blocks[0].unit_id), kind=blocks[0].kind, by=SYSTEM, now=NOW, body="三")
    content.remove(part=blocks[1], by=SYSTEM, now=late)
    (running,) = asked(session)
    running.state = jobs.JobState.RUNNING
    given = dict(running.args)
    offerings.update_run(run=make.loaded(run), version=None, by=SYSTEM, now=late + timedelta(minutes=15), completion_share_x1000=500)
    key = me.id
    session.commit()
    tasks.judge_anew(Running(0, given, None))
    me = session.get_one(Enrolment, key)
    assert (me.state, me.completed_on) == (EnrolmentState.COMPLETED, date(2026, 4, 1))


def test_a_better_result_of_a_laboratory_is_news(session: Session) -> None:
    run, blocks, me = half_done()
    lab = content.add_block(
        unit=session.get_one(Unit, blocks[0].unit_id),
        kind=BlockKind.VSIM,
        is_graded=True,
        settings={"url": "https://lab.example"},
        by=SYSTEM,
        now=NOW,
    )
    versions.publish_drafts(parts=[lab], note="", by=SYSTEM, now=NOW)
    for at, score in ((datetime(2026, 3, 31, 15, 45, tzinfo=UTC), 300), (datetime(2026, 3, 31, 16, 5, tzinfo=UTC), 900)):
        learning.note_report(enrolment=me, block=lab, data={"is_completed": True, "score_x10": score}, by=SYSTEM, now=at)
    content.remove(part=blocks[1], by=SYSTEM, now=datetime(2026, 3, 31, 15, 50, tzinfo=UTC))
    assert judged(session, run, me)[0] is EnrolmentState.COMPLETED
    assert me.completed_on == date(2026, 4, 1)


def test_the_judging_that_learners_wait_for_is_not_called_off(app: Flask, session: Session) -> None:
    run, blocks, _me = half_done()
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    session.commit()
    (job,) = asked(session)
    admin = accounts.signed_in_client(app, Role.SYSTEM_ADMIN)
    assert "/cancel" not in admin.get(f"/jobs/{job.id}").text
    answer = admin.post(f"/jobs/{job.id}/cancel")
    session.expire_all()
    assert (answer.status_code, len(asked(session)), judging.holds(run.id)) == (422, 1, True)
    assert "不能取消" in answer.text


def test_who_is_held_reads_from_when_the_time_is_counted(as_role: AsRole, session: Session) -> None:
    run, blocks, me = half_done()
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    learning.mark_done(enrolment=me, block=blocks[0], by=SYSTEM, now=NOW)
    session.commit()
    page = as_role(Role.TRAINEE, person_id=me.person_id).get(f"/learning/runs/{run.id}/progress").text
    assert ["最后一次移除十分钟以后" in page, "最多十分钟" in page] == [True, False]  # each removal puts it off again
