"""A run packed as an OLX archive: in the request where its files are few, by a job where they are many (`kernel.made_tables`)."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.interop.olx.writer import write_olx
from courses.interop.putting_out import asset_reader, course_doc, files_of
from courses.learning import tables
from trainhub.kernel import files, jobs, made_tables, sniff
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.i18n import N_, in_language, say

LARGE = 64 << 20
"""Bytes of files that a request packs; more would hold it, and its thread, for minutes."""
TASK = "courses.export"
ENDING = "tar.gz"
NOTES = "export-notes.txt"


def is_large(run: Run) -> bool:
    """Whether the files of a run are too much for a request."""
    return sum(row.size for row in files_of(run, catalogue.blocks_of_run(run.id)).values()) > LARGE


def pack(run: Run, target: IO[bytes]) -> None:
    """Write the run as an OLX package that Open edX imports: content, questions and files, no learners.

    What another platform will not show as it is here stands in `NOTES` beside `course.xml`, which importers leave alone.
    """
    with tempfile.TemporaryDirectory(prefix="trainhub-olx-") as folder:
        out = Path(folder) / "course"
        doc = course_doc(run)
        notes = [*doc.warnings, *write_olx(doc, out, asset=asset_reader(run))]
        if notes:
            (out / NOTES).write_text("".join(f"{note}\n" for note in notes), encoding="utf-8")
        with tarfile.open(fileobj=target, mode="w:gz", compresslevel=3) as archive:
            archive.add(out, arcname="course", filter=_nobodys)
    target.seek(0)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names of this machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def mine(run: Run, by: Identity) -> jobs.Job | None:
    """The last package of a run that somebody asked for, whatever became of it."""
    return made_tables.mine(made_tables.key_of("package", run.id, by=by))


def ask(run: Run, by: Identity) -> jobs.Job:
    """Ask for a package; one that is still being packed is answered as it is."""
    name = f"{run.course.code}-{run.code}"
    title = say(N_("导出课程包 %(title)s"), title=run.title)
    return made_tables.ask(TASK, key=made_tables.key_of("package", run.id, by=by), title=title, name=name, form=ENDING, by=by, run_id=run.id)[0]


def make(running: jobs.Running, now: datetime) -> Mapping[str, Any]:
    """Pack the run of a job and keep the package as long as a table. Run twice it leaves a second file, which is forgotten like the first."""
    args = running.args
    running.progress(0, 2)
    run = catalogue.run_by_id(int(args["run_id"]))
    if run is None:
        return {}
    with in_language(args["language"]), tempfile.TemporaryFile(prefix="trainhub-olx-") as target:
        pack(run, target)
        session().rollback()
        running.progress(1, 2)
        content = files.put_ahead(target)
        with transaction():
            kept = files.keep_made(target, name=args["name"], kind=tables.KIND, media_type=sniff.GZIP.mime, by=SYSTEM, now=now, ahead=content)
            return {"file_id": kept.id}
