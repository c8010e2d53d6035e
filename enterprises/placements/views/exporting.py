"""Terms, positions and rounds as files, as the lists are filtered and sorted."""

from __future__ import annotations

from typing import Any

from flask import request

from enterprises.permissions import Can
from enterprises.placements import labels, queries
from enterprises.placements.views.offers import positions_asked
from enterprises.placements.views.shared import blueprint
from trainhub.kernel import downloads
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column

TERMS = (
    Column("code", "代码"),
    Column("title", "学期"),
    Column("university", "学校"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("weeks", "周数"),
)
POSITIONS = (
    Column("code", "代码"),
    Column("title", "岗位"),
    Column("enterprise", "企业"),
    Column("base", "基地"),
    Column("region", "所在县区"),
    Column("majors", "接收专业"),
    Column("seats", "席位"),
    Column("taken", "已占用"),
    Column("state", "状态"),
)
ROUNDS = (
    Column("title", "轮次"),
    Column("programme", "专业"),
    Column("university", "学校"),
    Column("year", "年级"),
    Column("opens_on", "填报开始"),
    Column("closes_on", "填报截止"),
    Column("state", "状态"),
)


@blueprint.get("/terms/export.<form>")
@guard(Can.TERM_LIST)
def export_terms(form: str) -> Any:
    """The placement terms."""
    found = session().execute(queries.terms_visible(who(), request.args.get("sort", "")))
    rows = ((t.code, t.title, university, t.starts_on, t.ends_on, t.weeks) for t, university in found)
    return downloads.table(rows, TERMS, name=_("实习学期"), form=form, codes=["code"])


@blueprint.get("/positions/export.<form>")
@guard(Can.POSITION_LIST)
def export_positions(form: str) -> Any:
    """The positions."""
    rows = (
        (r.code, r.title, r.enterprise, r.base, r.region, "|".join(r.majors), r.seats, r.taken, str(labels.OFFER_STATES[r.state]))
        for r in session().execute(positions_asked())
    )
    return downloads.table(rows, POSITIONS, name=_("实习岗位"), form=form, codes=["code", "majors"])


@blueprint.get("/rounds/export.<form>")
@guard(Can.ROUND_LIST)
def export_rounds(form: str) -> Any:
    """The rounds."""
    found = session().execute(queries.rounds_listing(who(), request.args.get("sort", "")))
    rows = (
        (r.title, programme, university, year, r.opens_on, r.closes_on, str(labels.ROUND_STATES[r.state])) for r, programme, university, year in found
    )
    return downloads.table(rows, ROUNDS, name=_("实习轮次"), form=form)
