"""A password is hashed while nobody waits: 300 invitations on the first day of term each hold SQLite's only write lock as briefly as any form."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity import passwords, queries
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction, write_intent

pytestmark = pytest.mark.database
NEW = "Xia-Men-2027-ok"


class Noting(PasswordHasher):
    """The hasher of the house, which writes down whether a writer was waiting for it."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=19456, parallelism=1)
        self.held: list[bool] = []

    def hash(self, *given: Any, **more: Any) -> str:
        self.held.append(write_intent.get())
        return super().hash(*given, **more)

    def verify(self, *given: Any, **more: Any) -> bool:
        self.held.append(write_intent.get())
        return super().verify(*given, **more)


@pytest.fixture
def noting(monkeypatch: pytest.MonkeyPatch) -> Noting:
    hasher = Noting()
    monkeypatch.setattr(passwords, "_hasher", hasher)
    return hasher


def test_a_link_is_used(committed: Flask, noting: Noting) -> None:
    committed.config["WTF_CSRF_ENABLED"] = False
    with committed.app_context(), transaction():
        account = make.account(person=ground.person())
        token = ops.reset_link(account=account, by=SYSTEM, today=clock.today(), now=clock.now()).rpartition("/")[2]
        key = account.id
    noting.held.clear()
    answer = committed.test_client().post(f"/link/{token}", data={"password": NEW, "again": NEW})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    assert (bool(noting.held), set(noting.held)) == (True, {False})
    with committed.app_context():
        assert passwords.is_password(queries.account(key).password_hash, NEW)


def test_the_own_password_is_changed(committed: Flask, noting: Noting) -> None:
    committed.config["WTF_CSRF_ENABLED"] = False
    with committed.app_context(), transaction():
        account = make.account(password=make.PASSWORD, roles=(Role.AUDITOR,))
        key = account.id
    with committed.app_context():
        client = make.sign_in(committed, queries.account(key))
    noting.held.clear()
    assert client.post("/account/password", data={"old": make.PASSWORD, "new": make.PASSWORD, "again": make.PASSWORD}).status_code == 422, (
        "used before"
    )
    answer = client.post("/account/password", data={"old": make.PASSWORD, "new": NEW, "again": NEW})
    assert answer.status_code == 303
    assert (bool(noting.held), set(noting.held)) == (True, {False})
    with committed.app_context():
        assert passwords.is_password(queries.account(key).password_hash, NEW)
