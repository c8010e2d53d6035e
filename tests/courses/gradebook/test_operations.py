"""The gradebook: no mark changes by making it, history, versions, locks, tables that come back, completion by its total."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courses.assignments.operations import grading, releasing
from courses.assignments.queries import work
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import content
from courses.gradebook import queries
from courses.gradebook.models import Gradebook, GradeColumn
from courses.gradebook.operations import books, grades, sheets
from courses.gradebook.tasks import hand_down_marks
from courses.gradebook.types import GradeKind
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from courses.learning.operations import checking
from courses.learning.types import EnrolmentState
from courses.recognition import queries as recognition
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import in_language
from trainhub.kernel.jobs import Running
from trainhub.kernel.sheets.writing import write_csv
from trainhub.ledger import queries as ledger
from trainhub.people.models import Person

NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def marked(score: int = 800, people: int = 1) -> tuple[Run, Gradebook, list[Enrolment], GradeColumn]:
    """A run with one graded assignment, released, and a gradebook with a column by hand beside it."""
    run = make.run()
    task = made.assignment(run)
    rows = [made.learner(task, ground.person(name=f"{first}同学")) for first in "阿白陈"[:people]]  # in this order by name
    for row in rows:
        made.grade(made.hand_in(task, row), score)
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    category = queries.categories_of(book.id)[0]
    column = books.save_column(
        book=book, column_id=None, title="课堂表现", category_id=category.id, max_x10=200, weight_x10=10, is_extra=False, is_hidden=False, is_locked=False,
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    return run, book, rows, column


def put(book: Gradebook, column: GradeColumn, row: Enrolment, points: int | None, **given: object) -> bool:
    values = {"kind": GradeKind.MANUAL, "reason": "", "version": None, "by": SYSTEM, **given}
    return grades.set_grade(book=book, column=column, enrolment=row, points_x10=points, now=NOW, **values)  # type: ignore[arg-type]


def total_of(book: Gradebook, row: Enrolment) -> int | None:
    return queries.book_rows(book, [queries.learner(row.id)])[0].total.score_x10


def test_making_a_gradebook_changes_no_mark_and_completes_only_by_its_total(session: Session) -> None:
    run = make.run()
    task = made.assignment(run)
    me = made.learner(task)
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    assert books.make(run=make.loaded(run), by=SYSTEM, now=NOW).id == book.id
    made.grade(made.hand_in(task, me), 800)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    assert me.state is EnrolmentState.ACTIVE  # the total is asked for; nothing completes on an old one
    assert learning.standing_of(me, make.loaded(run), NOW).is_mark_due
    session.commit()
    assert hand_down_marks(Running(0, {}, None)) == {"totals": 1}
    assert hand_down_marks(Running(0, {}, None)) == {"totals": 0}
    session.refresh(me)
    assert (me.state, me.score_x10) == (EnrolmentState.COMPLETED, 800)


def test_a_gradebook_that_asks_nothing_gives_no_mark(session: Session) -> None:
    """As a run without graded parts: who has completed keeps no mark, and who comes later can complete."""
    run = make.run()
    text = make.text(make.unit(run))
    make.publish(run)
    first, second = make.enrolment(run), make.enrolment(run)
    learning.mark_done(enrolment=first, block=text, by=SYSTEM, now=NOW)
    assert (first.state, first.score_x10) == (EnrolmentState.COMPLETED, None)
    books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    grades.hand_down(run_id=run.id, enrolment_ids=[first.id, second.id], by=SYSTEM, now=NOW)
    learning.mark_done(enrolment=second, block=text, by=SYSTEM, now=NOW)
    grades.hand_down(run_id=run.id, enrolment_ids=[first.id, second.id], by=SYSTEM, now=NOW)
    session.expire_all()
    assert [(one.state, one.score_x10) for one in (first, second)] == [(EnrolmentState.COMPLETED, None)] * 2
    assert [one.score_x10 for one in ledger.milestones_of(first.person_id) if one.withdrawn_at is None] == [None]


@pytest.mark.parametrize("missing_is_zero", [False, True])
def test_who_is_excused_of_everything_has_no_mark_and_who_is_asked_has_none_yet(session: Session, missing_is_zero: bool) -> None:
    run = make.run()
    task = made.assignment(run)
    excused, asked = made.learner(task), made.learner(task)
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    book.missing_is_zero = missing_is_zero
    put(book, queries.columns_of(book.id)[0], excused, None, kind=GradeKind.EXCUSED, reason="免修")
    grades.hand_down(run_id=run.id, enrolment_ids=[excused.id, asked.id], by=SYSTEM, now=NOW)
    found = [learning.standing_of(one, make.loaded(run), NOW) for one in (excused, asked)]
    assert [(one.score_x10, one.is_passed) for one in found] == [(None, True), (0, False)]


def test_what_is_not_published_gets_no_column_until_it_is(session: Session) -> None:
    run = make.run(pass_mark_x10=900)  # nobody completes: who has is not asked for what comes later
    task = made.assignment(run)
    me = made.learner(task)
    made.grade(made.hand_in(task, me), 800)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    copy, _blocks = content.duplicate(part=session.get_one(Block, task.block_id), by=SYSTEM, now=NOW)
    assert not copy.is_published
    before = learning.standing_of(me, make.loaded(run), NOW).score_x10
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    assert (len(queries.columns_of(book.id)), total_of(book, me)) == (1, before)
    content.publish(part=copy, is_published=True, by=SYSTEM, now=NOW)
    assert books.add_missing(book=book, by=SYSTEM, now=NOW) == 1
    assert (len(queries.columns_of(book.id)), total_of(book, me)) == (2, 400)


def test_a_completed_learner_stays_completed_when_the_book_says_less(session: Session) -> None:
    run = make.run()
    task = made.assignment(run)
    me = made.learner(task)
    made.grade(made.hand_in(task, me), 800)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    session.refresh(me)
    assert me.state is EnrolmentState.COMPLETED
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    put(book, queries.columns_of(book.id)[0], me, 100, kind=GradeKind.OVERRIDE, reason="抄袭复核")
    grades.hand_down(run_id=run.id, enrolment_ids=[me.id], by=SYSTEM, now=NOW)
    session.refresh(me)
    assert (me.state, me.score_x10, total_of(book, me)) == (EnrolmentState.COMPLETED, 100, 100)
    stones = ledger.milestones_of(me.person_id)
    assert [(one.score_x10, one.reached_on) for one in stones if one.withdrawn_at is None] == [(100, me.completed_on)]
    assert [row.score_x10 for row in recognition.runs_of_person(me.person_id)] == [100]
    session.expire_all()
    assert checking.check(run_ids=[run.id], now=NOW).totals == []
    session.execute(update(Enrolment).where(Enrolment.id == me.id).values(score_x10=800))
    assert checking.check(run_ids=[run.id], now=NOW).totals == [me.id]


def test_what_is_asked_for_after_a_completion_does_not_lower_its_mark_but_a_corrected_mark_does(session: Session) -> None:
    run = make.run()
    task = made.assignment(run)
    me = made.learner(task)
    submission = made.hand_in(task, me)
    made.grade(submission, 800)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    session.refresh(me)
    assert (me.state, me.score_x10) == (EnrolmentState.COMPLETED, 800)
    make.quiz(make.unit(run), of=run)
    session.expire_all()
    learning.evaluate(enrolment=me, by=SYSTEM, now=NOW)
    assert me.score_x10 == 800
    assert checking.check(run_ids=[run.id], now=NOW).totals == []
    block = session.get_one(Block, task.block_id)
    learning.note_work(enrolment=me, block=block, submission_id=submission.id, number=1, score_x10=700, by=SYSTEM, now=NOW)
    session.refresh(me)
    assert (me.state, me.score_x10) == (EnrolmentState.COMPLETED, 700)


def test_a_mark_below_the_pass_mark_completes_nothing_until_it_is_raised(session: Session) -> None:
    run, book, (me,), column = marked(700)
    grades.hand_down(run_id=run.id, enrolment_ids=[me.id], by=SYSTEM, now=NOW)
    session.refresh(me)
    assert (me.state, me.score_x10, total_of(book, me)) == (EnrolmentState.ACTIVE, 350, 350)
    put(book, column, me, 100)
    grades.hand_down(run_id=run.id, enrolment_ids=[me.id], by=SYSTEM, now=NOW)
    session.refresh(me)
    assert (me.state, me.score_x10) == (EnrolmentState.COMPLETED, 600)


def test_every_change_is_in_the_history_with_reason_and_author(session: Session) -> None:
    _run, book, (me,), column = marked()
    auto = next(c for c in queries.columns_of(book.id) if c.block_id is not None)
    assert put(book, column, me, 150)
    assert not put(book, column, me, 150)
    for points in (-1, 201, None):
        with pytest.raises(books.BadBook):
            put(book, column, me, points)
    with pytest.raises(books.BadBook, match="系统计算"):
        put(book, auto, me, 900)
    with pytest.raises(books.BadBook, match="理由"):
        put(book, auto, me, 900, kind=GradeKind.OVERRIDE)
    put(book, auto, me, 900, kind=GradeKind.OVERRIDE, reason="复核")
    put(book, auto, me, None, kind=GradeKind.EXCUSED, reason="病假")
    put(book, auto, me, None, kind=None)
    assert [(h.before, h.after, h.reason, h.by) for h in queries.history(me.id)] == [
        ("免", "", "", "系统"),
        ("90", "免", "病假", "系统"),
        ("", "90", "复核", "系统"),
        ("", "15", "", "系统"),
    ]


def test_two_lecturers_do_not_overwrite_each_other(session: Session) -> None:
    _run, book, (me,), column = marked()
    assert put(book, column, me, 100, version=0)
    with pytest.raises(Stale):
        put(book, column, me, 120, version=0)
    assert put(book, column, me, 120, version=1)


def test_a_locked_book_or_column_takes_nothing(session: Session) -> None:
    _run, book, (me,), column = marked()
    books.lock(book=book, is_locked=True, by=SYSTEM, now=NOW)
    with pytest.raises(books.Locked):
        put(book, column, me, 100)
    with pytest.raises(books.Locked):
        books.add_missing(book=book, by=SYSTEM, now=NOW)
    books.lock(book=book, is_locked=False, by=SYSTEM, now=NOW)
    column.is_locked = True
    with pytest.raises(books.Locked):
        put(book, column, me, 100)


def save(book: Gradebook, column: GradeColumn, *, is_locked: bool) -> None:
    as_it_is = {name: getattr(column, name) for name in ("title", "category_id", "max_x10", "weight_x10", "is_extra", "is_hidden")}
    books.save_column(book=book, column_id=column.id, **as_it_is, is_locked=is_locked, by=SYSTEM, now=NOW)


def test_new_results_wait_until_what_is_locked_is_unlocked(session: Session) -> None:
    run = make.run()
    task = made.assignment(run)
    early, late = (made.learner(task, ground.person(name=f"{first}同学")) for first in "阿白")
    made.grade(made.hand_in(task, early), 800)
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    (column,) = queries.columns_of(book.id)
    books.lock(book=book, is_locked=True, by=SYSTEM, now=NOW)
    books.lock(book=book, is_locked=True, by=SYSTEM, now=NOW)  # twice is once
    made.grade(made.hand_in(task, late), 600)
    releasing.release(assignment=task, by=SYSTEM, now=NOW)
    assert [total_of(book, row) for row in (early, late)] == [800, 0]
    (cell,) = queries.book_rows(book, [queries.learner(late.id)])[0].cells.values()
    assert (cell.score_x10, cell.has_later, cell.later_x10) == (None, True, 600)
    assert (queries.held_back(book), queries.statistics(book)[0].count) == ({column.id: 1}, 1)
    books.lock(book=book, is_locked=False, by=SYSTEM, now=NOW)
    assert ([total_of(book, row) for row in (early, late)], queries.held_back(book)) == ([800, 600], {})
    session.commit()
    assert hand_down_marks(Running(0, {}, None))["totals"] == 2, "the totals are handed down anew"
    # a column by itself, which the lock of the whole book neither renews nor opens
    save(book, column, is_locked=True)
    again = work.submission_of(task.id, early.person_id)
    assert again is not None
    grading.override(submission=again, version=None, points_x10=900, reason="复核", by=made.acting(ground.person()), now=NOW)
    books.lock(book=book, is_locked=True, by=SYSTEM, now=NOW)
    books.lock(book=book, is_locked=False, by=SYSTEM, now=NOW)
    assert (total_of(book, early), queries.held_back(book)) == (800, {column.id: 1})
    save(book, column, is_locked=False)
    assert total_of(book, early) == 900


def test_a_removed_block_keeps_its_column_and_a_removed_column_its_grades(session: Session) -> None:
    run, book, (me,), column = marked()
    put(book, column, me, 200)
    block_id = next(c.block_id for c in queries.columns_of(book.id) if c.block_id is not None)
    block = session.get_one(content.Block, block_id)
    content.remove(part=block, by=SYSTEM, now=NOW)
    assert queries.removed_blocks(run.id) == {block_id}
    assert total_of(book, me) == 900
    books.remove_column(book=book, column=column, by=SYSTEM, now=NOW)
    assert total_of(book, me) == 800
    assert session.scalar(select(GradeColumn.title).where(GradeColumn.id == column.id)) == "课堂表现"
    assert len(queries.history(me.id)) == 1


def test_hidden_columns_hide_the_total_from_learners(session: Session) -> None:
    run, book, (me,), column = marked(700)
    column.is_hidden = True
    books.configure(book=book, version=None, scale="five", missing_is_zero=True, shows_total=True, by=SYSTEM, now=NOW)
    grades.hand_down(run_id=run.id, enrolment_ids=[me.id], by=SYSTEM, now=NOW)
    session.refresh(me)
    standing = learning.standing_of(me, make.loaded(run), NOW)
    assert (me.score_x10, standing.score_x10, standing.is_shown) == (None, 350, False)


def table(book: Gradebook, change: dict[tuple[int, str], str] | None = None) -> io.BytesIO:
    """The exported file, with some cells changed: {(line, header): text}."""
    columns, rows = sheets.lines(book)
    target = io.BytesIO()
    write_csv(rows, columns, target, headers="zh")
    lines = [line.split(",") for line in target.getvalue().decode("utf-8-sig").splitlines()]
    for (number, header), text in (change or {}).items():
        lines[number][lines[0].index(header)] = text
    return io.BytesIO("\r\n".join(",".join(line) for line in lines).encode())


def test_a_table_that_comes_back_unchanged_changes_nothing(session: Session) -> None:
    _run, book, rows, column = marked(people=3)
    put(book, column, rows[0], 133)
    auto = next(c for c in queries.columns_of(book.id) if c.block_id is not None)
    put(book, auto, rows[1], None, kind=GradeKind.EXCUSED, reason="病假")
    given = {"book": book, "filename": "成绩.csv", "reason": "期末登记", "by": SYSTEM, "now": NOW}
    assert sheets.take(file=table(book), **given) == 0
    changed = {(1, "课堂表现（20）"): "19.5", (2, "课程设计（100）"): "66", (3, "课程设计（100）"): "免"}
    assert sheets.take(file=table(book, changed), **given) == 3
    cells = [queries.cells_of([queries.as_rule(column), queries.as_rule(auto)], [r.id])[r.id] for r in sorted(rows, key=lambda r: r.id)]
    assert {c.kind for cell in cells for c in cell.values()} >= {GradeKind.MANUAL, GradeKind.OVERRIDE, GradeKind.EXCUSED}
    assert sheets.take(file=table(book), **given) == 0


def test_bad_cells_are_named_by_row_and_column_and_nothing_is_taken(session: Session) -> None:
    _run, book, rows, _column = marked(people=3)
    given = {"book": book, "filename": "成绩.csv", "reason": "", "by": SYSTEM, "now": NOW}
    changed = {(1, "课堂表现（20）"): "-1", (2, "课堂表现（20）"): "20.1", (3, "报名编号"): "999999", (3, "课堂表现（20）"): "15"}
    with pytest.raises(sheets.GradesRefused) as refused:
        sheets.take(file=table(book, changed), **given)
    assert [(d["row"], d["column"]) for d in refused.value.details] == [(2, "课堂表现"), (3, "课堂表现"), (4, "enrolment")]
    assert all(queries.history(row.id) == [] for row in rows)
    with pytest.raises(sheets.GradesRefused, match="1 处"):
        sheets.take(file=table(book, {(1, "姓名"): "别人"}), **given)


def test_an_excusal_in_a_locked_column_is_named_and_one_that_stands_is_none(session: Session) -> None:
    _run, book, rows, column = marked(people=2)
    put(book, column, min(rows, key=lambda r: r.id), None, kind=GradeKind.EXCUSED, reason="病假")
    column.is_locked = True
    session.flush()
    given = {"book": book, "filename": "成绩.csv", "reason": "", "by": SYSTEM, "now": NOW}
    assert sheets.take(file=table(book), **given) == 0
    with pytest.raises(sheets.GradesRefused) as refused:
        sheets.take(file=table(book, {(2, "课堂表现（20）"): "免"}), **given)
    assert [(d["row"], d["column"]) for d in refused.value.details] == [(3, "课堂表现")]


def test_a_column_that_was_taken_out_after_the_check_is_named(session: Session) -> None:
    _run, book, _rows, column = marked()
    wanted = sheets.check(book=book, file=table(book, {(1, "课堂表现（20）"): "15"}), filename="成绩.csv", by=SYSTEM)
    books.remove_column(book=book, column=column, by=SYSTEM, now=NOW)
    with pytest.raises(sheets.GradesStale) as refused:
        sheets.write(book=book, wanted=wanted, filename="成绩.csv", reason="", by=SYSTEM, now=NOW)
    assert [(d["row"], d["column"]) for d in refused.value.details] == [(2, "课堂表现")]


def test_a_table_put_out_before_somebody_else_wrote_is_409(session: Session) -> None:
    _run, book, rows, column = marked(people=2)
    first = min(rows, key=lambda r: r.id)
    old = table(book, {(1, "课堂表现（20）"): "5", (2, "课堂表现（20）"): "6"}).getvalue()
    put(book, column, first, 100)
    given = {"book": book, "filename": "成绩.csv", "reason": "", "by": SYSTEM, "now": NOW}
    with pytest.raises(sheets.GradesStale) as refused:
        sheets.take(file=io.BytesIO(old), **given)
    assert (refused.value.status, len(refused.value.details)) == (409, 1)


def test_columns_and_categories_keep_order_and_refuse_contradictions(session: Session) -> None:
    _run, book, (me,), column = marked()
    put(book, column, me, 100)
    given = {"book": book, "by": SYSTEM, "now": NOW}
    new = books.save_category(category_id=None, name="期末", weight_x10=600, drop=0, is_extra=False, **given)
    values = {"title": "课堂表现", "category_id": new.id, "weight_x10": 10, "is_extra": False, "is_hidden": False, "is_locked": False}
    with pytest.raises(books.BadBook, match="满分"):
        books.save_column(column_id=column.id, max_x10=300, **values, **given)
    with pytest.raises(books.BadBook, match="重复"):
        books.save_column(column_id=None, max_x10=300, **values, **given)
    books.save_column(column_id=column.id, max_x10=200, **values, **given)
    with pytest.raises(books.BadBook, match="移到别的类别"):
        books.remove_category(category_id=new.id, **given)
    empty = books.save_category(category_id=None, name="空", weight_x10=1, drop=0, is_extra=False, **given)
    books.remove_category(category_id=empty.id, **given)
    assert [c.name for c in queries.categories_of(book.id)] == ["课程成绩", "期末"]
    for bad in ({"name": " "}, {"name": "期末"}, {"weight_x10": 0}, {"drop": 51}):
        with pytest.raises(books.BadBook):
            books.save_category(category_id=None, **{"name": "新", "weight_x10": 10, "drop": 0, "is_extra": False, **bad}, **given)


def test_statistics_count_overrides_and_leave_excused_out(session: Session) -> None:
    _run, book, rows, column = marked(800, people=3)
    auto = next(c for c in queries.columns_of(book.id) if c.block_id is not None)
    put(book, auto, rows[0], 500, kind=GradeKind.OVERRIDE, reason="复核")
    put(book, auto, rows[1], None, kind=GradeKind.EXCUSED, reason="病假")
    figures = {row.column_id: row for row in queries.statistics(book)}
    assert (figures[auto.id].count, figures[auto.id].mean_x10, figures[auto.id].least_x10, figures[auto.id].most_x10) == (2, 650, 500, 800)
    assert figures[column.id].count == 0


def test_nobody_writes_into_their_own_line_under_whichever_row(session: Session) -> None:
    _run, book, rows, column = marked(people=2)
    two = ground.merge(session.get_one(Person, rows[0].person_id), ground.person())
    for one in two:
        me = made.acting(one)
        with pytest.raises(books.BadBook, match="自己的成绩"):
            put(book, column, rows[0], 200, by=me)
        with pytest.raises(sheets.GradesRefused) as refused:
            sheets.take(file=table(book, {(1, "课堂表现（20）"): "20"}), book=book, filename="成绩.csv", reason="", by=me, now=NOW)
        assert [(d["row"], "自己" in d["problem"]) for d in refused.value.details] == [(2, True)]
        assert sheets.take(file=table(book), book=book, filename="成绩.csv", reason="", by=me, now=NOW) == 0
        assert queries.history(rows[0].id) == []
    assert put(book, column, rows[1], 200, by=made.acting(two[0]))
    assert put(book, column, rows[0], 100, by=made.acting(ground.person()))


def test_a_sheet_asks_once_who_writes_however_many_cells_it_changes(session: Session, count_queries: list[str]) -> None:
    _run, book, _rows, _column = marked(people=3)
    me = made.acting(ground.person())

    def asked(*rows: int) -> int:
        """How often a sheet that changes so many rows asks which person rows are the writer's."""
        file = table(book, {(row, "课堂表现（20）"): str(10 + row) for row in rows})
        count_queries.clear()
        assert sheets.take(file=file, book=book, filename="成绩.csv", reason="", by=me, now=NOW) == len(rows)
        return sum("merged_into_id" in one for one in count_queries)

    assert asked(1) == asked(2, 3)


@pytest.mark.parametrize("word", ["免", "免考", "excused", "Excused"])
def test_an_excusal_is_read_in_either_language_and_written_in_the_readers(session: Session, word: str) -> None:
    _run, book, (me,), _column = marked()
    given = {"book": book, "filename": "成绩.csv", "reason": "病假", "by": SYSTEM, "now": NOW}
    assert sheets.take(file=table(book, {(1, "课堂表现（20）"): word}), **given) == 1
    assert queries.history(me.id)[0].kind is GradeKind.EXCUSED
    with in_language("en"):
        written = table(book)
        assert b",excused," in written.getvalue()
        assert sheets.take(file=written, **given) == 0
    assert b",\xe5\x85\x8d," in table(book).getvalue()


def test_a_column_of_150_points_comes_back_from_its_table_as_it_was_written(session: Session) -> None:
    _run, book, (me,), column = marked()
    (category,) = queries.categories_of(book.id)
    exam = books.save_column(
        book=book, column_id=None, title="期末", category_id=category.id, max_x10=1500, weight_x10=10, is_extra=False, is_hidden=False, is_locked=False,
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    put(book, column, me, 100)
    for points in (1000, 1003, 10, 1490):
        put(book, exam, me, points)
        columns, rows = sheets.lines(book)
        target = io.BytesIO()
        write_csv(rows, columns, target, headers="zh")
        assert f",{points / 10:g}," in target.getvalue().decode("utf-8-sig").replace(".0,", ",")
        target.seek(0)
        assert sheets.take(book=book, file=target, filename="a.csv", reason="", by=SYSTEM, now=NOW) == 0


def test_a_column_that_was_taken_out_comes_back_with_its_grades(session: Session) -> None:
    _run, book, (me,), column = marked()
    put(book, column, me, 100)
    before = total_of(book, me)
    books.remove_column(book=book, column=column, by=SYSTEM, now=NOW)
    assert total_of(book, me) == 800
    (category,) = queries.categories_of(book.id)
    books.save_column(
        book=book, column_id=None, title=column.title, category_id=category.id, max_x10=1000, weight_x10=0, is_extra=False, is_hidden=False,
        is_locked=False, by=SYSTEM, now=NOW,
    )  # fmt: skip
    assert [row.id for row in queries.removed_columns(book.id)] == [column.id]
    for _twice in range(2):
        books.bring_back_column(book=book, column_id=column.id, by=SYSTEM, now=NOW)
    assert (total_of(book, me), queries.removed_columns(book.id)) == (before, [])
    assert len({row.title for row in queries.columns_of(book.id)}) == 3
    books.lock(book=book, is_locked=True, by=SYSTEM, now=NOW)
    with pytest.raises(books.Locked):
        books.bring_back_column(book=book, column_id=column.id, by=SYSTEM, now=NOW)


def test_work_that_was_removed_is_no_zero_for_whoever_can_no_longer_do_it(session: Session) -> None:
    run, book, (one,), column = marked()
    late = make.enrolment(make.loaded(run))
    for row in (one, late):
        put(book, column, row, 160)
    assert (total_of(book, one), total_of(book, late)) == (800, 400)
    block_id = next(row.block_id for row in queries.columns_of(book.id) if row.block_id is not None)
    block = session.get_one(Block, block_id)
    content.publish(part=block, is_published=False, by=SYSTEM, now=NOW)
    assert (total_of(book, one), total_of(book, late)) == (800, 800)
    content.publish(part=block, is_published=True, by=SYSTEM, now=NOW)
    content.remove(part=block, by=SYSTEM, now=NOW)
    assert (total_of(book, one), total_of(book, late)) == (800, 800)
    content.bring_back(part=block, by=SYSTEM, now=NOW)
    assert total_of(book, late) == 400


def test_full_points_change_again_when_the_last_mark_was_taken_back(session: Session) -> None:
    _run, book, (me,), column = marked()
    given = {
        "book": book, "column_id": column.id, "title": column.title, "category_id": column.category_id, "max_x10": 500, "weight_x10": 10,
        "is_extra": False, "is_hidden": False, "is_locked": False, "by": SYSTEM, "now": NOW,
    }  # fmt: skip
    put(book, column, me, 100)
    with pytest.raises(books.BadBook, match="满分"):
        books.save_column(**given)  # type: ignore[arg-type]
    put(book, column, me, None, kind=None)
    assert books.save_column(**given).max_x10 == 500  # type: ignore[arg-type]
