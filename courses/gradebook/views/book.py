"""The gradebook for those who teach: the table, its make-up, one learner, one column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import Blueprint, render_template, request

from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.gradebook import forms, labels, queries, rules
from courses.gradebook.models import Gradebook, GradeColumn
from courses.gradebook.operations import books, grades
from courses.gradebook.types import OWN_SCALE, Cell, GradeKind, Scale
from courses.learning import operations as learning
from courses.learning import queries as learners
from courses.learning.models import Enrolment
from courses.learning.places import load_run, me
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, guard, may
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import number_x10, picks, tenths
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole
from trainhub.kernel.web import done

blueprint = Blueprint("gradebook", __name__)


@dataclass(frozen=True, slots=True)
class Open:
    """The gradebook of a run, with a learner or a column of it."""

    run: Run
    known: Gradebook | None
    enrolment: Enrolment | None = None
    column: GradeColumn | None = None
    form: str = ""

    @property
    def book(self) -> Gradebook:
        """The gradebook; refuses when it was not made."""
        if self.known is None:
            raise NotFound(_("这期课程还没有建立成绩册。"))
        return self.known

    @property
    def subject(self) -> Subject:
        """What permissions are judged on: the run."""
        return catalogue.subject_of_run(self.run)


def load(run_id: int, form: str = "") -> Open:
    """A run with its gradebook."""
    return Open(load_run(run_id), queries.book_of(run_id), form=form)


def load_line(run_id: int, enrolment_id: int) -> Open:
    """A learner's line."""
    opened, enrolment = load(run_id), learners.enrolment_by_id(enrolment_id)
    if enrolment is None or enrolment.run_id != run_id:
        raise NotFound(_("本期课程没有这名学员。"))
    return Open(opened.run, opened.book, enrolment)


def load_column(run_id: int, column_id: int) -> Open:
    """A column."""
    opened, column = load(run_id), queries.column_by_id(column_id)
    if column is None or column.book_id != opened.book.id:
        raise NotFound(_("成绩册中没有这一项，可能已被移除。"))
    return Open(opened.run, opened.book, column=column)


@blueprint.get("/teaching/runs/<int:run_id>/gradebook")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def show(opened: Open) -> Any:
    """The gradebook, a page of learners at a time."""
    may_edit = may(me(), Can.RUN_GRADE, opened.subject)
    if opened.known is None:
        return render_template("courses/gradebook/none.html", run=opened.run, words=words, may_edit=may_edit)
    book = opened.book
    number, size = paging.wanted()
    page = paging.paginate(queries.learners(opened.run.id, request.args.get("q", "").strip()[:60]), number=number, size=size, scalars=False)
    categories, columns = queries.rules_of(book.id)
    have = {column.block_id for column in columns}
    return render_template(
        "courses/gradebook/book.html",
        run=opened.run,
        book=book,
        page=page,
        rows=queries.book_rows(book, page.items),
        categories=categories,
        columns=columns,
        scale=Scale.of(book.scale),
        held_back=queries.held_back(book),
        missing=[row for row in queries.graded_blocks(opened.run.id) if row.id not in have],
        removed=queries.removed_blocks(opened.run.id),
        points_in=rules.points_in,
        labels=labels,
        words=words,
        may_edit=may_edit,
        Cell=Cell,
    )


@blueprint.post("/teaching/runs/<int:run_id>/gradebook")
@guard(Can.RUN_GRADE, load=load)
def change(opened: Open) -> Any:
    """Make the gradebook, take missing columns in, lock or open it."""
    run_id, now = opened.run.id, clock.now()
    with transaction():
        match request.form.get("do", ""):
            case "make":
                books.make(run=opened.run, by=me(), now=now)
                message = _("成绩册已建立，本期课程的总成绩从此按成绩册计算。")
            case "sync":
                count = books.add_missing(book=opened.book, by=me(), now=now)
                message = _("已加入 %(n)d 个成绩项。", n=count)
            case "lock" | "unlock" as verb:
                books.lock(book=opened.book, is_locked=verb == "lock", by=me(), now=now)
                message = _("成绩册已锁定。") if verb == "lock" else _("成绩册已解锁；操作已记录。")
            case _other:
                raise NotFound(_("没有这项操作。"))
    return done(message, "gradebook.show", run_id=run_id)


@blueprint.route("/teaching/runs/<int:run_id>/gradebook/setup", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=load)
def setup(opened: Open) -> Any:
    """Scale, categories and columns; `what` says which small form was sent."""
    run_id, book = opened.run.id, opened.book
    what = request.form.get("what", "")
    categories = queries.categories_of(book.id)
    choices = [(row.id, row.name) for row in categories]
    form = forms.BookForm(request.form if what == "book" else None, obj=book, prefix="")
    scale = Scale.of(book.scale)
    if scale.key == OWN_SCALE:
        form.scale.choices = [*picks(labels.SCALES), (OWN_SCALE, labels.own_scale(scale))]
    if what != "book":
        form.scale.data = scale.key
    changing, row_id = _of_row(book, what, choices)  # a row that is there has a form of its own; the forms that add stay empty then
    stands = {"version": book.version}  # what is added counts in the book's version, too
    category = forms.CategoryForm(request.form if what == "category" and changing is None else None, data=stands)
    column = forms.ColumnForm(request.form if what == "column" and changing is None else None, data=stands, categories=choices)
    chosen: Any = changing or {"book": form, "category": category, "column": column}.get(what)
    try:
        if what in ("remove_category", "remove_column", "bring_back"):
            _remove(book, what, request.form.get("id", 0, type=whole))
            return done(_("已恢复。") if what == "bring_back" else _("已移除。"), "gradebook.setup", run_id=run_id)
        if chosen is not None and chosen.validate():
            _store(book, what, chosen)
            return done(_("成绩册设置已保存，总评正在重新计算。"), "gradebook.setup", run_id=run_id)
    except Refused as refused:
        if chosen is None:
            raise
        chosen.refuse(refused)
        opened = load(run_id)
        book, categories = opened.book, queries.categories_of(opened.book.id)
    page = render_template(
        "courses/gradebook/setup.html",
        run=opened.run,
        book=book,
        categories=categories,
        columns=queries.columns_of(book.id),
        removed=queries.removed_blocks(run_id),
        taken_out=queries.removed_columns(book.id),
        form=form,
        category=category,
        column=column.apart("column"),
        changing=changing,
        row_id=row_id,
        what=what,
        labels=labels,
        words=words,
    )
    return page, 422 if chosen is not None else 200


def _of_row(book: Gradebook, what: str, choices: list[tuple[int, str]]) -> tuple[Any, int]:
    """The form of the category or column that was sent to be changed, with what is stored beside what was typed, and its id; None and 0 where
    nothing was, or something new. Raises NotFound where the row was taken out meanwhile: saved, it would be there twice."""
    key = request.form.get(f"{what}_id", 0, type=whole) if what in ("category", "column") else 0
    if not key:
        return None, 0
    stands: dict[str, Any] = {"version": book.version}
    if what == "category":
        category = next((row for row in queries.categories_of(book.id) if row.id == key), None)
        if category is None:
            raise NotFound(_("没有这个类别。"))
        stands |= {"name": category.name, "weight": Decimal(category.weight_x10) / 10, "drop": category.drop_lowest, "is_extra": category.is_extra}
        return forms.CategoryForm(request.form, data=stands).apart(f"category-{key}"), key
    column = next((row for row in queries.columns_of(book.id) if row.id == key), None)
    if column is None:
        raise NotFound(_("成绩册中没有这一项，可能已被移除。"))
    stands |= {"title": column.title, "category_id": column.category_id, "max_points": Decimal(column.max_x10) / 10}
    stands |= {"weight": Decimal(column.weight_x10) / 10, "is_extra": column.is_extra, "is_hidden": column.is_hidden, "is_locked": column.is_locked}
    return forms.ColumnForm(request.form, data=stands, categories=choices).apart(f"column-{key}"), key


def _store(book: Gradebook, what: str, form: Any) -> None:
    now, version = clock.now(), request.form.get("version", type=whole)
    with transaction():
        if what == "book":
            books.configure(
                book=book,
                version=form.version.data,
                scale=form.scale.data,
                missing_is_zero=bool(form.missing_is_zero.data),
                shows_total=bool(form.shows_total.data),
                by=me(),
                now=now,
            )
        elif what == "category":
            books.save_category(
                book=book,
                category_id=int(form.category_id.data) if is_key(form.category_id.data) else None,
                name=form.name.data or "",
                weight_x10=tenths(form.weight.data),
                drop=form.drop.data or 0,
                is_extra=bool(form.is_extra.data),
                by=me(),
                now=now,
                version=version,
            )
        else:
            books.save_column(
                book=book,
                column_id=int(form.column_id.data) if is_key(form.column_id.data) else None,
                title=form.title.data or "",
                category_id=form.category_id.data,
                max_x10=tenths(form.max_points.data),
                weight_x10=tenths(form.weight.data),
                is_extra=bool(form.is_extra.data),
                is_hidden=bool(form.is_hidden.data),
                is_locked=bool(form.is_locked.data),
                by=me(),
                now=now,
                version=version,
            )


def _remove(book: Gradebook, what: str, key: int) -> None:
    version = request.form.get("version", type=whole)
    with transaction():
        if what == "bring_back":
            books.bring_back_column(book=book, column_id=key, by=me(), now=clock.now())
        elif what == "remove_category":
            books.remove_category(book=book, category_id=key, by=me(), now=clock.now(), version=version)
        elif (column := queries.column_by_id(key)) is not None and column.book_id == book.id:
            books.remove_column(book=book, column=column, by=me(), now=clock.now(), version=version)


@blueprint.route("/teaching/runs/<int:run_id>/gradebook/learners/<int:enrolment_id>", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=load_line)
def line(opened: Open) -> Any:
    """One learner: how the total comes about, the history, and a form to write into a cell."""
    assert opened.enrolment is not None
    run_id, enrolment_id, book = opened.run.id, opened.enrolment.id, opened.book
    columns = [row for row in queries.columns_of(book.id) if not row.is_locked]
    form = forms.CellForm(columns=[(row.id, row.title) for row in columns])
    status = 200
    if form.validate_on_submit():
        try:
            with transaction():
                _write(opened, {row.id: row for row in columns}[form.column_id.data], form)
            return done(_("成绩已保存。"), "gradebook.line", run_id=run_id, enrolment_id=enrolment_id)
        except Refused as refused:
            form.refuse(refused)
            status = refused.status
            opened = load_line(run_id, enrolment_id)
    page = line_page(
        "courses/gradebook/line.html", opened.run, opened.book, enrolment_id, form=form, history=queries.history(enrolment_id), most=queries.HISTORY
    )
    return page, status if status != 200 or not form.is_submitted() else 422


def _write(opened: Open, column: GradeColumn, form: forms.CellForm) -> None:
    assert opened.enrolment is not None
    now = clock.now()
    kind = {"excused": GradeKind.EXCUSED, "clear": None}.get(form.kind.data, GradeKind.MANUAL if column.block_id is None else GradeKind.OVERRIDE)
    is_new = grades.set_grade(
        book=opened.book,
        column=column,
        enrolment=opened.enrolment,
        kind=kind,
        points_x10=None if form.points.data is None else int(form.points.data * 10),
        reason=form.reason.data or "",
        version=request.form.get(f"version_{column.id}", type=whole),
        by=me(),
        now=now,
    )
    if is_new:  # whoever completes by it completes now, not on the day of what they did last
        learning.ask_for_marks(run_id=opened.run.id, enrolment_ids=[opened.enrolment.id], now=now)
    grades.hand_down(run_id=opened.run.id, enrolment_ids=[opened.enrolment.id], by=me(), now=now)


def line_page(template: str, run: Run, book: Gradebook, enrolment_id: int, *, unshown: Collection[int] = (), **more: Any) -> str:
    """A learner's line. `unshown`: quizzes whose marks the learner may not see yet, hidden as a hidden column is."""
    found = queries.book_rows(book, [queries.learner(enrolment_id)])[0]
    found = replace(found, total=rules.without(found.total, unshown)) if unshown else found
    return render_template(
        template,
        run=run,
        book=book,
        row=found,
        scale=Scale.of(book.scale),
        points_in=rules.points_in,
        labels=labels,
        words=words,
        Cell=Cell,
        **more,
    )


@blueprint.route("/teaching/runs/<int:run_id>/gradebook/columns/<int:column_id>", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=load_column)
def column(opened: Open) -> Any:
    """A column that is filled by hand: a field for each learner of the page; what is empty or unchanged is left alone."""
    row, run_id, book = opened.column, opened.run.id, opened.book
    assert row is not None
    if row.block_id is not None:
        raise NotFound(_("这一项由系统计算，不能整列录入；个别学员可以在其成绩页改定。"))
    error, status, column_id = "", 200, row.id
    if request.method == "POST":
        try:
            with transaction():
                changed = _write_column(opened, row)
            return done(_("已保存 %(n)d 个成绩。", n=changed), "gradebook.column", run_id=run_id, column_id=column_id, page=request.args.get("page"))
        except Refused as refused:
            error, status = refused.message, refused.status
            opened = load_column(run_id, column_id)
            row, book = opened.column, opened.book
    number, size = paging.wanted()
    page = paging.paginate(queries.learners(run_id, request.args.get("q", "").strip()[:60]), number=number, size=size, scalars=False)
    assert row is not None
    answer = render_template(
        "courses/gradebook/column.html",
        run=opened.run,
        book=book,
        column=row,
        page=page,
        cells=queries.cells_of([queries.as_rule(row)], [one[0] for one in page.items]),
        points_in=rules.points_in,
        typed=request.form if error else {},
        error=error,
        words=words,
        Cell=Cell,
    )
    return answer, status


def _write_column(opened: Open, row: GradeColumn) -> int:
    changed, own = [], queries.own_lines(opened.run.id, me().person_id)
    for name, text in request.form.items():
        key = name.removeprefix("points_")
        enrolment = session().get(Enrolment, int(key)) if name.startswith("points_") and is_key(key) else None
        if enrolment is None or not text.strip():
            continue
        points = number_x10(text)
        if points == request.form.get(f"shown_{key}", type=whole):
            continue  # untouched: whatever stands there now is not this person's business
        version = request.form.get(f"version_{key}", 0, type=whole)
        given: dict[str, Any] = {"kind": GradeKind.MANUAL, "points_x10": points, "reason": "", "version": version}
        if grades.set_grade(book=opened.book, column=row, enrolment=enrolment, by=me(), now=clock.now(), own=own, **given):
            changed.append(enrolment.id)
    learning.ask_for_marks(run_id=opened.run.id, enrolment_ids=changed, now=clock.now())
    return len(changed)
