"""What happened to certificates after the backup that was restored, and doing it again from the journal.

Revoking, suspending and resuming are repeated with their reason, document and day. What was reissued, corrected or issued anew gets the
number, the edition, the code and the words it had: the paper in its holder's hands verifies again, files are downloaded anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, IssueBatch, IssueItem
from trainhub.certificates.operations._support import add_event, tell_holder
from trainhub.certificates.operations.changing import CannotChange, change, note_successor, resume, revoke, suspend, take_place
from trainhub.certificates.operations.issuing import clock_stands
from trainhub.certificates.types import BatchSource, BatchState, Event, State
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _

Line = Mapping[str, Any]
DONE_AGAIN = "恢复备份后按变更记录重新登记"
"""The reason of a batch that was lost with its decision and stands again."""
_DONE = {Event.REVOKE: State.REVOKED, Event.SUSPEND: State.SUSPENDED, Event.RESUME: State.ISSUED}
_FROM = {Event.REVOKE: (State.ISSUED, State.SUSPENDED), Event.SUSPEND: (State.ISSUED,), Event.RESUME: (State.SUSPENDED,)}
_REPLACED = {Event.REISSUE: "reissued", Event.CORRECT: "corrected"}


class Todo(StrEnum):
    """What is to be done about a change that a restore took back."""

    REPEAT = "repeat"
    BY_HAND = "by_hand"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lost:
    """A change to a certificate that the database does not know, and what is to be done: `repeat` by the command, `by_hand` (a correction or
    reissue of which the journal has no words, or whose template or number is another's now), `unknown`: the certificate itself was issued
    after the backup. `successor` is the journal's line of what took its place; of what was issued anew `event` is `issue`."""

    number: str
    edition: int
    event: Event
    on: date
    reason: str
    document: str
    state: State | None
    todo: Todo
    successor: Line | None = None


def lost(lines: Iterable[Line]) -> list[Lost]:
    """What of the journal's changes is still to be done, in order: whatever took a certificate's place, and the last change of each number.

    A suspension that was lifted later is not repeated, nor one after which somebody decided anew.
    """
    unknown = _unknown(lines)
    successors = {_before(line): line for line in unknown if _is_successor(line)}
    last = {str(line["number"]): line["hash"] for line in unknown if Event(line["did"]) is not Event.ISSUE}
    replaced = {_edition(line) for line in unknown if Event(line["did"]) in _REPLACED}
    found: list[Lost] = []
    for line in unknown:
        event, at = Event(line["did"]), _edition(line)
        if event is Event.ISSUE:
            if _before(line) in replaced:
                continue  # done together with the change that made room for it
            at = _before(line)
        elif event not in _REPLACED and last[at[0]] != line["hash"]:
            continue
        certificate = queries.by_number(at[0])
        on, reason, document = date.fromisoformat(line["on"]), str(line["reason"]), str(line["document"])
        state = certificate.state if certificate is not None else None
        successor = successors.get(at) if event is Event.ISSUE or event in _REPLACED else None
        todo = _todo(certificate, event, at, successor, datetime.fromisoformat(line["at"]), found)
        if todo is not None:
            found.append(Lost(*at, event, on, reason, document, state, todo, successor))
    return found


def _unknown(lines: Iterable[Line]) -> list[Line]:
    """The changes and successors whose event the database does not have, each once, in order."""
    events = {event.value for event in Event}
    told = {str(one["hash"]): one for one in lines if one.get("hash") and one.get("did") in events}
    known = queries.known_hashes(list(told))
    wanted = [one for key, one in told.items() if key not in known and (one["did"] != Event.ISSUE or _is_successor(one))]
    return sorted(wanted, key=lambda line: datetime.fromisoformat(str(line["at"])))


def _is_successor(line: Line) -> bool:
    return line["did"] == Event.ISSUE and isinstance(line.get("made"), Mapping) and isinstance(line.get("before"), Sequence)


def _edition(line: Line) -> tuple[str, int]:
    return str(line["number"]), int(line["edition"])


def _before(line: Line) -> tuple[str, int]:
    number, edition = line["before"] if _is_successor(line) else ("", 0)
    return str(number), int(edition)


def _todo(
    certificate: Certificate | None, event: Event, at: tuple[str, int], successor: Line | None, when: datetime, earlier: Collection[Lost]
) -> Todo | None:
    """`earlier`: what is done before this one; what does not stand yet may stand by then."""
    coming = {_edition(one.successor) for one in earlier if one.todo is Todo.REPEAT and one.successor is not None}
    if certificate is None and at[0] not in {number for number, _edition_of in coming}:
        return Todo.UNKNOWN
    if event in _DONE:
        return Todo.REPEAT if certificate is None or _is_due(certificate, event, when) else None
    if successor is None:
        return Todo.BY_HAND if _is_as_before(certificate, event, at[1]) else None
    if queries.edition_of(*_edition(successor)) is not None:
        return None
    is_revoked_first = event is Event.ISSUE and any((one.number, one.event, one.todo) == (at[0], Event.REVOKE, Todo.REPEAT) for one in earlier)
    if not (at in coming or is_revoked_first or _is_as_before(certificate, event, at[1])):
        return None
    return Todo.REPEAT if _can_stand_again(certificate, successor) else Todo.BY_HAND


def _is_due(certificate: Certificate, event: Event, when: datetime) -> bool:
    """Whether the state allows it, and for what can be undone, whether nobody decided anew since."""
    last = queries.last_event(certificate)
    is_overtaken = event is not Event.REVOKE and last is not None and last.at > when
    return certificate.state in _FROM[event] and not is_overtaken


def _is_as_before(certificate: Certificate | None, event: Event, edition: int) -> bool:
    states = (State.REVOKED,) if event is Event.ISSUE else (State.ISSUED, State.SUSPENDED)
    return certificate is not None and certificate.is_current and certificate.edition == edition and certificate.state in states


def _can_stand_again(certificate: Certificate | None, successor: Line) -> bool:
    """Whether its template is here and nobody else has its number, or its name for what it certifies, since."""
    made = successor["made"]
    try:
        queries.layout_of(*made["template"])
    except KeyError:
        return False
    other = queries.by_number(str(successor["number"]))
    named = queries.by_asked_key(str(made["asked_key"]))
    is_free = other is None or int(successor["edition"]) > 1
    return is_free and (certificate is None or named is None or named.id == certificate.id)


def repeat(one: Lost, *, by: Identity, today: date, now: datetime) -> None:
    """Do a change again with the reason, the document and the day it had. Raises CannotChange; harmless to repeat."""
    certificate = queries.by_number(one.number)
    todo = _todo(certificate, one.event, (one.number, one.edition), one.successor, now, ())
    if todo is None:
        return
    if certificate is None or todo is not Todo.REPEAT:
        raise CannotChange(_("证书 %(number)s 之前的变更没有办成，这一项没有办理：请先在证书页面上补办之前的变更。", number=one.number))
    if one.successor is not None:
        _stand_again(certificate, one, one.successor, by=by, today=today, now=now)
        return
    verbs = {Event.REVOKE: revoke, Event.SUSPEND: suspend, Event.RESUME: resume}
    verbs[one.event](certificate=certificate, reason=one.reason, document=one.document, on=one.on, by=by, today=today, now=now)


def _stand_again(certificate: Certificate, one: Lost, successor: Line, *, by: Identity, today: date, now: datetime) -> Certificate:
    """Give what took the certificate's place its number, edition, code and words again."""
    made, said = successor["made"], {"reason": one.reason, "document": one.document}
    clock_stands(mending=certificate)
    if one.event in _REPLACED:
        change(certificate, one.event, _REPLACED[one.event], "", **said, on=one.on, by=by, today=today, now=now)
    batch = _batch_again(certificate, made, now) if made.get("batch") else None
    rests = [row for row in made["evidence"] if row["kind"] != "batch"] + [row for row in certificate.evidence if row["kind"] == "batch"]
    rests += [{"kind": "batch", "id": str(batch.id), "text": batch.title}] if batch is not None else []
    number, edition = _edition(successor)
    code, version = made["template"]
    new = take_place(
        certificate,
        number=number,
        edition=edition,
        facts=made["facts"],
        issued_on=date.fromisoformat(made["issued_on"]),
        template=(str(code), int(version)),
        by=by,
        today=today,
        now=now,
        asked_key=str(made["asked_key"]),
        code=str(made["code"]),
    )
    new.evidence, new.state_on = rests, date.fromisoformat(successor["on"])
    if batch is not None:
        facts = {name: value for name, value in new.facts.items() if name != "issued_on"}
        item = IssueItem(batch_id=batch.id, position=1, person_id=new.person_id, asked_key=certificate.asked_key, facts=facts, certificate_id=new.id)
        session().add(item)
    session().flush()
    row = add_event(new, Event.ISSUE, State.ISSUED, on=date.fromisoformat(successor["on"]), by=by, now=now, **said)
    note_successor(new, certificate, row, by=by, restored=True, **said)
    tell_holder(
        new, "issued", N_("你的《%(title)s》（%(number)s）在恢复备份后已按原来的编号和核验码重新登记，纸质证书有效；文件请重新下载。"), now=now
    )
    return new


def _batch_again(certificate: Certificate, made: Line, now: datetime) -> IssueBatch:
    """The batch of one on which it was decided; who asked and who decided stands in the audit log of then, their accounts may be gone."""
    said = made["batch"]
    code, version = made["template"]
    batch = IssueBatch(
        title=str(said["title"]),
        kind=certificate.kind,
        template=str(code),
        template_version=int(version),
        source=BatchSource(said["source"]),
        issuer_id=certificate.issuer_id,
        state=BatchState.ISSUED,
        count=1,
        replaces_id=certificate.id,
        why=str(said["why"]),
        document=str(said["document"]),
        effective_on=date.fromisoformat(said["on"]),
        digest=str(said["digest"]),
        asked_at=datetime.fromisoformat(said["asked_at"]),
        decided_at=datetime.fromisoformat(said["decided_at"]),
        reason=DONE_AGAIN,
        finished_at=now,
    )
    session().add(batch)
    session().flush()
    return batch
