"""A gradebook made as another platform had it: its categories, which block counts where, its scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from courses.catalogue.models import Run
from courses.gradebook import queries
from courses.gradebook.models import Gradebook, GradeCategory
from courses.gradebook.operations.books import make, take_as_mark
from courses.gradebook.types import Scale
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

MOST_DROPPED = 50


@dataclass(frozen=True, slots=True)
class Layout:
    """A category to be made: its weight among the others, how many of the lowest results fall away, and the weights of its blocks by id."""

    name: str
    weight_x10: int
    drop: int
    blocks: Mapping[int, int]


def lay_out(*, run: Run, layouts: Sequence[Layout], scale: Scale | None, by: Identity, now: datetime) -> Gradebook:
    """The gradebook of a run that has none yet, with these categories instead of the one it begins with. Blocks in no layout stay in the first."""
    book = make(run=run, by=by, now=now)
    if scale is not None:
        book.scale = scale.as_data()
    (first,) = queries.categories_of(book.id)
    rows = [first, *(GradeCategory(book_id=book.id, position=n) for n in range(2, len(layouts) + 1))]
    columns = {column.block_id: column for column in queries.columns_of(book.id)}
    for row, layout in zip(rows, layouts, strict=False):
        row.name, row.weight_x10, row.drop_lowest = layout.name, layout.weight_x10, min(layout.drop, MOST_DROPPED)
        session().add(row)
        session().flush()
        for block_id, weight in layout.blocks.items():
            columns[block_id].category_id, columns[block_id].weight_x10 = row.id, weight
    session().flush()
    take_as_mark(book=book, by=by, now=now)
    audit.record(by=by, did="courses.gradebook.laid_out", on=book, data={"categories": len(layouts)})
    return book
