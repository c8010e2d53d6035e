"""Tables of runs with very many learners: a job makes the file and shows how far it is, whoever asked for it downloads it for some days.

What goes row by row (CSV) is sent while it is read. A workbook is only whole at its end: of a hundred thousand learners it takes many
seconds, which a request must not hold. Features say what their tables are (`register`); this part makes, keeps and forgets the files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app

from courses.catalogue.models import Run
from courses.permissions import Can
from trainhub.kernel import files, jobs
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.downloads import XLSX
from trainhub.kernel.errors import NotFound
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import N_, _, in_language, language, say
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import Record, Sheet, for_reader, write_xlsx

LARGE = 400_000
"""Workbooks of more cells are made by a job: ten thousand learners with thirty columns are not, a hundred thousand with any are."""
KEPT = timedelta(days=7)
"""How long such a file is kept: it names learners, and can be made again at any time."""
KIND = "course_table"
TASK = "courses.make_table"
STEP = 2000
CHOSEN = ("state", "q", "sort")
PART = "block"
"""What of an address names a part of the run, such as an assignment: each has a table of its own."""
EXTENSION = "courses.tables"


@dataclass(frozen=True, slots=True)
class Table:
    """What a workbook holds: `total` lines, read when they are written; `codes` are columns that stay text."""

    columns: Sequence[Column]
    rows: Iterable[Record]
    total: int
    codes: Collection[str] = ()


Source = Callable[[Run, Mapping[str, str]], Table]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table: its words, the page it belongs to, and what reads it. The rows must not hang on an open cursor: progress commits.

    `place(run, chosen)` gives the arguments of the page of a table of a part of the run and refuses what is none; `can`: who may have it.
    """

    title: Any
    endpoint: str
    source: Source
    can: Can = Can.RUN_VIEW_LEARNERS
    place: Callable[[Run, Mapping[str, str]], Mapping[str, Any]] = lambda run, _chosen: {"run_id": run.id}


def register(app: Flask, what: str, kind: Kind) -> None:
    """Called by the room's `wiring.py`."""
    app.extensions.setdefault(EXTENSION, {})[what] = kind


def is_large(lines: int, columns: Sequence[Column]) -> bool:
    """Whether a workbook is too much for a request."""
    return lines * len(columns) > LARGE


def narrowing(values: Mapping[str, str]) -> dict[str, Any]:
    """What of an address narrows or sorts a list of learners, or names the part of the run."""
    return {name: value[:60] for name in (*CHOSEN, PART) if (value := values.get(name, "").strip())}


def kind_of(what: str) -> Kind:
    """A kind of table. Raises NotFound."""
    found: Kind | None = current_app.extensions.get(EXTENSION, {}).get(what)
    if found is None:
        raise NotFound(_("没有这种表格。"))
    return found


def _key(what: str, run_id: int, by: Identity, part: str) -> str:
    return f"table:{what}:{run_id}:{by.account_id}" + (f":{part[:20]}" if part else "")


def mine(what: str, run_id: int, by: Identity, part: str = "") -> jobs.Job | None:
    """The last such table that somebody asked for, whatever became of it."""
    return jobs.known(_key(what, run_id, by, part))


def ask(what: str, *, run: Run, chosen: Mapping[str, str], by: Identity) -> jobs.Job:
    """Ask for a table; the same one that is still being made is answered as it is."""
    part = chosen.get(PART, "")
    known = mine(what, run.id, by, part)
    if known is not None:
        if known.finished_at is None and known.args["chosen"] == dict(chosen):
            return known
        known.unique_key = None
        session().flush()
    title = say(N_("%(table)s · %(title)s"), table=kind_of(what).title, title=run.title)
    return jobs.ask(
        TASK,
        by=by,
        title=title,
        unique_key=_key(what, run.id, by, part),
        what=what,
        run_id=run.id,
        chosen=dict(chosen),
        language=language(),
        name="-".join(piece for piece in (run.course.code, run.code, what, part) if piece) + ".xlsx",
    )


def file_of(job: jobs.Job | None) -> StoredFile | None:
    """The file of a table that was made and is still kept."""
    key = (job.result or {}).get("file_id") if job is not None and job.state is jobs.JobState.DONE else None
    return session().get(StoredFile, key) if key is not None else None


def make(running: jobs.Running, run: Run, now: datetime) -> Mapping[str, Any]:
    """Write the workbook of a job and keep it. Running it twice leaves a second file, which is forgotten like the first."""
    args = running.args
    with in_language(args["language"]), tempfile.TemporaryFile() as target:
        table = kind_of(args["what"]).source(run, args["chosen"])

        def counted() -> Iterator[Record]:
            for number, row in enumerate(table.rows):
                if number % STEP == 0:
                    running.progress(number, table.total)
                yield row

        count = write_xlsx([Sheet(args["name"][:31], table.columns, counted(), codes=table.codes, headers=for_reader())], target)
        session().rollback()
        target.seek(0)
        with transaction():
            kept = files.keep_bytes(target.read(), name=args["name"], kind=KIND, media_type=XLSX, by=SYSTEM, now=now)
            return {"file_id": kept.id, "rows": count}


def forget(now: datetime) -> list[str]:
    """Delete the files that were kept long enough; returns checksums to erase after the commit."""
    return files.forget((KIND,), before=now - KEPT)
