"""Every select on signing keys and share links."""

from __future__ import annotations

from sqlalchemy import select

from trainhub.certificates.models import Certificate, CertificateShare, SigningKey
from trainhub.certificates.queries.history import line_of
from trainhub.kernel.db import session


def signing_keys() -> list[SigningKey]:
    """Every key that was ever in use here, the latest first."""
    return list(session().scalars(select(SigningKey).order_by(SigningKey.id.desc())))


def lock_signing_keys() -> None:
    """Keep others from changing keys until the transaction ends, and look at them anew."""
    session().scalars(select(SigningKey.id).order_by(SigningKey.id).with_for_update()).all()
    session().expire_all()


def signing_key(public: str) -> SigningKey | None:
    """A key by its public half in hex."""
    return session().scalar(select(SigningKey).where(SigningKey.public == public))


def open_shares(certificate: Certificate) -> list[CertificateShare]:
    """The links that are on, of the certificate and of what it replaces, the latest first. One, as a rule: it moves on with the certificate."""
    line = [one.id for one in line_of(certificate)]
    statement = select(CertificateShare).where(CertificateShare.certificate_id.in_(line), CertificateShare.closed_at.is_(None))
    return list(session().scalars(statement.order_by(CertificateShare.certificate_id.desc())))


def shared(token: str) -> Certificate | None:
    """The certificate behind a link that is on."""
    statement = (
        select(Certificate)
        .join(CertificateShare, CertificateShare.certificate_id == Certificate.id)
        .where(CertificateShare.token == token, CertificateShare.closed_at.is_(None))
    )
    return session().scalar(statement)
