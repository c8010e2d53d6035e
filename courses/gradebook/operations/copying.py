"""How the grades of a run are made up, given to its copy: categories, columns, scale; no grade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from courses.catalogue.models import Run
from courses.gradebook import queries
from courses.gradebook.models import Gradebook, GradeCategory, GradeColumn
from courses.gradebook.operations.books import take_as_mark
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

CATEGORY = ("name", "weight_x10", "drop_lowest", "is_extra", "position")
COLUMN = ("title", "max_x10", "weight_x10", "is_extra", "is_hidden", "position")


def copy_book(*, run_id: int, new: Run, blocks: Mapping[int, int], by: Identity, now: datetime) -> Gradebook | None:
    """The gradebook of the copy, open and empty; None when the run has none. Columns of blocks that were not copied stay behind."""
    old = queries.book_of(run_id)
    if old is None:
        return None
    book = Gradebook(run_id=new.id, scale=old.scale, missing_is_zero=old.missing_is_zero, shows_total=old.shows_total, made_at=now)
    session().add(book)
    session().flush()
    categories = {row.id: GradeCategory(book_id=book.id, **{name: getattr(row, name) for name in CATEGORY}) for row in queries.categories_of(old.id)}
    session().add_all(categories.values())
    session().flush()
    for column in queries.columns_of(old.id):
        if column.block_id is None or column.block_id in blocks:
            block_id = None if column.block_id is None else blocks[column.block_id]
            kept = {name: getattr(column, name) for name in COLUMN}
            session().add(GradeColumn(book_id=book.id, category_id=categories[column.category_id].id, block_id=block_id, **kept))
    session().flush()
    take_as_mark(book=book, by=by, now=now)
    audit.record(by=by, did="courses.gradebook.copied", on=book, data={"from": old.id})
    return book
