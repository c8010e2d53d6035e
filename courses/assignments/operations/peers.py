"""Peer review: given out evenly, weighed by calibration, given out again when somebody leaves, and handed to staff when time is over.

Nobody waits for ever: at `peer_due_at` every submission either has enough reviews, or stands in the queue of the staff.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from courses.assignments import rules
from courses.assignments.models import Assignment, PeerExample, PeerExampleMark, PeerReview, Submission
from courses.assignments.operations import telling
from courses.assignments.operations.checking import check_points
from courses.assignments.operations.grading import add_mark, settle
from courses.assignments.queries import peers, work
from courses.assignments.types import Marking, MarkRole, Queue, ReviewState, Rubric, SubmissionState
from courses.learning import queries as learners
from courses.learning import seat_queries
from courses.learning.types import SEATED
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.people import queries as people


class NotReviewable(Refused):
    """This review cannot be written, or not now."""

    code = "not_reviewable"


def begin(*, assignment: Assignment, by: Identity, now: datetime) -> int:
    """Give the reviews out for the first time; later calls only fill what is missing. Returns how many were given out."""
    if not assignment.peers:
        raise NotReviewable(_("这项作业没有设置互评。"))
    if assignment.peers_closed_at is not None:
        return 0
    if assignment.allocated_at is None:
        assignment.allocated_at = now
        session().flush()
        audit.record(by=by, did="courses.peer.begun", on=assignment, data={})
    return fill(assignment=assignment, by=by, now=now)


def fill(*, assignment: Assignment, by: Identity, now: datetime) -> int:
    """Give out what is missing: at the start everything, later what people who left had, and late work.

    Who has handed in reviews; never the own or the own group's work, also not one handed in under another person row. In a group assignment a group's work gets `peers` reviews
    for each of its members, so that everybody writes `peers` of them.
    """
    seated = set(seat_queries.seated_persons(assignment.run_id))
    _drop_leavers(assignment, seated, now)
    submissions = [one for one in work.handed_in(assignment.id) if one.state is not SubmissionState.RETURNED]
    reviews, named = peers.all_reviews(assignment.id), peers.authors(assignment.id)
    human = people.humans_of({*seated, *(row.reviewer_id for row in reviews), *(key for persons in named.values() for key in persons)})
    seated = {human[key] for key in seated}
    authors = {key: {human[person] for person in persons} for key, persons in named.items()}
    open_ones = [row for row in reviews if row.state in peers.OPEN]
    have = Counter(row.submission_id for row in open_ones)
    barred = {one.id: set(authors.get(one.id, ())) for one in submissions}
    for row in reviews:
        barred.setdefault(row.submission_id, set()).add(human[row.reviewer_id])
    reviewers = {person for one in submissions for person in authors.get(one.id, ()) if person in seated}
    wanted = {
        one.id: max(0, assignment.peers * len(authors.get(one.id, ())) - have[one.id])
        for one in submissions
        if one.queue is Queue.NONE and one.score_x10 is None
    }
    loads = Counter(human[row.reviewer_id] for row in open_ones)
    pairs = rules.allocate(wanted, reviewers, barred, loads, seed=assignment.id)
    for submission_id, person in pairs:
        session().add(PeerReview(assignment_id=assignment.id, submission_id=submission_id, reviewer_id=person, points={}, assigned_at=now))
    session().flush()
    if pairs:
        audit.record(by=by, did="courses.peer.given_out", on=assignment, data={"reviews": len(pairs)})
        telling.given_out(assignment, {person for _submission, person in pairs}, now)
    return len(pairs)


def _drop_leavers(assignment: Assignment, seated: set[int], now: datetime) -> None:
    given = [row for row in peers.all_reviews(assignment.id) if row.state is ReviewState.ASSIGNED]
    same = people.rows_of_humans(row.reviewer_id for row in given)
    for row in given:
        if not same[row.reviewer_id] & seated:
            row.state = ReviewState.DROPPED
    session().flush()


def calibrate(*, example: PeerExample, assignment: Assignment, person_id: int, marking: Marking, by: Identity, now: datetime) -> PeerExampleMark:
    """Judge an example, once; afterwards the staff's judgement is shown."""
    if example.id in peers.example_marks(assignment.id, person_id):
        raise NotReviewable(_("这个样例你已经评过。"))
    rubric = Rubric.of(assignment.rubric)
    check_points(rubric, marking.points, assignment.max_x10)
    row = PeerExampleMark(
        example_id=example.id,
        reviewer_id=person_id,
        points_x10=rules.total_x10(rubric, marking.points, assignment.max_x10),
        points=dict(marking.points),
        given_at=now,
    )
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError as error:  # pressed twice at the same moment
        raise NotReviewable(_("这个样例你已经评过。")) from error
    return row


def uncalibrated(assignment: Assignment, person_id: int) -> list[PeerExample]:
    """The examples a person still has to judge before reviewing."""
    known = peers.example_marks(assignment.id, person_id)
    return [row for row in peers.examples_of(assignment.id) if row.id not in known]


def demand_reviewer(*, review: PeerReview) -> None:
    """Only who still learns in the run and whose review stands reads somebody else's work. Raises NotReviewable."""
    if review.state not in peers.OPEN:
        raise NotReviewable(_("这份评阅已经取消。"))
    seat = learners.enrolment_of(review.submission.assignment.run_id, review.reviewer_id)
    if seat is None or seat.state not in SEATED:
        raise NotReviewable(_("你已不是这期课程的学员，不能再评阅。"))


def write(*, review: PeerReview, version: int | None, marking: Marking, by: Identity, now: datetime) -> PeerReview:
    """Hand in a review, or change it until the reviews are closed."""
    assignment = review.submission.assignment
    check_version(review, version)
    if assignment.peers_closed_at is not None or (assignment.peer_due_at is not None and now > assignment.peer_due_at):
        raise NotReviewable(_("互评已经截止，未完成的部分由教师评阅。"))
    if not review.is_self and review.submission.state is SubmissionState.RETURNED:
        raise NotReviewable(_("教师已把这份作业退回修改。作者提交新版本后，请再来评阅。"))
    demand_reviewer(review=review)
    if not review.is_self and uncalibrated(assignment, review.reviewer_id):
        raise NotReviewable(_("请先评完校准样例，再评同学的作业。"))
    rubric = Rubric.of(assignment.rubric)
    check_points(rubric, marking.points, assignment.max_x10)
    if len(marking.comment.strip()) < 10:
        raise NotReviewable(_("请写至少 10 个字的评语，让作者知道好在哪里、怎样改进。"), field="comment")
    review.points_x10 = rules.total_x10(rubric, marking.points, assignment.max_x10)
    review.points, review.comment = dict(marking.points), marking.comment.strip()[:4000]
    review.weight_x1000 = rules.weight_x1000(peers.calibration(assignment.id, review.reviewer_id), assignment.max_x10)
    review.state, review.done_at = ReviewState.DONE, now
    session().flush()
    audit.record(by=by, did="courses.peer.reviewed", on=review, data={"points_x10": review.points_x10})
    return review


def ask_anew(*, submission: Submission, by: Identity, now: datetime) -> None:
    """A revision was handed in: what was written of the version before judges another text, so its reviewers are asked to look again.

    Who has the former version open is told when sending (`version`). What was written stays in the form as a start; whoever does not come
    back has not reviewed what stands.
    """
    again = [row for row in peers.reviews_of(submission.id) if not row.is_self and row.state in peers.OPEN]
    done = {row.reviewer_id for row in again if row.state is ReviewState.DONE}
    for row in again:
        row.state, row.done_at, row.assigned_at = ReviewState.ASSIGNED, None, now
    session().flush()
    if again:
        audit.record(by=by, did="courses.peer.asked_anew", on=submission, data={"reviews": len(again), "done": len(done)})
    if done:
        telling.revised(submission, done, now)


def rate(*, review: PeerReview, person_id: int, rating: int, note: str, by: Identity, now: datetime) -> None:
    """An author says how useful a review was; the staff see it, the reviewer does not learn from whom."""
    if review.submission.released_at is None or review.state is not ReviewState.DONE or review.is_self:
        raise NotReviewable(_("成绩发布后才能评价收到的评阅。"))
    if not people.is_among(person_id, [row.person_id for row in review.submission.members]):
        raise NotReviewable(_("只有作者本人可以评价收到的评阅。"))
    if not 1 <= rating <= 5:
        raise NotReviewable(_("请选择 1 到 5 分。"), field="rating")
    review.rating, review.rating_note = rating, note.strip()[:400]
    session().flush()
    audit.record(by=by, did="courses.peer.rated", on=review, data={"rating": rating})


def close(*, assignment: Assignment, now: datetime, by: Identity = SYSTEM) -> dict[str, int]:
    """The time for reviews is over: results where there are enough, the queue of the staff for the rest. Safe to repeat."""
    if assignment.peers_closed_at is not None:
        return {"settled": 0, "to_staff": 0}
    of: dict[int, list[PeerReview]] = {}
    for row in peers.all_reviews(assignment.id):
        if row.state is ReviewState.ASSIGNED:
            row.state = ReviewState.EXPIRED
        elif row.state is ReviewState.DONE:
            of.setdefault(row.submission_id, []).append(row)
    assignment.peers_closed_at = now
    session().flush()
    settled: list[Submission] = []
    to_staff: list[Submission] = []
    for submission in work.handed_in(assignment.id):
        if submission.state is SubmissionState.SUBMITTED and submission.queue is Queue.NONE:
            (settled if _settle(assignment, submission, of.get(submission.id, []), by, now) else to_staff).append(submission)
    counts = {"settled": len(settled), "to_staff": len(to_staff)}
    audit.record(by=by, did="courses.peer.closed", on=assignment, data=counts)
    telling.closed(assignment, settled, to_staff, now)
    return counts


def _settle(assignment: Assignment, submission: Submission, reviews: list[PeerReview], by: Identity, now: datetime) -> bool:
    pairs = [(row.points_x10 or 0, row.weight_x1000) for row in reviews]
    outcome = rules.by_peers(pairs, assignment.peers_needed, assignment.max_x10 * rules.PEER_SPREAD_PERCENT // 100)
    if outcome.points_x10 is None:
        submission.queue = outcome.queue
        session().flush()
        return False
    add_mark(submission, MarkRole.PEERS, Marking({}, ""), outcome.points_x10, by, now)
    settle(submission=submission, by=by, now=now)
    return True
