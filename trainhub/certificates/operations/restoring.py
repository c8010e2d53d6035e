"""What a restore must not make us forget: places in the status lists and numbers are given once, and what was revoked since can be repeated.

Changes, numbers and places are written to a journal beside the keys as they happen (`kernel.journal`); a restore also looks at the database
it is about to replace. From both it moves places and numbers on, and keeps the changes that the restored database does not know: repeating.py
does them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.models import StatusShift
from trainhub.certificates.numbers import is_number
from trainhub.certificates.openbadges import LIST_LENGTH
from trainhub.certificates.operations.numbering import advance_past, move_past
from trainhub.certificates.operations.remembering import JOURNAL
from trainhub.certificates.operations.repeating import lost
from trainhub.certificates.types import Event
from trainhub.kernel import journal
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database that is replaced and the journal beside it know."""

    place: int
    counters: Sequence[queries.Counter]
    changes: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]]


def look() -> Seen:
    """Read before the database is replaced; reads only."""
    return Seen(queries.last_place(), queries.counters(), [*queries.changes(), *queries.successors()], list(journal.read(journal.folder() / JOURNAL)))


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
    session().flush()
    written = {str(one.get("hash")) for one in seen.lines} if seen is not None else set()
    for line in seen.changes if seen is not None else ():
        if line["hash"] not in written:  # of a machine whose journal is elsewhere, or of before there was one
            journal.note(JOURNAL, line)
    count = len(lost([*seen.lines, *seen.changes])) if seen is not None else 0
    return {"status_list": (start - 1) // LIST_LENGTH + 1, "counters_moved": moved, "changes_lost": count, "next": _next(seen, count)}


def _advance(lines: Iterable[Mapping[str, Any]], by: Identity) -> list[Any]:
    given = [str(one["number"]) for one in lines if one.get("did") == Event.ISSUE and is_number(str(one.get("number")))]
    return list(advance_past(given, by=by)) if given else []


def _next(seen: Seen | None, count: int) -> str:
    if seen is None:
        return _(
            "不知道备份之后签发、撤销过什么：先执行 trainhub certificates numbers advance 移动编号；"
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
