"""Every select of the gradebook: a page costs the same number of queries for one learner and for a hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from courses.catalogue import authoring_queries as authoring
from courses.catalogue import rules as content
from courses.catalogue.models import Block, RunGroup, RunGroupMember, Section, Unit
from courses.gradebook import rules
from courses.gradebook.models import Grade, Gradebook, GradeCategory, GradeChange, GradeColumn, KeptScore
from courses.gradebook.types import BookRow, CategoryRule, Cell, Change, ColumnRule, ColumnStatistics, GradeKind
from courses.learning import settled_queries
from courses.learning.models import BlockProgress, Enrolment, EnrolmentMark
from courses.learning.types import SEATED, EnrolmentState, Missed
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.people import queries as persons
from trainhub.people.models import Person, Student

HISTORY = 200
"""Changes of one learner that a page lists."""
CHUNK = 400
"""Learners whose cells are read at once where all are read."""


def book_of(run_id: int) -> Gradebook | None:
    """The gradebook of a run."""
    return session().scalar(select(Gradebook).where(Gradebook.run_id == run_id).execution_options(populate_existing=True))


def categories_of(book_id: int) -> list[GradeCategory]:
    """The categories in order."""
    return list(session().scalars(select(GradeCategory).where(GradeCategory.book_id == book_id).order_by(GradeCategory.position, GradeCategory.id)))


def columns_of(book_id: int) -> list[GradeColumn]:
    """The columns in order that were not removed."""
    statement = (
        select(GradeColumn)
        .join(GradeCategory, GradeCategory.id == GradeColumn.category_id)
        .where(GradeColumn.book_id == book_id, GradeColumn.removed_at.is_(None))
    )
    return list(session().scalars(statement.order_by(GradeCategory.position, GradeCategory.id, GradeColumn.position, GradeColumn.id)))


def column_by_id(column_id: int) -> GradeColumn | None:
    """A column that was not removed."""
    return session().scalar(select(GradeColumn).where(GradeColumn.id == column_id, GradeColumn.removed_at.is_(None)))


def removed_columns(book_id: int) -> list[GradeColumn]:
    """The columns that were taken out, the latest first: their grades are kept."""
    statement = select(GradeColumn).where(GradeColumn.book_id == book_id, GradeColumn.removed_at.is_not(None))
    return list(session().scalars(statement.order_by(GradeColumn.removed_at.desc(), GradeColumn.id)))


def column_of_block(book_id: int, block_id: int) -> GradeColumn | None:
    """The column of a block, also a removed one."""
    return session().scalar(select(GradeColumn).where(GradeColumn.book_id == book_id, GradeColumn.block_id == block_id))


def graded_blocks(run_id: int) -> list[Any]:
    """The graded blocks of a run that learners can see, in the order of the content: id, title, the unit's title, weight.

    What is not published counts for nobody, in progress as here: a copy that its author still works on lowers no total.
    """
    statement = (
        select(Block.id, Block.title, Unit.title.label("unit"), Block.weight_x10)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Block.run_id == run_id,
            Block.is_graded,
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
        )
        .order_by(Section.position, Unit.position, Block.position, Block.id)
    )
    return list(session().execute(statement))


def removed_blocks(run_id: int) -> set[int]:
    """Blocks of a run that were removed: their columns stay."""
    return set(session().scalars(select(Block.id).where(Block.run_id == run_id, Block.removed_at.is_not(None))))


def rules_of(book_id: int) -> tuple[list[CategoryRule], list[ColumnRule]]:
    """Categories and columns as the rule sees them."""
    categories = [CategoryRule(row.id, row.name, row.weight_x10, row.drop_lowest, row.is_extra) for row in categories_of(book_id)]
    columns, is_locked = columns_of(book_id), session().get_one(Gradebook, book_id).locked_at is not None
    seen = _seen(row.block_id for row in columns)
    return categories, [
        as_rule(row, is_gone=row.block_id is not None and row.block_id not in seen, is_frozen=is_locked or row.is_locked) for row in columns
    ]


def _seen(block_ids: Iterable[int | None]) -> set[int]:
    """Those of some blocks that learners see: neither removed nor taken back, and what holds them is there too."""
    ids = [key for key in block_ids if key is not None]
    statement = select(Block.id).join(Unit, Unit.id == Block.unit_id).join(Section, Section.id == Unit.section_id).where(Block.id.in_(ids))
    for part in (Block, Unit, Section):
        statement = statement.where(part.removed_at.is_(None), part.is_published)
    return set(session().scalars(statement)) if ids else set()


def as_rule(row: GradeColumn, *, is_gone: bool = False, is_frozen: bool = False) -> ColumnRule:
    """A column as the rule sees it."""
    kept = (row.id, row.category_id, row.title, row.max_x10, row.weight_x10, row.is_extra, row.block_id, row.is_hidden, row.is_locked)
    return ColumnRule(*kept, is_gone, is_frozen)


# -- lines --------------------------------------------------------------------------------------------------------------


def learners(run_id: int, text: str = "") -> sa.Select[Any]:
    """Those who hold a seat, by name: enrolment, person, name, student number."""
    number = select(func.min(Student.student_no)).where(Student.person_id == Person.id).correlate(Person).scalar_subquery()
    statement: Any = (
        select(Enrolment.id, Person.id.label("person_id"), Person.name, func.coalesce(number, "").label("student_no"))
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
        .order_by(Person.pinyin, Enrolment.id)
    )
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin))
    return statement  # type: ignore[no-any-return]


def learner(enrolment_id: int) -> Any:
    """One line of `learners`, whatever the state of the enrolment."""
    number = select(func.min(Student.student_no)).where(Student.person_id == Person.id).correlate(Person).scalar_subquery()
    statement = select(Enrolment.id, Person.id.label("person_id"), Person.name, func.coalesce(number, "").label("student_no"))
    return session().execute(statement.join(Person, Person.id == Enrolment.person_id).where(Enrolment.id == enrolment_id)).first()


def cells_of(columns: Sequence[ColumnRule], enrolment_ids: Collection[int]) -> dict[int, dict[int, Cell]]:
    """The cells of some learners, by enrolment and column: four queries, one more where work is only for some groups, and one
    where columns are locked.

    `+ 0` keeps the database from going through a column of all learners for the few that are asked for.
    """
    ids = list(enrolment_ids)
    by_block = {column.block_id: column for column in columns if column.block_id is not None}
    by_id = {column.id: column for column in columns}
    found: dict[int, dict[int, Cell]] = defaultdict(dict)
    progress = select(BlockProgress.enrolment_id, BlockProgress.block_id, BlockProgress.score_x10, BlockProgress.waits_for_grade).where(
        BlockProgress.enrolment_id.in_(ids), (BlockProgress.block_id + 0).in_(list(by_block))
    )
    for enrolment_id, block_id, score, waits in session().execute(progress) if by_block else ():
        found[enrolment_id][by_block[block_id].id] = Cell(score, computed_x10=score, waits=waits)
    _keep(found, ids, [column.id for column in by_block.values() if column.is_frozen])
    grades = select(Grade.enrolment_id, Grade.column_id, Grade.kind, Grade.points_x10, Grade.reason, Grade.version).where(
        Grade.enrolment_id.in_(ids), (Grade.column_id + 0).in_(list(by_id))
    )
    for enrolment_id, column_id, kind, points, reason, version in session().execute(grades):
        cell = found[enrolment_id].get(column_id, Cell())
        score = rules.score_of(points, by_id[column_id].max_x10) if points is not None else None
        shown = cell.computed_x10 if kind is None else score
        later = (cell.has_later, cell.later_x10)
        found[enrolment_id][column_id] = Cell(shown, kind, cell.computed_x10, reason, version, False, points, *later)
    _excuse_foreign(found, ids, by_block)
    _spare_completed(found, ids, columns)
    return found


def settled_aside(book_id: int, enrolment_ids: Collection[int]) -> dict[int, dict[int, int | None]]:
    """What a person had decided of blocks whose column was taken out since, as `rules.settled` says it: the work stays excused, or done. By enrolment."""
    column = GradeColumn
    statement: Any = select(Grade.enrolment_id, column.block_id, Grade.kind, Grade.points_x10, column.max_x10).join(
        column, column.id == Grade.column_id
    )
    statement = statement.where(column.book_id == book_id, column.removed_at.is_not(None), column.block_id.is_not(None))
    found: dict[int, dict[int, int | None]] = defaultdict(dict)
    for key, block_id, kind, points, most in session().execute(statement.where(Grade.enrolment_id.in_(list(enrolment_ids)), Grade.kind.is_not(None))):
        found[key][block_id] = None if kind is GradeKind.EXCUSED else rules.score_of(points or 0, most)
    return found


def _spare_completed(found: dict[int, dict[int, Cell]], ids: Sequence[int], columns: Sequence[ColumnRule]) -> None:
    """What was asked for after a learner had completed the course is no zero for them: neither a result nor a person's entry is there. What they
    had missed by then goes on counting so, also where learners no longer see it."""
    statement = select(Enrolment.id, Enrolment.missed).where(Enrolment.id.in_(ids), Enrolment.state == EnrolmentState.COMPLETED)
    for enrolment_id, stored in session().execute(statement):
        missed, mine = Missed.of(stored), found[enrolment_id]
        for column in columns:
            cell = mine.get(column.id, Cell())
            if cell.kind is None and cell.score_x10 is None and missed is not None:
                was_missed = missed.has(column.id, column.block_id)
                mine[column.id] = replace(cell, is_later=not was_missed, was_missed=was_missed)


def _keep(found: dict[int, dict[int, Cell]], ids: Sequence[int], column_ids: Sequence[int]) -> None:
    """In locked columns what stood there when they were locked; what the block gives now is told beside it."""
    if not column_ids:
        return
    statement = select(KeptScore.enrolment_id, KeptScore.column_id, KeptScore.score_x10)
    statement = statement.where(KeptScore.enrolment_id.in_(ids), (KeptScore.column_id + 0).in_(column_ids))
    kept = {(enrolment_id, column_id): score for enrolment_id, column_id, score in session().execute(statement)}
    for enrolment_id in ids:
        for column_id in column_ids:
            score, cell = kept.get((enrolment_id, column_id)), found[enrolment_id].get(column_id, Cell())
            if score is not None or cell.score_x10 is not None:
                found[enrolment_id][column_id] = Cell(
                    score, computed_x10=score, waits=cell.waits, has_later=cell.score_x10 != score, later_x10=cell.score_x10
                )


def held_back(book: Gradebook) -> dict[int, int]:
    """By locked column: of how many learners the block has given another result since. Empty where nothing is locked."""
    frozen = GradeColumn.is_locked if book.locked_at is None else sa.true()
    statement = (
        select(GradeColumn.id, func.count())
        .join(BlockProgress, BlockProgress.block_id == GradeColumn.block_id)
        .join(Enrolment, sa.and_(Enrolment.id == BlockProgress.enrolment_id, Enrolment.state.in_(SEATED)))
        .outerjoin(KeptScore, sa.and_(KeptScore.column_id == GradeColumn.id, KeptScore.enrolment_id == Enrolment.id))
        .where(GradeColumn.book_id == book.id, GradeColumn.removed_at.is_(None), frozen)
        .where(BlockProgress.score_x10.is_distinct_from(KeptScore.score_x10))
        .group_by(GradeColumn.id)
    )
    return {column_id: count for column_id, count in session().execute(statement)}


def _excuse_foreign(found: dict[int, dict[int, Cell]], ids: Sequence[int], by_block: Mapping[int, ColumnRule]) -> None:
    """A column of work that is only for other groups does not count for a learner, unless a person wrote into the cell."""
    limited = authoring.group_only(Block.id.in_(list(by_block))) if by_block else {}
    if not limited:
        return
    learns = {key: person_id for key, person_id in session().execute(select(Enrolment.id, Enrolment.person_id).where(Enrolment.id.in_(ids)))}
    same = persons.rows_of_humans(learns.values())  # a group may name another row of the same human
    statement = select(RunGroupMember.person_id, RunGroup.key).join(RunGroup, RunGroup.id == RunGroupMember.group_id)
    statement = statement.where(RunGroup.run_id.in_({run_id for run_id, _stored in limited.values()}))
    inside: dict[int, set[str]] = defaultdict(set)
    for person_id, group in session().execute(statement.where(RunGroupMember.person_id.in_(frozenset().union(*same.values())))):
        inside[person_id].add(group)
    keys = {key: {group for one in same[person_id] for group in inside[one]} for key, person_id in learns.items()}
    reason = _("只面向其他分组")
    for enrolment_id in ids:
        for block_id, (_run_id, stored) in limited.items():
            column = by_block[block_id]
            cell = found[enrolment_id].get(column.id, Cell())
            if cell.kind is None and content.is_foreign(stored, keys.get(enrolment_id, set())):
                found[enrolment_id][column.id] = Cell(None, GradeKind.EXCUSED, cell.computed_x10, reason, cell.version, is_foreign=True)


def own_lines(run_id: int, person_id: int | None) -> set[int]:
    """The enrolments of a human in a run, whichever of their rows they name: nobody writes into those lines themselves."""
    if person_id is None:
        return set()
    statement = select(Enrolment.id).where(Enrolment.run_id == run_id, persons.of_human(Enrolment.person_id, person_id))
    return set(session().scalars(statement))


def line_versions(enrolment_ids: Collection[int]) -> dict[int, int]:
    """The version of each line: the latest change of the learner's cells, 0 without one."""
    statement = select(GradeChange.enrolment_id, func.max(GradeChange.id)).where(GradeChange.enrolment_id.in_(list(enrolment_ids)))
    return {key: version for key, version in session().execute(statement.group_by(GradeChange.enrolment_id))}


def book_rows(book: Gradebook, people: Sequence[Any]) -> list[BookRow]:
    """The lines of some learners (rows of `learners`) with their totals: seven queries however many."""
    categories, columns = rules_of(book.id)
    return list(_lines(book, people, categories, columns))


def _lines(book: Gradebook, people: Sequence[Any], categories: list[CategoryRule], columns: list[ColumnRule]) -> Iterator[BookRow]:
    ids = [row[0] for row in people]
    cells, versions, kept = cells_of(columns, ids), line_versions(ids), settled_queries.kept_marks(ids)
    for enrolment_id, person_id, name, number in people:
        mine = cells.get(enrolment_id, {})
        total = rules.total(categories, columns, mine, missing_is_zero=book.missing_is_zero)
        yield BookRow(enrolment_id, person_id, name, number, mine, total, versions.get(enrolment_id, 0), enrolment_id in kept, kept.get(enrolment_id))


def all_rows(book: Gradebook, categories: list[CategoryRule], columns: list[ColumnRule]) -> Iterator[BookRow]:
    """Every line of a run, read in pieces, for an export that is sent while it is made."""
    people = list(session().execute(learners(book.run_id)))
    for start in range(0, len(people), CHUNK):
        yield from _lines(book, people[start : start + CHUNK], categories, columns)


def so_far(book: Gradebook) -> dict[int, int]:
    """Every learner's total over what has a result by now, whatever the run's rule about missing work; nobody without a result.

    Weights, dropped scores, overrides and excused cells are the book's own: it is what the total would be if the course ended today
    and the rest did not count.
    """
    categories, columns = rules_of(book.id)
    people = list(session().scalars(select(Enrolment.id).where(Enrolment.run_id == book.run_id, Enrolment.state.in_(SEATED)).order_by(Enrolment.id)))
    found: dict[int, int] = {}
    for start in range(0, len(people), CHUNK):
        some = people[start : start + CHUNK]
        cells = cells_of(columns, some)
        for enrolment_id in some:
            score = rules.total(categories, columns, cells.get(enrolment_id, {}), missing_is_zero=False).score_x10
            if score is not None:
                found[enrolment_id] = score
    return found


def grade(column_id: int, enrolment_id: int) -> Grade | None:
    """What a person wrote into a cell."""
    statement = select(Grade).where(Grade.column_id == column_id, Grade.enrolment_id == enrolment_id)
    return session().scalar(statement.execution_options(populate_existing=True))


def hold_lines(enrolment_ids: Collection[int]) -> None:
    """Whoever writes into these lines or computes their totals waits, always in the same order: read versions and cells after this."""
    statement = select(Enrolment.id).where(Enrolment.id.in_(list(enrolment_ids))).order_by(Enrolment.id)
    session().execute(statement.with_for_update(key_share=True))


def enrolments_in(ids: Collection[int]) -> dict[int, Enrolment]:
    """Enrolments by id."""
    return {row.id: row for row in session().scalars(select(Enrolment).where(Enrolment.id.in_(ids)))}


def grades_in(column_ids: Collection[int], enrolment_ids: Collection[int]) -> dict[tuple[int, int], Grade]:
    """The same for many cells, by (column, enrolment)."""
    found = session().scalars(select(Grade).where(Grade.column_id.in_(column_ids), Grade.enrolment_id.in_(enrolment_ids)))
    return {(row.column_id, row.enrolment_id): row for row in found}


def history(enrolment_id: int) -> list[Change]:
    """The history of a learner's cells, the latest first: the last `HISTORY` changes."""
    statement = (
        select(GradeColumn.title, GradeChange.at, GradeChange.by, GradeChange.before, GradeChange.after, GradeChange.kind, GradeChange.reason)
        .join(GradeColumn, GradeColumn.id == GradeChange.column_id)
        .where(GradeChange.enrolment_id == enrolment_id)
        .order_by(GradeChange.id.desc())
        .limit(HISTORY)
    )
    return [Change(*row) for row in session().execute(statement)]


def has_columns(category_id: int) -> bool:
    """Whether a category holds columns, also removed ones."""
    return session().scalar(select(GradeColumn.id).where(GradeColumn.category_id == category_id).limit(1)) is not None


def count_grades(column_id: int) -> int:
    """How many cells of a column hold points that were written by hand."""
    return session().scalar(select(func.count()).where(Grade.column_id == column_id, Grade.points_x10.is_not(None))) or 0


def books_of(run_ids: Collection[int]) -> dict[int, Gradebook]:
    """The gradebooks of several runs."""
    return {row.run_id: row for row in session().scalars(select(Gradebook).where(Gradebook.run_id.in_(list(run_ids))))}


# -- figures ------------------------------------------------------------------------------------------------------------


def statistics(book: Gradebook) -> list[ColumnStatistics]:
    """Count, mean, least and most of every column over all learners: one query. Excused cells are left out."""
    score: Any = sa.case(
        (Grade.kind == GradeKind.EXCUSED, None),
        (Grade.points_x10.is_not(None), Grade.points_x10 * 1000.0 / GradeColumn.max_x10),
        (GradeColumn.is_locked if book.locked_at is None else sa.true(), KeptScore.score_x10),
        else_=BlockProgress.score_x10,
    )
    statement = (
        select(GradeColumn.id, func.count(score), func.avg(score), func.min(score), func.max(score))
        .select_from(GradeColumn)
        .join(Enrolment, sa.and_(Enrolment.run_id == book.run_id, Enrolment.state.in_(SEATED)))
        .outerjoin(Grade, sa.and_(Grade.column_id == GradeColumn.id, Grade.enrolment_id == Enrolment.id))
        .outerjoin(BlockProgress, sa.and_(BlockProgress.block_id == GradeColumn.block_id, BlockProgress.enrolment_id == Enrolment.id))
        .outerjoin(KeptScore, sa.and_(KeptScore.column_id == GradeColumn.id, KeptScore.enrolment_id == Enrolment.id))
        .where(GradeColumn.book_id == book.id, GradeColumn.removed_at.is_(None))
        .group_by(GradeColumn.id)
    )
    return [
        ColumnStatistics(key, count, *(None if value is None else round(float(value)) for value in (mean, least, most)))
        for key, count, mean, least, most in session().execute(statement)
    ]


def totals(run_id: int) -> list[int]:
    """The totals handed down, in order; those that are being computed again as they were, and the mark that stands of who had completed before."""
    statement = (
        select(Enrolment.id, EnrolmentMark.score_x10, Enrolment.state)
        .join(Enrolment, Enrolment.id == EnrolmentMark.enrolment_id)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    )
    rows = list(session().execute(statement))
    kept = settled_queries.kept_marks([key for key, _score, state in rows if state is EnrolmentState.COMPLETED])
    return sorted(score for score in (kept.get(key, score) for key, score, _state in rows) if score is not None)


def due_count(run_id: int) -> int:
    """How many totals of a run wait to be computed again."""
    statement = select(func.count()).select_from(EnrolmentMark).join(Enrolment, Enrolment.id == EnrolmentMark.enrolment_id)
    return session().scalar(statement.where(Enrolment.run_id == run_id, EnrolmentMark.is_due)) or 0
