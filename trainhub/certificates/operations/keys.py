"""Keys of credentials: a new one takes over, old ones still verify, a leaked one does not. And the holder's share links."""

from __future__ import annotations

import secrets
from datetime import datetime

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, CertificateShare, SigningKey
from trainhub.certificates.signers import LostSigner, SeedSigner, Signer, Trust, key_id
from trainhub.certificates.types import State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import Keyring, WrongSecret


class CannotShare(Refused):
    """Only a certificate that stands can be shown by a link."""

    code = "cannot_share"


def note_first(*, ring: Keyring, now: datetime) -> bool:
    """Keep the public half of the installation's own key in the database, so that it is published even when keys.json is lost.

    Returns whether it was noted now; harmless to repeat (`trainhub init` does).
    """
    public = SeedSigner(ring.signing).public.hex()
    if queries.signing_key(public) is not None:
        return False
    session().add(SigningKey(public=public, sealed=None, made_at=now))
    session().flush()
    return True


def _present() -> SigningKey | None:
    """The newest key made here that is neither retired nor leaked; None: the installation's own one signs."""
    rows = queries.signing_keys()
    return next((row for row in rows if row.sealed is not None and row.retired_at is None and row.leaked_at is None), None)


def present_signer(ring: Keyring) -> Signer:
    """Who signs now. A key that the keys.json at hand does not open is a LostSigner: it is named, and refuses to sign."""
    row = _present()
    if row is None:
        return SeedSigner(ring.signing)
    assert row.sealed is not None
    try:
        return SeedSigner(bytes.fromhex(ring.decrypt(row.sealed)))
    except WrongSecret:
        return LostSigner(bytes.fromhex(row.public))


def trusted(ring: Keyring) -> Trust:
    """The keys that hold, the present one first, and those that leaked. Public halves suffice: nothing is opened."""
    rows, row = queries.signing_keys(), _present()
    first = SeedSigner(ring.signing).public
    present = first if row is None else bytes.fromhex(row.public)
    good = [bytes.fromhex(one.public) for one in rows if one.leaked_at is None]
    leaked = tuple(bytes.fromhex(one.public) for one in rows if one.leaked_at is not None)
    if first not in (*good, *leaked):
        good.append(first)
    return Trust(tuple(sorted(good, key=lambda one: one != present)), leaked)


def rotate(*, ring: Keyring, is_leaked: bool, by: Identity, now: datetime) -> tuple[str, str]:
    """Make a new key; returns the names of the old and the new one. The old one may be lost: it is retired without being opened.

    The old key's secret half is destroyed in the database and it still verifies, unless it leaked: then nothing it signed is trusted,
    and holders download anew (documents are drawn on demand and signed by the new key). Every key in use until now is retired.
    """
    signer = present_signer(ring)
    old = signer.public.hex()
    note_first(ring=ring, now=now)
    for row in queries.signing_keys():
        if row.retired_at is None:
            row.retired_at, row.sealed = now, None
            row.leaked_at = now if is_leaked else None
    session().flush()
    seed = secrets.token_bytes(32)
    made = SigningKey(public=SeedSigner(seed).public.hex(), sealed=ring.encrypt(seed.hex()), made_at=now)
    session().add(made)
    session().flush()
    names = key_id(bytes.fromhex(old)), key_id(bytes.fromhex(made.public))
    data = {"old": names[0], "new": names[1], "leaked": is_leaked, "lost": isinstance(signer, LostSigner)}
    audit.record(by=by, did="certificates.key.rotated", on=made, data=data)
    return names


def share(*, certificate: Certificate, by: Identity, now: datetime) -> CertificateShare:
    """Switch the holder's link on, or return the one that is on. Raises CannotShare for what does not stand."""
    if certificate.state is not State.ISSUED:
        raise CannotShare(_("只有当前有效的证书才能分享。"))
    known = queries.open_share(certificate.id)
    if known is not None:
        return known
    made = CertificateShare(token=secrets.token_urlsafe(18), certificate_id=certificate.id, made_at=now)
    session().add(made)
    session().flush()
    audit.record(by=by, did="certificates.certificate.shared", on=certificate, data={"number": certificate.number})
    return made


def unshare(*, certificate: Certificate, by: Identity, now: datetime) -> None:
    """Switch the link off for good; a new one gets another address. Harmless to repeat."""
    known = queries.open_share(certificate.id)
    if known is None:
        raise NotFound(_("这张证书没有打开的分享链接。"))
    known.closed_at = now
    session().flush()
    audit.record(by=by, did="certificates.certificate.unshared", on=certificate, data={"number": certificate.number})
