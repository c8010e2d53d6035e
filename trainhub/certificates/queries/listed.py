"""Every select on what the status lists say: what ended, by the row, its history and the audit log.

What ended by the log is read once and then only what was written since; what a list says is kept as long as the log tells of no other change. Both are
kept by the newest line of a change and its hash, which stands for all lines before it: they are right on every machine, on a copy that
cannot be written, and after a restore.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, text

from trainhub.certificates.models import CHANGED, ENDED, Certificate, CertificateEvent
from trainhub.certificates.openbadges import LIST_LENGTH
from trainhub.certificates.queries.restored import last_place, shifts
from trainhub.certificates.queries.wholeness import CHANGED as CHANGES
from trainhub.certificates.states import VALID
from trainhub.kernel import audit
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session

KEPT = 64
"""So many lists are kept by a process: eight million certificates."""
Newest = tuple[int, str]
"""Id and hash of a line of the audit log."""


@dataclass(frozen=True, slots=True)
class _ByLog:
    """What ended or was suspended, by its last change that the log tells of, up to its line `newest`."""

    newest: Newest
    last: dict[int, str] = field(default_factory=dict)


_by_log: dict[str, _ByLog] = {}
_kept: OrderedDict[tuple[str, Newest, int, int], tuple[int, ...]] = OrderedDict()


def listed(page: int) -> list[int]:
    """The indexes set in a status list: certificates that ended for good or are suspended, and places that a restore left out, whose
    certificates, if there are any, nobody here knows.

    What we sign believes no column: a certificate is in the list when its row, its history or the audit log says that it ended.
    """
    first, last = (page - 1) * LIST_LENGTH + 1, page * LIST_LENGTH
    steps = [(1, 0), *shifts()]
    found: list[int] = []
    for (begin, shift), (end, after) in zip(steps, [*steps[1:], (last + 1, 0)], strict=True):
        ids = max(begin, first - shift), min(end - 1, last - shift)
        if ids[0] <= ids[1]:
            found += [key + shift for key in _ended(*ids)]
        if after:
            found += range(max(first, end + shift), min(last, end + after - 1) + 1)
    return [place - first for place in found]


def last_list() -> int:
    """The number of the last status list there is."""
    return (max(last_place(), 1) - 1) // LIST_LENGTH + 1


def _ended(first: int, last: int) -> tuple[int, ...]:
    """The ids between these of what ended, in order."""
    newest = _newest()
    pending = any(True for _event in audit.pending(CHANGES))
    if newest is None or pending:  # what this unit of work did counts, and is nobody else's before it is committed
        return _asked(first, last, newest)
    at = (_database(), newest, first, last)
    if (known := _kept.get(at)) is None:
        known = _kept[at] = _asked(first, last, newest)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return known


def _asked(first: int, last: int, newest: Newest | None) -> tuple[int, ...]:
    ended = set(session().scalars(select(Certificate.id).where(Certificate.id.between(first, last), text(ENDED))))
    by_log = _told(newest) if newest is not None else {}
    return tuple(sorted(ended | _by_history(first, last) | {key for key, did in by_log.items() if did != "resumed" and first <= key <= last}))


def _by_history(first: int, last: int) -> set[int]:
    """The ids of certificates whose last event left them ended or suspended."""
    named = (CertificateEvent.certificate_id.between(first, last), text(CHANGED))
    rows = session().execute(select(CertificateEvent.certificate_id, CertificateEvent.state).where(*named).order_by(CertificateEvent.id))
    stands = {key: state for key, state in rows}
    return {key for key, state in stands.items() if state not in VALID}


def _newest() -> Newest | None:
    """The newest line that tells of a change; None where none was ever made. Each kind's is found at the end of its index."""
    asked = [select(func.max(AuditEvent.id)).where(AuditEvent.did == did).scalar_subquery() for did in CHANGES]
    found = [key for key in session().execute(select(*asked)).one() if key is not None]
    return (max(found), _hash_of(max(found))) if found else None


def _hash_of(event_id: int) -> str:
    return session().scalar(select(AuditEvent.hash).where(AuditEvent.id == event_id)) or ""


def _told(newest: Newest) -> dict[int, str]:
    """By certificate: the last change that the log tells of. Only what was written since it was asked last is read, where that still stands."""
    at, known = _database(), _by_log.get(_database())
    if known is None or (known.newest != newest and _hash_of(known.newest[0]) != known.newest[1]) or known.newest[0] > newest[0]:
        known = _ByLog((0, ""))
    if known.newest != newest:
        statement: Any = select(AuditEvent.on_id, AuditEvent.did).where(AuditEvent.did.in_(CHANGES), AuditEvent.id > known.newest[0])
        rows = session().execute(statement.where(AuditEvent.id <= newest[0]).order_by(AuditEvent.id))
        known = _ByLog(newest, known.last | {int(key): CHANGES[did] for key, did in rows})
        _by_log[at] = known
    return known.last


def _database() -> str:
    return str(session().get_bind().engine.url)
