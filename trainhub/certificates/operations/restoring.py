"""What a restore must not make us forget: places in the status lists and numbers are given once, and what was revoked since can be repeated.

Changes, numbers and places are written to a journal beside the keys as they happen (`kernel.journal`); a restore also looks at the database
it is about to replace. From both it moves places and numbers on, and keeps the changes that the restored database does not know: repeating.py
does them again. What is known of signing keys and of links that holders closed goes over at once: a key that leaked must not sign for a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, StatusShift
from trainhub.certificates.numbers import is_number
from trainhub.certificates.openbadges import LIST_LENGTH
from trainhub.certificates.operations import keys
from trainhub.certificates.operations.numbering import advance_past, move_past
from trainhub.certificates.operations.remembering import CLOSED, JOURNAL, KEY, line_of_closed, link_name
from trainhub.certificates.operations.repeating import lost
from trainhub.certificates.types import Event
from trainhub.kernel import audit, clock, journal
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


def put(seen: Seen | None, by: Identity) -> dict[str, Any]:
    """Bring it into the restored database: the next certificate gets a place that was never given, and a number that was not as far as is known.

    A whole list of places is left out beyond what is known, for what nobody remembers; verifiers are told that none of those left out stands.
    """
    first, place = queries.last_id() + 1, queries.last_place()
    moved = 0
    if seen is not None:
        place = max(place, seen.place, *(int(one.get("place", 0)) for one in seen.lines), 0)
        moved = len(move_past([(one.unit, one.kind, one.year, one.last) for one in seen.counters], by=by))
        moved += len(_advance(seen.lines, by))
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
    known = [*seen.lines, *({"did": KEY, **one} for one in seen.keys), *({"did": CLOSED, **one} for one in seen.links)] if seen is not None else []
    kept = keep(known, by)
    return {
        "status_list": (start - 1) // LIST_LENGTH + 1,
        "counters_moved": moved,
        "changes_lost": count,
        "keys_withdrawn": list(kept.withdrawn),
        "keys_added": list(kept.added),
        "links_closed": kept.closed,
        "next": _next(seen, count) + (_keys_told(kept.withdrawn) if kept.withdrawn else ""),
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """The names of keys that were withdrawn again and that are known again, and how many links were closed again."""

    withdrawn: Sequence[str]
    added: Sequence[str]
    closed: int


def keep(lines: Iterable[Mapping[str, Any]], by: Identity) -> Kept:
    """Bring what lines of journals tell of keys and links into the database; harmless to repeat."""
    told = list(lines)
    brought = keys.carry(
        [one for one in told if one.get("did") == KEY and one.get("public") and one.get("made_at")], ring=keyring(), by=by, now=clock.now()
    )
    closed = {str(one["link"]): datetime.fromisoformat(str(one["at"])) for one in told if one.get("did") == CLOSED and one.get("link")}
    again = [(row, at) for row in queries.open_links() if (at := closed.get(link_name(row.token))) is not None] if closed else []
    for row, at in again:
        row.closed_at = at
        audit.record(by=by, did="certificates.certificate.unshared", on=(Certificate.__tablename__, row.certificate_id), data={"restored": True})
    session().flush()
    return Kept(brought.withdrawn, brought.added, len(again))


def _keys_told(names: Sequence[str]) -> str:
    return _("备份之后作废的签名密钥（%(keys)s）已重新作废，并由新密钥签名；持证人须重新下载用这些密钥签名的文件。", keys=listed(names))


def _advance(lines: Iterable[Mapping[str, Any]], by: Identity) -> list[Any]:
    given = [str(one["number"]) for one in lines if one.get("did") == Event.ISSUE and is_number(str(one.get("number")))]
    return list(advance_past(given, by=by)) if given else []


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
