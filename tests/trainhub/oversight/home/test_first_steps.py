"""The first page of an administrator of an empty installation says what comes first, until it is there."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground, identity
from trainhub.kernel.access import Role

As = Callable[..., FlaskClient]
PROGRAMMES, ACCOUNTS = "建立专业和年级", "开通学校管理员的账号"


def test_an_empty_installation_is_led_through_its_first_steps(as_role: As, session: Session) -> None:
    admin = as_role(Role.SYSTEM_ADMIN)
    page = admin.get("/").text
    assert (PROGRAMMES in page, ACCOUNTS in page) == (True, True)
    assert 'href="/accounts/new"' in page
    assert 'href="/programmes/"' in page
    programme = ground.programme()
    session.commit()
    page = admin.get("/").text
    assert (PROGRAMMES in page, ACCOUNTS in page) == (False, True)
    identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=programme.university_id)
    session.commit()
    assert ACCOUNTS not in admin.get("/").text
