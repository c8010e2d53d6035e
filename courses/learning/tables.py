"""Tables of runs with very many learners, which a job makes and whoever asked downloads for some days (`kernel.made_tables`).

What goes row by row (CSV) is sent while it is read. A workbook is only whole at its end: of a hundred thousand learners it takes many
seconds, which a request must not hold. Features say what their tables are (`register`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from courses.catalogue.models import Run
from courses.permissions import Can
from trainhub.kernel import jobs, made_tables
from trainhub.kernel.access import Identity
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import N_, _, say
from trainhub.kernel.made_tables import Made
from trainhub.kernel.sheets.types import Column

LARGE = 400_000
"""Workbooks of more cells are made by a job: ten thousand learners with thirty columns are not, a hundred thousand with any are."""
KIND = "course_table"
TASK = "courses.make_table"
CHOSEN = ("state", "q", "sort")
PART = "block"
"""What of an address names a part of the run, such as an assignment: each has a table of its own."""
EXTENSION = "courses.tables"


Source = Callable[[Run, Mapping[str, str]], Made]


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
    return made_tables.key_of("course", what, run_id, part[:20], by=by)


def mine(what: str, run_id: int, by: Identity, part: str = "") -> jobs.Job | None:
    """The last such table that somebody asked for, whatever became of it."""
    return made_tables.mine(_key(what, run_id, by, part))


def ask(what: str, *, run: Run, chosen: Mapping[str, str], by: Identity) -> jobs.Job:
    """Ask for a table; the same one that is still being made is answered as it is."""
    part = chosen.get(PART, "")
    return made_tables.ask(
        TASK,
        key=_key(what, run.id, by, part),
        title=say(N_("%(table)s · %(title)s"), table=kind_of(what).title, title=run.title),
        name="-".join(piece for piece in (run.course.code, run.code, what, part) if piece),
        form="xlsx",
        by=by,
        what=what,
        run_id=run.id,
        chosen=dict(chosen),
    )[0]


def make(running: jobs.Running, run: Run, now: datetime) -> Mapping[str, Any]:
    """Write the workbook of a job and keep it."""
    args = running.args
    return made_tables.make(running, lambda: kind_of(args["what"]).source(run, args["chosen"]), kind=KIND, now=now)


def forget(now: datetime) -> list[str]:
    """Delete the files that were kept long enough; returns checksums to erase after the commit."""
    return made_tables.forget((KIND,), now)
