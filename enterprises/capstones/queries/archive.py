"""Selects on every file of a capstone, of whatever stage, with its checksum, and what is archived."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from enterprises.capstones.models import Capstone, CapstonePaper, DefenceSlot, Review, Topic
from enterprises.capstones.queries.capstones import supervisions_of
from enterprises.capstones.queries.facts import findings_of
from enterprises.capstones.queries.frozen import materials_of
from enterprises.capstones.queries.guiding import confirmers_of
from enterprises.capstones.queries.stages import comments_of, extensions_of, reconsiderations_of, reviews_of, slots_of, third_of
from enterprises.capstones.queries.work import entries_of, grade_history, papers_of
from enterprises.capstones.types import ReviewKind
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.policy.findings import as_dicts

EVIDENCE, REVIEW, DEFENCE, ANONYMOUS = "topic", "review", "defence", "anonymous"
"""Stages of files beside those of papers: the evidence of the topic, what a reviewer and the secretary signed with their words, the thesis without names."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a capstone: at which stage, the row it belongs to (paper, review, defence), and since when."""

    stage: str
    key: int
    at: datetime
    file: StoredFile
    is_blind: bool = False
    """What a blind reviewer attached: its name is nobody's business but the programme's."""

    def as_dict(self) -> dict[str, Any]:
        """As the manifest of the archive keeps it."""
        file = self.file
        return {
            "stage": self.stage, "name": file.name, "size": file.size, "sha256": file.sha256, "at": self.at.isoformat(), "blind": self.is_blind,
        }  # fmt: skip


def files_of(row: Capstone) -> list[KeptFile]:
    """Every file of every stage in the order in which they came: evidence, papers with all versions, attachments of reviews and defences."""
    topic = session().get_one(Topic, row.topic_id)
    found = [KeptFile(EVIDENCE, topic.id, file.uploaded_at, file) for file in _files(topic.evidence_file_id)]
    papers = select(CapstonePaper, StoredFile).join(StoredFile, StoredFile.id == CapstonePaper.file_id).where(CapstonePaper.capstone_id == row.id)
    found += [KeptFile(paper.stage.value, paper.id, paper.handed_in_at, file) for paper, file in session().execute(papers)]
    nameless = select(CapstonePaper, StoredFile).join(StoredFile, StoredFile.id == CapstonePaper.anonymous_file_id)
    for paper, file in session().execute(nameless.where(CapstonePaper.capstone_id == row.id)):
        found.append(KeptFile(ANONYMOUS, paper.id, file.uploaded_at, file))
    reviews = select(Review, StoredFile).join(StoredFile, StoredFile.id == Review.file_id).where(Review.capstone_id == row.id)
    for review, file in session().execute(reviews):
        found.append(KeptFile(REVIEW, review.id, review.signed_at or review.asked_at, file, review.kind is ReviewKind.BLIND))
    slots = select(DefenceSlot, StoredFile).join(StoredFile, StoredFile.id == DefenceSlot.file_id).where(DefenceSlot.capstone_id == row.id)
    found += [KeptFile(DEFENCE, slot.id, slot.recorded_at or file.uploaded_at, file) for slot, file in session().execute(slots)]
    return sorted(found, key=lambda one: (one.at, one.stage, one.key))


def _files(file_id: int | None) -> list[StoredFile]:
    return [] if file_id is None else [session().get_one(StoredFile, file_id)]


def files_by_ids(ids: Iterable[int]) -> dict[int, StoredFile]:
    """Stored files by id."""
    return {file.id: file for file in session().scalars(select(StoredFile).where(StoredFile.id.in_(list(ids))))}


def attachments_of(row: Capstone) -> dict[tuple[str, int], StoredFile]:
    """The files attached to reviews and records of defences, and theses without names, by stage and row."""
    return {(one.stage, one.key): one.file for one in files_of(row) if one.stage in (REVIEW, DEFENCE, ANONYMOUS)}


def manifest_of(row: Capstone, on: date) -> dict[str, Any]:
    """Everything that is archived: files with their checksum, who guided and commented, grades as signed, reviews, defences, looking
    again, findings as of a day."""
    third = third_of(row.id)
    return {
        "topic": session().get_one(Topic, row.topic_id).title,
        "files": [one.as_dict() for one in files_of(row)],
        "grades": [
            {
                "role": grade.role.value,
                "person": name,
                "score_x10": grade.score_x10,
                "signed_at": grade.signed_at.isoformat(),
                "is_replaced": grade.replaced_at is not None,
            }
            for grade, name in grade_history(row.id)
        ],
        **_guided(row, on),
        "third_x10": third.score_x10 if third is not None else None,
        "reviews": [
            {
                "person": name,
                "kind": review.kind.value,
                "score_x10": review.score_x10,
                "verdict": review.verdict.value if review.verdict else None,
            }
            for review, name in reviews_of(row.id)
        ],
        "defences": [
            {"group": group.name, "on": group.on.isoformat(), "score_x10": slot.score_x10, "verdict": slot.verdict.value if slot.verdict else None}
            for slot, group in slots_of(row.id)
        ],
        "reconsiderations": [
            {"kind": one.kind.value, "before_x10": one.before_x10, "after_x10": one.after_x10, "note": one.note}
            for one in reconsiderations_of(row.id)
        ],
        "computation": row.computation,
        "findings": as_dicts(findings_of([row.id], on)[row.id]),
        "findings_on": on.isoformat(),
        "materials": materials_of(row, on),
        "findings_at_publication": row.findings,
    }


def _guided(row: Capstone, on: date) -> dict[str, Any]:
    """Who supervised and guided when, what was said on papers, and the time that was given: what 8.3 was found by.

    What was said in a guidance is erased in time (own.retention.capstone_log_months) and stands here as its checksum, for as long as there are
    words to compare; why more time was given, which may be an illness, is no part of it.
    """
    stages = {paper.id: paper.stage.value for paper, _file in papers_of(row.id)}
    counting = confirmers_of(row.id, on)
    said = [(one, name, stages[key]) for key, many in comments_of(row.id).items() for one, name in many]
    return {
        "supervisors": [
            {"role": one.role.value, "person": name, "since": one.since.isoformat(), "until": one.until.isoformat() if one.until else None}
            for one, name in supervisions_of(row.id)
        ],
        "guidances": [
            {
                "on": one.on.isoformat(),
                "role": one.role.value,
                "person": name,
                "confirmed_at": one.confirmed_at.isoformat() if one.confirmed_at else None,
                "counts": one.confirmed_at is not None and counting[one.id].counts,
                "sha256": hashlib.sha256(one.content.encode()).hexdigest() if one.content else "",
            }
            for one, name in entries_of(row.id)
        ],
        "comments": [
            {"stage": stage, "at": one.at.isoformat(), "person": name, "text": one.text}
            for one, name, stage in sorted(said, key=lambda found: (found[0].at, found[0].id))
        ],
        "extensions": [
            {"stage": one.stage.value, "until": one.until.isoformat(), "granted_at": one.granted_at.isoformat()}
            for one in reversed(extensions_of(row.id))
        ],
    }


def manifest_for(row: Capstone, *, is_whole: bool) -> dict[str, Any]:
    """The manifest as it was frozen; for anybody but the programme without the names of reviewers and of what blind ones attached."""
    kept = dict(row.archive or {})
    if is_whole:
        return kept
    return kept | {
        "files": [one | {"name": ""} if one.get("blind") else one for one in kept.get("files", ())],
        "reviews": [one | {"person": one["person"] if one.get("kind") == ReviewKind.CROSS else ""} for one in kept.get("reviews", ())],
    }
