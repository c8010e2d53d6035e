"""Who did what, on what, when, from where: append-only, chained by hashes.

`record` collects events of a unit of work; they are written just before its commit, when the one row that holds the
chain's head is locked (`write_pending`). So two transactions queue for that row only for the length of a commit, and a
rolled-back transaction or savepoint leaves no trace. Triggers refuse UPDATE and DELETE; `verify` recomputes the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from trainhub.kernel import append_only, clock
from trainhub.kernel.access import Identity
from trainhub.kernel.db import Base, Key, session

GENESIS = "0" * 64
LEEWAY = timedelta(hours=1)
"""How far clocks of several servers, or one that is put right, may stand apart."""
PORTION = 2000
"""Events written at once: a unit of work with very many needs no more memory for it."""


class AuditEvent(Base):
    """One event. `hash` covers the fields and the hash before it."""

    __tablename__ = "audit_event"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[int | None] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(sa.String(200))
    origin: Mapped[str] = mapped_column(sa.String(64))
    did: Mapped[str] = mapped_column(sa.String(100))
    on_kind: Mapped[str] = mapped_column(sa.String(60))
    on_id: Mapped[str] = mapped_column(sa.String(80))
    data: Mapped[dict[str, Any]]
    before_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)

    __table_args__ = (
        sa.Index("ix_audit_event_on", "on_kind", "on_id"),
        sa.Index("ix_audit_event_did", "did", "id"),  # with the id: the newest of a kind, and what was written since, stand together
    )


class AuditHead(Base):
    """The one row every writer of the chain locks."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    hash: Mapped[str] = mapped_column(sa.String(64))
    events: Mapped[int]


append_only.protect(AuditEvent.__table__, "the audit log is append-only")


@dataclass(frozen=True, slots=True)
class _Pending:
    by: Identity
    did: str
    on: tuple[str, str]
    data: dict[str, Any]


class _Collected(list[_Pending]):
    """The events of a unit of work, in order, and where those of each kind stand: issuing a thousand certificates asks for them each time."""

    def __init__(self, events: Iterable[_Pending] = ()) -> None:
        super().__init__(events)
        self._places: dict[str, list[int]] = {}
        self._placed = 0

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._places, self._placed = {}, 0

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._places, self._placed = {}, 0

    def of(self, kinds: Collection[str]) -> list[_Pending]:
        """Those whose `did` is one of `kinds`."""
        for place in range(self._placed, len(self)):
            self._places.setdefault(self[place].did, []).append(place)
        self._placed = len(self)
        return [self[place] for place in sorted(place for kind in set(kinds) for place in self._places.get(kind, ()))]


def record(*, by: Identity, did: str, on: Any, data: Mapping[str, Any] | None = None) -> None:
    """Note an event of the current unit of work.

    `on` is a row with `id` (its table names the kind) or a pair (kind, id). `did` is `room.thing.verb` in the past.
    `data` is JSON-able and holds no full identity number, password or key.
    """
    kind, key = on if isinstance(on, tuple) else (on.__tablename__, on)
    if not isinstance(on, tuple):
        if on.id is None:
            session().flush()
        key = on.id
    _collected(session()).append(_Pending(by, did, (kind, str(key)), _plain(data or {})))


def _collected(current: Session) -> _Collected:
    collected = current.info.get("audit", ())
    if not isinstance(collected, _Collected):
        collected = current.info["audit"] = _Collected(collected)
    return collected


def pending(kinds: Collection[str]) -> Iterator[tuple[str, tuple[str, str], Mapping[str, Any]]]:
    """(did, on, data) of the events of these kinds that this unit of work has yet to write: they stand as soon as what it did stands."""
    return ((one.did, one.on, one.data) for one in _collected(session()).of(kinds))


PERSONAL = "personal"
"""The detail that names changed fields whose values are personal: they outlive every period of retention in a log that nobody can shorten."""


def changes(changed: Mapping[str, Any], *, told: Collection[str]) -> dict[str, Any]:
    """{field: [before, after]} as an event may keep it: values of the fields of `told`, which hold no personal data; of the others only the name."""
    kept = {key: value for key, value in changed.items() if key in told}
    untold = sorted(changed.keys() - kept.keys())
    return {**kept, PERSONAL: untold} if untold else kept


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(data, ensure_ascii=False, default=str, sort_keys=True)))


_HEAD = select(AuditHead).where(AuditHead.id == 1).with_for_update().execution_options(populate_existing=True)
"""Made once: each unit of work asks for it."""


def write_pending(current: Session) -> None:
    """Append the collected events to the chain; called by `transaction()` just before the commit."""
    pending: list[_Pending] = current.info.pop("audit", [])
    if not pending:
        return
    current.flush()
    head = current.scalar(_HEAD)
    if head is None:
        head = AuditHead(id=1, hash=GENESIS, events=0)
        current.add(head)
    rows: list[dict[str, Any]] = []
    head_hash = head.hash
    for item in pending:
        row = SimpleNamespace(
            at=clock.now(),
            account_id=item.by.account_id,
            actor=item.by.name,
            origin=item.by.origin,
            did=item.did,
            on_kind=item.on[0],
            on_id=item.on[1],
            data=item.data,
            before_hash=head_hash,
        )
        row.hash = head_hash = digest(row)
        rows.append(vars(row))
        if len(rows) == PORTION:
            current.execute(insert(AuditEvent), rows)
            rows = []
    if rows:
        current.execute(insert(AuditEvent), rows)
    head.hash, head.events = head_hash, head.events + len(pending)


def replaced_since(moment: datetime, *, did: str | Collection[str], keys: Collection[str]) -> dict[int, dict[str, Any]]:
    """By row: what each of its `keys` was at a moment, where it was changed since. For events whose data are {key: [before, after]}.

    Many rows keep no history of their own: what was written down about every change is the history.
    """
    found: dict[int, dict[str, Any]] = {}
    kinds = [did] if isinstance(did, str) else sorted(did)
    statement = select(AuditEvent.on_id, AuditEvent.data).where(AuditEvent.did.in_(kinds), AuditEvent.at > moment).order_by(AuditEvent.id)
    for on_id, data in session().execute(statement.execution_options(yield_per=PORTION)):
        for key in keys:
            if isinstance(data.get(key), list):
                found.setdefault(int(on_id), {}).setdefault(key, data[key][0])
    return found


def since(moment: datetime, kinds: Collection[str], *, most: int) -> list[AuditEvent]:
    """The latest events after a moment whose `did` begins with one of `kinds`."""
    wanted = sa.or_(*(AuditEvent.did.startswith(kind, autoescape=True) for kind in kinds))
    return list(session().scalars(select(AuditEvent).where(AuditEvent.at > moment, wanted).order_by(AuditEvent.id.desc()).limit(most)))


def later_of(moment: datetime, kind: str, ids: Collection[int]) -> dict[int, list[AuditEvent]]:
    """By row: what was written down after a moment about rows of a kind, the earliest first."""
    found: dict[int, list[AuditEvent]] = {}
    wanted = sorted(map(str, ids))
    for start in range(0, len(wanted), PORTION):
        named = (AuditEvent.on_kind == kind, AuditEvent.on_id.in_(wanted[start : start + PORTION]), AuditEvent.at > moment)
        for row in session().scalars(select(AuditEvent).where(*named).order_by(AuditEvent.id)):
            found.setdefault(int(row.on_id), []).append(row)
    return found


def clock_set_back() -> datetime | None:
    """The instant of the newest event when this machine's clock stands well before it (it was set back), else None."""
    last = session().scalar(select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1))
    return last if last is not None and last - clock.now() > LEEWAY else None


def forget_pending(current: Session) -> None:
    """Drop events of a unit of work that ended."""
    current.info.pop("audit", None)


def digest(row: Any) -> str:
    """SHA-256 over the canonical JSON of the fields and the hash before."""
    fields = [
        row.before_hash,
        row.at.isoformat(timespec="microseconds"),
        row.account_id,
        row.actor,
        row.origin,
        row.did,
        row.on_kind,
        row.on_id,
        row.data,
    ]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


AT_THE_END = -1
MISSING = "与前一条的哈希不相符，有记录缺失或次序被改动 / the hash before does not match: an event is missing or out of order"
CHANGED = "记录写入后被改动过 / the event was changed after it was written"
CUT_OFF = "与链尾登记的哈希或条数不相符，末尾有记录缺失 / the chain's head does not match: events at the end are missing"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of `verify`: how many events, and the first that does not fit (AT_THE_END: what comes after the last; None: the chain holds)."""

    events: int
    broken_at: int | None
    problem: str = ""
    head: str = field(default=GENESIS, compare=False)
    """The hash of the last event asked for. Kept elsewhere it shows a chain that was rewritten as a whole, which has no key of its own."""


def verify(current: Session, *, at: int | None = None) -> Check:
    """Recompute the chain from its beginning; memory stays constant. With `at` the head is the hash after so many events."""
    before, count, asked, last = GENESIS, 0, GENESIS, 0
    while True:
        seen = count
        for row in _stream(current, last):
            count, last = count + 1, row.id
            if row.before_hash != before:
                return Check(count, row.id, MISSING)
            if digest(row) != row.hash:
                return Check(count, row.id, CHANGED)
            before = row.hash
            if at is None or count <= at:
                asked = before
        head = current.execute(select(AuditHead.hash, AuditHead.events).where(AuditHead.id == 1)).one_or_none()
        if head is None or head.events <= count or count == seen:
            break  # else events were written since the last one was read: they are asked for, too
    if (count and head is None) or (head is not None and (head.hash != before or head.events != count)):
        return Check(count, AT_THE_END, CUT_OFF)
    return Check(count, None, head=asked)


def _stream(current: Session, last: int) -> Iterator[Any]:
    """Every event after one, in their order, as columns: a log of years is long, and objects of the session would cost more than the hashes."""
    while True:
        rows = current.execute(select(*AuditEvent.__table__.columns).where(AuditEvent.id > last).order_by(AuditEvent.id).limit(PORTION)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id
