"""Bringing what is known of signing keys into a database that was restored from an older backup.

What the replaced database knew counts as it stands. A journal is a file that was copied about, or that of another installation: it may withdraw and
retire keys, which trusts nothing more, but a key it alone tells of is trusted only with a proof, the signature by which a key that is known here and
did not leak vouches for it, or when the operator names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trainhub.certificates import credentials, queries
from trainhub.certificates.models import SigningKey
from trainhub.certificates.operations import keys
from trainhub.certificates.operations.remembering import note_keys
from trainhub.certificates.signers import SeedSigner, Signer, is_signed, key_id
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.keys import Keyring


@dataclass(frozen=True, slots=True)
class Told:
    """What one line tells of a key; see `queries.line_of_key`."""

    public: bytes
    made_at: datetime
    retired_at: datetime | None
    leaked_at: datetime | None
    vouched_by: bytes | None
    vouched: bytes | None

    @property
    def name(self) -> str:
        """What people call the key."""
        return key_id(self.public)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; by public half. `unproved`: what is told, but trusted by nobody."""

    withdraw: Mapping[bytes, datetime]
    retire: Mapping[bytes, datetime]
    add: Mapping[bytes, Told]
    unproved: Sequence[str]
    unread: int

    @property
    def withdrawn(self) -> list[str]:
        """The names of the keys that are withdrawn."""
        return [key_id(one) for one in self.withdraw]

    @property
    def retired(self) -> list[str]:
        """The names of the keys that sign no more, but verify."""
        return [key_id(one) for one in self.retire]

    @property
    def added(self) -> list[str]:
        """The names of the keys that are trusted from then on."""
        return [one.name for one in self.add.values() if one.public not in self.withdraw]


NOTHING = Plan({}, {}, {}, (), 0)


def plan(stored: Iterable[Mapping[str, Any]], journal: Iterable[Mapping[str, Any]], *, ring: Keyring, accepted: Collection[str] = ()) -> Plan:
    """What these lines would do to the keys here; reads only. `accepted` names keys that the operator knows without a proof.

    Of several lines of one key any that says it leaked or was retired counts. A line that cannot be read is passed over and counted.
    """
    kept, unread = _read(stored)
    told, more = _read(journal)
    rows = {bytes.fromhex(row.public): row for row in queries.signing_keys()}
    leaks = {one.public: one.leaked_at for one in reversed([*kept, *told]) if one.leaked_at is not None}
    good = {public for public, row in rows.items() if row.leaked_at is None} | ({SeedSigner(ring.signing).public} - set(rows))
    good -= set(leaks)
    add = {one.public: one for one in reversed(kept) if one.public not in rows}
    good |= set(add) - set(leaks)
    open_ones = [one for one in told if one.public not in rows and one.public not in add]
    while True:
        proved = [one for one in open_ones if one.public not in add and (one.name in accepted or _is_proved(one, good) or one.public in leaks)]
        if not proved:
            break
        add |= {one.public: one for one in reversed(proved)}
        good |= {one.public for one in proved} - set(leaks)
    known = set(rows) | set(add)
    withdraw = {public: day for public, day in leaks.items() if public in known and (public not in rows or rows[public].leaked_at is None)}
    ended = {one.public: one.retired_at for one in reversed([*kept, *told]) if one.retired_at is not None}
    retire = {public: day for public, day in ended.items() if public in rows and rows[public].retired_at is None and public not in withdraw}
    unproved = dict.fromkeys(one.name for one in open_ones if one.public not in add)
    return Plan(withdraw, retire, add, list(unproved), unread + more)


def carry(
    stored: Iterable[Mapping[str, Any]],
    journal: Iterable[Mapping[str, Any]],
    *,
    ring: Keyring,
    by: Identity,
    now: datetime,
    accepted: Collection[str] = (),
    module: Signer | None = None,
) -> Plan:
    """Do what `plan` tells: one that leaked since is withdrawn again, one that was replaced signs no more, one made since is known again, retired
    (its secret half is in no archive) unless it is that of the external `module`, which signs on. When a key that leaked or was replaced would sign, a new one takes over. Harmless to repeat."""
    queries.lock_signing_keys()
    found = plan(stored, journal, ring=ring, accepted=accepted)
    signer = keys.present_signer(ring)
    for public, told in found.add.items():
        is_in_use = module is not None and module.public == public
        row = SigningKey(public=public.hex(), made_at=told.made_at, retired_at=told.retired_at or (None if is_in_use else now))
        if told.vouched_by is not None and told.vouched is not None:
            row.vouched_by, row.vouched = told.vouched_by.hex(), told.vouched.hex()
        session().add(row)
    session().flush()
    for public, day in (*found.withdraw.items(), *found.retire.items()):
        changed = queries.signing_key(public.hex())
        assert changed is not None
        changed.retired_at, changed.sealed = changed.retired_at or day, None
        changed.leaked_at = day if public in found.withdraw else None
    session().flush()
    signs = queries.signing_key(keys.present_signer(ring).public.hex())
    if signer.public in {*found.withdraw, *found.retire} or (signs is not None and signs.leaked_at is not None):
        note_keys([keys.make(ring, now, [signer])])
    _record(found, by=by, signs=key_id(keys.present_signer(ring, module).public))
    return found


def _record(found: Plan, *, by: Identity, signs: str) -> None:
    dids = dict.fromkeys(found.add, "added") | dict.fromkeys(found.retire, "retired") | dict.fromkeys(found.withdraw, "withdrawn")
    for public, did in dids.items():
        row = queries.signing_key(public.hex())
        audit.record(by=by, did=f"certificates.key.{did}", on=row, data={"key": key_id(public), "signs": signs, "restored": True})


def _is_proved(told: Told, good: Collection[bytes]) -> bool:
    if told.vouched_by is None or told.vouched is None or told.vouched_by not in good:
        return False
    return is_signed(credentials.vouching(told.public), told.vouched, told.vouched_by)


def _read(lines: Iterable[Mapping[str, Any]]) -> tuple[list[Told], int]:
    found, unread = list[Told](), 0
    for line in lines:
        try:
            public, made = bytes.fromhex(str(line["public"])), _day(line["made_at"])
            if len(public) != 32 or made is None:
                raise ValueError("no public half of a key, or no day")
            days = _day(line.get("retired_at")), _day(line.get("leaked_at"))
            found.append(Told(public, made, *days, _bytes(line.get("vouched_by")), _bytes(line.get("vouched"))))
        except (KeyError, ValueError):
            unread += 1
    return found, unread


def _day(text: Any) -> datetime | None:
    if not text:
        return None
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError("a moment without a zone")
    return found


def _bytes(text: Any) -> bytes | None:
    return bytes.fromhex(str(text)) if text else None
