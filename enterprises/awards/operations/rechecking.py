"""What follows when figures of a base or an enterprise change after the city has checked an application, or its region does before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from enterprises.awards import queries
from enterprises.awards.operations.acting import tell_checkers
from enterprises.awards.types import StepKind
from trainhub.kernel.clock import local
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation


def figures_changed(organisation_id: int, *, now: datetime, **_by: Any) -> None:
    """Tell whoever checks that an application has to be checked anew, once for each check: until then every further step is
    refused. Asked only of the few of this base or enterprise that are under way."""
    today = local(now).date()
    for award in queries.checked_under_way(organisation_id):
        if queries.changed_since_check(award, today):
            check = queries.latest_steps(award.id)[StepKind.CHECK]
            tell_checkers(award, "to_check_again", now, unique_key=f"awards-check-{check.id}-outdated")


def region_entered(*, organisation: Organisation, now: datetime, **_by: Any) -> None:
    """Tell whoever checks now of the applications that nobody has checked yet, once for each region: their city may not have had them before."""
    for award in queries.never_checked(organisation.id):
        tell_checkers(award, "to_check", now, unique_key=f"award-{award.id}-in-{organisations.region_path(organisation.region_code).prefecture}")
