"""What a restore must not make us forget: places in the status lists and numbers are given once, and what was revoked since can be repeated.

Changes, numbers and places are written to a journal beside the keys as they happen (`kernel.journal`); a restore also looks at the database
it is about to replace. From both it moves places and numbers on, and keeps the changes that the restored database does not know: repeating.py
does them again. What is known of signing keys and of links that holders closed goes over at once: a key that leaked must not sign for a minute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, CertificateShare, StatusShift
from trainhub.certificates.numbers import is_number
from trainhub.certificates.openbadges import LIST_LENGTH
from trainhub.certificates.operations import carrying
from trainhub.certificates.operations.numbering import advance_past, move_past
from trainhub.certificates.operations.remembering import CLOSED, JOURNAL, KEY, line_of_closed, link_name
from trainhub.certificates.operations.repeating import lost
from trainhub.certificates.signers import SLOT
from trainhub.certificates.types import Event
from trainhub.kernel import audit, journal
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.keys import keyring


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database that is replaced and the journal beside it know."""

    place: int
    counters: Sequence[queries.Counter]
    changes: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]]
    keys: Sequence[Mapping[str, Any]] = ()
    links: Sequence[Mapping[str, Any]] = ()


def look() -> Seen:
    """Read before the database is replaced; reads only."""
    return Seen(
        place=queries.last_place(),
        counters=queries.counters(),
        changes=[*queries.changes(), *queries.successors()],
        lines=list(journal.read(journal.folder() / JOURNAL)),
        keys=[queries.line_of_key(row) for row in reversed(queries.signing_keys())],
        links=[line_of_closed(token, at) for token, at in queries.closed_links()],
    )


def put(seen: Seen | None, by: Identity, now: datetime) -> dict[str, Any]:
    """Bring it into the restored database: the next certificate gets a place that was never given, and a number that was not as far as is known.

    A whole list of places is left out beyond what is known, for what nobody remembers; verifiers are told that none of those left out stands.
    """
    first, place = queries.last_id() + 1, queries.last_place()
    moved = 0
    if seen is not None:
        place = max(place, seen.place, *(int(one.get("place", 0)) for one in seen.lines), 0)
        moved = len(move_past([(one.unit, one.kind, one.year, one.last) for one in seen.counters], by=by))
        moved += advance(seen.lines, by)
    start = (-(-place // LIST_LENGTH) + 1) * LIST_LENGTH + 1
    row = queries.status_shift(first)
    if row is None:
        session().add(StatusShift(first_id=first, shift=start - first))
    else:
        row.shift = start - first
    audit.record(by=by, did=queries.MOVED, on=(StatusShift.__tablename__, first), data={"first_id": first, "shift": start - first})
    session().flush()
    written = {str(one.get("hash")) for one in seen.lines} if seen is not None else set()
    for line in seen.changes if seen is not None else ():
        if line["hash"] not in written:  # of a machine whose journal is elsewhere, or of before there was one
            journal.note(JOURNAL, line)
    count = len(lost([*seen.lines, *seen.changes])) if seen is not None else 0
    kept = keep(seen.lines if seen is not None else (), by, now=now, seen=seen)
    return {
        "status_list": (start - 1) // LIST_LENGTH + 1,
        "counters_moved": moved,
        "changes_lost": count,
        **kept.told(),
        "next": _next(seen, count) + _keys_told(kept),
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of keys and links again (`carrying.Plan`), and which links are closed again: (row, moment)."""

    keys: carrying.Plan
    links: Sequence[tuple[CertificateShare, datetime]]
    unread: int

    def told(self) -> dict[str, Any]:
        """In names and numbers, for an answer."""
        names = {"keys_withdrawn": self.keys.withdrawn, "keys_retired": self.keys.retired, "keys_added": self.keys.added}
        return {**names, "keys_unproved": list(self.keys.unproved), "links_closed": len(self.links), "lines_unread": self.unread}

    @property
    def count(self) -> int:
        """How many keys and links would change."""
        return len(self.keys.withdraw) + len(self.keys.retire) + len(self.keys.added) + len(self.links)


def foreseen(lines: Iterable[Mapping[str, Any]], *, accepted: Collection[str] = ()) -> Kept:
    """What `keep` would do with these lines of journals; reads only."""
    told = list(lines)
    links, unread = _links(told)
    found = carrying.plan((), _of_keys(told), ring=keyring(), accepted=accepted)
    return Kept(found, links, unread + found.unread)


def keep(lines: Iterable[Mapping[str, Any]], by: Identity, *, now: datetime, seen: Seen | None = None, accepted: Collection[str] = ()) -> Kept:
    """Bring what lines of journals, and the database that was replaced (`seen`), tell of keys and links into the database; harmless to repeat.

    `accepted` names keys that are the operator's own though no signature proves it.
    """
    told = list(lines)
    stored, of_keys = seen.keys if seen is not None else (), _of_keys(told)
    brought = carrying.NOTHING  # an archive is restored where there are no keys yet, or damaged ones: none is opened for nothing
    if stored or of_keys:
        module = current_app.extensions.get(SLOT)
        brought = carrying.carry(stored, of_keys, ring=keyring(), by=by, now=now, accepted=accepted, module=module)
    links, unread = _links([*told, *({"did": CLOSED, **one} for one in (seen.links if seen is not None else ()))])
    for row, closed_at in links:
        row.closed_at = closed_at
        audit.record(by=by, did="certificates.certificate.unshared", on=(Certificate.__tablename__, row.certificate_id), data={"restored": True})
    session().flush()
    return Kept(brought, links, unread + brought.unread)


def _of_keys(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in lines if one.get("did") == KEY]


def _links(lines: Iterable[Mapping[str, Any]]) -> tuple[list[tuple[CertificateShare, datetime]], int]:
    """The links that are on though a line tells that they were closed, and how many lines cannot be read."""
    closed, unread = dict[str, datetime](), 0
    for one in lines:
        if one.get("did") != CLOSED:
            continue
        try:
            at = datetime.fromisoformat(str(one["at"]))
            closed[str(one["link"])] = at.astimezone() if at.tzinfo is None else at
        except (KeyError, ValueError):
            unread += 1
    return [(row, end) for row in queries.open_links() if (end := closed.get(link_name(row.token))) is not None] if closed else [], unread


def _keys_told(kept: Kept) -> str:
    said = ""
    if kept.keys.withdrawn:
        said += _(
            "备份之后作废的签名密钥（%(keys)s）已重新作废，并由新密钥签名；持证人须重新下载用这些密钥签名的文件。", keys=listed(kept.keys.withdrawn)
        )
    if kept.keys.retired:
        said += _("备份之后已换下的签名密钥（%(keys)s）仍可核验，不再签名；需要时已换用新密钥。", keys=listed(kept.keys.retired))
    if kept.keys.unproved:
        said += _(
            "变更记录中的签名密钥（%(keys)s）没有已知密钥担保，没有信任：确认是本平台的密钥后，执行 trainhub certificates restored repeat --accept 名称。",
            keys=listed(kept.keys.unproved),
        )
    return said


def advance(lines: Iterable[Mapping[str, Any]], by: Identity) -> int:
    """Give no number again that a journal says was given; returns how many counters were moved, never back. Harmless to repeat."""
    given = [str(one["number"]) for one in lines if one.get("did") == Event.ISSUE and is_number(str(one.get("number")))]
    return len(advance_past(given, by=by)) if given else 0


def _next(seen: Seen | None, count: int) -> str:
    if seen is None:
        return _(
            "不知道备份之后签发、撤销过什么：先执行 trainhub certificates numbers advance 移动编号；"
            "备份之后曾有签名密钥泄露的，立即执行 trainhub certificates keys rotate --leaked 名称；"
            "有各服务器实例目录中的 certificates-journal.jsonl 时，执行 trainhub certificates restored list --journal 文件，"
            "没有时请对照文件逐张重新撤销。"
        )
    if count:
        return _(
            "备份之后有 %(n)d 项撤销、暂停等变更被退回：执行 trainhub certificates restored list 查看，"
            "trainhub certificates restored repeat 重新办理；多台服务器时用 --journal 带上其他服务器的 certificates-journal.jsonl。",
            n=count,
        )
    return _("没有发现备份之后的撤销、暂停等变更；多台服务器时请用 trainhub certificates restored list --journal 再核对其他服务器的记录。")
