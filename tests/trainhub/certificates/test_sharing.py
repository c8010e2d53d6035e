"""The holder's link in every state of the certificate: whoever it shows the whole name to, the holder can switch it off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests import addresses
from tests.factories import ground
from tests.factories.certificates import REASON, certificate, corrected
from trainhub.certificates import operations, queries
from trainhub.certificates.models import Certificate, CertificateShare
from trainhub.certificates.operations import keys
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
NAME = "欧阳娜娜"
STATES: dict[str, Callable[[Certificate], Any]] = {
    "issued": lambda one: one,
    "reissued": lambda one: operations.reissue(certificate=one, **REASON),
    "corrected": lambda one: corrected(one, facts={"course": "智能制造概论"}),
    "suspended": lambda one: operations.suspend(certificate=one, **REASON),
    "revoked": lambda one: operations.revoke(certificate=one, **REASON),
    "reissued and revoked": lambda one: operations.revoke(certificate=operations.reissue(certificate=one, **REASON), **REASON),
}


@pytest.mark.parametrize("state", STATES)
def test_the_holder_can_close_the_link(state: str, session: Session, client: FlaskClient, as_role: AsRole) -> None:
    session.expire_on_commit = False
    with transaction():
        person = ground.person(NAME)
        made = certificate(who=person)
    holder = as_role(Role.TRAINEE, person_id=person.id)
    for _twice in range(2):
        assert holder.post(f"/certificates/{made.number}/share").status_code == 303
    token = holder.get(f"/certificates/{made.number}").text.partition("/S/")[2].partition('"')[0]
    with transaction():
        after = STATES[state](made)
    shown = client.get(f"/S/{token}").text
    assert NAME in shown
    assert after.number[-4:] in shown, "the link goes on with what takes the certificate's place"
    where = f"/certificates/{after.number}"
    page = holder.get(where).text
    assert f"{where}/unshare" in page
    assert f"/S/{token}" in page
    assert f"{where}/unshare" not in as_role(Role.SYSTEM_ADMIN).get(where).text
    for _twice in range(2):
        assert holder.post(f"{where}/unshare").status_code == 303
    assert client.get(f"/S/{token}").status_code == 404
    assert "/unshare" not in holder.get(where).text


def test_a_link_of_an_earlier_edition_is_closed_too(session: Session, client: FlaskClient) -> None:
    """Links opened before they moved on, and one pressed while the certificate was being reissued."""
    made = certificate()
    operations.reissue(certificate=made, **REASON)
    session.add(CertificateShare(token="of-the-first-edition", certificate_id=made.id, made_at=ground.NOW))
    session.flush()
    after = queries.by_number(made.number)
    assert after is not None
    assert [one.token for one in queries.open_shares(after)] == ["of-the-first-edition"]
    keys.unshare(certificate=after, by=SYSTEM, now=ground.NOW)
    assert client.get("/S/of-the-first-edition").status_code == 404


def test_the_database_holds_one_open_link_of_a_certificate(session: Session) -> None:
    made = certificate()
    keys.share(certificate=made, by=SYSTEM, now=ground.NOW)
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.add(CertificateShare(token="another", certificate_id=made.id, made_at=ground.NOW))
    keys.unshare(certificate=made, by=SYSTEM, now=ground.NOW)
    assert keys.share(certificate=made, by=SYSTEM, now=ground.NOW).token != "another"


def test_a_link_shows_no_words_that_were_changed_behind_our_back(session: Session, client: FlaskClient) -> None:
    session.expire_on_commit = False
    with transaction():
        made = certificate(facts={"course": "智能制造导论"})
        token = keys.share(certificate=made, by=SYSTEM, now=ground.NOW).token
    assert "智能制造导论" in client.get(f"/S/{token}").text
    with transaction():
        made.facts = {**made.facts, "course": "量子计算", "issuer": "别的大学"}
        made.holder = "李代桃"
    page = client.get(f"/S/{token}")
    assert page.status_code == 200
    assert "内容与签发时不一致" in page.text
    assert [one for one in ("量子计算", "别的大学", "李代桃", "og:title") if one in page.text] == []
    assert "picture.png" not in page.text
    assert client.get(f"/S/{token}/picture.png").status_code == 404


def test_what_the_holder_passes_on_leads_to_an_address_that_others_reach(session: Session, as_role: AsRole) -> None:
    session.expire_on_commit = False
    with transaction():
        person = ground.person(NAME)
        made = certificate(who=person)
    holder = as_role(Role.TRAINEE, person_id=person.id)
    where = f"/certificates/{made.number}"
    holder.post(f"{where}/share")
    verified = f"/V/{made.number}/{made.code}"
    with addresses.at(holder.application, addresses.SITE):
        page = holder.get(where).text
        assert (f'data-copy="{addresses.SITE}{verified}"' in page, f'data-copy="{addresses.SITE}/S/' in page, "linkedin" in page) == (
            True,
            True,
            True,
        )
    with addresses.at(holder.application):
        page = holder.get(where).text
        assert ("127.0.0.1" in page, "data-copy" in page, "linkedin" in page, "TRAINHUB_BASE_URL" in page) == (False, False, False, True)
        assert (f'href="{verified}"' in page, f"{where}/unshare" in page) == (True, True), "to look at it oneself, and to close the link"
