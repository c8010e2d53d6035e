"""The HTTP API's resources of placements and weeks."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from enterprises.permissions import Can
from enterprises.placements import queries
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from trainhub.kernel.access import acting, guard
from trainhub.kernel.api import ApiModel, ByNumber, api_blueprint, cursor_page
from trainhub.kernel.clock import today
from trainhub.ledger import queries as ledger
from trainhub.people.models import Student
from trainhub.policy.book import book

blueprint = api_blueprint("placements", "placements")


class PlacementOut(ApiModel):
    """A placement."""

    id: int
    student_no: str
    programme: str
    university: str
    enterprise: str
    base: str | None
    position: str
    term: str
    state: PlacementState
    starts_on: date
    ends_on: date
    rank: int | None = Field(description="The rank of the student's wish; null: not ranked")


class PlacementPage(ApiModel):
    """A page of placements."""

    items: list[PlacementOut]
    next_cursor: str | None


class PlacementQuery(ByNumber):
    """What the list is narrowed by."""

    state: PlacementState | None = None


@blueprint.get("/placements")
@guard(Can.PLACEMENT_LIST)
@blueprint.input(PlacementQuery, location="query", arg_name="query")
@blueprint.output(PlacementPage)
def placements(query: PlacementQuery) -> Any:
    """List the placements the token's holder may see."""
    identity = acting()
    assert identity is not None
    return cursor_page(
        queries.listing(identity, state=query.state).order_by(None),
        order=[Placement.id],
        key=lambda row: [row.id],
        query=query,
        render=lambda row: {name: getattr(row, name) for name in PlacementOut.model_fields},
    )


class WeeksOut(ApiModel):
    """The weeks of a student; credited days divided by five, never rounded."""

    student_id: int
    student_no: str
    name: str
    programme: str
    cohort: int
    credited_days: int
    credited_weeks: float
    is_met: bool
    by_week: dict[str, int] = Field(description="Credited days by ISO week")


class WeeksPage(ApiModel):
    """A page of students."""

    items: list[WeeksOut]
    next_cursor: str | None


@blueprint.get("/weeks")
@guard(Can.WEEKS_LIST)
@blueprint.input(ByNumber, location="query", arg_name="query")
@blueprint.output(WeeksPage)
def weeks(query: ByNumber) -> Any:
    """List the weeks in enterprises of every student the token's holder may see."""
    identity, day = acting(), today()
    assert identity is not None
    required = book().at("own.weeks.days_required", on=day).number
    rows: list[Any] = []

    def remember(row: Any) -> dict[str, Any]:
        rows.append(row)
        return {"row": row}

    page = cursor_page(
        queries.progress_rows(identity, on=day).order_by(None), order=[Student.id], key=lambda row: [row.id], query=query, render=remember
    )
    totals = ledger.weeks_of_many([row.id for row in rows])
    page["items"] = [
        {
            "student_id": row.id,
            "student_no": row.student_no,
            "name": row.name,
            "programme": row.programme,
            "cohort": row.year,
            "credited_days": totals[row.id].credited_days,
            "credited_weeks": float(totals[row.id].credited_weeks),
            "is_met": totals[row.id].credited_days >= required,
            "by_week": dict(totals[row.id].by_week),
        }
        for row in rows
    ]
    return page
