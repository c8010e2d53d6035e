"""Whether certificates are as they were written: history, facts, columns and states, held against the audit log, which has a chain of its own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain as chained
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from trainhub.certificates import chain
from trainhub.certificates.models import Certificate, CertificateEvent
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
Portions = dict[int, "frozenset[str] | None"]
"""By event of the audit log that tells of a portion of a list: the numbers whose events are not the ones it knows; None: all of the portion, nobody can
tell which."""
PORTIONS_AT_ONCE = 100


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
    """The ids of those that are whole (`is_whole`). Portions of lists that they were issued in are read whole, some at once; those of `known`,
    which one upload or one run keeps for itself, are not read again.
    """
    lines = lines_of(certificates)
    rows = list({one.id: one for line in lines.values() for one in line}.values())
    events, logged = defaultdict[int, list[EventRow]](list), _logged(rows)
    for row in events_of(rows):
        events[row.event.certificate_id].append(row)
    doubtful = _rewritten_in_portions(rows, events, logged, {} if known is None else known)

    def stands(line: Sequence[Certificate]) -> bool:
        if not _is_line(line) or not doubtful.isdisjoint(one.id for one in line):
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
    for did, (kind, key), data in audit.pending():
        if kind == Certificate.__tablename__ and did in dids:
            take(key, did, data)
    return found


def ended_by_log() -> set[int]:
    """The ids of certificates whose last change that the audit log tells of ended or suspended them."""
    statement = select(AuditEvent.on_id, AuditEvent.did).where(AuditEvent.did.in_(CHANGED)).order_by(AuditEvent.id)
    last = {int(key): CHANGED[did] for key, did in session().execute(statement)}
    return {key for key, did in last.items() if did != "resumed"}


def _rewritten_in_portions(
    certificates: Sequence[Certificate], events: Mapping[int, Sequence[EventRow]], logged: Mapping[int, _Logged], known: Portions
) -> set[int]:
    """The ids of those issued in a portion of a list whose events are not the ones that the audit log knows. Where that keeps no marks (`chain.marks`)
    or they say nothing, all of the portion is doubtful until somebody has looked. Notes in `logged` whose first event a portion holds.
    """
    first = {one.number: one for one in certificates if one.edition == 1}
    if not first:
        return set()
    low, high = AuditEvent.data["first"].as_string(), AuditEvent.data["last"].as_string()
    named = AuditEvent.did == PORTION, low <= max(first), high >= min(first)
    numbers, mine, told = sorted(first), dict[int, list[str]](), dict[int, Mapping[str, Any]]()
    pending = [(None, data) for did, _on, data in audit.pending() if did == PORTION]
    for key, line in chained(session().execute(select(AuditEvent.id, AuditEvent.data).where(*named)), pending):
        inside = numbers[bisect_left(numbers, line["first"]) : bisect_right(numbers, line["last"])]
        for one in (first[number] for number in inside):
            own = events.get(one.id, ()) if one.replaces_id is None else ()
            logged[one.id].in_portion |= any(row.event.id <= line.get("last_event", row.event.id) for row in own[:1])
        if inside and key is not None and "event_hashes" in line:
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
