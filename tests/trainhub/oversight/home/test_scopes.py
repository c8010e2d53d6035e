"""Every role over each kind of scope it can be granted over: what its navigation shows opens, and no address breaks, though there is nothing to show."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.factories import ground
from tests.factories.identity import signed_in_client
from tests.trainhub.oversight.home.test_views import links, opens
from trainhub.identity.rules import SCOPES_OF
from trainhub.kernel.access import Role, ScopeKind
from trainhub.kernel.db import transaction
from trainhub.organisations.types import OrganisationKind

HOMES = {
    Role.EXPERT: OrganisationKind.ASSOCIATION,
    Role.MENTOR: OrganisationKind.ENTERPRISE,
    Role.ENTERPRISE_COORDINATOR: OrganisationKind.ENTERPRISE,
    Role.CENTRE_LEADER: OrganisationKind.BASE,
}
"""Over which kind of organisation a role is granted, where it is not a university."""
RECORDS = {"/placements/mine", "/capstones/mine", "/capstones/choices", "/recognition/mine", "/mentors/me"}
"""Pages of one's own record: who has none is told so there, and whom to ask."""
BY_REGION = sorted(role for role, kinds in SCOPES_OF.items() if ScopeKind.REGION in kinds)


def scope_of(role: Role, kind: ScopeKind) -> dict[str, object]:
    """What a grant of the role over that kind of scope names."""
    with transaction():
        match kind:
            case ScopeKind.ORGANISATION:
                return {"organisation_id": ground.organisation(HOMES.get(role, OrganisationKind.UNIVERSITY)).id}
            case ScopeKind.PROGRAMME:
                return {"programme_id": ground.programme(ground.university()).id}
            case ScopeKind.REGION:
                return {"region_code": "350100"}
    return {}


@pytest.mark.parametrize(("role", "kind"), [(role, kind) for role, kinds in SCOPES_OF.items() for kind in sorted(kinds)])
def test_what_the_navigation_shows_opens(app: Flask, role: Role, kind: ScopeKind) -> None:
    with app.app_context():
        client = signed_in_client(app, role, **scope_of(role, kind))  # type: ignore[arg-type]
    shown = set(links(client.get("/account").text)) - RECORDS
    assert {link: status for link in sorted(shown) if (status := opens(client, link)) != 200} == {}


@pytest.mark.parametrize("role", BY_REGION)
def test_no_address_breaks_for_who_has_a_region(app: Flask, role: Role) -> None:
    """Their lists are narrowed by where a school or a host lies, which lists that tell schools and hosts themselves ask as well."""
    with app.app_context():
        client = signed_in_client(app, role, region_code="350100")
    addresses = sorted({rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments})
    assert len(addresses) > 200
    broken = {address: status for address in addresses if (status := client.get(address).status_code) >= 500}
    assert broken == {"/readyz": 503}  # no worker runs in a test
