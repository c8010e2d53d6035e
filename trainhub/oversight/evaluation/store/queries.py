"""Every select of the evidence store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.oversight.evaluation.store.models import (
    DossierPackage,
    EvidenceCode,
    EvidenceItem,
    EvidenceVersion,
    FrozenEvidence,
    FrozenReadiness,
    ReadinessDay,
    ReportDrawing,
    ReportText,
)
from trainhub.oversight.evaluation.store.types import PaperForm


@dataclass(frozen=True, slots=True)
class Held:
    """A piece of evidence with the version that holds."""

    id: int
    title: str
    provided_by: str
    codes: tuple[str, ...]
    valid_from: date | None
    valid_until: date | None
    edition: int
    version_id: int
    file: StoredFile
    uploaded_by: str
    uploaded_at: datetime

    def stands_on(self, on: date) -> bool:
        """Whether it is valid on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_until is None or self.valid_until >= on)


def item(key: int) -> EvidenceItem | None:
    """A piece of evidence by id."""
    return session().get(EvidenceItem, key)


def hold(row: EvidenceItem) -> None:
    """One change of a piece of evidence after the other: the second sees what the first has left."""
    session().refresh(row, with_for_update={"key_share": True})


def version(key: int) -> EvidenceVersion | None:
    """A version by id."""
    return session().get(EvidenceVersion, key)


def codes_of(item_id: int) -> list[str]:
    """The codes a piece of evidence serves."""
    return sorted(session().scalars(select(EvidenceCode.code).where(EvidenceCode.item_id == item_id)))


def versions_of(item_id: int) -> list[tuple[EvidenceVersion, StoredFile]]:
    """Every version with its file, the latest first."""
    statement = (
        select(EvidenceVersion, StoredFile)
        .join(StoredFile, StoredFile.id == EvidenceVersion.file_id)
        .where(EvidenceVersion.item_id == item_id)
        .order_by(EvidenceVersion.edition.desc())
    )
    return [(row, file) for row, file in session().execute(statement)]


def held_by(programme_id: int) -> list[Held]:
    """What a programme holds and has not withdrawn, in the order it was entered: two queries."""
    codes: dict[int, list[str]] = defaultdict(list)
    mine = select(EvidenceItem.id).where(EvidenceItem.programme_id == programme_id, EvidenceItem.withdrawn_at.is_(None))
    for key, code in session().execute(select(EvidenceCode.item_id, EvidenceCode.code).where(EvidenceCode.item_id.in_(mine))):
        codes[key].append(code)
    latest: dict[int, Held] = {}
    statement = (
        select(EvidenceItem, EvidenceVersion, StoredFile)
        .join(EvidenceVersion, EvidenceVersion.item_id == EvidenceItem.id)
        .join(StoredFile, StoredFile.id == EvidenceVersion.file_id)
        .where(EvidenceItem.id.in_(mine))
        .order_by(EvidenceItem.id, EvidenceVersion.edition)
    )
    for row, one, file in session().execute(statement):
        latest[row.id] = Held(
            row.id, row.title, row.provided_by, tuple(sorted(codes[row.id])), row.valid_from, row.valid_until,
            one.edition, one.id, file, one.uploaded_by, one.uploaded_at,
        )  # fmt: skip
    return list(latest.values())


def frozen_of(application_id: int) -> list[tuple[FrozenEvidence, StoredFile]]:
    """What was frozen at a submission, by code."""
    statement = (
        select(FrozenEvidence, StoredFile)
        .join(StoredFile, StoredFile.id == FrozenEvidence.file_id)
        .where(FrozenEvidence.application_id == application_id)
        .order_by(FrozenEvidence.id)
    )
    return [(row, file) for row, file in session().execute(statement)]


def frozen(key: int) -> FrozenEvidence | None:
    """A frozen piece by id."""
    return session().get(FrozenEvidence, key)


def frozen_readiness(application_id: int) -> FrozenReadiness | None:
    """What was found when the reports of an application were handed in."""
    return session().get(FrozenReadiness, application_id)


def latest_editions(item_ids: Iterable[int]) -> dict[int, int]:
    """By piece of evidence: its latest edition, to say what is newer than what was frozen."""
    statement = select(EvidenceVersion.item_id, EvidenceVersion.edition).where(EvidenceVersion.item_id.in_(list(item_ids)))
    found: dict[int, int] = {}
    for key, edition in session().execute(statement):
        found[key] = max(found.get(key, 0), edition)
    return found


def withdrawn_of(item_ids: Iterable[int]) -> dict[int, tuple[datetime, str]]:
    """By piece of evidence that was withdrawn: when and why, to say it beside what was frozen."""
    statement = select(EvidenceItem.id, EvidenceItem.withdrawn_at, EvidenceItem.withdrawal_reason)
    found = session().execute(statement.where(EvidenceItem.id.in_(list(item_ids)), EvidenceItem.withdrawn_at.is_not(None)))
    return {key: (at, reason) for key, at, reason in found if at is not None}


def texts_of(programme_id: int) -> dict[str, ReportText]:
    """The texts of the supplementary report by section."""
    return {row.section: row for row in session().scalars(select(ReportText).where(ReportText.programme_id == programme_id))}


def days_of(programme_id: int, *, since: date) -> list[ReadinessDay]:
    """The days remembered, the earliest first."""
    statement = select(ReadinessDay).where(ReadinessDay.programme_id == programme_id, ReadinessDay.on >= since).order_by(ReadinessDay.on)
    return list(session().scalars(statement))


def day_of(programme_id: int, on: date) -> ReadinessDay | None:
    """A day remembered."""
    return session().scalar(select(ReadinessDay).where(ReadinessDay.programme_id == programme_id, ReadinessDay.on == on))


def package(key: int) -> DossierPackage | None:
    """A package by id."""
    return session().get(DossierPackage, key)


def packages_of(programme_id: int, application_id: int | None = None) -> list[DossierPackage]:
    """The packages of a programme, or of one of its applications, the latest first."""
    statement = select(DossierPackage).where(DossierPackage.programme_id == programme_id)
    statement = statement.where(
        DossierPackage.application_id.is_(None) if application_id is None else DossierPackage.application_id == application_id
    )
    return list(session().scalars(statement.order_by(DossierPackage.id.desc()).limit(10)))


def drawing(key: int) -> ReportDrawing | None:
    """A drawing of the report by id."""
    return session().get(ReportDrawing, key)


def drawings_of(programme_id: int, form: PaperForm, application_id: int | None) -> list[ReportDrawing]:
    """The drawings in a form for a programme, or for one of its applications, the latest first."""
    statement = select(ReportDrawing).where(ReportDrawing.programme_id == programme_id, ReportDrawing.form == form)
    statement = statement.where(ReportDrawing.application_id.is_(None) if application_id is None else ReportDrawing.application_id == application_id)
    return list(session().scalars(statement.order_by(ReportDrawing.id.desc()).limit(10)))


def drawn_from(programme_id: int, form: PaperForm, digest: str) -> int | None:
    """The file that was drawn from the same content."""
    statement = select(ReportDrawing.file_id).where(
        ReportDrawing.programme_id == programme_id, ReportDrawing.form == form, ReportDrawing.digest == digest, ReportDrawing.file_id.is_not(None)
    )
    return session().scalar(statement.order_by(ReportDrawing.id.desc()).limit(1))


def latest_drawings(programme_id: int) -> dict[PaperForm, ReportDrawing]:
    """By form: what was drawn last."""
    last = select(func.max(ReportDrawing.id)).where(ReportDrawing.programme_id == programme_id, ReportDrawing.file_id.is_not(None))
    statement = select(ReportDrawing).where(ReportDrawing.id.in_(last.group_by(ReportDrawing.form)))
    return {row.form: row for row in session().scalars(statement)}
