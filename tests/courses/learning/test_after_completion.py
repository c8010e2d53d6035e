"""What is asked for after a completion lowers no mark; what was missing then counts as it did; every correction is followed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.assessment import queries as quizzes
from courses.assessment.operations import attempts, grading
from courses.catalogue.models import Block, Run, Unit
from courses.catalogue.operations import content, versions
from courses.gradebook import feed_queries, queries
from courses.gradebook.models import Gradebook, GradeColumn
from courses.gradebook.operations import books, grades
from courses.gradebook.types import GradeKind
from courses.learning import operations as learning
from courses.learning import settled_queries
from courses.learning.models import Enrolment
from courses.learning.operations import checking
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from trainhub.kernel.access import SYSTEM
from trainhub.ledger import queries as ledger
from trainhub.ledger.types import Source

NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def sit(quiz: Block, me: Enrolment, share: int) -> int:
    """An attempt at a quiz of one essay, graded."""
    row = attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=NOW)
    attempts.submit(attempt_id=row.id, by=SYSTEM, now=NOW)
    return mark(row.id, me, share)


def mark(attempt_id: int, me: Enrolment, share: int) -> int:
    """A mark of a person, and what follows."""
    grading.grade(attempt_id=attempt_id, points={1: share // 10}, feedback={}, by=SYSTEM, now=NOW)
    row = quizzes.attempt_by_id(attempt_id)
    assert row is not None
    learning.note_attempt(enrolment=me, attempt=row, by=SYSTEM, now=NOW)
    return attempt_id


def quiz(run: Run, unit: Unit) -> Block:
    return make.quiz(unit, make.essay(run), of=run)


def milestone(run: Run, me: Enrolment) -> int | None:
    found = ledger.live_milestone(me.person_id, Source.COURSE, learning.completion_key(make.loaded(run)))
    assert found is not None
    return found.score_x10


def marks(run: Run, me: Enrolment, book: Gradebook | None = None) -> tuple[int | None, int | None]:
    """The mark of the enrolment and of the milestone; what is stored is what follows from the log."""
    if book is not None:
        grades.hand_down(run_id=run.id, enrolment_ids=[me.id], by=SYSTEM, now=NOW)
    assert me.state is EnrolmentState.COMPLETED
    assert checking.check(run_ids=[run.id], now=NOW).totals == []
    return me.score_x10, milestone(run, me)


def by_hand(book: Gradebook, title: str) -> GradeColumn:
    (category,) = queries.categories_of(book.id)
    return books.save_column(
        book=book, column_id=None, title=title, category_id=category.id, max_x10=1000, weight_x10=10, is_extra=False, is_hidden=False,
        is_locked=False, by=SYSTEM, now=NOW,
    )  # fmt: skip


def test_a_quiz_that_was_published_later_is_no_zero_in_the_book(session: Session) -> None:
    run = make.run(pass_mark_x10=0)
    unit = make.unit(run)
    first = quiz(run, unit)
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    attempt = sit(first, me, 800)
    assert marks(run, me, book) == (800, 800)
    second = quiz(run, unit)
    assert books.add_missing(book=book, by=SYSTEM, now=NOW) == 1
    late = by_hand(book, "补加项")
    assert marks(run, me, book) == (800, 800)
    (line,) = queries.book_rows(book, [queries.learner(me.id)])
    assert line.total.score_x10 == 800  # the book explains the same total
    other = make.enrolment(make.loaded(run))
    sit(first, other, 800)
    grades.hand_down(run_id=run.id, enrolment_ids=[other.id], by=SYSTEM, now=NOW)
    assert other.score_x10 == 267  # of whoever still learns it is asked
    # A correction is followed, and so is a result that comes after all, or a mark that a person writes.
    mark(attempt, me, 600)
    assert marks(run, me, book) == (600, 600)
    sit(second, me, 1000)
    assert marks(run, me, book) == (800, 800)
    given = {"kind": GradeKind.MANUAL, "points_x10": 200, "reason": "", "version": None}
    grades.set_grade(book=book, column=late, enrolment=me, by=SYSTEM, now=NOW, **given)  # type: ignore[arg-type]
    assert marks(run, me, book) == (600, 600)


def test_what_was_missing_in_the_book_at_the_completion_counts_as_it_did(session: Session) -> None:
    run = make.run(pass_mark_x10=0)
    first = quiz(run, make.unit(run))
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    by_hand(book, "课堂表现")
    attempt = sit(first, me, 800)
    assert marks(run, me, book) == (400, 400)
    by_hand(book, "补加项")
    assert marks(run, me, book) == (400, 400)
    mark(attempt, me, 600)
    assert marks(run, me, book) == (300, 300)


def test_without_a_book_and_a_share_that_suffices_it_is_the_same(session: Session) -> None:
    run = make.run(pass_mark_x10=0, completion_share_x1000=500)
    unit = make.unit(run)
    first, missed = quiz(run, unit), quiz(run, unit)
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    attempt = sit(first, me, 800)
    assert marks(run, me) == (400, 400)
    quiz(run, unit)
    mark(attempt, me, 700)
    assert marks(run, me) == (350, 350)  # two of three: what was missing at the completion counts, what came later does not
    sit(missed, me, 900)
    assert marks(run, me) == (800, 800)


def two_of_three(**settings: object) -> tuple[Run, list[Block], Enrolment]:
    """A completed learner of a run without a book: 800 of weight 10 and 400 of weight 30, the third quiz missed."""
    run = make.run(pass_mark_x10=0, completion_share_x1000=600)
    unit = make.unit(run)
    blocks = [quiz(run, unit) for _n in range(3)]
    content.update_block(block=blocks[1], version=None, weight_x10=30, by=SYSTEM, now=NOW)
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    sit(blocks[0], me, 800)
    sit(blocks[1], me, 400)
    assert marks(run, me) == (400, 400)  # (800 + 3 * 400 + 0) / 5
    return run, blocks, me


def judged(run: Run, me: Enrolment) -> tuple[int | None, int | None]:
    """The marks after everybody was judged anew."""
    learning.evaluate(enrolment=me, by=SYSTEM, now=NOW)
    return marks(run, me)


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("how", ["removed", "taken back", "not graded", "weighs nothing", "weighs more"])
def test_what_is_taken_away_or_weighed_otherwise_leaves_the_mark_of_who_has_completed(session: Session, which: int, how: str) -> None:
    run, blocks, me = two_of_three()
    match how:
        case "removed":
            content.remove(part=blocks[which], by=SYSTEM, now=NOW)
        case "taken back":
            content.publish(part=blocks[which], is_published=False, by=SYSTEM, now=NOW)
        case _:
            given = {"not graded": {"is_graded": False}, "weighs nothing": {"weight_x10": 0}, "weighs more": {"weight_x10": 200}}[how]
            content.update_block(block=blocks[which], version=None, by=SYSTEM, now=NOW, **given)
            versions.publish_drafts(parts=[blocks[which]], note="", by=SYSTEM, now=NOW)
    assert judged(run, me) == (400, 400)
    other = make.enrolment(make.loaded(run))
    assert other.state is EnrolmentState.ACTIVE


def test_what_all_of_it_was_graded_by_is_removed_and_corrections_are_still_followed(session: Session) -> None:
    run = make.run(pass_mark_x10=600)
    unit = make.unit(run)
    only = quiz(run, unit)
    make.text(unit, is_required=False)
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    attempt = sit(only, me, 800)
    assert marks(run, me) == (800, 800)
    content.remove(part=only, by=SYSTEM, now=NOW)
    assert judged(run, me) == (800, 800)
    mark(attempt, me, 700)
    assert marks(run, me) == (700, 700)
    content.bring_back(part=only, by=SYSTEM, now=NOW)
    assert judged(run, me) == (700, 700)


def test_practice_that_is_graded_since_does_not_lower_the_mark_and_may_raise_it(session: Session) -> None:
    run = make.run(pass_mark_x10=0, completion_share_x1000=500)
    unit = make.unit(run)
    practice, first = make.quiz(unit, make.essay(run), of=run, is_graded=False), quiz(run, unit)
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    tried = sit(practice, me, 200)
    sit(first, me, 800)
    assert marks(run, me) == (800, 800)
    content.update_block(block=practice, version=None, is_graded=True, by=SYSTEM, now=NOW)
    versions.publish_drafts(parts=[practice], note="", by=SYSTEM, now=NOW)
    assert judged(run, me) == (800, 800)
    mark(tried, me, 1000)
    assert marks(run, me) == (900, 900)


def test_the_pages_show_the_mark_that_stays(session: Session) -> None:
    run, blocks, me = two_of_three()
    content.remove(part=blocks[1], by=SYSTEM, now=NOW)
    judged(run, me)
    assert learning.standing_of(me, make.loaded(run), NOW).score_x10 == 400


@pytest.mark.parametrize("how", ["removed", "weighs more", "added"])
def test_a_book_that_is_made_later_leaves_the_mark_of_who_has_completed(session: Session, how: str) -> None:
    """Until a person writes into the line; corrections are followed as without a book."""
    run = make.run(pass_mark_x10=0, completion_share_x1000=600)
    unit = make.unit(run)
    first, second, missed = (quiz(run, unit) for _n in range(3))
    content.update_block(block=second, version=None, weight_x10=30, by=SYSTEM, now=NOW)
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    attempt = sit(first, me, 800)
    sit(second, me, 400)
    assert marks(run, me) == (400, 400)  # (800 + 3 * 400 + 0) / 5
    match how:
        case "removed":
            content.remove(part=second, by=SYSTEM, now=NOW)
        case "weighs more":
            content.update_block(block=first, version=None, weight_x10=200, by=SYSTEM, now=NOW)
            versions.publish_drafts(parts=[first], note="", by=SYSTEM, now=NOW)
        case _:
            quiz(run, unit)
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    assert marks(run, me, book) == (400, 400)
    assert learning.standing_of(me, make.loaded(run), NOW).score_x10 == 400
    mark(attempt, me, 300)
    assert marks(run, me, book) == (300, 300)
    own = by_hand(book, "参与")
    taken: dict[str, Any] = {"enrolment": me, "kind": GradeKind.MANUAL, "points_x10": 50, "reason": "", "version": None}
    grades.set_grade(book=book, column=own, by=SYSTEM, now=NOW, **taken)
    assert marks(run, me, book) == (300, 300), "what is entered for the whole class is no decision about the mark of one"
    assert settled_queries.kept_marks([me.id]) == feed_queries.scores_of(book, None, [me.id]) == {me.id: 300}
    column = next(one for one in queries.columns_of(book.id) if one.block_id == missed.id)
    given = {"kind": GradeKind.OVERRIDE, "points_x10": 500, "reason": "补考", "version": None}
    grades.set_grade(book=book, column=column, enrolment=me, by=SYSTEM, now=NOW, **given)  # type: ignore[arg-type]
    (line,) = queries.book_rows(book, [queries.learner(me.id)])
    assert marks(run, me, book) == (line.total.score_x10,) * 2
    assert settled_queries.kept_marks([me.id]) == {}


@pytest.mark.parametrize("has_book_first", [True, False])
@pytest.mark.parametrize("how", ["removed", "taken back"])
def test_what_was_missed_goes_on_counting_where_it_is_no_longer_there(session: Session, has_book_first: bool, how: str) -> None:
    """With a book as without one; of whoever still learns it is not asked any more."""
    run = make.run(pass_mark_x10=0, completion_share_x1000=500)
    unit = make.unit(run)
    first, missed = quiz(run, unit), quiz(run, unit)
    make.publish(run)
    me, other = make.enrolment(make.loaded(run)), make.enrolment(make.loaded(run))
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW) if has_book_first else None
    attempt = sit(first, me, 800)
    assert marks(run, me, book) == (400, 400)
    if how == "removed":
        content.remove(part=missed, by=SYSTEM, now=NOW)
    else:
        content.publish(part=missed, is_published=False, by=SYSTEM, now=NOW)
    make.nothing_comes_back()
    book = book or books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    mark(attempt, me, 600)
    assert marks(run, me, book) == (300, 300)
    sit(first, other, 800)
    grades.hand_down(run_id=run.id, enrolment_ids=[other.id], by=SYSTEM, now=NOW)
    assert (other.state, other.score_x10) == (EnrolmentState.COMPLETED, 800)
