"""What a password costs whoever guesses it: the tests hash at the least there is (tests/conftest.py), the house does not."""

from __future__ import annotations

import runpy

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.factories import identity as make
from trainhub.identity import passwords, queries
from trainhub.kernel.db import transaction


def test_the_costs_of_the_house() -> None:
    of_the_house = runpy.run_path(passwords.__file__)
    made = of_the_house["hash_password"](make.PASSWORD)
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (of_the_house["is_password"](made, make.PASSWORD), of_the_house["is_password"](made, "Another-horse-7")) == (True, False)
    assert of_the_house["is_password"]("", make.PASSWORD) is False
    assert (of_the_house["needs_renewal"](made), of_the_house["needs_renewal"](passwords.hash_password(make.PASSWORD))) == (False, True)


@pytest.mark.parametrize(("typed", "is_renewed"), [(make.PASSWORD, True), ("Another-horse-7", False)])
def test_old_costs_are_renewed_by_who_signs_in(app: Flask, typed: str, is_renewed: bool) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(make.PASSWORD)
    with app.app_context(), transaction():
        account = make.account(username="lin", password=make.PASSWORD)
        account.password_hash = old
        key = account.id
    app.test_client().post("/login", data={"username": "lin", "password": typed})
    with app.app_context():
        now = queries.account(key).password_hash
        assert (now != old) is is_renewed
        assert passwords.needs_renewal(now) is not is_renewed
        assert passwords.is_password(now, make.PASSWORD)
