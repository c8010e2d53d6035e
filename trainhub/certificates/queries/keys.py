"""Every select on signing keys, share links, and what the status lists say."""

from __future__ import annotations

from sqlalchemy import select, text

from trainhub.certificates.models import CHANGED, ENDED, Certificate, CertificateEvent, CertificateShare, SigningKey
from trainhub.certificates.openbadges import LIST_LENGTH
from trainhub.certificates.queries.history import line_of
from trainhub.certificates.queries.restored import last_place, shifts
from trainhub.certificates.queries.wholeness import ended_by_log
from trainhub.certificates.states import VALID
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


def listed(page: int) -> list[int]:
    """The indexes set in a status list: certificates that ended for good or are suspended, and places that a restore left out, whose
    certificates, if there are any, nobody here knows.

    What we sign believes no column: a certificate is in the list when its row, its history or the audit log says that it ended.
    """
    first, last = (page - 1) * LIST_LENGTH + 1, page * LIST_LENGTH
    steps = [(1, 0), *shifts()]
    found: list[int] = []
    by_log = ended_by_log()
    for (begin, shift), (end, after) in zip(steps, [*steps[1:], (last + 1, 0)], strict=True):
        ids = max(begin, first - shift), min(end - 1, last - shift)
        if ids[0] <= ids[1]:
            ended = set(session().scalars(select(Certificate.id).where(Certificate.id.between(*ids), text(ENDED))))
            ended |= _ended_by_history(*ids) | {key for key in by_log if ids[0] <= key <= ids[1]}
            found += [key + shift for key in sorted(ended)]
        if after:
            found += range(max(first, end + shift), min(last, end + after - 1) + 1)
    return [place - first for place in found]


def _ended_by_history(first: int, last: int) -> set[int]:
    """The ids of certificates whose last event left them ended or suspended."""
    named = (CertificateEvent.certificate_id.between(first, last), text(CHANGED))
    rows = session().execute(select(CertificateEvent.certificate_id, CertificateEvent.state).where(*named).order_by(CertificateEvent.id))
    stands = {key: state for key, state in rows}
    return {key for key, state in stands.items() if state not in VALID}


def last_list() -> int:
    """The number of the last status list there is."""
    return (max(last_place(), 1) - 1) // LIST_LENGTH + 1


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
