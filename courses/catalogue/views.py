"""The public catalogue."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from courses.catalogue import labels, queries
from courses.catalogue.types import CatalogueSort, CourseFilter, EducationType
from trainhub.kernel import clock, paging
from trainhub.kernel.access import VISITOR, acting, public
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.fields import offered
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sending import send
from trainhub.organisations import filter_queries as filters

blueprint = Blueprint("catalogue", __name__, url_prefix="/courses")


def _filter() -> CourseFilter:
    kind, sort = request.args.get("type", ""), request.args.get("order", "")
    return CourseFilter(
        text=request.args.get("q", "").strip()[:100],
        owner_id=request.args.get("owner", type=whole),
        key_field_no=request.args.get("field", type=whole),
        education_type=EducationType(kind) if kind in set(EducationType) else None,
        focus_area_no=request.args.get("area", type=whole),
        language=request.args.get("language", "")[:12],
        has_seats="seats" in request.args,
        open_on=clock.today() if "open" in request.args else None,
        counts_for_goal="goal" in request.args,
        today=clock.today(),
        sort=CatalogueSort(sort) if sort in set(CatalogueSort) else CatalogueSort.NEWEST,
    )


@blueprint.get("")
@public
def index() -> Any:
    """Courses with a published run; searched in Chinese, pinyin and by code."""
    number, _size = paging.wanted()
    page = paging.paginate(queries.catalogue(_filter()), number=number, size=24, scalars=False)
    return render_template(
        "courses/catalogue/index.html",
        page=page,
        cards=[queries.as_card(row) for row in page.items],
        owners=offered(queries.owners_in_catalogue(), "owner", filters.called(acting() or VISITOR)),
        labels=labels,
        today=clock.today(),
    )


@blueprint.get("/<code>/cover")
@public
def cover(code: str) -> Any:
    """The picture of a course."""
    course = queries.course_by_code(code)
    row = session().get(StoredFile, course.cover_file_id) if course is not None and course.cover_file_id else None
    if row is None:
        raise NotFound(_("这门课程没有封面图。"))
    return send(row)
