"""Who guesses in many windows at once is counted as one who guesses one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import identity as make
from tests.factories.parallel import at_once
from trainhub.identity import operations as ops
from trainhub.identity.operations.accounts import name_hash
from trainhub.identity.operations.signing_in import count_attempt
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction

GUESSES = 8
pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite"),
]


def _locked(app: Flask, guess: Callable[[], object]) -> list[str]:
    return at_once(app, *[guess] * GUESSES, holds=0.2)


def test_codes_of_the_second_factor(committed: Flask) -> None:
    with committed.app_context(), transaction():
        account = make.account(username="lin", password=make.PASSWORD)
        ops.start_totp(account=account, password=make.PASSWORD, by=SYSTEM)
        account.totp_confirmed_at = make.NOW
        key = account.id

    def guess() -> None:
        later = make.NOW + timedelta(hours=1)
        told = ops.sign_in_by_code(account_id=key, code="000000", origin="a", agent="", now=later, today=later.date(), since=later)
        assert told is None

    assert _locked(committed, guess) == [""] * 5 + ["locked"] * (GUESSES - 5)


def test_what_is_asked_for_a_name_or_an_address(committed: Flask) -> None:
    def ask() -> None:
        count_attempt(counted_as=name_hash("forgot:lin"), origin="a", now=make.NOW, today=make.NOW.date())

    assert _locked(committed, ask) == [""] * 5 + ["locked"] * (GUESSES - 5)
