"""The make-up of a gradebook: categories, columns, scale, locks. Every change asks for the totals again and is audited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm.attributes import flag_modified

from courses.catalogue.models import Run
from courses.gradebook import queries, scales
from courses.gradebook.models import Gradebook, GradeCategory, GradeColumn
from courses.gradebook.operations import freezing
from courses.gradebook.types import OWN_SCALE
from courses.learning import operations as learning
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _

MOST_COLUMNS = 200


class BadBook(Refused):
    """The gradebook cannot be made up like this."""

    code = "bad_gradebook"


class Locked(Refused):
    """The gradebook or the column is locked."""

    code = "locked"


def make(*, run: Run, by: Identity, now: datetime) -> Gradebook:
    """The gradebook of a run, once: one category with a column for every graded block, so that nobody's mark changes by it.

    Who completed before keeps the mark of then, whatever is graded today, until a person excuses them in it or writes over a result (`learning.rules.with_mark`).
    """
    known = queries.book_of(run.id)
    if known is not None:
        return known
    book = Gradebook(run_id=run.id, scale=scales.scale("percent").as_data(), made_at=now)
    session().add(book)
    session().flush()
    session().add(GradeCategory(book_id=book.id, name=str(_("课程成绩")), weight_x10=1000, position=1))
    session().flush()
    add_missing(book=book, by=by, now=now)
    take_as_mark(book=book, by=by, now=now)
    audit.record(by=by, did="courses.gradebook.made", on=book, data={"run": run.id})
    return book


def take_as_mark(*, book: Gradebook, by: Identity, now: datetime) -> None:
    """From now on the mark of the run is the total of its gradebook."""
    _changed(book, by, now, "courses.gradebook.taken_as_mark", {})


def add_missing(*, book: Gradebook, by: Identity, now: datetime) -> int:
    """A column for every graded block that has none yet (or had one that was removed). Returns how many were added."""
    _refuse_locked(book)
    categories, columns = queries.categories_of(book.id), queries.columns_of(book.id)
    have = {column.block_id for column in columns}
    titles = {column.title for column in columns}
    position = max((column.position for column in columns), default=0)
    made = 0
    for block_id, title, unit, weight in queries.graded_blocks(book.run_id):
        if block_id in have:
            continue
        made += 1
        column = queries.column_of_block(book.id, block_id)
        if column is None:
            column = GradeColumn(book_id=book.id, category_id=categories[0].id, block_id=block_id, title="", position=0)
            session().add(column)
        column.title, column.weight_x10, column.position, column.removed_at = _free_title(title or unit, titles), weight, position + made, None
        session().flush()
    if made:
        _changed(book, by, now, "courses.gradebook.columns_added", {"columns": made})
    return made


def _free_title(title: str, taken: set[str]) -> str:
    name, number = title[:100], 1
    while name in taken:
        number += 1
        name = f"{title[:100]} {number}"
    taken.add(name)
    return name


def configure(
    *, book: Gradebook, version: int | None, scale: str, missing_is_zero: bool, shows_total: bool, by: Identity, now: datetime
) -> Gradebook:
    """The scale, what missing work counts, and whether learners see their total."""
    check_version(book, version)
    _refuse_locked(book)
    if scale != OWN_SCALE:  # that one stays: only the book knows it
        book.scale = scales.scale(scale).as_data()
    book.missing_is_zero, book.shows_total = missing_is_zero, shows_total
    session().flush()
    _changed(book, by, now, "courses.gradebook.configured", {"scale": scale, "missing_is_zero": missing_is_zero, "shows_total": shows_total})
    return book


def lock(*, book: Gradebook, is_locked: bool, by: Identity, now: datetime) -> None:
    """Lock the whole book, or open it again; both stay on record, and twice is once.

    As in Moodle, a locked column keeps its grades: what its block gives from then on stays with the block and is taken in when it is
    unlocked.
    """
    _hold(book)
    if (book.locked_at is not None) == is_locked:
        return
    book.locked_at = now if is_locked else None
    session().flush()
    follow = [column.id for column in queries.columns_of(book.id) if not column.is_locked]  # the others were kept before, and stay so
    if is_locked:
        freezing.freeze(follow)
    else:
        freezing.thaw(follow)
        learning.ask_for_marks(run_id=book.run_id, now=now)
    audit.record(by=by, did="courses.gradebook.locked" if is_locked else "courses.gradebook.unlocked", on=book, data={})


def save_category(
    *,
    book: Gradebook,
    category_id: int | None,
    name: str,
    weight_x10: int,
    drop: int,
    is_extra: bool,
    by: Identity,
    now: datetime,
    version: int | None = None,
) -> GradeCategory:
    """Add or change a category. Weights are relative: they need not sum to 100. `version` of the book, as everywhere here: who changes it from a page
    that another one has overtaken is told (Stale)."""
    check_version(book, version)
    _refuse_locked(book)
    categories = queries.categories_of(book.id)
    name = name.strip()[:60]
    if not name or any(row.name == name and row.id != category_id for row in categories):
        raise BadBook(_("类别名称不能为空，也不能重复。"), field="name")
    if weight_x10 <= 0 or not 0 <= drop <= 50:
        raise BadBook(_("权重应大于 0；去掉最低分的个数应在 0 到 50 之间。"), field="weight")
    row = next((row for row in categories if row.id == category_id), None)
    if row is None:
        row = GradeCategory(book_id=book.id, position=len(categories) + 1)
        session().add(row)
    row.name, row.weight_x10, row.drop_lowest, row.is_extra = name, weight_x10, drop, is_extra
    session().flush()
    _changed(book, by, now, "courses.gradebook.category_saved", {"category": row.id, "weight_x10": weight_x10, "drop": drop, "is_extra": is_extra})
    return row


def remove_category(*, book: Gradebook, category_id: int, by: Identity, now: datetime, version: int | None = None) -> None:
    """Remove an empty category; the last one stays."""
    check_version(book, version)
    _refuse_locked(book)
    categories = queries.categories_of(book.id)
    row = next((row for row in categories if row.id == category_id), None)
    if row is None:
        return
    if len(categories) == 1 or queries.has_columns(category_id):
        raise BadBook(_("请先把这个类别里的成绩项移到别的类别；至少保留一个类别。"))
    session().delete(row)
    session().flush()
    _changed(book, by, now, "courses.gradebook.category_removed", {"category": category_id})


def save_column(
    *,
    book: Gradebook,
    column_id: int | None,
    title: str,
    category_id: int,
    max_x10: int,
    weight_x10: int,
    is_extra: bool,
    is_hidden: bool,
    is_locked: bool,
    by: Identity,
    now: datetime,
    version: int | None = None,
) -> GradeColumn:
    """Add a column that is filled by hand, or change one. Full points do not change under grades."""
    check_version(book, version)
    _refuse_locked(book)
    columns = queries.columns_of(book.id)
    title = title.strip()[:120]
    if not title or any(row.title == title and row.id != column_id for row in columns):
        raise BadBook(_("成绩项名称不能为空，也不能重复：表格按名称对应各列。"), field="title")
    if category_id not in {row.id for row in queries.categories_of(book.id)}:
        raise BadBook(_("没有这个类别。"), field="category_id")
    if not 10 <= max_x10 <= 10_000 or weight_x10 < 0:
        raise BadBook(_("满分应在 1 到 1000 之间，权重不能为负。"), field="max_points")
    row = next((row for row in columns if row.id == column_id), None)
    turns = row is not None and row.is_locked != is_locked
    if row is not None and turns:
        _hold(book)
        session().refresh(row)
        _refuse_locked(book)
        turns = row.is_locked != is_locked
    if row is None:
        if len(columns) >= MOST_COLUMNS:
            raise BadBook(_("一个成绩册最多 %(n)d 列。", n=MOST_COLUMNS))
        row = GradeColumn(book_id=book.id, position=len(columns) + 1, max_x10=max_x10)
        session().add(row)
    elif row.max_x10 != max_x10 and queries.count_grades(row.id):
        raise BadBook(_("“%(title)s”已有手工成绩，不能再改满分。", title=row.title), field="max_points")
    row.title, row.category_id, row.max_x10, row.weight_x10 = title, category_id, max_x10, weight_x10
    row.is_extra, row.is_hidden, row.is_locked = is_extra, is_hidden, is_locked
    session().flush()
    if turns:
        (freezing.freeze if is_locked else freezing.thaw)([row.id])
    _changed(book, by, now, "courses.gradebook.column_saved", {"column": row.id, "weight_x10": weight_x10, "hidden": is_hidden, "locked": is_locked})
    return row


def remove_column(*, book: Gradebook, column: GradeColumn, by: Identity, now: datetime, version: int | None = None) -> None:
    """Take a column out of the total; its grades and their history are kept and come back with it."""
    check_version(book, version)
    _refuse_locked(book)
    column.removed_at = now
    session().flush()
    _changed(book, by, now, "courses.gradebook.column_removed", {"column": column.id, "title": column.title})


def bring_back_column(*, book: Gradebook, column_id: int, by: Identity, now: datetime) -> None:
    """Take a column in again with its grades; twice is once. Another column may have its name by now: then it is numbered."""
    _refuse_locked(book)
    row = next((row for row in queries.removed_columns(book.id) if row.id == column_id), None)
    if row is None:
        return
    columns = queries.columns_of(book.id)
    if len(columns) >= MOST_COLUMNS:
        raise BadBook(_("一个成绩册最多 %(n)d 列。", n=MOST_COLUMNS))
    row.title, row.position, row.removed_at = _free_title(row.title, {one.title for one in columns}), len(columns) + 1, None
    session().flush()
    _changed(book, by, now, "courses.gradebook.column_brought_back", {"column": row.id, "title": row.title})


def _hold(book: Gradebook) -> None:
    """Who locks or unlocks waits for whoever writes into the book, and the other way round."""
    session().refresh(book, with_for_update=True)


def _refuse_locked(book: Gradebook) -> None:
    if book.locked_at is not None:
        raise Locked(_("成绩册已锁定，不能修改。如确需修改，请先解锁；解锁会留下记录。"))


def _changed(book: Gradebook, by: Identity, now: datetime, did: str, data: dict[str, object]) -> None:
    flag_modified(book, "scale")  # its version counts what belongs to it
    session().flush()
    # Learners see no total from which a hidden column could be reckoned.
    is_shown = book.shows_total and not any(column.is_hidden for column in queries.columns_of(book.id))
    learning.take_marks_from_book(run_id=book.run_id, is_shown=is_shown, now=now)
    audit.record(by=by, did=did, on=book, data=data)
