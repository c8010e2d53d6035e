"""Keys of credentials: a new one takes over, old ones still verify, a leaked one does not. And the holder's share links."""

from __future__ import annotations

import secrets
from datetime import datetime

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, CertificateShare, SigningKey
from trainhub.certificates.signers import SeedSigner, Signer, Trust, key_id
from trainhub.certificates.types import State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import Keyring


class CannotShare(Refused):
    """Only a certificate that stands can be shown by a link."""

    code = "cannot_share"


def present_signer(ring: Keyring) -> Signer:
    """Who signs now: the newest key that is neither retired nor leaked, else the installation's first one."""
    for row in queries.signing_keys():
        if row.sealed is not None and row.retired_at is None and row.leaked_at is None:
            return SeedSigner(bytes.fromhex(ring.decrypt(row.sealed)))
    return SeedSigner(ring.signing)


def trusted(ring: Keyring) -> Trust:
    """The keys that hold, the present one first, and those that leaked."""
    rows = queries.signing_keys()
    first = SeedSigner(ring.signing).public
    good = [bytes.fromhex(row.public) for row in rows if row.leaked_at is None]
    leaked = tuple(bytes.fromhex(row.public) for row in rows if row.leaked_at is not None)
    if first not in (*good, *leaked):
        good.append(first)
    return Trust(tuple(good), leaked)


def rotate(*, ring: Keyring, is_leaked: bool, by: Identity, now: datetime) -> tuple[str, str]:
    """Make a new key; returns the names of the old and the new one.

    The old key's secret half is destroyed and it still verifies, unless it leaked: then nothing it signed is trusted, and holders
    download anew (documents are drawn on demand and signed by the new key).
    """
    old = present_signer(ring).public.hex()
    row = queries.signing_key(old)
    if row is None:
        row = SigningKey(public=old, sealed=None, made_at=now)
        session().add(row)
    row.retired_at, row.sealed = now, None
    row.leaked_at = now if is_leaked else None
    session().flush()
    seed = secrets.token_bytes(32)
    made = SigningKey(public=SeedSigner(seed).public.hex(), sealed=ring.encrypt(seed.hex()), made_at=now)
    session().add(made)
    session().flush()
    names = key_id(bytes.fromhex(old)), key_id(bytes.fromhex(made.public))
    audit.record(by=by, did="certificates.key.rotated", on=made, data={"old": names[0], "new": names[1], "leaked": is_leaked})
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
