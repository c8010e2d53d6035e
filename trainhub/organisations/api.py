"""The HTTP API's resources of regions and organisations."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from trainhub.kernel.access import acting, guard, signed_in
from trainhub.kernel.api import ApiModel, ByCode, api_blueprint, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries
from trainhub.organisations.models import Organisation, Region
from trainhub.organisations.permissions import Can
from trainhub.organisations.types import (
    EnterpriseSize,
    OrganisationFilter,
    OrganisationKind,
    OrganisationState,
    RegionLevel,
)

blueprint = api_blueprint("organisations", "organisations")


class RegionOut(ApiModel):
    """A division; figures of `code` stand under `reporting_code` (平潭 350128 reports beside the nine cities)."""

    code: str
    name: str
    name_en: str
    level: RegionLevel
    parent_code: str | None
    reporting_code: str | None
    is_reported_separately: bool


class RegionPage(ApiModel):
    """A page of regions."""

    items: list[RegionOut]
    next_cursor: str | None


class OrganisationItem(ApiModel):
    """An organisation in a list."""

    code: str
    name: str
    kind: OrganisationKind
    state: OrganisationState
    region_code: str | None
    level: str
    uscc: str | None


class OrganisationPage(ApiModel):
    """A page of organisations."""

    items: list[OrganisationItem]
    next_cursor: str | None


class OrganisationOut(OrganisationItem):
    """An organisation."""

    name_en: str
    short_name: str
    address: str
    parent_code: str | None
    supervising_department: str
    ownership: str
    size: EnterpriseSize | None
    is_internet_enterprise: bool
    is_leading_internet: bool
    hosts: list[str] = Field(description="Codes of the organisations that host the base, the lead first")


class OrganisationQuery(ByCode):
    """What the list is narrowed by."""

    kind: OrganisationKind | None = None
    state: OrganisationState | None = None
    region: str | None = Field(None, max_length=6, description="GB/T 2260 code of the province, a city or a county")
    q: str | None = Field(None, max_length=100, description="Part of name, pinyin, code or USCC")


def _item(row: Any) -> dict[str, Any]:
    one = queries.as_row(row)
    return {name: getattr(one, name) for name in OrganisationItem.model_fields}


@blueprint.get("/regions")
@signed_in
@blueprint.input(ByCode, location="query", arg_name="query")
@blueprint.output(RegionPage)
def regions(query: ByCode) -> Any:
    """List the divisions of the province."""
    return cursor_page(
        queries.regions_listing(),
        order=[Region.code],
        key=lambda row: [row[0].code],
        query=query,
        render=lambda row: {name: getattr(row[0], name) for name in RegionOut.model_fields},
    )


@blueprint.get("/organisations")
@guard(Can.VIEW)
@blueprint.input(OrganisationQuery, location="query", arg_name="query")
@blueprint.output(OrganisationPage)
def organisations(query: OrganisationQuery) -> Any:
    """List the organisations the token's holder may see."""
    identity = acting()
    assert identity is not None
    wanted = OrganisationFilter(kind=query.kind, state=query.state, region=query.region or "", text=query.q or "")
    return cursor_page(
        queries.listing(identity, wanted, "code").order_by(None), order=[Organisation.code], key=lambda row: [row[1]], query=query, render=_item
    )


def _load(code: str) -> Organisation:
    identity, row = acting(), queries.by_code(code)
    if row is None or identity is None or not queries.is_visible(identity, row.id):
        raise NotFound(_("没有代码为 %(code)s 的机构，或你无权查看。", code=code[:60]))
    return row


@blueprint.get("/organisations/<code>")
@guard(Can.VIEW, load=_load, subject=queries.subject_of)
@blueprint.output(OrganisationOut)
def organisation(row: Organisation) -> Any:
    """One organisation by its code or USCC."""
    parent = queries.by_id(row.parent_id) if row.parent_id else None
    own = [name for name in OrganisationOut.model_fields if name not in ("parent_code", "hosts")]
    hosts = [partner.code for host, partner in queries.hosts_of(row.id) if host.until is None]
    return {name: getattr(row, name) for name in own} | {"parent_code": parent.code if parent else None, "hosts": hosts}
