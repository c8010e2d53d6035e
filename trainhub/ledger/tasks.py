"""Background work of the ledger: a roster from the browser."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trainhub.identity.queries import identity_of
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running
from trainhub.ledger.rosters import importing, sweeping
from trainhub.ledger.rosters import running as rosters
from trainhub.ledger.rosters.checking import without_numbers
from trainhub.ledger.types import RosterResult

IMPORT = "ledger.import_roster"


def import_roster(running: Running) -> Mapping[str, Any]:
    """Import an uploaded roster; taken up again after a crash it goes on where it stopped.

    args: file_id, base_code, is_dry_run, is_strict. The result has the counts, `batch_id` and the first problems.
    """
    started = time.monotonic()
    today = clock.today()
    by = identity_of(running.asked_by_id, today=today, origin=running.origin) if running.asked_by_id is not None else SYSTEM
    stored = session().get(StoredFile, running.args["file_id"])
    if stored is None:
        raise NotFound(_("上传的花名册已不在，请重新上传。"))
    name = stored.name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("roster" + Path(name).suffix.lower())
        with path.open("wb") as out:
            for piece in files.stream(stored):
                out.write(piece)
        session().rollback()
        work = rosters.Import(
            rosters.Roster(path, name, running.args["base_code"]),
            by=by,
            today=today,
            now=clock.now,
            progress=lambda done, total: running.progress(done, total),
        )
        if running.args["is_dry_run"]:
            result, problems = work.dry_run()
            result.seconds = time.monotonic() - started
            result.notices = _safe(result.notices)
            return {**result.as_dict(), "dry_run": True, "problems": _safe(problems)}
        if running.args["is_strict"]:
            first, batch_id = _run_whole(work, running.args["file_id"])
        else:
            first, batch_id = work.run(upload_file_id=running.args["file_id"])
        rejections_id = _keep_rejections(work, batch_id, path, name)
        notices = _safe(work.notices(batch_id))
    result = work.finish(batch_id, rejections_id)
    result.warnings, result.notices, result.seconds = first.warnings, notices, time.monotonic() - started
    return {**result.as_dict(), "batch_id": batch_id}


def sweep(_running: Running) -> Mapping[str, Any]:
    """Delete imported rosters and rejected rows that have served their time; running it twice changes nothing."""
    with transaction():
        digests = sweeping.sweep(now=clock.now(), today=clock.today())
    files.erase(digests)
    return {"erased": len(digests)}


def _keep_rejections(work: rosters.Import, batch_id: int, path: Path, name: str) -> int | None:
    file = path.with_name("rejected.csv")
    with file.open("wb") as out:
        count = work.write_rejections(batch_id, out)
    if not count:
        return None
    with transaction():
        return importing.keep_rejections(batch_id, file.read_bytes(), name=f"{name}.rejected.csv", by=work.by, now=work.now())


def _run_whole(work: rosters.Import, file_id: int) -> tuple[RosterResult, int]:
    try:
        work.refuse_unless_good()
        return work.run_whole(upload_file_id=file_id)
    except rosters.RosterRejected as refused:
        refused.details = tuple(_safe(refused.details))
        raise


def _safe(problems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Problems as a job may keep them, for years: without the cell, which may be a name or a number and is in the file of whoever reads them."""
    kept = []
    for problem in problems:
        safe = without_numbers(problem["problem"])
        kept.append({**problem, "value": None, "problem": problem["problem"] if safe == problem["problem"] else safe})
    return kept
