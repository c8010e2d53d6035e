"""Tables of marks that come in with very many lines: kept, checked and taken by a job that shows how far it is, all or nothing.

What a request can take at once it takes (`AT_ONCE`); a longer table would hold a page for a minute. Features say what they take in
(`register`); this part keeps the upload, asks once, and deletes it when it was taken or refused.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from flask import Flask, current_app, url_for

from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning.tables import PART
from courses.permissions import Can
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock, files, jobs, sniff
from trainhub.kernel.access import Identity, demand
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import N_, _, in_language, language, say
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.types import Column

AT_ONCE = 5_000
"""Lines that a request takes itself: three or four seconds."""
MOST_ROWS = 200_000
"""Twice the largest run there is to be."""
KIND = "course_intake"
TASK = "courses.take_table"
EXTENSION = "courses.intakes"
STEP = 2000
"""Lines between two signs of progress."""

Progress = Callable[[int, int], None]


def nobody_asks(_done: int, _total: int) -> None:
    """Where nobody watches the progress."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a job was given: the run, what the address and the form said, the file and its name, who asked."""

    run_id: int
    chosen: Mapping[str, str]
    file: IO[bytes]
    name: str
    by: Identity
    now: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table that is taken in: its words, the page it belongs to, who may give it, and what takes it.

    `take(given, progress)` checks, telling its progress, which commits, then writes everything in one transaction and returns how much
    changed; `said(n)` puts that into words; `headings` are the words of columns that a problem names by their key.
    """

    title: Any
    endpoint: str
    take: Callable[[Given, Progress], int]
    said: Callable[[int], str]
    headings: Callable[[], Mapping[str, str]]
    can: Can = Can.RUN_GRADE
    place: Callable[[Run, Mapping[str, str]], Mapping[str, Any]] = lambda run, _chosen: {"run_id": run.id}


def register(app: Flask, what: str, kind: Kind) -> None:
    """Called by the room's `wiring.py`."""
    app.extensions.setdefault(EXTENSION, {})[what] = kind


def kind_of(what: str) -> Kind:
    """A kind of table. Raises NotFound."""
    found: Kind | None = current_app.extensions.get(EXTENSION, {}).get(what)
    if found is None:
        raise NotFound(_("没有这种表格。"))
    return found


def is_long(file: IO[bytes], columns: Sequence[Column], *, filename: str) -> bool:
    """Whether a table has too many lines for a request; one that cannot be read is not long: whoever takes it says what is wrong."""
    try:
        with read_table(file, columns, filename=filename, max_rows=MOST_ROWS) as table:
            return table.row_count > AT_ONCE
    except Refused:
        return False
    finally:
        file.seek(0)


def _key(what: str, run_id: int, by: Identity, part: str) -> str:
    return f"intake:{what}:{run_id}:{by.account_id}" + (f":{part[:20]}" if part else "")


def mine(what: str, run_id: int, by: Identity, part: str = "") -> jobs.Job | None:
    """The last such table that somebody handed in, whatever became of it."""
    return jobs.known(_key(what, run_id, by, part))


def ask(what: str, *, run: Run, chosen: Mapping[str, str], file: IO[bytes], name: str, by: Identity, now: datetime) -> jobs.Job:
    """Keep a table and ask for its taking; the same file again while it waits is that one. Raises Refused while another is being taken."""
    part = chosen.get(PART, "")
    stored = files.keep(file, name=name, kind=KIND, by=by, now=now, allowed=sniff.SHEETS, is_sealed=True)
    known = mine(what, run.id, by, part)
    if known is not None:
        if known.finished_at is None:
            if known.args["sha256"] == stored.sha256:
                files.drop(stored.id)
                return known
            raise Refused(_("上一份表格还在导入，请等它结束后再上传。"), field="file", code="intake_under_way")
        known.unique_key = None
        session().flush()
    return jobs.ask(
        TASK,
        by=by,
        title=say(N_("导入 %(table)s · %(title)s"), table=kind_of(what).title, title=run.title),
        unique_key=_key(what, run.id, by, part),
        what=what,
        run_id=run.id,
        chosen=dict(chosen),
        language=language(),
        file_id=stored.id,
        sha256=stored.sha256,
    )


def address(what: str, *, run_id: int, chosen: Mapping[str, str]) -> str:
    """The page of a table that was handed in."""
    part: dict[str, Any] = {PART: chosen[PART]} if PART in chosen else {}
    return url_for("staff.intake", run_id=run_id, what=what, **part)


def take(running: jobs.Running) -> Mapping[str, Any]:
    """Take a table that was handed in. Run twice it changes nothing: lines that stand as the table says ask for nothing."""
    args = running.args
    row, run = session().get(StoredFile, int(args["file_id"])), catalogue.run_by_id(int(args["run_id"]))
    if row is None or run is None or running.asked_by_id is None:
        return {}
    kind, by = kind_of(args["what"]), identity_of(running.asked_by_id, today=clock.today(), origin=running.origin)
    try:
        demand(by, kind.can, catalogue.subject_of_run(run))  # who may no longer grade does not grade by a job either
        with in_language(args["language"]), tempfile.TemporaryFile() as spool:
            for piece in files.stream(row):
                spool.write(piece)
            spool.seek(0)
            given = Given(run.id, args["chosen"], spool, row.name, by, clock.now())
            session().rollback()
            count = kind.take(given, running.progress)
    except Refused:
        _drop(int(args["file_id"]), args["sha256"])
        raise
    _drop(int(args["file_id"]), args["sha256"])
    return {"changed": count}


def _drop(file_id: int, sha256: str) -> None:
    """The upload names learners with their marks, and was taken or refused."""
    session().rollback()
    with transaction():
        files.drop(file_id)
    files.erase([sha256])
    session().rollback()
