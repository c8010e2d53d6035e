"""What the materials M8.1 to M8.3 and T2 say of a capstone beside its own rows: kept with the archive, and read from there afterwards.

The capstone's own rows are closed by the archive (`machine`). Placements, the topic's evidence and the register of mentors go on
living: a placement that is corrected years later, or a mentor's new post, does not change what a dossier has said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import and_, select

from enterprises.capstones import rules
from enterprises.capstones.models import Capstone, Supervision, Topic
from enterprises.capstones.queries.facts import facts_of, numbers
from enterprises.capstones.types import SupervisorRole
from enterprises.mentors.models import Mentor
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _

Span = tuple[date, date]
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def materials_of(row: Capstone, on: date) -> dict[str, Any]:
    """What is kept: days that no placement covers, the topic's evidence, the enterprise supervisor as the register says on this day."""
    topic = session().get_one(Topic, row.topic_id)
    is_proven = topic.evidence_file_id is not None and not topic.evidence_waits  # what no school has looked at is kept as none
    file = session().get_one(StoredFile, topic.evidence_file_id) if is_proven else None
    mentor = session().scalar(
        select(Mentor)
        .join(Supervision, and_(Supervision.person_id == Mentor.person_id, Supervision.role == SupervisorRole.ENTERPRISE))
        .where(Supervision.capstone_id == row.id, Supervision.until.is_(None), Mentor.enterprise_id == row.enterprise_id)
    )
    return {
        "uncovered": [[first.isoformat(), last.isoformat()] for first, last in _live_spans([row.id], on)[row.id]],
        "evidence": {
            "kind": topic.evidence_kind.value if topic.evidence_kind and not topic.evidence_waits else None,
            "evidence": "" if topic.evidence_waits else topic.evidence,
            "file": file.name if file is not None else "",
            "sha256": file.sha256 if file is not None else "",
        },
        "mentor": None if mentor is None else {"post": mentor.post, "title": mentor.title, "years": mentor.years_experience},
    }


def is_frozen(row: Capstone, on: date) -> bool:
    """Whether it was archived by a day."""
    return row.archived_at is not None and local(row.archived_at).date() <= on


def as_told(evidence: str, waits: bool) -> str:
    """The number or description of an evidence, marked while no school has looked at it."""
    return evidence + _("（待学校审核）") if waits else evidence


def evidence_of(row: Capstone, on: date, live: dict[str, Any]) -> dict[str, Any]:
    """The topic's evidence as it was archived; what is given while it lives, and for archives of before that kept none."""
    return _part(row, on, "evidence", live)


def mentor_of(row: Capstone, on: date, live: dict[str, Any]) -> dict[str, Any]:
    """Post, title and years of the enterprise supervisor, in the same way."""
    return _part(row, on, "mentor", live)


def _part(row: Capstone, on: date, name: str, live: dict[str, Any]) -> dict[str, Any]:
    kept = ((row.archive or {}).get("materials") or {}).get(name) if is_frozen(row, on) else None
    return live if kept is None else live | kept


def open_spans_of(rows: Iterable[Capstone], on: date) -> dict[int, list[Span]]:
    """The days of each capstone that no placement covers: as archived, or as of now while it lives."""
    rows = list(rows)
    found = {row.id: _kept_spans(row.archive or {}) for row in rows if is_frozen(row, on)}
    return found | _live_spans([row.id for row in rows if row.id not in found], on)


def _live_spans(ids: list[int], on: date) -> dict[int, list[Span]]:
    held = numbers(on)
    return {key: rules.open_spans(facts, held) for key, facts in facts_of(ids, on).items()}


def _kept_spans(archive: dict[str, Any]) -> list[Span]:
    """Archives of before kept the spans only as lines of the finding of 8.2, each with its first and its last day."""
    materials = archive.get("materials")
    if materials is not None:
        return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in materials["uncovered"]]
    lines = [line for finding in archive.get("findings", ()) if finding["code"] == "8.2" for line in finding["details"]]
    pairs = [DAY.findall(line) for line in lines]
    return [(date.fromisoformat(days[0]), date.fromisoformat(days[1])) for days in pairs if len(days) == 2]
