"""An external signer of credentials: it holds its key itself, takes the place of the key kept here, and its public half stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories.certificates import certificate
from trainhub.certificates import documents, openbadges, queries, tasks, verifying, wiring
from trainhub.certificates.operations import keys
from trainhub.certificates.signers import SLOT, CannotPlug, ModuleSigner, SeedSigner, SignerAway, key_id, multikey, plugged
from trainhub.certificates.types import Status
from trainhub.config import HalfConfigured
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.keys import keyring

AsRole = Callable[..., FlaskClient]


class Token:
    """A module as a maker of hardware would write it: the key is made inside and never leaves."""

    def __init__(self) -> None:
        self.__key = Ed25519PrivateKey.generate()
        self.is_plugged = True

    @property
    def public(self) -> bytes:
        return self.__key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        if not self.is_plugged:
            raise OSError("no token in slot 0")
        return self.__key.sign(message)


class _Wrong(Token):
    def sign(self, message: bytes) -> bytes:
        return bytes(64)


@pytest.fixture
def token(app: Flask, session: Session) -> Iterator[Token]:
    """A token in its slot."""
    session.expire_on_commit = False
    made = Token()
    app.extensions[SLOT] = ModuleSigner(made)
    yield made
    app.extensions.pop(SLOT, None)


def _badge(made: Any) -> bytes:
    import json

    return json.dumps(documents.badge_file_of(made, tasks.maker())).encode()


def test_the_module_signs_and_its_key_is_published(token: Token, client: FlaskClient) -> None:
    with transaction():
        made = certificate()
    assert tasks.maker().signer.public == token.public
    badge = _badge(made)
    assert multikey(token.public).encode() in badge
    assert verifying.check_badge(badge, tasks.maker(), tasks.trust()).status is Status.ISSUED
    ids = [one["publicKeyMultibase"] for one in client.get("/.well-known/did.json").get_json()["verificationMethod"]]
    assert ids[0] == multikey(token.public)
    assert multikey(SeedSigner(keyring().signing).public) in ids


def test_what_it_signed_is_verified_after_it_is_gone(token: Token, app: Flask) -> None:
    with transaction():
        made = certificate()
        assert wiring.load_reference(tasks.root()) == {"signing_key": 1}
        assert wiring.load_reference(tasks.root()) == {"signing_key": 0}
    badge = _badge(made)
    app.extensions.pop(SLOT)
    assert tasks.maker().signer.public == SeedSigner(keyring().signing).public
    assert verifying.check_badge(badge, tasks.maker(), tasks.trust()).status is Status.ISSUED


def test_a_module_that_is_away_is_told_and_verification_goes_on(token: Token, client: FlaskClient, as_role: AsRole) -> None:
    with transaction():
        made = certificate()
    token.is_plugged = False
    holder = as_role(Role.STUDENT, person_id=made.person_id)
    answer = holder.get(f"/certificates/{made.number}/badge.json")
    assert (answer.status_code, "no token in slot 0" in answer.text) == (503, True)
    assert client.get(f"/V/{made.number}/{made.code}").status_code == 200


def test_its_key_is_changed_in_it_and_given_up_when_it_leaked(token: Token, app: Flask, as_role: AsRole) -> None:
    with transaction():
        made = certificate()
    badge, admin = _badge(made), as_role(Role.SYSTEM_ADMIN)
    page = admin.get("/certificates/keys").text
    assert "由外接设备签名" in page
    assert "公钥尚未登记" in page
    with pytest.raises(keys.CannotRotate, match="外接设备"):
        keys.rotate(ring=keyring(), by=SYSTEM, now=clock.now(), module=tasks.module())
    assert admin.post(f"/certificates/keys/{key_id(token.public)}/leaked").status_code == 303
    assert tasks.maker().signer.public == SeedSigner(keyring().signing).public
    assert verifying.check_badge(badge, tasks.maker(), tasks.trust()).status is Status.TAMPERED
    row = queries.signing_key(token.public.hex())
    assert row is not None
    assert row.leaked_at is not None
    assert key_id(token.public) in admin.get("/certificates/keys").text
    own = queries.signing_key(SeedSigner(keyring().signing).public.hex())
    assert own is None or own.leaked_at is None, "the key kept here did not leak"
    app.extensions[SLOT] = ModuleSigner(Token())
    assert tasks.maker().signer.public not in (token.public, SeedSigner(keyring().signing).public), "another key in the slot signs again"


@pytest.mark.parametrize("is_plugged", [True, False])
def test_the_key_kept_here_leaks_without_the_module(is_plugged: bool, token: Token, app: Flask) -> None:
    with transaction():
        wiring.load_reference(tasks.root())
    if not is_plugged:
        app.extensions.pop(SLOT)
    first = SeedSigner(keyring().signing).public
    with transaction():
        keys.withdraw(name=key_id(first), ring=keyring(), by=SYSTEM, now=clock.now(), module=tasks.module())
    assert tasks.trust().leaked == (first,), "nobody has the key of the module"
    assert token.public in tasks.trust().good
    assert (tasks.maker().signer.public == token.public) == is_plugged
    app.extensions.pop(SLOT, None)
    signer = tasks.maker().signer
    assert signer.public not in (first, token.public), "without the module a new key signs, not the one that leaked"
    assert signer.public in tasks.trust().good


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("no.such.package:token", "ModuleNotFoundError"),
        (f"{__name__}:nothing", "AttributeError"),
        (f"{__name__}:_Wrong", "not one of its public key"),
    ],
)
def test_what_is_no_signer_is_told_at_the_start(app: Flask, place: str, said: str) -> None:
    with pytest.raises(CannotPlug, match=said):
        plugged(place)
    fresh = Flask("fresh")
    fresh.config["SETTINGS"] = replace(app.config["SETTINGS"], credential_signer=place)
    with pytest.raises(HalfConfigured, match="TRAINHUB_CREDENTIAL_SIGNER"):
        wiring._plug_signer(fresh)


def test_a_setting_puts_it_into_its_place(app: Flask) -> None:
    fresh = Flask("fresh")
    fresh.config["SETTINGS"] = replace(app.config["SETTINGS"], credential_signer=f"{__name__}:Token")
    wiring._plug_signer(fresh)
    assert isinstance(fresh.extensions[SLOT], ModuleSigner)
    with pytest.raises(CannotPlug, match="32 bytes"):
        ModuleSigner(type("Bad", (), {"public": b"x"})())
    broken = ModuleSigner(type("Short", (), {"public": bytes(32), "sign": lambda _self, _message: b"x"})())
    with pytest.raises(SignerAway):
        broken.sign(b"m")


def test_a_public_credential_is_genuine_after_the_keys_were_lost(session: Session) -> None:
    """Salts of names were made by a key of keys.json: with another one the same file was told to be changed."""
    import json
    import secrets

    made, maker = certificate(), tasks.maker()
    public = openbadges.signed(documents.badge_of(made, maker, is_public=True), maker.signer)
    data = json.dumps(public).encode()
    after = replace(maker, salting=secrets.token_bytes(32), signer=SeedSigner(secrets.token_bytes(32)))
    assert verifying.check_badge(data, maker, tasks.trust()).status is Status.ISSUED
    assert verifying.check_badge(data, after, tasks.trust()).status is Status.ISSUED
    made.holder = "另一人"
    assert verifying.check_badge(data, after, tasks.trust()).status is Status.TAMPERED, "the name behind the salt is compared still"
    changed = json.loads(data)
    changed["credentialSubject"]["identifier"][0]["salt"] = "0" * 32
    assert verifying.check_badge(json.dumps(changed).encode(), after, tasks.trust()).status is Status.TAMPERED
