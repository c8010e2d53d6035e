"""Keys of credentials: a new one takes over, old ones still verify, a leaked one does not. And the holder's share links."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from trainhub.certificates import credentials, queries
from trainhub.certificates.models import Certificate, CertificateShare, SigningKey
from trainhub.certificates.operations.remembering import note_closed, note_keys
from trainhub.certificates.signers import CannotSign, LostSigner, SeedSigner, Signer, Trust, key_id
from trainhub.certificates.types import State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import Keyring, WrongSecret


class CannotShare(Refused):
    """Only a certificate that stands can be shown by a link."""

    code = "cannot_share"


class _Shared(Exception):
    """The link was switched on at the same moment."""


class CannotRotate(Refused):
    """The key that signs lies in an external module: it is changed there."""

    code = "cannot_rotate"


def note_first(*, ring: Keyring, now: datetime, module: Signer | None = None) -> bool:
    """Keep the public halves of the installation's own key and of an external module in the database: they are published even when
    keys.json or the module is lost.

    Returns whether any was noted now; harmless to repeat (`trainhub init` does).
    """
    publics = [one.public.hex() for one in (SeedSigner(ring.signing), module) if one is not None]
    new = [public for public in publics if queries.signing_key(public) is None]
    session().add_all(SigningKey(public=public, sealed=None, made_at=now) for public in new)
    session().flush()
    if module is not None and module.public.hex() in new:
        row = queries.signing_key(module.public.hex())
        assert row is not None
        _vouch(row, [present_signer(ring), SeedSigner(ring.signing)])
    note_keys([row for row in queries.signing_keys() if row.public in new])
    return bool(new)


def _vouch(row: SigningKey, signers: Sequence[Signer]) -> None:
    """Let the first of these that can sign, and did not leak, vouch for a new key: who kept only keys of before learns it so."""
    for one in signers:
        known = queries.signing_key(one.public.hex())
        if one.public.hex() == row.public or (known is not None and known.leaked_at is not None):
            continue
        try:
            row.vouched, row.vouched_by = one.sign(credentials.vouching(bytes.fromhex(row.public))).hex(), one.public.hex()
        except CannotSign:
            continue
        break
    session().flush()


def vouched() -> dict[bytes, tuple[bytes, bytes]]:
    """By key that was vouched for: by which, and the signature. A key that leaked since vouches for nobody."""
    rows = {row.public: row for row in queries.signing_keys()}
    return {
        bytes.fromhex(row.public): (bytes.fromhex(row.vouched_by), bytes.fromhex(row.vouched))
        for row in rows.values()
        if row.vouched_by and row.vouched and row.vouched_by in rows and rows[row.vouched_by].leaked_at is None
    }


def _present() -> SigningKey | None:
    """The newest key made here that is neither retired nor leaked; None: the installation's own one signs."""
    rows = queries.signing_keys()
    return next((row for row in rows if row.sealed is not None and row.retired_at is None and row.leaked_at is None), None)


def _in_use(module: Signer | None) -> Signer | None:
    """The external module, unless its key leaked."""
    row = queries.signing_key(module.public.hex()) if module is not None else None
    return None if row is not None and row.leaked_at is not None else module


def present_signer(ring: Keyring, module: Signer | None = None) -> Signer:
    """Who signs now: the external module when there is one, else the key kept here.

    A key that the keys.json at hand does not open is a LostSigner: it is named, and refuses to sign.
    """
    outside = _in_use(module)
    if outside is not None:
        return outside
    row = _present()
    if row is None:
        return SeedSigner(ring.signing)
    assert row.sealed is not None
    try:
        return SeedSigner(bytes.fromhex(ring.decrypt(row.sealed)))
    except WrongSecret:
        return LostSigner(bytes.fromhex(row.public))


def trusted(ring: Keyring, module: Signer | None = None) -> Trust:
    """The keys that hold, the present one first, and those that leaked. Public halves suffice: nothing is opened."""
    rows, row, outside = queries.signing_keys(), _present(), _in_use(module)
    first = SeedSigner(ring.signing).public
    present = first if row is None else bytes.fromhex(row.public)
    good = [bytes.fromhex(one.public) for one in rows if one.leaked_at is None]
    leaked = tuple(bytes.fromhex(one.public) for one in rows if one.leaked_at is not None)
    if first not in (*good, *leaked):
        good.append(first)
    if outside is not None:
        present = outside.public
        good += [] if present in good else [present]
    return Trust(tuple(sorted(good, key=lambda one: one != present)), leaked)


def make(ring: Keyring, now: datetime, before: Sequence[Signer] = ()) -> SigningKey:
    """A new key kept here; it signs from now on. One of those `before`, or the installation's first, vouches for it."""
    seed = secrets.token_bytes(32)
    made = SigningKey(public=SeedSigner(seed).public.hex(), sealed=ring.encrypt(seed.hex()), made_at=now)
    session().add(made)
    session().flush()
    _vouch(made, [*before, SeedSigner(ring.signing)])
    return made


def rotate(*, ring: Keyring, by: Identity, now: datetime, module: Signer | None = None) -> tuple[str, str]:
    """Make a new key; returns the names of the old and the new one. The old one may be lost: it is retired without being opened.

    The old key's secret half is destroyed in the database and it still verifies. Every key in use until now is retired.
    The key of an external module is changed in the module (CannotRotate).
    """
    if _in_use(module) is not None:
        raise CannotRotate(_("签名密钥在外接设备中：请在设备上换用新密钥，重启服务并执行 trainhub init，旧公钥继续用于核验旧文件。"))
    note_first(ring=ring, now=now)
    queries.lock_signing_keys()  # two at once would each make a key and leave both in use
    signer = present_signer(ring)
    for row in queries.signing_keys():
        if row.retired_at is None:
            row.retired_at, row.sealed = now, None
    session().flush()
    made = make(ring, now, [signer])
    note_keys(queries.signing_keys()[::-1])
    names = key_id(signer.public), key_id(bytes.fromhex(made.public))
    audit.record(by=by, did="certificates.key.rotated", on=made, data={"old": names[0], "new": names[1], "lost": isinstance(signer, LostSigner)})
    return names


def withdraw(*, name: str, ring: Keyring, by: Identity, now: datetime, module: Signer | None = None) -> tuple[str, str]:
    """The key of that name leaked: nothing it signed is trusted any more. Returns its name and the name of the key that signs now.

    Exactly this key is given up, be it the present one, retired long ago or in an external module. Holders download anew: documents are
    drawn on demand and signed by the key that signs then. The key kept here that signs, or would without the module, is replaced by a new
    one; when the module's leaked, the one kept here signs until another is plugged in. Harmless to repeat. Raises NotFound for no key of here.
    """
    queries.lock_signing_keys()
    trust = trusted(ring, module)
    if trust.is_leaked(name):
        return name, key_id(present_signer(ring, module).public)
    public = trust.named(name)
    if public is None:
        raise NotFound(_("没有名为 %(key)s 的签名密钥：名称见“签名密钥”页面或 trainhub certificates keys list。", key=name[:60]), code="no_key")
    note_first(ring=ring, now=now, module=module)
    row = queries.signing_key(public.hex())
    assert row is not None
    is_kept = present_signer(ring).public == public
    row.retired_at, row.leaked_at, row.sealed = row.retired_at or now, now, None
    session().flush()
    if is_kept:
        make(ring, now)
    note_keys(queries.signing_keys()[::-1])
    names = key_id(public), key_id(present_signer(ring, module).public)
    audit.record(by=by, did="certificates.key.withdrawn", on=row, data={"key": names[0], "signs": names[1]})
    return names


def share(*, certificate: Certificate, by: Identity, now: datetime) -> CertificateShare:
    """Switch the holder's link on, or return the one that is on. Raises CannotShare for what does not stand."""
    if certificate.state is not State.ISSUED:
        raise CannotShare(_("只有当前有效的证书才能分享。"))
    known = queries.open_shares(certificate)
    if known:
        return known[0]
    made = CertificateShare(token=secrets.token_urlsafe(18), certificate_id=certificate.id, made_at=now)
    try:
        add_once(made, _Shared)
    except _Shared:
        return queries.open_shares(certificate)[0]  # pressed twice at the same time
    audit.record(by=by, did="certificates.certificate.shared", on=certificate, data={"number": certificate.number})
    return made


def unshare(*, certificate: Certificate, by: Identity, now: datetime) -> None:
    """Switch the link off for good, whatever the certificate's state; a new one gets another address. Harmless to repeat."""
    known = queries.open_shares(certificate)
    for one in known:
        one.closed_at = now
        note_closed(one.token, now)
    session().flush()
    if known:
        audit.record(by=by, did="certificates.certificate.unshared", on=certificate, data={"number": certificate.number})
