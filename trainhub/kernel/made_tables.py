"""Tables that a job makes: asked for once, written into a file while they are read, kept some days for whoever asked.

A workbook is only whole at its end, and some tables take long to gather: a request must not hold them. Features say what a table holds
(`Made`) and who may have it; asking, progress, the file and its end are here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from trainhub.kernel import files, jobs
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.downloads import XLSX
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import in_language, language
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import Record, Sheet, for_reader, iter_csv, write_xlsx

KEPT = timedelta(days=7)
"""How long a file is kept: it names people, and can be made again at any time."""
STEP = 2000
"""Lines between two signs of progress."""
MEDIA = {"xlsx": XLSX, "csv": "text/csv"}
"""The forms a table is made in."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a table holds: about `total` lines, read when they are written; `codes` are columns that stay text.

    The rows must not hang on an open cursor or on what is loaded: progress commits between them.
    """

    columns: Sequence[Column]
    rows: Iterable[Record]
    total: int
    codes: Collection[str] = ()


def key_of(*what: object, by: Identity) -> str:
    """The key under which somebody's last table of a kind is found; empty parts are left out."""
    return ":".join(str(part)[:40] for part in ("table", *what, by.account_id) if part != "")


def mine(key: str) -> jobs.Job | None:
    """The last job by which such a table was asked for, whatever became of it."""
    return jobs.known(key)


def ask(task: str, *, key: str, title: str, name: str, form: str, by: Identity, **args: Any) -> tuple[jobs.Job, bool]:
    """(the job that makes a table, whether it is new): the same table that is still being made is that one. `name` is the file's, without
    its ending."""
    known = mine(key)
    if known is not None:
        if known.finished_at is None and all(known.args.get(one) == value for one, value in {**args, "form": form}.items()):
            return known, False
        known.unique_key = None
        session().flush()
    job = jobs.ask(task, by=by, title=title, unique_key=key, language=language(), name=f"{name}.{form}", form=form, **args)
    return job, True


def file_of(job: jobs.Job | None, now: datetime) -> StoredFile | None:
    """The file of a table that was made and is still kept."""
    if job is None or job.state is not jobs.JobState.DONE or is_over(job, now):
        return None
    key = (job.result or {}).get("file_id")
    return session().get(StoredFile, key) if key is not None else None


def is_over(job: jobs.Job, now: datetime) -> bool:
    """Whether the file of a job was kept long enough."""
    return job.finished_at is not None and job.finished_at <= now - KEPT


def make(running: jobs.Running, build: Callable[[], Made], *, kind: str, now: datetime) -> Mapping[str, Any]:
    """Write the table of a job, in the language of whoever asked, and keep its file. Running it twice leaves a second file, which is
    forgotten like the first."""
    args = running.args
    with in_language(args["language"]), tempfile.TemporaryFile() as target:
        count = _write(target, build(), name=args["name"], form=args["form"], progress=running.progress)
        session().rollback()
        with transaction():
            kept = files.keep_made(target, name=args["name"], kind=kind, media_type=MEDIA[args["form"]], by=SYSTEM, now=now)
            return {"file_id": kept.id, "rows": count}


def _write(target: IO[bytes], table: Made, *, name: str, form: str, progress: Callable[[int, int], None]) -> int:
    count = 0

    def counted() -> Iterator[Record]:
        nonlocal count
        for row in table.rows:
            if count % STEP == 0:
                progress(count, table.total)
            count += 1
            yield row

    if form == "csv":
        for piece in iter_csv(counted(), table.columns, headers=for_reader()):
            target.write(piece)
    else:
        write_xlsx([Sheet(name.rpartition(".")[0][:31], table.columns, counted(), codes=table.codes, headers=for_reader())], target)
    return count


def forget(kinds: Collection[str], now: datetime) -> list[str]:
    """Delete the files that were kept long enough; returns checksums to erase after the commit."""
    return files.forget(kinds, before=now - KEPT)
