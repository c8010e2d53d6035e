"""Codes that would hide what they name behind another page."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.paths import operations as paths
from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel import addresses
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import Refused
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationKind


@pytest.mark.parametrize("code", ["new", "NEW", "import", "export.csv", "export.xlsx", "mine", "findings"])
def test_what_stands_in_an_address_is_no_code(app: Flask, code: str) -> None:
    with app.app_context():
        assert addresses.is_page(code, addresses.Kind.ORGANISATION)


@pytest.mark.parametrize("code", ["new-1", "renew", "export", "exports.csv", "10386", "91350100MA0000000X", "DEMO-P1", "<code>"])
def test_any_other_word_is_one(app: Flask, code: str) -> None:
    with app.app_context():
        assert not any(addresses.is_page(code, kind) for kind in addresses.Kind)


def test_nothing_is_made_with_such_a_code(session: Session) -> None:
    university = ground.university()
    with pytest.raises(Refused, match="页面自己用的地址"):
        organisations.register(code="import", kind=OrganisationKind.ENTERPRISE, name="榕城智造", by=SYSTEM, now=NOW)
    with pytest.raises(Refused, match="页面自己用的地址"):
        ground.programme(university, code="new")
    with pytest.raises(Refused, match="页面自己用的地址"):
        paths.create(code="new", title="入门", owner=university, by=SYSTEM, now=NOW)
