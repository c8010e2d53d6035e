"""Who signs the enterprise training plan and who has, for the school and as the enterprises see it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from enterprises.placements.models import PlanHostSignature, PlanItem, PlanSignature
from enterprises.placements.types import PlanPlace, PlanSide
from trainhub.kernel.db import session
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.programmes.models import Programme, ProgrammeVersion
from trainhub.programmes.types import VersionState


def plan_signatures(version_id: int) -> list[PlanSignature]:
    """Which sides signed the plan."""
    return list(session().scalars(select(PlanSignature).where(PlanSignature.version_id == version_id).order_by(PlanSignature.side)))


def plan_host_signatures(version_id: int) -> list[PlanHostSignature]:
    """Which enterprises signed the plan, in the order in which they did."""
    return list(session().scalars(select(PlanHostSignature).where(PlanHostSignature.version_id == version_id).order_by(PlanHostSignature.id)))


def plan_edition(version_id: int) -> str:
    """What tells whether the items of a plan read as they did when a page was opened: a digest of their ids and versions."""
    rows = session().execute(select(PlanItem.id, PlanItem.version).where(PlanItem.version_id == version_id).order_by(PlanItem.id))
    return hashlib.sha256(" ".join(f"{key}:{number}" for key, number in rows).encode()).hexdigest()[:16]


def plan_host_signature(signature_id: int) -> PlanHostSignature | None:
    """The signature of an enterprise by id."""
    return session().get(PlanHostSignature, signature_id)


def _runs() -> Any:
    """(base, enterprise) of every base, by the enterprises that run it now."""
    return (
        select(BaseHost.base_id, BaseHost.organisation_id.label("enterprise_id"))
        .join(Organisation, Organisation.id == BaseHost.organisation_id)
        .where(BaseHost.until.is_(None), Organisation.kind == OrganisationKind.ENTERPRISE)
        .distinct()
        .subquery()
    )


def plan_places(version_id: int) -> list[PlanPlace]:
    """Where the items of a plan take place, in their order: each base with the enterprises that run it now, and one place without
    any for the items at an enterprise that name none."""
    runs = _runs()
    statement = (
        select(PlanItem.base_id, runs.c.enterprise_id)
        .outerjoin(runs, runs.c.base_id == PlanItem.base_id)
        .where(PlanItem.version_id == version_id, sa.or_(PlanItem.is_at_enterprise, PlanItem.base_id.is_not(None)))
        .order_by(PlanItem.position)
    )
    hosts: dict[int | None, set[int]] = defaultdict(set)
    for base_id, enterprise_id in session().execute(statement):
        hosts[base_id] |= {enterprise_id} - {None}
    named = [PlanPlace(frozenset(found), frozenset({base_id})) for base_id, found in hosts.items() if base_id is not None and found]
    unnamed = [base_id for base_id, found in hosts.items() if not found]
    return [*named, PlanPlace(frozenset(), frozenset(base_id for base_id in unnamed if base_id is not None))] if unnamed else named


def _plan_hosts() -> Any:
    """(version, enterprise) of every item that names a base, by the enterprises that run the base now."""
    runs = _runs()
    return select(PlanItem.version_id, runs.c.enterprise_id).join(runs, runs.c.base_id == PlanItem.base_id).distinct()


def plan_enterprises(version_id: int) -> list[int]:
    """The enterprises at whose bases items of a training plan take place: whoever may sign for the enterprise side."""
    hosts = _plan_hosts().subquery()
    return list(session().scalars(select(hosts.c.enterprise_id).where(hosts.c.version_id == version_id).order_by(hosts.c.enterprise_id)))


def plans_at(enterprise_ids: Collection[int]) -> list[Any]:
    """Versions whose training plan takes place at one of the enterprises: id, label, state, programme, university, which sides signed,
    and how many of these enterprises have not (`own_open`); what waits for them first."""
    hosts, sides = _plan_hosts().subquery(), (sa.orm.aliased(PlanSignature), sa.orm.aliased(PlanSignature))
    signed = sa.exists().where(PlanHostSignature.version_id == hosts.c.version_id, PlanHostSignature.organisation_id == hosts.c.enterprise_id)
    mine = (
        select(hosts.c.version_id, sa.func.sum(sa.case((signed, 0), else_=1)).label("own_open"))
        .where(hosts.c.enterprise_id.in_(list(enterprise_ids)))
        .group_by(hosts.c.version_id)
        .subquery()
    )
    statement: Any = select(
        ProgrammeVersion.id,
        ProgrammeVersion.label,
        ProgrammeVersion.state,
        Programme.name.label("programme"),
        Organisation.name.label("university"),
        sides[0].signed_on.label("school_on"),
        sides[1].signed_on.label("enterprise_on"),
        mine.c.own_open,
    ).join(mine, mine.c.version_id == ProgrammeVersion.id)
    for side, row in zip((PlanSide.SCHOOL, PlanSide.ENTERPRISE), sides, strict=True):
        statement = statement.outerjoin(row, sa.and_(row.version_id == ProgrammeVersion.id, row.side == side))
    statement = (
        statement.join(Programme, Programme.id == ProgrammeVersion.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(ProgrammeVersion.state != VersionState.RETIRED)
        .order_by(
            sides[1].signed_on.is_not(None),
            mine.c.own_open == 0,
            Organisation.pinyin,
            Programme.pinyin,
            ProgrammeVersion.from_cohort_year.desc(),
            ProgrammeVersion.id,
        )
    )
    return list(session().execute(statement))
