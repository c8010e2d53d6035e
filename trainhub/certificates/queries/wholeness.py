"""Whether certificates are as they were written: history, facts, columns and states, held against the audit log, which has a chain of its own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import structlog
from sqlalchemy import func, select

from trainhub.certificates import chain
from trainhub.certificates.models import Certificate, CertificateEvent, CertificatePortion
from trainhub.certificates.queries.history import AT_ONCE, EventRow, computed_hash, events_of, issued_as_now, lines_of
from trainhub.certificates.states import next_state
from trainhub.certificates.types import Event, State
from trainhub.kernel import audit
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import portions, session
from trainhub.people import queries as people

CHANGES = ("reissued", "corrected", "suspended", "resumed", "revoked")
"""What the audit log calls the changes that also stand in the history."""
CHANGED = {f"certificates.certificate.{did}": did for did in CHANGES}
ISSUED = "certificates.certificate.issued"
REPLACED = {f"certificates.certificate.{did}" for did in ("reissued", "corrected")}
PORTION = "certificates.batch.portion_issued"
SEALED = "certificates.portion.sealed"
"""What the log was told at an upgrade of a portion whose line of then held no hashes: what stood at that moment."""
log = structlog.get_logger("certificates")
Portions = dict[int, "Sequence[Mapping[str, Any]]"]
"""By portion of a list (its row): what the audit log tells of it, which never changes."""


@dataclass(slots=True)
class _Logged:
    """What the audit log knows of a certificate: how many changes, the hashes of its events, and how many lines were written before hashes were."""

    changes: int = 0
    hashes: set[str] = field(default_factory=set)
    without: int = 0
    issued: int = 0
    replaced_without: bool = False
    """It was reissued or corrected when neither this nor the issue of what took its place was written down with a hash."""
    in_portion: bool = False
    """Its first event is one of a portion that was issued from a list."""


def is_whole(certificate: Certificate, known: Portions | None = None) -> bool:
    """Whether history, facts, columns and states are as they were written, back to the first edition.

    The audit log and the history must tell the same: a change that one of them does not know, an issue that nobody wrote down,
    a state without its event, or an event that could not happen in the state before was not given here.
    """
    return bool(whole_among([certificate], known))


def whole_among(certificates: Sequence[Certificate], known: Portions | None = None) -> set[int]:
    """The ids of those that are whole (`is_whole`). What the log tells of the portions they were issued in is read once by whoever keeps it in `known`."""
    lines = lines_of(certificates)
    rows = list({one.id: one for line in lines.values() for one in line}.values())
    events, logged = defaultdict[int, list[EventRow]](list), _logged(rows)
    for row in events_of(rows):
        events[row.event.certificate_id].append(row)
    _vouch(rows, events, logged, {} if known is None else known)

    def stands(line: Sequence[Certificate]) -> bool:
        if not _is_line(line):
            return False
        for before, after in pairwise(line):
            if logged[before.id].replaced_without and not logged[after.id].issued:
                logged[after.id].without = 1  # its issue stands in the line that tells how the one before ended
        told = sorted((row for one in line for row in events[one.id]), key=lambda row: row.event.id)
        return _holds(line, told) and all(_happened(one, [row.event for row in events[one.id]], logged[one.id]) for one in line)

    return {key for key, line in lines.items() if stands(line)}


def _is_line(line: Sequence[Certificate]) -> bool:
    """Whether each takes the place of the one before: the next edition of its number, or the first of another."""
    if line[0].edition != 1:
        return False
    return all(after.edition == (before.edition + 1 if after.number == before.number else 1) for before, after in pairwise(line))


def _holds(line: Sequence[Certificate], events: Sequence[EventRow]) -> bool:
    """Whether the events of a line make one chain, each with the hash that its fields give."""
    by_id = {one.id: one for one in line}
    links = [(row.event.before_hash, row.event.hash, _hash_again(by_id[row.event.certificate_id], row.event)) for row in events]
    return bool(links) and chain.holds(links)


def _happened(certificate: Certificate, events: Sequence[CertificateEvent], logged: _Logged) -> bool:
    """Whether the events of one edition could happen one after the other, lead to its columns, and are those the audit log tells of."""
    state: State | None = State.DRAFT
    for event in events:
        state = next_state(state, event.event) if state is not None else None
        if state is not event.state:
            return False
    if not events or state is not certificate.state or not _columns_stand(certificate, events):
        return False
    changes = sum(event.event is not Event.ISSUE for event in events)
    hashes = {event.hash for event in events}
    untold = hashes - logged.hashes - ({events[0].hash} if logged.in_portion else set())
    return changes == logged.changes and logged.hashes <= hashes and len(untold) <= logged.without


def _columns_stand(certificate: Certificate, events: Sequence[CertificateEvent]) -> bool:
    """Whether what lists, pages and credentials read of the row is what was certified and when it happened."""
    said = certificate.facts.get("name"), certificate.facts.get("issued_on"), events[0].at, events[-1].on
    return said == (certificate.holder, certificate.issued_on.isoformat(), certificate.issued_at, certificate.state_on)


def _logged(certificates: Sequence[Certificate]) -> dict[int, _Logged]:
    """By certificate. A history that was cut short, written anew or added to shows. What this unit of work has yet to write counts."""
    dids = [ISSUED, *CHANGED]
    found = defaultdict[int, _Logged](_Logged)

    def take(key: str, did: str, data: Mapping[str, Any]) -> None:
        one = found[int(key)]
        one.changes += did != ISSUED
        one.issued += did == ISSUED
        one.replaced_without |= did in REPLACED and "event_hash" not in data
        if "event_hash" in data:
            one.hashes.add(data["event_hash"])
        else:
            one.without += 1

    for some in portions([str(one.id) for one in certificates], AT_ONCE):
        named = (AuditEvent.on_kind == Certificate.__tablename__, AuditEvent.on_id.in_(some), AuditEvent.did.in_(dids))
        for key, did, data in session().execute(select(AuditEvent.on_id, AuditEvent.did, AuditEvent.data).where(*named)):
            take(key, did, data)
    for did, (kind, key), data in audit.pending(dids):
        if kind == Certificate.__tablename__:
            take(key, did, data)
    return found


def _vouch(certificates: Sequence[Certificate], events: Mapping[int, Sequence[EventRow]], logged: Mapping[int, _Logged], known: Portions) -> None:
    """Note in `logged` whose first event is one of those that the line of its portion tells of, by how its hash begins (`chain.marks`).

    A hash covers the number, the code, the facts and what it was issued as, so it vouches for no other certificate, of this list or another. A line
    that tells of no hash vouches for nothing: what it was before nobody can confirm.
    """
    first = {one.number: one for one in certificates if one.edition == 1 and one.replaces_id is None}
    if not first:
        return
    begins = {number: row.event.hash for number, one in first.items() for row in events.get(one.id, ())[:1]}
    numbers = sorted(first)
    places = _places(numbers)
    _read(places, known)
    lines: list[Mapping[str, Any]] = [line for key in places for line in known.get(key, ())]
    lines += [data for _did, _on, data in audit.pending([PORTION])]
    for number in _told(numbers, begins, lines):
        logged[first[number].id].in_portion = True
    untold = [number for number in numbers if number in begins and not _is_told(begins[number], logged[first[number].id])]
    if untold:  # the index lacks a row, or somebody wrote what the log does not know: the log itself decides
        missed = _told(untold, begins, _searched(untold))
        for number in missed:
            logged[first[number].id].in_portion = True
        if missed:
            log.error("certificates.portion_not_indexed", numbers=missed[:10], count=len(missed))


def _is_told(first_hash: str, logged: _Logged) -> bool:
    return logged.in_portion or logged.without > 0 or first_hash in logged.hashes


def _told(numbers: Sequence[str], begins: Mapping[str, str], lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Those of the numbers, in order, of whose first event one of the lines tells."""
    found = list[str]()
    for line in lines:
        marks = frozenset(line.get("event_marks", ())) - {""}
        between = numbers[bisect_left(numbers, line["first"]) : bisect_right(numbers, line["last"])]
        found += [number for number in between if begins.get(number, "")[: chain.MARK] in marks]
    return found


def _searched(numbers: Sequence[str]) -> list[Mapping[str, Any]]:
    """What the log tells of portions with any of these numbers, in order, whatever the index says: it is read from one end to the other."""
    low, high = AuditEvent.data["first"].as_string(), AuditEvent.data["last"].as_string()
    told = select(AuditEvent.data).where(AuditEvent.did.in_((PORTION, SEALED)), low <= numbers[-1], high >= numbers[0])
    found = session().scalars(told.order_by(AuditEvent.id))
    return [line for line in found if bisect_left(numbers, line["first"]) < bisect_right(numbers, line["last"])]


def _places(numbers: Sequence[str]) -> dict[int, int | None]:
    """The portions in which numbers, in order, may lie, with the line of each that was written before there was this table. Portions share no
    number, so that of the lowest one begins nearest before it."""
    nearest = select(func.max(CertificatePortion.first)).where(CertificatePortion.first <= numbers[0]).scalar_subquery()
    begins = CertificatePortion.first.between(func.coalesce(nearest, numbers[0]), numbers[-1])
    statement = select(CertificatePortion.id, CertificatePortion.first, CertificatePortion.last, CertificatePortion.told_id)
    found = session().execute(statement.where(begins))
    return {key: told for key, low, high, told in found if bisect_left(numbers, low) < bisect_right(numbers, high)}


def _read(places: Mapping[int, int | None], known: Portions) -> None:
    """What the log tells of portions that are not known yet: found by their rows, and by the lines of before."""
    unread = {key: told for key, told in places.items() if key not in known}
    found: dict[int, list[Mapping[str, Any]]] = {key: [] for key in unread}
    of = {told: key for key, told in unread.items() if told is not None}
    for some in portions(sorted(unread), AT_ONCE):
        on = (AuditEvent.on_kind == CertificatePortion.__tablename__, AuditEvent.on_id.in_([str(key) for key in some]))
        for key, data in session().execute(select(AuditEvent.on_id, AuditEvent.data).where(*on, AuditEvent.did.in_((PORTION, SEALED)))):
            found[int(key)].append(data)
    for lines in portions(sorted(of), AT_ONCE):
        for event_id, data in session().execute(select(AuditEvent.id, AuditEvent.data).where(AuditEvent.id.in_(lines), AuditEvent.did == PORTION)):
            found[of[event_id]].append(data)
    known.update({key: lines_of_one for key, lines_of_one in found.items() if lines_of_one})  # what is yet to be written is not known to be absent


def _hash_again(certificate: Certificate, event: CertificateEvent) -> str:
    """The hash that an event must have had, read as the row stood then: its holder's row may have been merged since, a record found later joins its
    evidence at the end, and events of before covered less. The last reading when none gives the hash that stands."""
    fields = {name: getattr(event, name) for name in ("reason", "document", "on", "at", "by_account_id")}
    fields |= {"event": event.event.value, "state": event.state.value}
    computed = ""
    for reading in _readings(certificate):
        computed = computed_hash(certificate, event.before_hash, **fields, **reading)
        if computed == event.hash:
            break
    return computed


def _readings(certificate: Certificate) -> Iterator[dict[str, Any]]:
    lengths = range(len(certificate.evidence), -1, -1)
    yield from ({"issued": issued_as_now(certificate, rests_on=length)} for length in lengths)
    yield {"issued": None}
    yield {"issued": None, "code": ""}
    for person_id in people.ever_one_with(certificate.person_id)[1:]:
        yield from ({"issued": issued_as_now(certificate, person_id=person_id, rests_on=length)} for length in lengths)
