"""An extension or a corrected rule after the hand-in: how late work counts as, and the marks that follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assignments.models import Assignment, Submission
from courses.assignments.operations import grading, handing_in, lateness, releasing, setup
from courses.assignments.queries import lateness as late
from courses.assignments.queries import work
from courses.assignments.tasks import recount_lateness
from courses.learning import queries as learners
from tests.conftest import TODAY
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import identity as identities
from tests.factories import work as made
from trainhub.identity import operations as accounts
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.jobs import Job, Running
from trainhub.notifications.models import Notice

NOW, DUE = made.NOW, made.DUE
WEDNESDAY = DUE + timedelta(days=2)


def extended(task: Assignment, person_id: int, days: float) -> None:
    setup.extend(assignment=task, person_id=person_id, until_at=DUE + timedelta(days=days), reason="病假", by=SYSTEM, now=WEDNESDAY)


def changed(task: Assignment, **values: object) -> None:
    setup.save(block=task.block, version=None, by=SYSTEM, now=WEDNESDAY, **values)


def told(session: Session, kind: str) -> list[str]:
    return sorted(session.scalars(select(Notice.message).where(Notice.kind == kind)))


def paid(row: Submission) -> tuple[int, int, int | None]:
    return (row.late_days, row.penalty_x10, row.score_x10)


@pytest.mark.parametrize(("days", "left"), [(0.9, 2), (1, 1), (1.9, 1), (2, 0), (3, 0)])
def test_an_extension_after_the_hand_in_counts_for_it(session: Session, days: float, left: int) -> None:
    task = made.assignment(percent_per_day=20)
    me, other = made.learner(task), made.learner(task)
    mine, theirs = made.hand_in(task, me, now=WEDNESDAY), made.hand_in(task, other, now=WEDNESDAY)
    extended(task, me.person_id, days)
    assert (mine.late_days, theirs.late_days) == (left, 2)
    made.grade(mine, 800)
    assert paid(mine) == (left, left * 200, 800 - left * 200)


def test_a_mark_that_is_there_follows_and_a_released_one_is_shown_anew(session: Session) -> None:
    task = made.assignment(percent_per_day=20)
    who = ground.person()
    identities.account(person=who)
    me, other = made.learner(task, who), made.learner(task)
    mine, theirs = made.hand_in(task, me, now=WEDNESDAY), made.hand_in(task, other, now=WEDNESDAY)
    made.grade(mine, 800)
    made.grade(theirs, 800)
    extended(task, me.person_id, 1)
    assert (paid(mine), mine.released_at) == ((1, 200, 600), None)
    releasing.release(assignment=task, by=SYSTEM, now=WEDNESDAY)
    assert learners.states_of(me.id)[task.block_id].score_x10 == 600
    extended(task, me.person_id, 3)
    assert (paid(mine), paid(theirs)) == ((0, 0, 800), (2, 400, 400))
    assert (learners.states_of(me.id)[task.block_id].score_x10, learners.states_of(other.id)[task.block_id].score_x10) == (800, 400)
    assert len(told(session, "courses.assignment.lateness")) == 2
    assert len(told(session, "courses.assignment.graded")) == 1, "one notice says what changed of a mark that was shown"
    audit.write_pending(session)
    events = [row.data for row in session.scalars(select(audit.AuditEvent).where(audit.AuditEvent.did == "courses.submission.lateness_recounted"))]
    assert [(one["late_days_before"], one["late_days"], one["penalty_x10"]) for one in events] == [(2, 1, 200), (1, 0, 0)]
    extended(task, me.person_id, 3)
    assert len(told(session, "courses.assignment.lateness")) == 2, "nothing changed any more"


def test_an_override_keeps_its_points_and_loses_the_deduction(session: Session) -> None:
    task = made.assignment(percent_per_day=20)
    me = made.learner(task)
    row = made.hand_in(task, me, now=WEDNESDAY)
    grading.override(submission=row, version=None, points_x10=800, reason="复核", by=made.acting(ground.person()), now=WEDNESDAY)
    extended(task, me.person_id, 3)
    assert paid(row) == (0, 0, 800)


def test_of_a_team_the_latest_extension_of_any_member_counts(session: Session) -> None:
    run = make.run()
    task = made.assignment(run, is_group=True, percent_per_day=10)
    one, two = made.learner(task), made.learner(task)
    team = setup.add_group(run=run, name="红", by=SYSTEM, now=NOW)
    for each in (one, two):
        setup.put_into_group(run=run, person_id=each.person_id, group_id=team.id, by=SYSTEM, now=NOW)
    row = made.hand_in(task, one, now=WEDNESDAY)
    extended(task, two.person_id, 3)
    assert row.late_days == 0


def test_a_due_date_moved_back_counts_for_all_and_one_moved_forward_for_nobody_who_was_in_time(session: Session) -> None:
    task = made.assignment(percent_per_day=10)
    late, early = (made.hand_in(task, made.learner(task), now=at) for at in (WEDNESDAY, DUE))
    for row in (late, early):
        made.grade(row, 900)
    changed(task, due_at=DUE + timedelta(days=1))
    assert (paid(late), paid(early)) == ((1, 100, 800), (0, 0, 900))
    changed(task, due_at=DUE - timedelta(days=3))
    assert (paid(late), paid(early)) == ((2, 200, 700), (0, 0, 900)), "never later than on the day of handing in"
    changed(task, due_at=DUE, grace_hours=24)
    assert paid(late) == (1, 100, 800)
    changed(task, grace_hours=48)
    assert paid(late) == (0, 0, 900)


def test_one_price_of_a_day_for_all(session: Session) -> None:
    task = made.assignment(percent_per_day=10)
    first, second = (made.hand_in(task, made.learner(task), now=WEDNESDAY) for _n in range(2))
    made.grade(first, 900)
    changed(task, percent_per_day=5)
    made.grade(second, 900)
    assert paid(first) == paid(second) == (2, 100, 800)


@pytest.mark.parametrize("is_released", [True, False])
def test_the_points_stay_whatever_the_rules_of_marking_are_by_now(session: Session, is_released: bool) -> None:
    """Marked by one, by two are asked since; and marked by two, by one is asked since."""
    single, double = made.assignment(percent_per_day=20), made.assignment(percent_per_day=20, is_double=True)
    learners_of = [made.learner(task) for task in (single, double)]
    one, two = (made.hand_in(task, me, now=WEDNESDAY) for task, me in zip((single, double), learners_of, strict=True))
    made.grade(one, 800)
    made.grade(two, 900)
    made.grade(two, 860)
    before = [(row.state, row.queue, row.points_x10, row.graded_at) for row in (one, two)]
    assert [points for _state, _queue, points, _at in before] == [800, 880]
    if is_released:
        for task in (single, double):
            releasing.release(assignment=task, by=SYSTEM, now=WEDNESDAY)
    changed(single, is_double=True)
    changed(double, is_double=False)
    for task, me in zip((single, double), learners_of, strict=True):
        extended(task, me.person_id, 1)
    assert [(row.state, row.queue, row.points_x10, row.graded_at) for row in (one, two)] == before
    assert [paid(row) for row in (one, two)] == [(1, 200, 600), (1, 200, 680)]
    if is_released:
        shown = [learners.states_of(me.id)[task.block_id].score_x10 for task, me in zip((single, double), learners_of, strict=True)]
        assert shown == [600, 680]


def test_the_mean_of_two_stays_where_the_limit_is_smaller_by_now(session: Session) -> None:
    task = made.assignment(percent_per_day=20, is_double=True, limit_x10=100)
    me = made.learner(task)
    row = made.hand_in(task, me, now=WEDNESDAY)
    made.grade(row, 900)
    made.grade(row, 860)
    changed(task, limit_x10=10, due_at=DUE + timedelta(days=1))
    assert (row.points_x10, *paid(row)) == (880, 1, 200, 680)


def test_a_released_mark_pays_no_price_that_was_raised_since(session: Session) -> None:
    task = made.assignment(percent_per_day=0)
    me, other = made.learner(task), made.learner(task)
    row, waits = (made.hand_in(task, one, now=WEDNESDAY) for one in (me, other))
    made.grade(row, 800)
    releasing.release(assignment=task, by=SYSTEM, now=WEDNESDAY)
    changed(task, percent_per_day=20)
    assert paid(row) == (2, 0, 800)
    extended(task, me.person_id, 1)
    assert (row.penalty_x10, learners.states_of(me.id)[task.block_id].score_x10) == (0, 800)
    made.grade(waits, 800)
    assert paid(waits) == (2, 400, 400), "what is marked from now on pays it"
    changed(task, percent_per_day=10)
    assert [one.penalty_x10 for one in (row, waits)] == [0, 200]


def test_what_waits_goes_on_waiting(session: Session) -> None:
    """Peers, a second grader, the author of what was returned: the days change, the state does not."""
    peers = made.assignment(peers=2, peer_due_at=DUE + timedelta(days=9))
    double = made.assignment(is_double=True)
    sent = made.assignment()
    rows = [made.hand_in(task, made.learner(task), now=WEDNESDAY) for task in (peers, double, sent)]
    made.grade(rows[1], 800)
    grading.send_back(submission=rows[2], version=None, reason="请补充", by=SYSTEM, now=WEDNESDAY)
    before = [(row.state, row.queue) for row in rows]
    for task in (peers, double, sent):
        changed(task, due_at=DUE + timedelta(days=3))
    assert ([(row.state, row.queue) for row in rows], [row.late_days for row in rows]) == (before, [0, 0, 0])


def test_a_revision_stays_as_late_as_what_it_revises(session: Session) -> None:
    task = made.assignment(percent_per_day=10)
    me = made.learner(task)
    row = made.hand_in(task, me, now=WEDNESDAY)
    grading.send_back(submission=row, version=None, reason="请补充", by=SYSTEM, now=WEDNESDAY)
    made.hand_in(task, me, "改好了", now=DUE + timedelta(days=6))
    assert row.late_days == 2
    extended(task, me.person_id, 2)
    assert row.late_days == 0


def test_a_version_handed_in_later_is_later(session: Session) -> None:
    task = made.assignment(versions=3)
    me = made.learner(task)
    made.hand_in(task, me, now=DUE + timedelta(days=1))
    row = made.hand_in(task, me, "第二版", now=DUE + timedelta(days=4))
    extended(task, me.person_id, 3)
    assert row.late_days == 1


def test_very_many_are_counted_anew_by_a_job(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lateness, "AT_ONCE", 1)
    task = made.assignment(percent_per_day=10)
    rows = [made.hand_in(task, made.learner(task), now=WEDNESDAY) for _n in range(2)]
    changed(task, due_at=DUE + timedelta(days=3))
    assert [row.late_days for row in rows] == [2, 2]
    job = session.scalars(select(Job).where(Job.task == lateness.RECOUNT_TASK)).one()
    session.commit()
    who = identities.account(name="改期的教师")
    session.commit()
    assert recount_lateness(Running(job.id, job.args, who.id)) == {"changed": 2}
    assert [row.late_days for row in work.handed_in(task.id)] == [0, 0]
    audit.write_pending(session)
    events = session.scalars(select(audit.AuditEvent).where(audit.AuditEvent.did == "courses.submission.lateness_recounted"))
    assert [row.account_id for row in events] == [who.id, who.id], "the log names who changed the rule"


def test_an_account_that_was_disabled_meanwhile_keeps_no_lateness_from_being_recounted(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lateness, "AT_ONCE", 1)
    task = made.assignment(percent_per_day=10)
    rows = [made.hand_in(task, made.learner(task), now=WEDNESDAY) for _n in range(2)]
    changed(task, due_at=DUE + timedelta(days=3))
    job = session.scalars(select(Job).where(Job.task == lateness.RECOUNT_TASK)).one()
    who = identities.account(name="离职的教师")
    accounts.disable(account=who, by=SYSTEM, today=TODAY, now=NOW, reason="离职")
    session.commit()
    assert recount_lateness(Running(job.id, job.args, who.id)) == {"changed": 2}
    assert [row.late_days for row in work.handed_in(task.id)] == [0] * len(rows)


def test_a_mate_s_extension_is_shown_where_it_counts(session: Session) -> None:
    """Also before anything was handed in: the calendar, what is to do, and whether the door is open."""
    run = make.run()
    task = made.assignment(run, is_group=True, cutoff_at=DUE + timedelta(days=1))
    one, two, stranger = (made.learner(task) for _n in range(3))
    team = setup.add_group(run=run, name="红", by=SYSTEM, now=NOW)
    for each in (one, two):
        setup.put_into_group(run=run, person_id=each.person_id, group_id=team.id, by=SYSTEM, now=NOW)
    extended(task, two.person_id, 3)
    until = DUE + timedelta(days=3)

    def known() -> list[object]:
        return [late.untils_of(each.person_id, [task.id]).get(task.id) for each in (one, two, stranger)]

    assert known() == [until, until, None]
    assert [handing_in.closed_because(task, None, each.person_id, WEDNESDAY) for each in (one, stranger)] == ["", "cutoff"]
    assert made.hand_in(task, one, now=WEDNESDAY).late_days == 0
    assert known() == [until, until, None]
    setup.put_into_group(run=run, person_id=two.person_id, group_id=None, by=SYSTEM, now=NOW)
    assert known() == [until, until, None], "authors of one work stay so"
    # of a draft nobody has handed in, who has left the team is no author, and gives no time
    draft = made.assignment(of=made.block(make.unit(run)), is_group=True, cutoff_at=DUE + timedelta(days=1))
    setup.put_into_group(run=run, person_id=two.person_id, group_id=team.id, by=SYSTEM, now=NOW)
    extended(draft, two.person_id, 3)
    handing_in.open_draft(assignment=draft, person_id=one.person_id, by=made.acting(one.person_id), now=NOW)
    assert late.untils_of(one.person_id, [draft.id]) == {draft.id: until}
    setup.put_into_group(run=run, person_id=two.person_id, group_id=None, by=SYSTEM, now=NOW)
    assert late.untils_of(one.person_id, [draft.id]) == {}
