"""Programs that call the HTTP API with a bearer token."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import identity
from trainhub.identity import operations
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction


def api_client(app: Flask, *roles: Role, scopes: tuple[str, ...] = ("organisations:", "programmes:", "people:"), **scope: Any) -> FlaskClient:
    """A client whose requests carry the token of an account that holds the roles over one scope."""
    with app.app_context(), transaction():
        made = identity.account(roles=roles, **scope)
        _row, token = operations.make_token(account=made, label="test", scopes=scopes, days=30, by=SYSTEM, now=clock.now(), today=clock.today())
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
