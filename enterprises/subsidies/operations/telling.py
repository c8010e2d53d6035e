"""Who claims is told what became of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from enterprises.permissions import SUBSIDY_CLAIMANTS
from enterprises.subsidies.models import SubsidyClaim
from enterprises.subsidies.operations.acting import of
from trainhub.identity import queries as identities
from trainhub.kernel.clock import local
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind


def tell(claim: SubsidyClaim, kind: str, message: str, values: Mapping[str, Any], now: datetime, *, unique_key: str | None = None) -> None:
    """Tell who drew a claim up and who claims for its organisation or the hosts of its base. `message` may name the organisation (name)
    and the days of the claim (since, until)."""
    organisation, today = of(claim), local(now).date()
    hosts = organisations.host_ids(organisation.id) if organisation.kind is OrganisationKind.BASE else []
    told = {claim.asked_by_id} if claim.asked_by_id is not None else set()
    for key in (organisation.id, *hosts):
        told.update(identities.accounts_holding(*SUBSIDY_CLAIMANTS, today=today, organisation_id=key))
    notify(
        account_ids=told,
        kind=kind,
        message=message,
        values={"name": organisation.name, "since": claim.since.isoformat(), "until": claim.until.isoformat(), **values},
        url="/subsidies/" if kind.startswith("subsidies.draft_") and kind != "subsidies.draft_ends" else f"/subsidies/{claim.id}",
        unique_key=unique_key,
        now=now,
    )
