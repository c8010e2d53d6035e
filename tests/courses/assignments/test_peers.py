"""Peer review: given out evenly, again when somebody leaves, weighed by calibration, and never waiting for ever."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assignments.models import Assignment, PeerReview, Submission
from courses.assignments.operations import grading, handing_in, releasing, setup, telling
from courses.assignments.operations import peers as reviewing
from courses.assignments.queries import peers, teams, work
from courses.assignments.tasks import tend_peer_review
from courses.assignments.types import Marking, Queue, ReviewState, SubmissionState
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from tests.factories import courses as make
from tests.factories import ground, identity
from tests.factories import work as made
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import local
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.i18n import in_language
from trainhub.kernel.jobs import Running
from trainhub.notifications.models import Notice
from trainhub.notifications.operations import text_of
from trainhub.people.models import Person

NOW, DUE = made.NOW, made.DUE
PEER_DUE = DUE + timedelta(days=5)
WORDS = "结构清楚，建议补充计算过程。"
RUNNING = Running(0, {}, None)


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def reviewed(count: int = 4, **given: object) -> tuple[Assignment, list[Enrolment], list[Submission]]:
    task = made.assignment(peers=2, peers_needed=2, peer_due_at=PEER_DUE, **given)
    people = [made.learner(task) for _n in range(count)]
    return task, people, [made.hand_in(task, one, f"作品{n}") for n, one in enumerate(people)]


def write(review: PeerReview, points: int, now: object = DUE) -> PeerReview:
    found = peers.review_by_id(review.id)
    assert found is not None
    return reviewing.write(review=found, version=None, marking=Marking({"points": points}, WORDS), by=SYSTEM, now=now)  # type: ignore[arg-type]


def all_reviews(session: Session, task: Assignment) -> list[PeerReview]:
    return list(session.scalars(select(PeerReview).where(PeerReview.assignment_id == task.id).order_by(PeerReview.id)))


def test_reviews_are_given_out_when_work_is_due_by_itself(session: Session) -> None:
    task, _people, rows = reviewed()
    assert {row.queue for row in rows} == {Queue.NONE}
    session.commit()
    with time_machine.travel(DUE - timedelta(minutes=1), tick=False):
        assert tend_peer_review(RUNNING) == {"begun": 0, "given_out": 0, "closed": 0}
    with time_machine.travel(DUE, tick=False):
        assert tend_peer_review(RUNNING)["given_out"] == 8
        assert tend_peer_review(RUNNING)["given_out"] == 0
    reviews = all_reviews(session, task)
    authors = peers.authors(task.id)
    assert set(Counter(r.reviewer_id for r in reviews).values()) == {2}
    assert set(Counter(r.submission_id for r in reviews).values()) == {2}
    assert all(r.reviewer_id not in authors[r.submission_id] for r in reviews)


def test_nobody_waits_for_ever(session: Session) -> None:
    task, _people, rows = reviewed()
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    full, half = rows[0], rows[1]
    for review in peers.reviews_of(full.id):
        write(review, 800)
    write(peers.reviews_of(half.id)[0], 900)
    session.commit()
    with time_machine.travel(PEER_DUE - timedelta(seconds=1), tick=False):
        tend_peer_review(RUNNING)
    session.expire_all()
    assert {row.queue for row in work.handed_in(task.id)} == {Queue.NONE}
    with time_machine.travel(PEER_DUE, tick=False):
        assert tend_peer_review(RUNNING)["closed"] == 1
        assert tend_peer_review(RUNNING)["closed"] == 0
    session.expire_all()
    found = {row.id: row for row in work.handed_in(task.id)}
    assert (found[full.id].state, found[full.id].score_x10) == (SubmissionState.GRADED, 800)
    assert {found[row.id].queue for row in rows[1:]} == {Queue.PEERS_MISSING}
    assert Counter(r.state for r in all_reviews(session, task)) == {ReviewState.DONE: 3, ReviewState.EXPIRED: 5}
    made.grade(found[half.id], 750)
    assert found[half.id].score_x10 == 750
    with pytest.raises(reviewing.NotReviewable, match="截止"):
        write(peers.reviews_of(rows[2].id)[0], 500, PEER_DUE + timedelta(seconds=1))


def signed_up() -> Person:
    """A person who has an account, and so a notice centre."""
    who = ground.person()
    identity.account(person=who)
    return who


def told(session: Session, person_id: int) -> list[tuple[str, str]]:
    """What a person reads in the notification centre: kind and words, in Chinese."""
    rows = session.execute(
        select(Notice.kind, Notice.message, Notice.values).join(Account, Account.id == Notice.account_id).where(Account.person_id == person_id)
    )
    return [(kind, text_of(message, values)) for kind, message, values in rows]


def test_reviewers_authors_and_staff_are_told_once(session: Session) -> None:
    teacher = signed_up()
    run = make.run(lead=teacher)
    block = made.block(make.unit(run))
    make.publish(run)
    task = made.assignment(run, block, peers=2, peers_needed=2, peer_due_at=PEER_DUE)
    people = [made.learner(task, signed_up()) for _n in range(3)]
    rows = [made.hand_in(task, one) for one in people]
    session.commit()
    persons = [one.person_id for one in people]
    until = f"{local(PEER_DUE):%Y-%m-%d %H:%M}"
    with time_machine.travel(DUE, tick=False):
        tend_peer_review(RUNNING)
        tend_peer_review(RUNNING)
    given = ("courses.peer.assigned", f"作业《课程设计》进入互评，请在 {until} 前完成分给你的评阅。")
    assert [told(session, person) for person in persons] == [[given]] * 3
    for review in peers.reviews_by(task.id, persons[0]):
        write(review, 800)
    write(peers.reviews_by(task.id, persons[1])[0], 800)
    session.commit()
    for before, at in ((1, PEER_DUE - telling.SOON - timedelta(seconds=1)), (2, PEER_DUE - telling.SOON), (2, PEER_DUE - timedelta(seconds=1))):
        with time_machine.travel(at, tick=False):
            tend_peer_review(RUNNING)
        assert [len(told(session, person)) for person in persons] == [1, before, before]
    due = f"作业《课程设计》的互评将于 {until} 截止，你还有 %d 份评阅没有完成。"
    assert [told(session, person)[1] for person in persons[1:]] == [("courses.peer.due", due % 1), ("courses.peer.due", due % 2)]
    with time_machine.travel(PEER_DUE, tick=False):
        tend_peer_review(RUNNING)
        tend_peer_review(RUNNING)
    session.expire_all()
    waits = {row.queue for row in work.handed_in(task.id)}
    ends = [told(session, person)[-1][0] for person in persons]
    assert ends == ["courses.peer.received" if work_of.queue is Queue.NONE else "courses.peer.to_staff" for work_of in map(_again, rows)]
    assert Queue.PEERS_MISSING in waits
    left = ends.count("courses.peer.to_staff")
    assert told(session, teacher.id) == [("courses.peer.closed", f"作业《课程设计》的互评已经结束：{3 - left} 份已有结果，{left} 份等待教师评阅。")]
    with in_language("en"):
        assert not any("作业《" in text for person in (*persons, teacher.id) for _kind, text in told(session, person))


def test_a_later_end_of_the_reviews_reminds_again(session: Session) -> None:
    task = made.assignment(peers=2, peers_needed=2, peer_due_at=PEER_DUE)
    people = [made.learner(task, signed_up()) for _n in range(3)]
    for one in people:
        made.hand_in(task, one)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    assert telling.remind(task, PEER_DUE - timedelta(hours=1)) == 3
    assert telling.remind(task, PEER_DUE - timedelta(hours=1)) == 0
    assert telling.remind(task, PEER_DUE) == 0
    task.peer_due_at = PEER_DUE + timedelta(days=1)
    assert telling.remind(task, PEER_DUE) == 3


def _again(row: Submission) -> Submission:
    found = work.submission_by_id(row.id)
    assert found is not None
    return found


def test_peers_far_apart_are_looked_at_by_staff(session: Session) -> None:
    task, _people, rows = reviewed(3)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    for row, values in zip(rows, ((500, 900), (500, 901), (0, 0)), strict=True):
        for review, points in zip(peers.reviews_of(row.id), values, strict=True):
            write(review, points)
    assert reviewing.close(assignment=task, now=PEER_DUE) == {"settled": 2, "to_staff": 1}
    assert [work.submission_by_id(row.id).queue for row in rows] == [Queue.NONE, Queue.PEERS_DIFFER, Queue.NONE]  # type: ignore[union-attr]
    grading.override(submission=rows[1], version=None, points_x10=800, reason="两份评阅分歧大", by=SYSTEM, now=PEER_DUE)
    assert rows[1].score_x10 == 800


def test_when_somebody_leaves_others_get_their_reviews(session: Session) -> None:
    task, people, _rows = reviewed(5)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    gone = people[0]
    done = next(r for r in all_reviews(session, task) if r.reviewer_id == gone.person_id)
    write(done, 700)
    learning.withdraw(enrolment=gone, by=SYSTEM, now=DUE)
    assert reviewing.fill(assignment=task, by=SYSTEM, now=DUE) == 1
    reviews = all_reviews(session, task)
    assert Counter(r.state for r in reviews if r.reviewer_id == gone.person_id) == {ReviewState.DONE: 1, ReviewState.DROPPED: 1}
    standing = [r for r in reviews if r.state in peers.OPEN]
    assert set(Counter(r.submission_id for r in standing).values()) == {2}
    authors = peers.authors(task.id)
    assert all(r.reviewer_id not in authors[r.submission_id] for r in standing)


def test_late_work_joins_the_review_that_is_under_way(session: Session) -> None:
    task, _people, _rows = reviewed(4)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    late = made.hand_in(task, made.learner(task), "迟了", now=DUE + timedelta(hours=2))
    assert reviewing.fill(assignment=task, by=SYSTEM, now=DUE + timedelta(hours=2)) == 2
    assert {r.state for r in peers.reviews_of(late.id)} == {ReviewState.ASSIGNED}
    reviewing.close(assignment=task, now=PEER_DUE)
    too_late = made.hand_in(task, made.learner(task), "更迟", now=PEER_DUE + timedelta(hours=1))
    assert too_late.queue is Queue.UNGRADED  # the peers have gone home: straight to staff


def test_groups_never_review_their_own(session: Session) -> None:
    run = make.run()
    task = made.assignment(run, is_group=True, peers=1, peers_needed=1, peer_due_at=PEER_DUE)
    people = [made.learner(task) for _n in range(9)]
    setup.make_groups(run=run, size=3, by=SYSTEM, now=NOW)
    for group in session.scalars(teams.of_run(run.id)):
        made.hand_in(task, next(p for p in people if p.person_id == group.members[0].person_id))
    assert reviewing.begin(assignment=task, by=SYSTEM, now=DUE) == 9
    authors = peers.authors(task.id)
    reviews = all_reviews(session, task)
    assert set(Counter(r.reviewer_id for r in reviews).values()) == {1}
    assert all(r.reviewer_id not in authors[r.submission_id] for r in reviews)


def test_calibration_comes_first_and_gives_the_weight(session: Session) -> None:
    task, people, _rows = reviewed(3)
    given = {"assignment": task, "by": SYSTEM, "now": NOW}
    example = setup.add_example(title="样例", text="样例正文", marking=Marking({"points": 800}), **given)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    with pytest.raises(setup.BadAssignment, match="已经开始"):
        setup.add_example(title="又一个", text="正文", marking=Marking({"points": 1}), **given)
    me = people[0]
    mine = peers.reviews_by(task.id, me.person_id)[0]
    with pytest.raises(reviewing.NotReviewable, match="校准"):
        write(mine, 800)
    reviewing.calibrate(example=example, assignment=task, person_id=me.person_id, marking=Marking({"points": 700}), by=SYSTEM, now=DUE)
    with pytest.raises(reviewing.NotReviewable, match="已经评过"):
        reviewing.calibrate(example=example, assignment=task, person_id=me.person_id, marking=Marking({"points": 800}), by=SYSTEM, now=DUE)
    assert write(mine, 800).weight_x1000 == 800


def test_the_overview_says_the_weight_of_what_was_written(session: Session) -> None:
    """What is not written yet has no weight: of one calibrated at 0.20 it said 1.00."""
    task, people, _rows = reviewed(4)
    example = setup.add_example(title="样例", text="样例正文", marking=Marking({"points": 800}), assignment=task, by=SYSTEM, now=NOW)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    me = people[0]
    reviewing.calibrate(example=example, assignment=task, person_id=me.person_id, marking=Marking({"points": 300}), by=SYSTEM, now=DUE)

    def weights() -> list[tuple[int, int | None]]:
        return sorted(((row.done, row.weight) for row in peers.standing(task.id)), key=lambda pair: pair[0])

    assert weights() == [(0, None)] * 4
    write(peers.reviews_by(task.id, me.person_id)[0], 800)
    assert weights() == [(0, None)] * 3 + [(1, 200)]


def test_self_assessment_is_asked_and_not_counted(session: Session) -> None:
    task, people, rows = reviewed(3, has_self_review=True)
    own = [r for r in peers.reviews_by(task.id, people[0].person_id) if r.is_self]
    assert [r.submission_id for r in own] == [rows[0].id]
    write(own[0], 1000)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    for review in peers.reviews_of(rows[0].id):
        if not review.is_self:
            write(review, 600)
    reviewing.close(assignment=task, now=PEER_DUE)
    assert work.submission_by_id(rows[0].id).score_x10 == 600  # type: ignore[union-attr]


def test_authors_rate_what_they_received_after_release(session: Session) -> None:
    task, people, rows = reviewed(3)
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    for review in all_reviews(session, task):
        write(review, 700)
    review = peers.review_by_id(peers.reviews_of(rows[0].id)[0].id)
    assert review is not None
    given = {"review": review, "note": "", "by": SYSTEM, "now": PEER_DUE}
    with pytest.raises(reviewing.NotReviewable, match="发布后"):
        reviewing.rate(person_id=people[0].person_id, rating=5, **given)
    reviewing.close(assignment=task, now=PEER_DUE)
    releasing.release(assignment=task, by=SYSTEM, now=PEER_DUE)
    with pytest.raises(reviewing.NotReviewable):
        reviewing.rate(person_id=review.reviewer_id, rating=5, **given)
    with pytest.raises(Refused):
        reviewing.rate(person_id=people[0].person_id, rating=6, **given)
    reviewing.rate(person_id=people[0].person_id, rating=4, **given)
    assert [row.rating for row in peers.standing(task.id) if row.rating is not None] == [4]


def test_contradictory_rules_are_refused(session: Session) -> None:
    task = made.assignment()
    given = {"block": task.block, "version": None, "by": SYSTEM, "now": NOW}
    for values, field in (
        ({"peers": 2, "peer_due_at": DUE}, "peer_due_at"),
        ({"peers": 2, "peers_needed": 3, "peer_due_at": PEER_DUE}, "peers_needed"),
        ({"peers": 2, "peers_needed": 1, "peer_due_at": PEER_DUE, "is_double": True}, "is_double"),
        ({"peers": 0, "is_double": False, "takes_text": False, "file_kinds": []}, "takes_text"),
        ({"takes_text": True, "cutoff_at": NOW}, "cutoff_at"),
    ):
        with session.no_autoflush, pytest.raises(setup.BadAssignment) as refused:
            setup.save(**given, **values)
        session.expire(task)
        assert refused.value.field == field


def test_reviews_switched_off_or_on_before_they_begin_leave_nothing_without_a_queue(session: Session) -> None:
    task, _people, rows = reviewed(2)
    made.grade(rows[1], 700)
    setup.save(block=task.block, version=None, by=SYSTEM, now=NOW, peers=0, peer_due_at=None)
    assert [row.queue for row in rows] == [Queue.UNGRADED, Queue.NONE]
    setup.save(block=task.block, version=None, by=SYSTEM, now=NOW, peers=2, peer_due_at=PEER_DUE)
    assert [(row.queue, row.score_x10) for row in rows] == [(Queue.NONE, None), (Queue.NONE, 700)]


def test_reviews_of_an_earlier_version_are_asked_for_anew(session: Session) -> None:
    task, people, rows = reviewed()
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    done, open_one = peers.reviews_of(rows[0].id)
    write(done, 300)
    seen = open_one.version
    grading.send_back(submission=_again(rows[0]), version=None, reason="缺少数据", by=SYSTEM, now=DUE)
    with pytest.raises(reviewing.NotReviewable, match="退回"):
        write(open_one, 300)
    made.hand_in(task, people[0], "改好的作品", now=DUE + timedelta(hours=1))
    assert {(row.state, row.done_at) for row in peers.reviews_of(rows[0].id)} == {(ReviewState.ASSIGNED, None)}
    assert all(row.assigned_at == DUE + timedelta(hours=1) for row in peers.reviews_of(rows[0].id))
    late = peers.review_by_id(open_one.id)
    assert late is not None
    with pytest.raises(Stale):  # what was read was the first version
        reviewing.write(review=late, version=seen, marking=Marking({"points": 300}, WORDS), by=SYSTEM, now=DUE + timedelta(hours=2))
    write(open_one, 900, DUE + timedelta(hours=2))
    reviewing.close(assignment=task, now=PEER_DUE)
    again = _again(rows[0])
    assert (again.queue, again.score_x10) == (Queue.PEERS_MISSING, None), "one review of what stands, not two"


@pytest.mark.parametrize(("days", "why"), [(None, "in_review"), (1, "in_review"), (2, ""), (3, "")])
def test_who_was_given_more_time_improves_a_work_that_is_in_review(session: Session, days: int | None, why: str) -> None:
    """Its reviewers are asked to look at the other version."""
    task, people, rows = reviewed()
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    mine = peers.reviews_of(rows[0].id)
    write(mine[0], 800)
    now = DUE + timedelta(days=2)
    if days is not None:
        until = DUE + timedelta(days=days)
        setup.extend(assignment=task, person_id=people[0].person_id, until_at=until, reason="病假", by=SYSTEM, now=DUE)
    assert handing_in.closed_because(task, rows[0], people[0].person_id, now) == why
    assert handing_in.closed_because(task, rows[1], people[1].person_id, now) == "in_review"
    if not why:
        row = made.hand_in(task, people[0], "改过的", now=now)
        assert (row.number, row.late_days, row.queue) == (2, 0, Queue.NONE)
        assert {one.state for one in peers.reviews_of(row.id)} == {ReviewState.ASSIGNED}
        assert handing_in.closed_because(task, row, people[0].person_id, now) == "in_review", "once"


@pytest.mark.parametrize(("left", "why"), [(24, ""), (23, "in_review")])
def test_reviewers_who_are_asked_again_have_a_day(session: Session, left: int, why: str) -> None:
    task, people, rows = reviewed()
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    setup.extend(assignment=task, person_id=people[0].person_id, until_at=PEER_DUE + timedelta(days=1), reason="病假", by=SYSTEM, now=DUE)
    now = PEER_DUE - timedelta(hours=left)
    assert handing_in.closed_because(task, rows[0], people[0].person_id, now) == why
    reviewing.close(assignment=task, now=PEER_DUE)
    assert handing_in.closed_because(task, _again(rows[0]), people[0].person_id, PEER_DUE) == "", "nobody's review is taken away any more"
