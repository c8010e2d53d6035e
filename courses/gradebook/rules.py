"""How a total is computed. Pure, exact, rounded once at the end.

1. A cell is a score out of 100. An excused cell is left out. A cell without result counts 0, or is left out while the run's
   rule says that missing work does not count yet, or where learners no longer see what it is of, unless it counted when they completed.
2. In each category the `drop` lowest scores that count fall away, but never the last one. The mean of the rest is weighted by
   the columns' weights. An extra column adds its score times its weight over the category's weights; in an extra category,
   which only adds anyway, it is a column as others are.
3. The total is the mean of the categories that have something to count, weighted by their weights. An extra category adds its
   mean times its weight over the weights of the others.
4. The total never passes 100 and is rounded half up to one decimal; the scale words it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from courses.gradebook.types import CategoryPart, CategoryRule, Cell, ColumnRule, Counts, GradeKind, Part, Total


def half_up(value: Fraction) -> int:
    """A whole number, half up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def score_of(points_x10: int, max_x10: int) -> int:
    """Points as a score out of 1000, half up. Whole numbers only: this runs for every cell of a book."""
    return (2000 * points_x10 + max_x10) // (2 * max_x10)


def points_of(score_x10: int, max_x10: int) -> int:
    """A score as points of a column, in tenths."""
    return (2 * score_x10 * max_x10 + 1000) // 2000


def points_in(cell: Cell, max_x10: int) -> int | None:
    """What a cell shows, in tenths of a point of its column: what a person wrote as it was written, else what the score gives."""
    if cell.points_x10 is not None or cell.score_x10 is None:
        return cell.points_x10
    return points_of(cell.score_x10, max_x10)


def total(categories: Sequence[CategoryRule], columns: Sequence[ColumnRule], cells: Mapping[int, Cell], *, missing_is_zero: bool) -> Total:
    """A learner's total with its explanation; None while nothing counts."""
    parts = [_category(category, [c for c in columns if c.category_id == category.id], cells, missing_is_zero) for category in categories]
    weights = sum(part.category.weight_x10 for part in parts if part.mean is not None and not part.category.is_extra)
    if not weights:
        return Total(None, tuple(parts))
    whole = Fraction(0)
    shared = []
    for part in parts:
        share = Fraction(part.category.weight_x10, weights) if part.mean is not None else Fraction(0)
        whole += share * (part.mean or 0)
        shared.append(CategoryPart(part.category, part.parts, part.mean, share))
    return Total(min(1000, half_up(whole)), tuple(shared), whole > 1000)


def without(whole: Total, block_ids: Collection[int]) -> Total:
    """The same explanation with the columns of some blocks hidden from their learner."""

    def told(part: Part) -> Part:
        return replace(part, column=replace(part.column, is_hidden=True)) if part.column.block_id in block_ids else part

    return replace(whole, categories=tuple(replace(one, parts=tuple(told(part) for part in one.parts)) for one in whole.categories))


def _category(category: CategoryRule, columns: Sequence[ColumnRule], cells: Mapping[int, Cell], missing_is_zero: bool) -> CategoryPart:
    parts = [_part(column, cells.get(column.id, Cell()), missing_is_zero, category.is_extra) for column in columns]
    counted = [n for n, part in enumerate(parts) if part.counts in (Counts.COUNTED, Counts.MISSING_AS_ZERO)]
    weighty = [n for n in counted if parts[n].column.weight_x10]  # what weighs nothing takes no drop from what counts
    for n in sorted(weighty, key=lambda n: (parts[n].exact, n))[: max(0, min(category.drop, len(weighty) - 1))]:
        parts[n] = Part(parts[n].column, parts[n].cell, Counts.DROPPED, parts[n].score_x10, parts[n].exact)
        counted.remove(n)
    weights = sum(parts[n].column.weight_x10 for n in counted)
    if not weights:
        return CategoryPart(category, tuple(parts), None, Fraction(0))
    got = sum(parts[n].exact * parts[n].column.weight_x10 for n in counted)
    extra = sum(part.exact * part.column.weight_x10 for part in parts if part.counts is Counts.EXTRA)
    return CategoryPart(category, tuple(parts), Fraction(got + extra, weights), Fraction(0))


def _part(column: ColumnRule, cell: Cell, missing_is_zero: bool, is_all_extra: bool) -> Part:
    if cell.kind is GradeKind.EXCUSED:
        return Part(column, cell, Counts.EXCUSED, 0, 0)
    score = cell.score_x10
    if column.is_extra and not is_all_extra:
        return Part(column, cell, Counts.EXTRA, score or 0, _exact(cell, column))
    if score is None:
        is_asked = missing_is_zero and not cell.is_later and (cell.was_missed or not column.is_gone)
        counts = Counts.MISSING_AS_ZERO if is_asked else Counts.MISSING_LEFT_OUT
        return Part(column, cell, counts, 0, 0)
    return Part(column, cell, Counts.COUNTED, score, _exact(cell, column))


def _exact(cell: Cell, column: ColumnRule) -> int | Fraction:
    """The score before it is rounded: 100 of 150 points are two thirds. A whole number wherever it is one, because of the speed."""
    if cell.points_x10 is None or 1000 * cell.points_x10 % column.max_x10 == 0:
        return cell.score_x10 or 0
    return Fraction(1000 * cell.points_x10, column.max_x10)


def mark(whole: Total) -> int | None:
    """What is handed down as the mark of the run: 0 where something is asked of the learner and nothing is there yet, None where nothing is: no column
    weighs anything, or each was removed, added later or excused."""
    if whole.score_x10 is not None:
        return whole.score_x10
    asked = (part for one in whole.categories if one.category.weight_x10 and not one.category.is_extra for part in one.parts)
    return 0 if any(_is_asked(part) for part in asked) else None


def _is_asked(part: Part) -> bool:
    left_out = part.counts is Counts.MISSING_LEFT_OUT and not part.column.is_gone and not part.cell.is_later
    return left_out and part.column.weight_x10 > 0


def empty(whole: Total) -> list[int]:
    """The columns in which a learner has neither a result nor an excusal."""
    return [part.column.id for one in whole.categories for part in one.parts if part.cell.kind is None and part.cell.score_x10 is None]


def settled(whole: Total) -> dict[int, int | None]:
    """By block what a person decided in its column: the score that was written, None where the learner is excused.

    A zero is among it, as the score that stands; it leaves something to do (`learning.rules.is_settled`).
    """
    parts = [part for one in whole.categories for part in one.parts]
    return {
        part.column.block_id: None if part.cell.kind is GradeKind.EXCUSED else part.cell.score_x10
        for part in parts
        if part.column.block_id is not None and part.cell.is_by_person
    }


def is_written(whole: Total) -> bool:
    """Whether a person excused a learner or wrote over a result, with a reason, and it stands. Marks of a column of its own, which are entered for a
    whole class, are none of it; work for other groups is excused by itself."""
    return any(part.cell.is_by_person and part.cell.kind is not GradeKind.MANUAL for one in whole.categories for part in one.parts)


def fed(whole: Total, column_id: int | None) -> int | None:
    """What a learner's line gives to an assessment item of a training plan: the score of a column, or the total without one.

    Excused work and work without a result give nothing, unless the book counts missing work as zero.
    """
    if column_id is None:
        return whole.score_x10
    for category in whole.categories:
        for part in category.parts:
            if part.column.id == column_id:
                has_result = part.cell.score_x10 is not None or part.counts is Counts.MISSING_AS_ZERO
                return part.score_x10 if has_result and part.counts is not Counts.EXCUSED else None
    return None
