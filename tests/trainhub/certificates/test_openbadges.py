"""Open Badges credentials: the canonical form that a JSON-LD processor computes, proofs, lists, keys. No database."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trainhub.certificates import openbadges
from trainhub.certificates.openbadges import Badge
from trainhub.certificates.signers import SeedSigner, Trust, base58, key_id, multikey, unbase58

DATA = Path(__file__).parent / "data"
"""What jsonld.js 8 (RDFC-1.0, safe mode) makes, with the published contexts, of the badge below, of the form its holder has, and of a status list."""
ORACLE = DATA / "credential.nq"
BADGE = Badge(
    address="https://x.cn/V/350001120260000017/7K3MZQ9XW2HB",
    issuer="did:web:x.cn",
    issuer_name='闽江 "q" \\ 𠮷',
    name="结业证书",
    valid_from="2026-03-02T01:00:00Z",
    identity="sha256$ab",
    salt="s",
    number="350001120260000017",
    title="智能",
    description="课程：x\n学时\t",
    narrative="完成课程",
    list_address="https://x.cn/status/1",
    index=7,
)
SIGNER = SeedSigner(b"s" * 32)
TRUST = Trust((SIGNER.public,))


def test_the_canonical_form_is_that_of_a_json_ld_processor() -> None:
    assert BADGE.quads() == ORACLE.read_text("utf-8")


def test_so_is_that_of_the_holders_form_which_tells_the_name() -> None:
    holders = replace(BADGE, salt="", identity="欧阳\t𠮷")
    assert holders.quads() == (DATA / "credential-holder.nq").read_text("utf-8")


def test_so_is_that_of_a_status_list() -> None:
    encoded = "uH4sIAAAAAAAC_-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
    quads = openbadges.list_quads("https://x.cn/status/1", encoded, "2026-03-02T01:00:00Z", "did:web:x.cn")
    assert quads == (DATA / "status-list.nq").read_text("utf-8")


def test_a_credential_is_read_back_and_holds() -> None:
    for badge in (BADGE, replace(BADGE, salt="", identity="张三")):
        made = openbadges.signed(badge, SIGNER)
        assert openbadges.verified(made, "did:web:x.cn", TRUST) == badge
        assert openbadges.verified(json.loads(json.dumps(made)), "did:web:x.cn", TRUST) == badge
        assert openbadges.signed(badge, SIGNER) == made
    assert openbadges.verified(made, "did:web:y.cn", TRUST) is None
    assert openbadges.verified(made, "did:web:x.cn", Trust((SeedSigner(b"t" * 32).public,))) is None
    assert openbadges.verified(made, "did:web:x.cn", Trust((), (SIGNER.public,))) is None


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, inner in enumerate(value) for leaf in _leaves(inner, (*path, key))]
    return [path]


MADE = openbadges.signed(BADGE, SIGNER)


@pytest.mark.parametrize("path", _leaves(MADE), ids=lambda path: ".".join(map(str, path)))
def test_every_value_is_covered(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(MADE)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = (not old) if isinstance(old, bool) else f"{old}x"
    assert openbadges.verified(changed, "did:web:x.cn", TRUST) is None


def test_nothing_can_be_added() -> None:
    for place in ("credentialSubject", "issuer", None):
        changed = copy.deepcopy(MADE)
        (changed[place] if place else changed)["note"] = "hidden"
        assert openbadges.verified(changed, "did:web:x.cn", TRUST) is None
    for proof in ([], [*MADE["proof"], *MADE["proof"]], MADE["proof"][0], None):
        assert openbadges.verified({**MADE, "proof": proof}, "did:web:x.cn", TRUST) is None
    assert openbadges.parse(b"[1]") is None
    assert openbadges.parse(b"{") is None


def test_names_of_keys_and_sites() -> None:
    assert openbadges.did_of("https://px.example.edu.cn") == "did:web:px.example.edu.cn"
    assert openbadges.did_of("http://127.0.0.1:8000/px") == "did:web:127.0.0.1%3A8000:px"
    assert multikey(SIGNER.public).startswith("z6Mk")
    assert TRUST.named(key_id(SIGNER.public)) == TRUST.named(multikey(SIGNER.public)) == SIGNER.public
    for data in (b"\0\0a", b"\xff" * 64, b"\1"):
        assert unbase58(base58(data), len(data)) == data
    with pytest.raises(ValueError, match="too long"):
        unbase58(base58(b"\xff" * 4), 3)
    with pytest.raises(ValueError, match="no base 58"):
        unbase58("0", 1)


@pytest.mark.timeout(10)
def test_a_text_too_long_to_be_the_bytes_is_refused_before_it_is_counted() -> None:
    """Counting grows with the square of the length: whoever uploads millions of characters would keep a thread for hours."""
    assert len(base58(b"\xff" * 64)) == 88
    for text in ("2" * 90, "2" * 5_000_000):
        with pytest.raises(ValueError, match="too long"):
            unbase58(text, 64)


def test_a_status_list_is_a_gzipped_bitstring() -> None:
    encoded = openbadges.encoded_list([0, 9, openbadges.LIST_LENGTH - 1])
    assert encoded.startswith("u")
    bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) * 8 == openbadges.LIST_LENGTH
    assert (bits[0], bits[1], bits[-1], sum(bits)) == (0x80, 0x40, 0x01, 0x80 + 0x40 + 0x01)
    assert openbadges.place_of(1) == (1, 0)
    assert openbadges.place_of(openbadges.LIST_LENGTH + 1) == (2, 0)
