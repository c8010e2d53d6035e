"""The HTTP API's resources of capstones."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from enterprises.capstones import queries
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import CapstoneState
from enterprises.permissions import Can
from trainhub.kernel.access import acting, guard
from trainhub.kernel.api import ApiModel, ByNumber, api_blueprint, cursor_page
from trainhub.programmes import queries as programmes

blueprint = api_blueprint("capstones", "capstones")


class CapstoneItem(ApiModel):
    """A capstone in a list; `score_x10` is in tenths of a point and only there once the result is published."""

    id: int
    student_no: str
    student: str
    programme: str
    topic: str
    enterprise: str
    state: CapstoneState
    starts_on: date
    ends_on: date
    school_supervisor: str
    enterprise_supervisor: str
    score_x10: int | None
    grade_text: str


class CapstonePage(ApiModel):
    """A page of capstones."""

    items: list[CapstoneItem]
    next_cursor: str | None


class CapstoneQuery(ByNumber):
    """What the list is narrowed by."""

    state: CapstoneState | None = None
    programme: str | None = Field(None, max_length=40, description="Code of a programme")


def _item(row: Any) -> dict[str, Any]:
    one = queries.as_row(row)
    data = {name: getattr(one, name) for name in CapstoneItem.model_fields}
    if one.state not in (CapstoneState.PASSED, CapstoneState.FAILED):
        data |= {"score_x10": None, "grade_text": ""}
    return data


@blueprint.get("/capstones")
@guard(Can.CAPSTONE_LIST)
@blueprint.input(CapstoneQuery, location="query", arg_name="query")
@blueprint.output(CapstonePage)
@blueprint.doc(summary="Capstones", security="bearer")
def capstones(query: CapstoneQuery) -> Any:
    """The capstones inside the scope of the token's roles, by id; withdrawn ones only when asked for."""
    identity = acting()
    assert identity is not None
    programme_id = None
    if query.programme is not None:
        found = programmes.by_code(query.programme)
        programme_id = found.id if found is not None else -1
    statement = queries.listing(identity, state=query.state, programme_id=programme_id).order_by(None)
    return cursor_page(statement, order=(Capstone.id,), key=lambda row: (row[0],), query=query, render=_item)
