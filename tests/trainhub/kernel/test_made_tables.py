"""Tables that a job makes: asked for once, written while they are read, kept for a week, fetched by whoever asked."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from trainhub.kernel import clock, files, jobs, made_tables
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import _, in_language
from trainhub.kernel.sheets.types import Column

TASK, KIND = "test.table", "test_table"
COLUMNS = (Column("no", "编号"), Column("word", "说明"))


@pytest.fixture
def read(app: Flask) -> Iterator[list[int]]:
    """A task that makes a table of as many lines as asked for; notes each line as it is read."""
    lines: list[int] = []

    def rows(count: int) -> Iterator[tuple[str, str]]:
        for number in range(count):
            lines.append(number)
            yield f"{number:06}", _("是")

    def run(running: jobs.Running) -> Mapping[str, Any]:
        count = int(running.args["count"])
        return made_tables.make(running, lambda: made_tables.Made(COLUMNS, rows(count), count, codes=["no"]), kind=KIND, now=clock.now())

    app.extensions.setdefault("trainhub.tasks", {})[TASK] = run
    yield lines
    del app.extensions["trainhub.tasks"][TASK]


def ask(*, count: int = 3, form: str = "csv", by: Identity = SYSTEM) -> tuple[jobs.Job, bool]:
    with transaction():
        return made_tables.ask(TASK, key=made_tables.key_of("test", "", by=by), title="测试", name="表", form=form, by=by, count=count)


def test_a_table_is_written_in_its_form_and_in_the_readers_language(session: Session, read: list[int]) -> None:
    ask()
    jobs.run_all()
    key = made_tables.key_of("test", by=SYSTEM)
    kept = made_tables.file_of(made_tables.mine(key), clock.now())
    assert kept is not None
    assert (kept.name, kept.media_type, kept.kind) == ("表.csv", "text/csv", KIND)
    assert files.read(kept).decode("utf-8-sig").splitlines() == ["编号,说明", "000000,是", "000001,是", "000002,是"]
    with in_language("en"):
        ask(form="xlsx")
    jobs.run_all()
    kept = made_tables.file_of(made_tables.mine(key), clock.now())
    assert kept is not None
    sheet = openpyxl.load_workbook(io.BytesIO(files.read(kept))).active
    assert sheet is not None
    assert list(sheet.iter_rows(values_only=True))[1:] == [(f"{n:06}", "Yes") for n in range(3)]
    assert kept.size == len(files.read(kept))


def test_the_same_that_is_still_being_made_is_asked_for_once(session: Session, read: list[int]) -> None:
    first, is_new = ask()
    assert is_new
    again, is_new = ask()
    assert (again.id, is_new) == (first.id, False)
    for other in ({"count": 4}, {"form": "xlsx"}):
        next_one, is_new = ask(**other)  # type: ignore[arg-type]
        assert is_new
        assert next_one.id != first.id
    last = made_tables.mine(made_tables.key_of("test", by=SYSTEM))
    assert last is not None
    assert last.id == next_one.id
    assert ask(by=Identity(7, None, "另一位"))[1]  # another person's is another
    jobs.run_all()
    assert ask(form="xlsx")[1]  # what was made is made anew


def test_progress_is_told_between_lines(session: Session, read: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_tables, "STEP", 2)
    seen: list[tuple[int, int, int]] = []
    monkeypatch.setattr(jobs.Running, "progress", lambda _self, done, total: seen.append((done, total, len(read))))
    ask(count=5)
    jobs.run_all()
    assert seen == [(0, 5, 1), (2, 5, 3), (4, 5, 5)]  # a line is not read before its turn


@pytest.mark.parametrize(("days", "is_there"), [(6, True), (7, False), (8, False)])
def test_a_file_is_kept_for_a_week(session: Session, read: list[int], days: int, is_there: bool) -> None:
    ask()
    jobs.run_all()
    job = made_tables.mine(made_tables.key_of("test", by=SYSTEM))
    assert job is not None
    session.refresh(job)
    assert job.finished_at is not None
    assert (made_tables.file_of(job, job.finished_at + timedelta(days=days)) is not None) is is_there
    with transaction():
        digests = made_tables.forget((KIND,), job.finished_at + timedelta(days=days))
    assert len(digests) == (0 if is_there else 1)
    files.erase(digests)
    assert session.scalar(sa.select(sa.func.count()).select_from(files.StoredFile).where(files.StoredFile.kind == KIND)) == int(is_there)
