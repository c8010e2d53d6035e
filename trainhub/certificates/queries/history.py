"""Every select on the history of certificates, and whether it is as it was written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select

from trainhub.certificates import chain
from trainhub.certificates.models import Certificate, CertificateEvent, IssueBatch
from trainhub.certificates.types import BatchSource, BatchState, Event, State
from trainhub.identity.models import Account
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.people import queries as people

CHANGES = ("reissued", "corrected", "suspended", "resumed", "revoked")
"""What the audit log calls the changes that also stand in the history."""
ISSUED = "certificates.certificate.issued"
PORTION = "certificates.batch.portion_issued"
Portions = dict[int, "frozenset[str] | None"]
"""By event of the audit log that tells of a portion of a list: the numbers whose events are not the ones it knows; None: all of the portion, nobody can
tell which."""
PORTIONS_AT_ONCE = 100
AT_ONCE = 10_000
"""So many rows are named in one question: fewer than either database takes."""


def line_of(certificate: Certificate) -> list[Certificate]:
    """The certificate and everything it replaces, the first first: other editions and what was corrected."""
    line = [certificate]
    while line[-1].replaces_id is not None:
        before = session().get(Certificate, line[-1].replaces_id)
        assert before is not None
        line.append(before)
    return line[::-1]


def recorded_facts(certificate: Certificate) -> dict[str, Any]:
    """What its records said: its facts, but those that two persons corrected as they stood before that, unless a rule changed them since."""
    line = line_of(certificate)
    statement = select(IssueBatch.replaces_id).where(
        IssueBatch.replaces_id.in_([one.id for one in line]), IssueBatch.source == BatchSource.CORRECTION, IssueBatch.state == BatchState.ISSUED
    )
    decided = set(session().scalars(statement))
    said = dict(line[0].facts)
    for before, after in pairwise(line):
        if before.id not in decided:
            said |= {name: value for name, value in after.facts.items() if value != before.facts.get(name)}
    return said


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event with the certificate's number and edition and the name of who did it."""

    event: CertificateEvent
    number: str
    edition: int
    who: str


def events_of(certificates: Sequence[Certificate]) -> list[EventRow]:
    """The events of certificates in the order they were written."""
    statement = (
        select(CertificateEvent, Certificate.number, Certificate.edition, Account.display_name)
        .join(Certificate, Certificate.id == CertificateEvent.certificate_id)
        .outerjoin(Account, Account.id == CertificateEvent.by_account_id)
        .order_by(CertificateEvent.id)
    )
    ids = [one.id for one in certificates]
    asked = (session().execute(statement.where(CertificateEvent.certificate_id.in_(some))) for some in _portions(ids))
    found = [EventRow(event, number, edition, who or "") for rows in asked for event, number, edition, who in rows]
    return sorted(found, key=lambda row: row.event.id)


def _last_event(certificate_id: int) -> CertificateEvent | None:
    statement = select(CertificateEvent).where(CertificateEvent.certificate_id == certificate_id).order_by(CertificateEvent.id.desc()).limit(1)
    return session().scalar(statement)


def newest_event(certificate_ids: Collection[int]) -> int:
    """The highest id of an event of certificates: whatever is written later has a higher one. 0 where there is none."""
    return session().scalar(select(func.max(CertificateEvent.id)).where(CertificateEvent.certificate_id.in_(certificate_ids))) or 0


def last_event(certificate: Certificate) -> CertificateEvent | None:
    """What happened last to an edition."""
    return _last_event(certificate.id)


def last_hash(certificate: Certificate) -> str:
    """The hash the next event goes on from; a later edition begins where the one before stood."""
    own = _last_event(certificate.id)
    if own is None and certificate.replaces_id is not None:
        own = _last_event(certificate.replaces_id)
    return own.hash if own is not None else chain.GENESIS


def computed_hash(certificate: Certificate, before: str, **fields: Any) -> str:
    """The hash of an event of a certificate from its fields."""
    own = {"number": certificate.number, "edition": certificate.edition, "facts": certificate.facts, "code": certificate.code}
    return chain.digest(before, **{"issued": _issued_as(certificate), **own, **fields})


def _issued_as(certificate: Certificate, *, person_id: int | None = None, rests_on: int | None = None) -> dict[str, Any]:
    """What it was issued as, resting on its first rows of evidence only, or to another row of its holder."""
    return chain.issued_as(
        kind=certificate.kind.value,
        template=certificate.template,
        template_version=certificate.template_version,
        issuer_id=certificate.issuer_id,
        person_id=certificate.person_id if person_id is None else person_id,
        evidence=certificate.evidence[:rests_on],
    )


def _hash_again(certificate: Certificate, event: CertificateEvent, fields: Mapping[str, Any]) -> str:
    """The hash that an event must have had, read as the row stood then: its holder's row may have been merged since, a record found later joins its
    evidence at the end, and events of before covered less. The last reading when none gives the hash that stands."""
    computed = ""
    for reading in _readings(certificate):
        computed = computed_hash(certificate, event.before_hash, **fields, **reading)
        if computed == event.hash:
            break
    return computed


def _readings(certificate: Certificate) -> Iterator[dict[str, Any]]:
    lengths = range(len(certificate.evidence), -1, -1)
    yield from ({"issued": _issued_as(certificate, rests_on=length)} for length in lengths)
    yield {"issued": None}
    yield {"issued": None, "code": ""}
    for person_id in people.ever_one_with(certificate.person_id)[1:]:
        yield from ({"issued": _issued_as(certificate, person_id=person_id, rests_on=length)} for length in lengths)


def _columns_stand(certificate: Certificate) -> bool:
    """Whether what lists and pages read of the row is what was certified."""
    said = certificate.facts.get("name"), certificate.facts.get("issued_on")
    return said == (certificate.holder, certificate.issued_on.isoformat())


@dataclass(slots=True)
class _Logged:
    """What the audit log knows of a certificate: how many changes, and the hashes of its events as far as they were written down there."""

    changes: int = 0
    hashes: set[str] = field(default_factory=set)


def _logged(certificates: Sequence[Certificate]) -> dict[int, _Logged]:
    """By certificate. The audit log has a chain of its own: a history that was cut short or written anew shows."""
    dids = [ISSUED, *(f"certificates.certificate.{did}" for did in CHANGES)]
    found = defaultdict[int, _Logged](_Logged)
    for some in _portions([str(one.id) for one in certificates]):
        named = (AuditEvent.on_kind == Certificate.__tablename__, AuditEvent.on_id.in_(some), AuditEvent.did.in_(dids))
        for key, did, data in session().execute(select(AuditEvent.on_id, AuditEvent.did, AuditEvent.data).where(*named)):
            one = found[int(key)]
            one.changes += did != ISSUED
            one.hashes |= {data["event_hash"]} if "event_hash" in data else set()
    return found


def is_whole(certificate: Certificate, known: Portions | None = None) -> bool:
    """Whether history, facts, columns and states are as they were written, back to the first edition.

    A state without its event was not given here, and a change that the audit log knows must be in the history.
    """
    return bool(whole_among([certificate], known))


def whole_among(certificates: Sequence[Certificate], known: Portions | None = None) -> set[int]:
    """The ids of those that are whole (`is_whole`). Portions of lists that they were issued in are read whole, some at once; those of `known`,
    which one upload or one run keeps for itself, are not read again.
    """
    lines = _lines_of(certificates)
    rows = list({one.id: one for line in lines.values() for one in line}.values())
    events, logged = defaultdict[int, list[EventRow]](list), _logged(rows)
    for row in events_of(rows):
        events[row.event.certificate_id].append(row)

    def stands(line: Sequence[Certificate]) -> bool:
        told = sorted((row for one in line for row in events[one.id]), key=lambda row: row.event.id)
        hashes = [known for one in line for known in logged[one.id].hashes]
        return _is_whole(line, told, sum(logged[one.id].changes for one in line), hashes)

    doubtful = _rewritten_in_portions(rows, {} if known is None else known)
    return {key for key, line in lines.items() if doubtful.isdisjoint(one.id for one in line) and stands(line)}


def _rewritten_in_portions(certificates: Sequence[Certificate], known: Portions) -> set[int]:
    """The ids of those issued in a portion of a list whose events are not the ones that the audit log knows. Where that keeps no marks (`chain.marks`)
    or they say nothing, all of the portion is doubtful until somebody has looked."""
    first = {one.number: one for one in certificates if one.edition == 1}
    if not first:
        return set()
    low, high = AuditEvent.data["first"].as_string(), AuditEvent.data["last"].as_string()
    named = AuditEvent.did == PORTION, low <= max(first), high >= min(first)
    numbers, mine, told = sorted(first), dict[int, list[str]](), dict[int, Mapping[str, Any]]()
    for key, line in session().execute(select(AuditEvent.id, AuditEvent.data).where(*named)):
        inside = numbers[bisect_left(numbers, line["first"]) : bisect_right(numbers, line["last"])]
        if inside and "event_hashes" in line:
            mine[key], told[key] = inside, line
    unread = sorted(told.keys() - known.keys())
    for start in range(0, len(unread), PORTIONS_AT_ONCE):
        some = unread[start : start + PORTIONS_AT_ONCE]
        now = _portions_now(some)
        known.update({key: _rewritten(told[key], now.get(key, [])) for key in some})
    return {first[number].id for key, inside in mine.items() for number in inside if (doubtful := known[key]) is None or number in doubtful}


def _rewritten(told: Mapping[str, Any], now: Sequence[tuple[str, str]]) -> frozenset[str] | None:
    """The numbers of a portion that the audit log tells of otherwise than its events (number, hash) do now; None where it cannot say which."""
    if chain.together(digest for _number, digest in now) == told["event_hashes"]:
        return frozenset()
    marks = told.get("event_marks", [])
    found = {number for (number, digest), mark in zip(now, marks, strict=False) if digest[: len(mark)] != mark}
    return frozenset(found) if found and len(marks) == len(now) else None


def _portions_now(events: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """By event of the audit log: (number, hash of its first event) of what is there of its portion now, in the order of the numbers. What waited then
    and was released later is no part of it."""
    statement = (
        select(AuditEvent.id, Certificate.number, CertificateEvent.hash)
        .join(Certificate, Certificate.number.between(AuditEvent.data["first"].as_string(), AuditEvent.data["last"].as_string()))
        .join(CertificateEvent, CertificateEvent.certificate_id == Certificate.id)
        .where(
            AuditEvent.id.in_(events),
            Certificate.edition == 1,
            Certificate.replaces_id.is_(None),
            CertificateEvent.event == Event.ISSUE,
            CertificateEvent.id <= AuditEvent.data["last_event"].as_integer(),
        )
    )
    found = defaultdict[int, list[tuple[str, str]]](list)
    for key, number, digest in session().execute(statement):
        found[key].append((number, digest))
    return {key: sorted(rows) for key, rows in found.items()}


def _lines_of(certificates: Sequence[Certificate]) -> dict[int, list[Certificate]]:
    """`line_of` of each, read step by step for all of them."""
    known = {one.id: one for one in certificates}
    wanted = {one.replaces_id for one in certificates} - known.keys()
    while ids := sorted(key for key in wanted if key is not None):
        found = {one.id: one for some in _portions(ids) for one in session().scalars(select(Certificate).where(Certificate.id.in_(some)))}
        known |= found
        wanted = {one.replaces_id for one in found.values()} - known.keys()

    def back(certificate: Certificate) -> list[Certificate]:
        line = [certificate]
        while (before := line[-1].replaces_id) is not None:
            line.append(known[before])
        return line[::-1]

    return {one.id: back(one) for one in certificates}


def _portions(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def _is_whole(line: Sequence[Certificate], events: Sequence[EventRow], logged: int, hashes: Collection[str]) -> bool:
    by_id = {one.id: one for one in line}
    links: list[tuple[str, str, str]] = []
    stood: dict[int, State] = {}
    changes = 0
    for row in events:
        event = row.event
        fields = {
            "event": event.event.value,
            "state": event.state.value,
            "reason": event.reason,
            "document": event.document,
            "on": event.on,
            "at": event.at,
            "by_account_id": event.by_account_id,
        }
        computed = _hash_again(by_id[event.certificate_id], event, fields)
        changes += event.event is not Event.ISSUE
        links.append((event.before_hash, event.hash, computed))
        stood[event.certificate_id] = event.state
    if not links or not chain.holds(links) or changes < logged or not {stored for _before, stored, _computed in links}.issuperset(hashes):
        return False
    return all(stood.get(one.id) is one.state and _columns_stand(one) for one in line)
