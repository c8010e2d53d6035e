"""The HTTP API's resources of programmes."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from trainhub.kernel.access import acting, guard
from trainhub.kernel.api import ApiModel, ByCode, api_blueprint, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.programmes import queries
from trainhub.programmes.models import Programme
from trainhub.programmes.permissions import Can
from trainhub.programmes.types import DegreeLevel, ProgrammeFilter, VersionState

blueprint = api_blueprint("programmes", "programmes")


class ProgrammeItem(ApiModel):
    """A programme in a list."""

    code: str
    name: str
    major_code: str
    degree_level: DegreeLevel
    university: str
    is_petoe: bool


class ProgrammePage(ApiModel):
    """A page of programmes."""

    items: list[ProgrammeItem]
    next_cursor: str | None


class VersionOut(ApiModel):
    """A version of the training plan."""

    label: str
    state: VersionState
    from_cohort_year: int
    published_on: date | None


class CohortOut(ApiModel):
    """A cohort, with the label of the plan it follows."""

    year: int
    starts_on: date
    graduated_on: date | None
    version: str | None


class ProgrammeOut(ProgrammeItem):
    """A programme with its plans and cohorts, the newest first."""

    name_en: str
    university_code: str
    key_field_no: int | None = Field(description="Number of the key field of 中国制造2025, 1 to 10")
    petoe_since: date | None
    versions: list[VersionOut]
    cohorts: list[CohortOut]


class ProgrammeQuery(ByCode):
    """What the list is narrowed by."""

    q: str | None = Field(None, max_length=100, description="Part of name, pinyin or code")
    is_petoe: bool | None = None


def _item(row: Any) -> dict[str, Any]:
    one = queries.as_row(row)
    return {name: getattr(one, name) for name in ProgrammeItem.model_fields}


@blueprint.get("/programmes")
@guard(Can.LIST)
@blueprint.input(ProgrammeQuery, location="query", arg_name="query")
@blueprint.output(ProgrammePage)
def programmes(query: ProgrammeQuery) -> Any:
    """List the programmes the token's holder may see."""
    identity = acting()
    assert identity is not None
    wanted = ProgrammeFilter(text=query.q or "", is_petoe=query.is_petoe)
    return cursor_page(queries.listing(identity, wanted).order_by(None), order=[Programme.code], key=lambda row: [row[1]], query=query, render=_item)


def _load(code: str) -> Programme:
    row = queries.by_code(code)
    if row is None:
        raise NotFound(_("没有代码为 %(code)s 的专业点。", code=code[:60]))
    return row


@blueprint.get("/programmes/<code>")
@guard(Can.VIEW, load=_load, subject=queries.subject_of)
@blueprint.output(ProgrammeOut)
def programme(row: Programme) -> Any:
    """One programme by its code."""
    university = organisations.by_id(row.university_id)
    assert university is not None
    versions = queries.versions_of(row.id)
    labels, followed = {version.id: version.label for version in versions}, queries.plans_followed(row.id)
    return {
        **{name: getattr(row, name) for name in ("code", "name", "name_en", "major_code", "degree_level", "is_petoe", "key_field_no", "petoe_since")},
        "university": university.name,
        "university_code": university.code,
        "versions": [{name: getattr(version, name) for name in VersionOut.model_fields} for version in versions],
        "cohorts": [
            {"year": c.year, "starts_on": c.starts_on, "graduated_on": c.graduated_on, "version": labels.get(followed[c.id] or 0)}
            for c in queries.cohorts_of(row.id)
        ],
    }
