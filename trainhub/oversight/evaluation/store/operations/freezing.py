"""At submission everything of the dossier is frozen: each version that holds, each generated material and each finding of that day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.downloads import XLSX
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation import readiness, submitted
from trainhub.oversight.evaluation.documents import materials, tables
from trainhub.oversight.evaluation.queries import evidence
from trainhub.oversight.evaluation.store import catalogue, queries
from trainhub.oversight.evaluation.store.models import FrozenEvidence, FrozenReadiness
from trainhub.oversight.evaluation.store.types import SAME, Mode
from trainhub.programmes.models import Programme

KIND = "evidence"


SEEN = ("findings", "raw", "behind", "group")
"""What must still be so when it is frozen; 特色 or 优秀 of an earlier evaluation falls with the submission itself."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the platform draws of a programme on a day: a workbook by code of a generated material, by table, and what was found."""

    on: date
    materials: Mapping[str, bytes]
    tables: Mapping[str, bytes]
    found: Mapping[str, Any]


def draw(programme: Programme, today: date) -> Dossier:
    """Draw all of it. Reads only: of 2,000 students it takes seconds, so whoever submits draws before anything is locked."""
    drawn, made = materials.Drawn(programme, today), dict[str, bytes]()
    for code, material in catalogue.materials().items():
        same = SAME.get(code, code)  # one document under two codes is drawn once
        if material.mode is not Mode.UPLOADED and same not in made:
            made[same] = drawn.workbook(code)
    workbooks = {code: tables.workbook(tables.tables(code, programme, today)) for code in tables.TITLES}
    return Dossier(today, made, workbooks, _found(programme, today))


def _found(programme: Programme, today: date) -> dict[str, Any]:
    return submitted.plain(*readiness.look(programme, today), evidence.tags_of_logs(programme.id, today))


def freeze(*, application_id: int, programme: Programme, by: Identity, today: date, now: datetime, drawn: Dossier | None = None) -> int:
    """Freeze what stands under each of the 43 codes, the four tables, and what the programme is found to be; returns how many pieces.

    `drawn`: what was drawn before anything was locked; without it all is drawn here. Raises Stale when the programme is found to be
    something else by now.

    What is frozen stays as it is: again changes nothing. The tables are workbooks of their own (002:313-345): the reports hold their text only.

    Evidence whose validity does not cover the day is left out: it would prove nothing on the visit.
    """
    if queries.frozen_of(application_id):
        return 0
    held = [one for one in queries.held_by(programme.id) if one.stands_on(today)]
    facts = _found(programme, today)
    if drawn is None:
        drawn = draw(programme, today)
    elif drawn.on != today or any(drawn.found[key] != facts[key] for key in SEEN):
        raise Stale(_("整理材料期间，专业的数据有变动，没有提交。请核对后再提交一次。"))
    number = 0
    for code, material in catalogue.materials().items():
        position = 0
        if material.mode is not Mode.UPLOADED:
            data = drawn.materials[SAME.get(code, code)]
            stored = files.keep_bytes(data, name=f"{code}-{programme.code}.xlsx", kind=KIND, media_type=XLSX, by=by, now=now)
            session().add(_row(application_id, code, position, material.text[:200], None, 0, stored, now))
            position += 1
        for one in held:
            if code in one.codes:
                session().add(_row(application_id, code, position, one.title, one.id, one.edition, one.file, now))
                position += 1
        number += position
    for code, title in tables.TITLES.items():
        stored = files.keep_bytes(drawn.tables[code], name=f"{code}-{title}.xlsx", kind=KIND, media_type=XLSX, by=by, now=now)
        session().add(_row(application_id, code, 0, title, None, 0, stored, now))
        number += 1
    session().add(FrozenReadiness(application_id=application_id, on=today, frozen_at=now, **facts))
    session().flush()
    audit.record(by=by, did="evaluation.evidence.frozen", on=("evaluation_application", str(application_id)), data={"pieces": number})
    return number


def _row(
    application_id: int, code: str, position: int, title: str, item_id: int | None, edition: int, file: files.StoredFile, now: datetime
) -> FrozenEvidence:
    return FrozenEvidence(
        application_id=application_id,
        code=code,
        position=position,
        title=title,
        item_id=item_id,
        edition=edition,
        file_id=file.id,
        sha256=file.sha256,
        frozen_at=now,
    )
