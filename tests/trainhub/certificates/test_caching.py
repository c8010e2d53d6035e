"""What browsers and proxies may keep of certificates: nothing of what is a person's, nothing that outlives a reissue or a leaked key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _rows_stay(session: Session) -> None:
    session.expire_on_commit = False


def _kept(**given: Any) -> Any:
    with transaction():
        return certificate(**given)


@pytest.mark.parametrize("what", ["pdf", "badge.json", "preview.png", "preview.svg"])
def test_a_downloaded_file_is_kept_by_nobody(session: Session, as_role: AsRole, what: str) -> None:
    """The address stays when a certificate is reissued: a kept answer would be the edition that is dead."""
    who = ground.person()
    made = _kept(who=who)
    answer = as_role(Role.STUDENT, person_id=who.id).get(f"/certificates/{made.number}/{what}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_list_of_people_is_kept_by_nobody(session: Session, as_role: AsRole, form: str) -> None:
    issuer = ground.university()
    _kept(issuer=issuer)
    answer = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id).get(f"/certificates/export.{form}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_page_to_keep_is_asked_for_anew_each_time(client: FlaskClient) -> None:
    """It carries the keys that hold: one of before a leak would go on trusting the key that leaked."""
    answer = client.get("/verify/offline.html")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_what_carries_its_version_in_its_address_is_kept_for_a_year(client: FlaskClient) -> None:
    page = client.get("/login").text
    script = next(part.split('"')[0] for part in page.split('src="')[1:] if part.startswith("/static/"))
    answer = client.get(script)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]
