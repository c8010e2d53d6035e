"""Writing peer reviews: the examples first, then the work given to one, under its alias; and rating what one received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from courses.assignments import forms, rules
from courses.assignments.models import PeerExample, PeerReview
from courses.assignments.operations import peers as reviewing
from courses.assignments.queries import peers, work
from courses.assignments.types import Rubric
from courses.assignments.views.common import Desk, blueprint, load_desk, me
from courses.learning.places import subject_of_learner
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import Subject, guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done


@dataclass(frozen=True, slots=True)
class Own:
    """A review that belongs to its reviewer, or (to rate it) to the authors of the work."""

    review: PeerReview
    people: tuple[int, ...]

    @property
    def subject(self) -> Subject:
        """Whose it is."""
        return subject_of_learner(*self.people)


def _load(review_id: int) -> PeerReview:
    review = peers.review_by_id(review_id)
    if review is None:
        raise NotFound(_("没有这份评阅。"))
    return review


def load_mine(review_id: int) -> Own:
    """A review for the one who writes it."""
    review = _load(review_id)
    return Own(review, (review.reviewer_id,))


def load_received(review_id: int) -> Own:
    """A review for the authors of the work."""
    review = _load(review_id)
    return Own(review, tuple(row.person_id for row in review.submission.members))


@blueprint.route("/assignments/reviews/<int:review_id>", methods=["GET", "POST"])
@guard(Can.PEER_REVIEW, load=load_mine)
def review(own: Own) -> Any:
    """Read the work under its alias and judge it by the rubric."""
    row = own.review
    submission, review_id = row.submission, row.id
    block_id, refused = submission.assignment.block_id, None
    reviewing.demand_reviewer(review=row)
    if request.method == "POST":
        try:
            with transaction():
                marking = forms.marking_of(Rubric.of(submission.assignment.rubric), request.form)
                reviewing.write(review=row, version=request.form.get("version", type=whole), marking=marking, by=me(), now=clock.now())
            return done(_("评阅已提交；截止前可以回来修改。"), "assignments.show", block_id=block_id)
        except Refused as said:
            refused = said
            row = _load(review_id)
            submission = row.submission
    version = next((v for v in work.versions_of(submission.id) if v.number == submission.number), None)
    page = render_template(
        "courses/assignments/review.html",
        review=row,
        assignment=submission.assignment,
        block=submission.assignment.block,
        alias=submission.alias,
        rubric=Rubric.of(submission.assignment.rubric),
        version=version,
        paragraphs=rules.paragraphs(version.text) if version is not None else [],
        given=request.form if refused is not None else {},
        refused=refused,
        now=clock.now(),
    )
    return page, refused.status if refused is not None else 200


@blueprint.post("/assignments/reviews/<int:review_id>/rating")
@guard(Can.PEER_REVIEW, load=load_received)
def rate(own: Own) -> Any:
    """Say how useful a received review was."""
    block_id = own.review.submission.assignment.block_id
    with transaction():
        reviewing.rate(
            review=own.review,
            person_id=me().person_id or 0,
            rating=request.form.get("rating", 0, type=whole),
            note=request.form.get("note", ""),
            by=me(),
            now=clock.now(),
        )
    return done(_("感谢反馈。评阅者不会知道是谁给的评价。"), "assignments.show", block_id=block_id)


def load_example(block_id: int, example_id: int) -> tuple[Desk, PeerExample]:
    """An example of an assignment one takes part in."""
    desk = load_desk(block_id)
    row = peers.example_by_id(example_id)
    if row is None or row.assignment_id != desk.assignment.id:
        raise NotFound(_("没有这个样例。"))
    return desk, row


@blueprint.route("/assignments/<int:block_id>/examples/<int:example_id>", methods=["GET", "POST"])
@guard(Can.ENROLMENT_LEARN, load=load_example, subject=lambda pair: pair[0].subject)
def example(pair: tuple[Desk, PeerExample]) -> Any:
    """Judge an example; afterwards its staff's judgement stands beside one's own."""
    desk, row = pair
    block_id, example_id, refused = desk.assignment.block_id, row.id, None
    if request.method == "POST":
        try:
            with transaction():
                marking = forms.marking_of(Rubric.of(desk.assignment.rubric), request.form)
                reviewing.calibrate(
                    example=row, assignment=desk.assignment, person_id=desk.enrolment.person_id, marking=marking, by=me(), now=clock.now()
                )
            return done(_("样例已评。请对照教师的评分，体会评分标准。"), "assignments.example", block_id=block_id, example_id=example_id)
        except Refused as said:
            refused = said
            desk, row = load_example(block_id, example_id)
    page = render_template(
        "courses/assignments/example.html",
        assignment=desk.assignment,
        block=desk.assignment.block,
        example=row,
        paragraphs=rules.paragraphs(row.text),
        rubric=Rubric.of(desk.assignment.rubric),
        mine=peers.example_marks(desk.assignment.id, desk.enrolment.person_id).get(example_id),
        given=request.form if refused is not None else {},
        refused=refused,
    )
    return page, refused.status if refused is not None else 200
