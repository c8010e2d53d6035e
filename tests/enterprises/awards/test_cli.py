"""Commands of awards and subsidies: what is asked of whom, and the payment list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.enterprises.subsidies.test_findings import _world_paid
from tests.factories import awards as make
from tests.trainhub.ledger.conftest import command  # noqa: F401 - a fixture
from trainhub.kernel.db import transaction

Command = Callable[..., dict[str, Any]]


def test_awards_are_checked_of_a_base_or_of_an_enterprise(app: Flask, command: Command) -> None:
    with app.app_context(), transaction():
        base, company = make.base().code, make.company().code
    assert len(command("awards", "check", "--base", base, "--on", "2026-03-02")["rules"]) == 9
    found = command("awards", "check", "--company", company, "--year", "2025", "--on", "2026-03-02")
    assert (found["company"], found["year"], {row["rule"] for row in found["rules"]} >= {"FJ-11", "FJ-25a", "FJ-28b"}) == (company, 2025, True)
    assert found["undated"] == ["region_code", "uscc", "figures"]
    for wrong in ([], ["--base", base, "--company", company], ["--base", base, "--year", "2025"]):
        refused = command("awards", "check", *wrong)
        assert (refused["exit_code"], refused["error"]["code"]) == (1, "one_of_both")


@pytest.mark.parametrize(("state", "count"), [(None, 1), ("paid", 1), ("approved", 0)])
def test_the_payment_list(app: Flask, command: Command, state: str | None, count: int) -> None:
    with app.app_context(), transaction():
        _base, claim = _world_paid()
        amount = claim.amount_fen
    found: Any = command("subsidies", "payments", *(["--state", state] if state else []))
    assert (len(found["payments"]), found["items"], found["net_fen"]) == (count, 3 * count, amount * count)
    if count:
        row = found["payments"][0]
        assert (row["state"], row["reference"], row["owed_fen"], row["clawed_back_fen"]) == ("paid", "拨1", 0, 0)
