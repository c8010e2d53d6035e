"""An uploaded package becomes a course, in the background."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from courses.interop import operations, packing
from courses.interop.formats import opened
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock, files
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Running
from trainhub.organisations import queries as organisations

TASK = "courses.import"
EXPORT = packing.TASK


def import_package(running: Running) -> Mapping[str, Any]:
    """Read the stored upload, make the course, answer the report. Run twice it finds the course and changes nothing."""
    row = session().get_one(files.StoredFile, running.args["file_id"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(row.name).name  # refusals name the package as its owner knows it
        with path.open("wb") as out:
            for piece in files.stream(row):
                out.write(piece)
        session().rollback()
        running.progress(1, 3)
        with opened(path) as course:
            ahead = operations.put_ahead(course)
            running.progress(2, 3)
            with transaction():
                by = identity_of(running.asked_by_id, today=clock.today(), origin=running.origin) if running.asked_by_id is not None else None
                owner = organisations.by_id(running.args["owner_id"])
                assert by is not None
                assert owner is not None
                staff = [by.person_id] if by.person_id is not None else []
                run, report = operations.import_course(
                    opened=course, owner=owner, by=by, now=clock.now(), code=running.args.get("code", ""), staff=staff, ahead=ahead
                )
                run_id = run.id
    return {"run_id": run_id, "report": report}


def export_package(running: Running) -> Mapping[str, Any]:
    """Pack a run for whoever asked."""
    return packing.make(running, clock.now())
