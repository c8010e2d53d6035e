"""The dossier as one archive: asked for in a request, drawn by a job that shows how far it is, kept as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from trainhub.kernel import audit, files, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, say
from trainhub.oversight.evaluation.documents import archive
from trainhub.oversight.evaluation.store import queries
from trainhub.oversight.evaluation.store.models import DossierPackage
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

TASK = "evaluation.pack"
KIND = "dossier"
ZIP = "application/zip"


def ask(*, programme: Programme, application_id: int | None, by: Identity, today: date, now: datetime) -> DossierPackage:
    """Ask for the dossier of the day, or of an application; one that is still being drawn is returned as it is."""
    for row in queries.packages_of(programme.id, application_id):
        if row.made_at is None and row.on == today and not _has_failed(row):
            return row
    row = DossierPackage(programme_id=programme.id, application_id=application_id, on=today, asked_by=by.name[:200], asked_at=now)
    session().add(row)
    session().flush()
    row.job_id = jobs.ask(TASK, by=by, title=say(N_("整理评价材料：%(name)s"), name=programme.name), package_id=row.id).id
    audit.record(by=by, did="evaluation.package.asked", on=programme, data={"package": row.id, "application": application_id})
    return row


def _has_failed(row: DossierPackage) -> bool:
    job = session().get(jobs.Job, row.job_id) if row.job_id is not None else None
    return job is None or job.state is jobs.JobState.FAILED


def draw(package_id: int, progress: Callable[[int, int], None]) -> tuple[bytes, int] | None:
    """(the archive, how many files) of a package that is not made yet. Reads only; `progress` commits between the files."""
    row = queries.package(package_id)
    programme = programmes.by_id(row.programme_id) if row is not None else None
    if row is None or programme is None or row.made_at is not None:
        return None
    found = archive.pieces(programme, row.on, row.application_id, progress)
    return archive.zipped(found), len(found)


def keep(*, package_id: int, data: bytes, pieces: int, by: Identity, now: datetime) -> DossierPackage:
    """Keep what was drawn; a package that is made stays as it is."""
    row = queries.package(package_id)
    assert row is not None
    if row.made_at is not None:
        return row
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    stored = files.keep_bytes(data, name=f"评价材料-{programme.code}-{row.on}.zip", kind=KIND, media_type=ZIP, by=by, now=now)
    row.file_id, row.pieces, row.made_at = stored.id, pieces, now
    session().flush()
    audit.record(by=by, did="evaluation.package.made", on=programme, data={"package": row.id, "sha256": stored.sha256})
    return row
