"""Two who change the signing key at once leave one in use."""

from __future__ import annotations

from flask import Flask

from tests.factories.parallel import together
from trainhub.certificates import queries
from trainhub.certificates.operations import keys
from trainhub.certificates.signers import key_id
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.keys import keyring


def _rotate() -> None:
    keys.rotate(ring=keyring(), by=SYSTEM, now=clock.now())


def _give_up() -> None:
    ring = keyring()
    keys.withdraw(name=key_id(keys.present_signer(ring).public), ring=ring, by=SYSTEM, now=clock.now())


def _in_use(app: Flask) -> list[bool]:
    with app.app_context():
        return [row.sealed is not None for row in queries.signing_keys() if row.retired_at is None]


def test_one_key_is_in_use_after_two_rotations_at_once(committed: Flask) -> None:
    assert together(committed, _rotate, _rotate) == ["", ""]
    assert _in_use(committed) == [True]
    assert together(committed, _rotate, _rotate) == ["", ""]
    assert _in_use(committed) == [True]


def test_one_key_is_in_use_after_a_leak_told_twice(committed: Flask) -> None:
    assert together(committed, _rotate, _give_up) == ["", ""]
    assert _in_use(committed) == [True]
