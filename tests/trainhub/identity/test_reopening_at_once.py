"""Two administrators who open a closed account again at the same moment open it once."""

from __future__ import annotations

import os

import pytest
from flask import Flask

from tests.factories import ground
from tests.factories import identity as make
from tests.factories.parallel import at_once
from trainhub.identity import operations as ops
from trainhub.identity import queries
from trainhub.identity.types import AccountState
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.people.models import Person

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite"),
]


def test_one_opens_it_and_the_other_is_told(committed: Flask) -> None:
    with committed.app_context(), transaction():
        who = ground.person("林晓彤")
        ops.close_account(account=make.account(person=who), by=SYSTEM, now=make.NOW)
        key = who.id

    def reopen() -> None:
        ops.create_account(person=session().get_one(Person, key), display_name="林晓彤", by=SYSTEM, now=make.NOW)

    assert at_once(committed, reopen, reopen, reopen, holds=0.2) == ["", "account_exists", "account_exists"]
    with committed.app_context():
        account = queries.account_of_person(key)
        assert account is not None
        assert account.state is AccountState.INVITED
