"""The page of what enterprises gave in a year, and its file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from enterprises.contributions import queries
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Identity, acting, guard
from trainhub.kernel.numbers import a_year
from trainhub.kernel.sheets.types import Column

blueprint = Blueprint("contributions", __name__, url_prefix="/contributions")
COLUMNS = (
    Column("code", "企业代码"),
    Column("name", "企业"),
    Column("students", "接纳学生人数"),
    Column("weeks", "实习人周"),
    Column("mentors", "指导教师人数"),
    Column("capstones", "通过的毕业设计"),
    Column("courses", "培训课程"),
)


def _who() -> Identity:
    identity = acting()
    assert identity is not None
    return identity


def _year() -> int:
    year = request.args.get("year", type=a_year)
    return year if year is not None and 2000 <= year <= 2100 else clock.today().year


def _asked() -> dict[str, str]:
    return {"text": request.args.get("q", "").strip()[:100], "sort": request.args.get("sort", "")}


@blueprint.get("/")
@guard(Can.CONTRIBUTION_LIST)
def index() -> Any:
    """Counts by enterprise for a year."""
    year, (number, size) = _year(), paging.wanted()
    statement = queries.listing(_who(), year, **_asked())
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    page.items[:] = [queries.Contribution(*row) for row in page.items]  # type: ignore[index]
    this = clock.today().year
    return render_template("enterprises/contributions/index.html", page=page, year=year, years=[(y, y) for y in range(this, this - 10, -1)])


@blueprint.get("/<int:year>.<form>")
@guard(Can.CONTRIBUTION_LIST)
def export(year: int, form: str) -> Any:
    """The same as a file."""
    year = min(max(year, 2000), 2100)
    cells = [
        (r.code, r.name, r.students, f"{r.weeks_x10 / 10:.1f}", r.mentors, r.capstones, r.courses) for r in queries.rows(_who(), year, **_asked())
    ]
    return downloads.table(cells, COLUMNS, name=f"企业参与人才培养-{year}", form=form, codes=["code"])
