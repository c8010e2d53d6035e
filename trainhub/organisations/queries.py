"""Every select on regions and organisations, and the scopes that narrow lists to what their reader may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import aliased

from trainhub.kernel import audit, pinyin
from trainhub.kernel.access import Identity, Role, ScopeKind, Subject
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.organisations.code_queries import by_code as by_code
from trainhub.organisations.code_queries import by_codes as by_codes
from trainhub.organisations.code_queries import code_of_uscc as code_of_uscc
from trainhub.organisations.code_queries import codes_by_uscc as codes_by_uscc
from trainhub.organisations.code_queries import ids_by_any_code as ids_by_any_code
from trainhub.organisations.models import BaseHost, Organisation, OrganisationPast, Region, RegionAlias
from trainhub.organisations.permissions import VIEWERS
from trainhub.organisations.places import place
from trainhub.organisations.types import CountyBook, OrganisationFilter, OrganisationKind, OrganisationRow, OrganisationState, RegionLevel, RegionPath

PROVINCE = "350000"
Statement = sa.Select[*tuple[Any, ...]]

# -- scopes -------------------------------------------------------------------------------------------------------------


def within_regions(column: ColumnElement[Any] | Any, codes: Collection[str]) -> ColumnElement[bool]:
    """Whether a region column lies in one of the regions, as `RegionPath.codes` would say (平潭 not in 350100)."""
    if PROVINCE in codes:
        return true()
    inside = select(Region.code).where(or_(Region.code.in_(codes), Region.reporting_code.in_(codes)))
    return column.in_(inside)


def scope(
    identity: Identity,
    roles: Collection[Role],
    *,
    organisations: Sequence[Any] = (),
    programmes: Sequence[Any] = (),
    region: Any = None,
    persons: Sequence[Any] = (),
) -> ColumnElement[bool]:
    """The rows that any grant of `roles` covers, plus the reader's own: the SQL of `role_over(*roles) or own`.

    `organisations`, `programmes` and `persons` are columns that hold ids, `region` one that holds a region's code. A
    predicate may stand in the place of a column as a function from ids to a clause.
    """
    grants = [grant for grant in identity.grants if grant.role in roles]
    if any(grant.kind is ScopeKind.EVERYTHING for grant in grants):
        return true()
    clauses: list[ColumnElement[bool]] = [false()]
    for kind, columns in ((ScopeKind.ORGANISATION, organisations), (ScopeKind.PROGRAMME, programmes)):
        ids = sorted({grant.scope_id for grant in grants if grant.kind is kind and grant.scope_id is not None})
        if ids:
            clauses += [column(ids) if callable(column) and not hasattr(column, "in_") else column.in_(ids) for column in columns]
    codes = sorted({grant.region_code for grant in grants if grant.kind is ScopeKind.REGION and grant.region_code})
    if codes and region is not None:
        clauses.append(within_regions(region, codes))
    if identity.person_id is not None:
        clauses += [column == identity.person_id for column in persons]
    return or_(*clauses)


def region_of(organisation_id: Any) -> Any:
    """SQL: the region of the organisation that a column names; an alias, so that lists may join organisations themselves."""
    place = aliased(Organisation)
    return select(place.region_code).where(place.id == organisation_id).scalar_subquery()


def _hosted_by(ids: Sequence[int]) -> ColumnElement[bool]:
    return Organisation.id.in_(select(BaseHost.base_id).where(BaseHost.organisation_id.in_(ids), BaseHost.until.is_(None)))


def inside(identity: Identity, roles: Collection[Role]) -> ColumnElement[bool]:
    """Organisations inside the reader's scope: the organisation itself, its children, the bases it hosts, its region."""
    return scope(identity, roles, organisations=(Organisation.id, Organisation.parent_id, _hosted_by), region=Organisation.region_code)


def visible_to(identity: Identity) -> ColumnElement[bool]:
    """Verified organisations are a directory for everybody who works here; the others show only inside one's scope."""
    return or_(Organisation.state == OrganisationState.VERIFIED, inside(identity, VIEWERS))


# -- regions ------------------------------------------------------------------------------------------------------------


def region(code: str) -> Region | None:
    """A division of today by its code."""
    return session().get(Region, code)


def region_path(code: str | None) -> RegionPath:
    """The county (if the code is one), its prefecture and the province; 平潭 is its own prefecture."""
    return _path(region(code) if code else None)


def _path(found: Region | None) -> RegionPath:
    if found is None or found.level is RegionLevel.PROVINCE:
        return RegionPath(None, None, PROVINCE)
    return RegionPath(found.code if found.level is RegionLevel.COUNTY else None, found.reporting_code, PROVINCE)


def resolve_county(code: str, on: date) -> str | None:
    """The county of today for a code that was valid on that day; None for any other text."""
    found = region(code)
    if found is not None:
        return code if found.level is RegionLevel.COUNTY else None
    alias = session().get(RegionAlias, code)
    return alias.successor_code if alias is not None and on <= alias.until else None


def county_book() -> CountyBook:
    """Every county and every abolished code, for imports of many rows."""
    counties = session().execute(select(Region.code, Region.reporting_code).where(Region.level == RegionLevel.COUNTY)).all()
    old = session().execute(select(RegionAlias.code, RegionAlias.until, RegionAlias.successor_code)).all()
    return CountyBook({code: reporting or "" for code, reporting in counties}, {code: (until, new) for code, until, new in old})


def prefectures() -> list[Region]:
    """The nine cities and, last, 平潭: the ten units that report."""
    statement = select(Region).where(Region.reporting_code == Region.code).order_by(Region.is_reported_separately, Region.code)
    return list(session().scalars(statement))


def prefecture_choices() -> list[tuple[str, str]]:
    """The ten units that report, for a filter, in the reader's language."""
    return [(row.code, place(row.name)) for row in prefectures()]


def regions() -> list[Region]:
    """Every division in the order of its code."""
    return list(session().scalars(select(Region).order_by(Region.code)))


def regions_listing() -> Statement:
    """Every division, for the API."""
    return select(Region)


def region_choices() -> list[tuple[str, str]]:
    """Province, cities and counties for a form; a county carries the name of its city."""
    rows = regions()
    names = {row.code: place(row.name) for row in rows}
    order = sorted(rows, key=lambda row: ((row.reporting_code or ""), row.level is RegionLevel.COUNTY, row.code))
    return [
        (
            row.code,
            f"{names.get(row.parent_code or '', '')} · {names[row.code]}"
            if row.level is RegionLevel.COUNTY and row.reporting_code != row.code
            else names[row.code],
        )
        for row in order
    ]


def county_choices() -> list[tuple[str, str]]:
    """Counties for a form, with the name of their city."""
    counties = county_book().counties
    return [row for row in region_choices() if row[0] in counties]


# -- organisations ------------------------------------------------------------------------------------------------------


def names_at(moment: datetime) -> dict[int, dict[str, str]]:
    """The names (`name`, `name_en`) that organisations had at a moment and have no more, by id."""
    return audit.replaced_since(moment, did="organisations.organisation.changed", keys=("name", "name_en"))


def regions_at(moment: datetime) -> dict[int, str | None]:
    """The region that organisations stood in at a moment and do not any more, by id."""
    moved = audit.replaced_since(moment, did="organisations.organisation.changed", keys=("region_code",))
    return {key: then["region_code"] for key, then in moved.items()}


def by_id(organisation_id: int) -> Organisation | None:
    """An organisation by its id."""
    return session().get(Organisation, organisation_id)


def by_ids(organisation_ids: Iterable[int]) -> dict[int, Organisation]:
    """Several organisations by id."""
    return {row.id: row for row in session().scalars(select(Organisation).where(Organisation.id.in_(set(organisation_ids))))}


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """Names by id."""
    wanted = {key for key in ids if key is not None}
    if not wanted:
        return {}
    return {key: name for key, name in session().execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted)))}


def matches(text: str, *columns: Any) -> ColumnElement[bool]:
    """Whether any of the text columns contains the text, or a reading it stands for (`pinyin.readings`); LIKE's own signs are taken literally."""
    return or_(*[func.lower(column).contains(pattern, autoescape=True) for column in columns for pattern in pinyin.readings(text)])


def _clauses(identity: Identity, wanted: OrganisationFilter) -> list[ColumnElement[bool]]:
    clauses = [visible_to(identity)]
    if wanted.kind is not None:
        clauses.append(Organisation.kind == wanted.kind)
    if wanted.state is not None:
        clauses.append(Organisation.state == wanted.state)
    if wanted.region:
        clauses.append(within_regions(Organisation.region_code, [wanted.region]))
    if wanted.text:
        clauses.append(matches(wanted.text, Organisation.name, Organisation.short_name, Organisation.pinyin, Organisation.code, Organisation.uscc))
    return clauses


SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Organisation.pinyin, Organisation.name),
    "code": (),
    "kind": (Organisation.kind, Organisation.pinyin),
    "region": (Organisation.region_code, Organisation.pinyin),
    "state": (Organisation.state, Organisation.pinyin),
}


def ordered(statement: Statement, sort: str, sorts: dict[str, tuple[Any, ...]], *unique: Any) -> Statement:
    """Order by one of the known sorts ("-name" the other way round), and always by something unique."""
    columns = sorts.get(sort.removeprefix("-"), next(iter(sorts.values())))
    if sort.startswith("-"):
        return statement.order_by(*[column.desc() for column in columns], *[column.desc() for column in unique])
    return statement.order_by(*columns, *unique)


def ordered_or(statement: Statement, sort: str, sorts: dict[str, tuple[Any, ...]], *usual: Any, unique: Any = None) -> Statement:
    """Order by one of the known sorts and something unique (default: the last of the usual columns), else by the usual columns."""
    if sort.removeprefix("-") not in sorts:
        return statement.order_by(*usual)
    return ordered(statement, sort, sorts, usual[-1] if unique is None else unique)


def marks_on(organisation_ids: Iterable[int], key: str, on: date) -> dict[int, bool]:
    """What a dated mark was on a day, of organisations where it was replaced since; of others it is what it is now."""
    table, found = OrganisationPast, dict[int, bool]()
    rows = select(table).where(table.organisation_id.in_(sorted(set(organisation_ids))), table.key == key, table.until > on)
    for row in session().scalars(rows.order_by(table.until, table.id)):
        found.setdefault(row.organisation_id, row.value)  # the first that was replaced after the day held on it
    return found


def closed_on(organisation_ids: Iterable[int], on: date) -> set[int]:
    """Those of some organisations that were out of use on a day."""
    wanted = sorted(set(organisation_ids))
    closed = session().scalars(select(Organisation.id).where(Organisation.id.in_(wanted), Organisation.state == OrganisationState.CLOSED))
    return {key for key, is_closed in {**dict.fromkeys(closed, True), **marks_on(wanted, "is_closed", on)}.items() if is_closed}


def listing(identity: Identity, wanted: OrganisationFilter, sort: str = "name") -> Statement:
    """The rows of the list: columns only, see `as_row`."""
    statement = (
        select(
            Organisation.id,
            Organisation.code,
            Organisation.name,
            Organisation.kind,
            Organisation.state,
            Organisation.region_code,
            Region.name,
            Organisation.level,
            Organisation.uscc,
            Organisation.is_demo,
        )
        .outerjoin(Region, Region.code == Organisation.region_code)
        .where(and_(*_clauses(identity, wanted)))
    )
    return ordered(statement, sort, SORTS, Organisation.code)


def as_row(row: Any) -> OrganisationRow:
    """A row of `listing`."""
    return OrganisationRow(*row)


def is_visible(identity: Identity, organisation_id: int) -> bool:
    """Whether the reader may open the organisation's page."""
    return bool(session().scalar(select(func.count()).where(Organisation.id == organisation_id, visible_to(identity))))


def choices(*kinds: OrganisationKind, text: str = "", identity: Identity | None = None, only_verified: bool = False) -> list[tuple[int, str]]:
    """(id, name) for forms, ordered by pinyin; closed organisations are left out."""
    statement = select(Organisation.id, Organisation.name).where(Organisation.state != OrganisationState.CLOSED)
    if kinds:
        statement = statement.where(Organisation.kind.in_(kinds))
    if only_verified:
        statement = statement.where(Organisation.state == OrganisationState.VERIFIED)
    if text:
        statement = statement.where(matches(text, Organisation.name, Organisation.short_name, Organisation.pinyin, Organisation.code))
    if identity is not None:
        statement = statement.where(visible_to(identity))
    return [(key, name) for key, name in session().execute(statement.order_by(Organisation.pinyin, Organisation.id))]


def hosts_of(base_id: int) -> list[tuple[BaseHost, Organisation]]:
    """The hosts of a base with their organisations, the lead first; ended ones at the end."""
    statement = (
        select(BaseHost, Organisation)
        .join(Organisation, Organisation.id == BaseHost.organisation_id)
        .where(BaseHost.base_id == base_id)
        .order_by(BaseHost.until.is_not(None), BaseHost.is_lead.desc(), BaseHost.id)
    )
    return [(host, organisation) for host, organisation in session().execute(statement)]


def host_ids(base_id: int) -> list[int]:
    """The organisations that host a base now (a host with an end date hosts no more)."""
    statement = select(BaseHost.organisation_id).where(BaseHost.base_id == base_id, BaseHost.until.is_(None)).distinct()
    return sorted(session().scalars(statement))


def bases_hosted_by(organisation_id: int) -> list[Organisation]:
    """The bases an organisation hosts now."""
    statement = select(Organisation).where(_hosted_by([organisation_id])).order_by(Organisation.pinyin, Organisation.id)
    return list(session().scalars(statement))


def children_of(organisation_id: int) -> list[Organisation]:
    """The parts of an organisation."""
    statement = select(Organisation).where(Organisation.parent_id == organisation_id).order_by(Organisation.pinyin, Organisation.id)
    return list(session().scalars(statement))


def subject_of(organisation: Organisation) -> Subject:
    """What permissions over an organisation are judged on: itself, its parent, its hosts (a base), its region's path."""
    hosts = host_ids(organisation.id) if organisation.kind is OrganisationKind.BASE else []
    return Subject.of(organisations=(organisation.id, organisation.parent_id, *hosts), regions=region_path(organisation.region_code).codes)


def subjects_of(organisation_ids: Iterable[int]) -> dict[int, Subject]:
    """The same for several, by id."""
    some = by_ids(organisation_ids).values()
    hosts = defaultdict[int, list[int]](list)
    held = select(BaseHost.base_id, BaseHost.organisation_id).where(BaseHost.base_id.in_({one.id for one in some}), BaseHost.until.is_(None))
    for base_id, host_id in session().execute(held.distinct()):
        hosts[base_id].append(host_id)
    regions = {row.code: row for row in session().scalars(select(Region).where(Region.code.in_({one.region_code for one in some})))}
    paths = {one.id: _path(regions.get(one.region_code or "")) for one in some}
    return {one.id: Subject.of(organisations=(one.id, one.parent_id, *hosts[one.id]), regions=paths[one.id].codes) for one in some}


def history_of(kind: str, key: int, limit: int = 50) -> list[AuditEvent]:
    """The latest events of one thing, newest first."""
    statement = select(AuditEvent).where(AuditEvent.on_kind == kind, AuditEvent.on_id == str(key)).order_by(AuditEvent.id.desc()).limit(limit)
    return list(session().scalars(statement))


def subject_at(path: RegionPath) -> Subject:
    """What creating something in a region is judged on."""
    return Subject.of(regions=path.codes)


def for_export(identity: Identity, wanted: OrganisationFilter, sort: str = "") -> list[tuple[Organisation, str | None, bool]]:
    """(organisation, code of its parent, whether the reader may see its contacts), as the list is sorted, else parents before their parts."""
    parent = aliased(Organisation)
    statement: Statement = (
        select(Organisation, parent.code, inside(identity, VIEWERS))
        .outerjoin(parent, parent.id == Organisation.parent_id)
        .where(and_(*_clauses(identity, wanted)))
    )
    statement = ordered_or(statement, sort, SORTS, Organisation.parent_id.is_not(None), Organisation.id, unique=Organisation.code)
    return [(row, code, bool(own)) for row, code, own in session().execute(statement)]
