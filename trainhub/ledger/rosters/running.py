"""An import from its file to its result: chunk by chunk, each a transaction, so that a killed import goes on.

This is an edge like a command or a task (both call it): it opens the transactions and calls the operations.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets.reading import Table, read_table
from trainhub.kernel.sheets.types import REJECTED_COLUMNS, Problem, Row, told
from trainhub.kernel.sheets.writing import write_csv
from trainhub.ledger import queries
from trainhub.ledger.rosters import importing, swapping
from trainhub.ledger.rosters import queries as rosters
from trainhub.ledger.rosters.again import looking_again
from trainhub.ledger.rosters.ahead import Ahead, Chunk
from trainhub.ledger.rosters.checking import Checker, Complaint, Entry, is_erased
from trainhub.ledger.rosters.columns import schema
from trainhub.ledger.types import RosterResult
from trainhub.organisations import queries as organisations
from trainhub.people.bulk import read_names

ROWS_A_CHUNK = 4_000
SHOWN = 200
MAX_BYTES = 1 << 30
Progress = Callable[[int, int], None]


class RosterRejected(Refused):
    """With `--strict`: some rows are bad, nothing was imported."""

    code = "roster_rejected"


@dataclass(frozen=True, slots=True)
class Roster:
    """What is to be imported: the file, the name it is known by, and whose trainees these are (a code) when said from outside;
    `is_demo`: they are invented."""

    path: Path
    name: str
    base_code: str = ""
    is_demo: bool = False


def _nothing(_done: int, _total: int) -> None:
    return None


class Import:
    """One run over one file."""

    def __init__(self, roster: Roster, *, by: Identity, today: date, now: importing.Clock, progress: Progress = _nothing) -> None:
        self.roster = roster
        self.by = by
        self.today = today
        self.now = now
        self.progress = progress
        codes = organisations.ids_by_any_code()
        self.base_id: int | None = None
        if roster.base_code:
            self.base_id = codes.get(roster.base_code)
            if self.base_id is None:
                raise Refused(_("没有代码为“%(code)s”的基地或机构。", code=roster.base_code[:40]), field="base", code="unknown_base")
        self.schema = schema(has_base=self.base_id is not None)
        self.reach = queries.reach_of(by)
        self.checker = Checker(
            counties=organisations.county_book(),
            organisations=codes,
            courses=rosters.course_starts(),
            base_id=self.base_id,
            today=today,
            reach=self.reach,
        )
        self.mine = RosterResult()
        self.resumed = 0
        self.is_shared = False
        """Whether another run was seen to work on the same import at the same time."""
        self._ahead: Ahead | None = None
        session().rollback()

    def _open(self) -> Table:
        return read_table(self.roster.path, self.schema.columns, filename=self.roster.name, max_bytes=MAX_BYTES)

    def _chunks(self, table: Table, skip: int = 0) -> Iterator[Chunk]:
        defaults = {"base_code": self.roster.base_code} if self.roster.base_code else {}
        rows = 0
        entries: list[Entry] = []
        bad: list[tuple[int, list[Complaint]]] = []
        lines = iter(table.rows())
        first = list(islice(lines, swapping.LOOKED_AT))
        self.checker.is_swapped = swapping.is_swapped((row.values for row in first if not is_erased(row.values)), self.checker.titles)
        for index, row in enumerate(chain(first, lines)):
            if index < skip:
                continue
            found = self.checker.check(self.schema.parse_row(row, file=table.file, sheet=table.sheet, defaults=defaults))
            if isinstance(found, Entry):
                entries.append(found)
            else:
                bad.append((row.number, found))
            rows += 1
            if rows == ROWS_A_CHUNK:
                yield Chunk(rows, entries, bad)
                rows, entries, bad = 0, [], []
        if rows:
            yield Chunk(rows, entries, bad)

    # -- dry run --------------------------------------------------------------------------------------------------------
    def dry_run(self, ahead: Ahead | None = None) -> tuple[RosterResult, list[dict[str, Any]]]:
        """What an import would do now, with the first problems; nothing is written. `ahead` keeps what was read for `run_whole`."""
        result, seen = RosterResult(), importing.Seen()
        problems: list[dict[str, Any]] = []
        with self._open() as table:
            self._warn(table, result)
            for chunk in self._chunks(table):
                planned = importing.plan(chunk.entries, seen, by=self.by, reach=self.reach)
                session().rollback()
                if ahead is not None:
                    ahead.keep(chunk)
                    read_names(entry.person.name for entry in planned.new.values())
                result.rows += chunk.rows
                result.accepted += len(planned.accepted)
                result.new_persons += len(planned.new)
                result.duplicates += planned.duplicates
                rejected = sorted([*chunk.bad, *planned.rejected])
                result.rejected += len(rejected)
                problems += _remarks(table.file, rejected[: max(0, SHOWN - len(problems))])
                result.notices += _remarks(table.file, planned.notices[: max(0, SHOWN - len(result.notices))])
                self.progress(result.rows, table.row_count)
            if ahead is not None:
                ahead.file_name, ahead.row_count, ahead.warnings = table.file, result.rows, result.warnings
        self._add_values([*problems, *result.notices])
        return result, problems

    def _add_values(self, remarks: Sequence[dict[str, Any]]) -> None:
        """Read the cells that remarks are about: the file alone holds them. It is read as far as the last of them."""
        wanted = {remark["row"] for remark in remarks if remark["column"]}
        if not wanted:
            return
        found: dict[int, dict[str, str]] = {}
        with self._open() as table:
            for row in table.rows():
                if row.number in wanted:
                    found[row.number] = row.values
                if len(found) == len(wanted):
                    break
        for remark in remarks:
            cell = found.get(remark["row"], {}).get(remark["column"])
            remark["value"] = told(remark["column"], cell) if cell is not None else None

    def refuse_unless_good(self) -> None:
        """Raises RosterRejected, with the first problems, when a row would be left out."""
        self._ahead = Ahead(_sha256(self.roster.path))
        try:
            result, problems = self.dry_run(self._ahead)
        except BaseException:
            self._ahead.close()
            raise
        if result.rejected:
            self._ahead.close()
            raise RosterRejected(
                _("%(rows)d 行中有 %(bad)d 行不能导入，按要求整个文件没有导入。请改正后重试。", rows=result.rows, bad=result.rejected),
                details=problems,
            )

    # -- the import -----------------------------------------------------------------------------------------------------
    def run(self, *, upload_file_id: int | None = None) -> tuple[RosterResult, int]:
        """Import what is not imported yet; the result over all runs of this batch, and the batch's id.

        Rejections are in the database; `write_rejections` makes the file of them. Call `finish` afterwards.
        """
        result = RosterResult()
        with self._open() as table:
            self._warn(table, result)
            digest = _sha256(self.roster.path)
            with transaction():
                batch_id, done = self._start(table.row_count, digest, upload_file_id)
            for chunk in self._chunks(table, done):
                self._count(chunk, self._write(batch_id, done, chunk))
                done += chunk.rows
                self.progress(done, table.row_count)
        return result, batch_id

    def _start(self, row_count: int, digest: str, upload_file_id: int | None) -> tuple[int, int]:
        """The batch of this file and how many of its rows are done."""
        batch = importing.start_batch(
            file_name=self.roster.name,
            sha256=digest,
            base_id=self.base_id,
            row_count=row_count,
            by=self.by,
            now=self.now(),
            upload_file_id=upload_file_id,
        )
        self.mine, self.resumed = importing.so_far(batch), batch.rows_done
        return batch.id, batch.rows_done

    def run_whole(self, *, upload_file_id: int | None = None) -> tuple[RosterResult, int]:
        """`run` for a file that counts as a whole or not at all, after `refuse_unless_good`: one transaction, in which what that has read is judged
        once more against what stands, which may have changed since. Raises RosterRejected, and nothing is kept."""
        assert self._ahead is not None  # `refuse_unless_good` comes first
        ahead = self._ahead
        try:
            return looking_again(lambda: self._run_whole(ahead, upload_file_id))
        finally:
            ahead.close()

    def _run_whole(self, ahead: Ahead, upload_file_id: int | None) -> tuple[RosterResult, int]:
        rejected: list[importing.Rejected] = []
        try:
            with transaction():
                batch_id, done = self._start(ahead.row_count, ahead.digest, upload_file_id)
                for chunk in ahead.chunks(done):
                    written = self._import(batch_id, done, chunk)
                    if written is None:
                        raise Refused(_("另一次导入正在处理同一个文件，请等它结束后再试。"), code="roster_busy")
                    rejected = sorted([*chunk.bad, *written.rejected])
                    if rejected:
                        said = _("检查之后登记有了变化，第 %(row)d 行不能再导入，按要求整个文件没有导入。请核对后重试。", row=rejected[0][0])
                        raise RosterRejected(said, details=_remarks(ahead.file_name, rejected[:SHOWN]))
                    done += chunk.rows
        except RosterRejected as refused:
            self._add_values(refused.details)
            raise
        self.progress(done, ahead.row_count)
        return RosterResult(warnings=ahead.warnings), batch_id

    def _import(self, batch_id: int, done: int, chunk: Chunk) -> importing.Plan | None:
        return importing.import_chunk(
            batch_id=batch_id,
            done_before=done,
            entries=chunk.entries,
            bad=chunk.bad,
            rows=chunk.rows,
            by=self.by,
            clock=self.now,
            reach=self.reach,
            is_demo=self.roster.is_demo,
        )

    def _count(self, chunk: Chunk, written: importing.Plan | None) -> None:
        """Add a chunk to what this run did: what another run wrote meanwhile stands already, as if the file came a second time."""
        if written is None:
            self.is_shared = True
            written = importing.plan(chunk.entries, by=self.by, reach=self.reach)
            session().rollback()
        self.mine.accepted += len(written.accepted)
        self.mine.new_persons += len(written.new)
        self.mine.duplicates += written.duplicates
        self.mine.rejected += len(chunk.bad) + len(written.rejected)

    def _write(self, batch_id: int, done: int, chunk: Chunk) -> importing.Plan | None:
        """What was done with a chunk, None when another run had done it."""

        def write() -> importing.Plan | None:
            with transaction():
                return self._import(batch_id, done, chunk)

        return looking_again(write)

    def write_rejections(self, batch_id: int, file: IO[bytes]) -> int:
        """Write the rows left out with their reasons, ready to be corrected and imported; the number of rows."""
        reasons: dict[int, list[tuple[str, str]]] = {}
        for number, column, problem in rosters.rejections_of(batch_id):
            reasons.setdefault(number, []).append((column, problem))
        session().rollback()
        columns = (*REJECTED_COLUMNS, *self.schema.columns)

        def lines(table: Table) -> Iterator[list[str]]:
            for row in table.rows():
                if row.number in reasons:
                    yield self._line(row, reasons[row.number])

        with self._open() as table:
            return write_csv(lines(table), columns, file)

    def _line(self, row: Row, reasons: list[tuple[str, str]]) -> list[str]:
        named = listed(dict.fromkeys(column for column, _problem in reasons if column))
        said = " ".join(dict.fromkeys(problem for _column, problem in reasons))
        return [str(row.number), named, said, *(row.values[column.name] for column in self.schema.columns)]

    def finish(self, batch_id: int, rejections_file_id: int | None = None) -> RosterResult:
        """Close the batch; the counts over all its runs, one after the other. Where two went on side by side each tells its own part: what the
        other wrote are duplicates to it."""

        def close() -> RosterResult:
            with transaction():
                return importing.finish_batch(batch_id=batch_id, by=self.by, now=self.now(), rejections_file_id=rejections_file_id)

        whole = looking_again(close)
        if self.is_shared:
            return self.mine
        whole.resumed = self.resumed
        return whole

    def notices(self, batch_id: int) -> list[dict[str, Any]]:
        """What to look at in rows that were taken, the first of them."""
        rows = [(row, [(column, said)]) for row, column, said in rosters.rejections_of(batch_id, notices=True, most=SHOWN)]
        remarks = _remarks(self.roster.name, rows)
        self._add_values(remarks)
        return remarks

    @staticmethod
    def _warn(table: Table, result: RosterResult) -> None:
        found = [problem for problem in table.problems if problem.level == "warning"]
        if not table.row_count:
            said = _("文件只有表头，没有一行学员，什么也没有导入。请核对导出或另存时是否丢了数据。")
            found.append(Problem(table.file, table.sheet, None, None, None, said, "warning"))
        result.warnings = [problem.as_dict() for problem in found]


def _remarks(file: str, rows: Sequence[importing.Rejected]) -> list[dict[str, Any]]:
    """Complaints in the words of the contract; the cell's value stays in the file (see `_add_values`)."""
    return [
        {"file": file, "sheet": None, "row": number, "column": column, "value": None, "problem": problem}
        for number, complaints in rows
        for column, problem in complaints
    ]


def import_file(
    path: Path,
    *,
    base_code: str,
    is_dry_run: bool,
    is_strict: bool,
    by: Identity,
    today: date,
    now: importing.Clock,
    progress: Progress = _nothing,
    is_demo: bool = False,
) -> dict[str, Any]:
    """What `trainhub trainees import` does: the promised result; rejections go to FILE.rejected.csv beside the file.

    `is_demo` marks the new persons as invented.
    """
    started = time.monotonic()
    work = Import(Roster(path, path.name, base_code, is_demo=is_demo), by=by, today=today, now=now, progress=progress)
    if is_dry_run:
        result, problems = work.dry_run()
        result.seconds = time.monotonic() - started
        if is_strict and result.rejected:
            work.refuse_unless_good()
        return {**result.as_dict(), "dry_run": True, "problems": problems}
    if is_strict:
        work.refuse_unless_good()
    first, batch_id = work.run_whole() if is_strict else work.run()
    rejections = path.with_name(path.name + ".rejected.csv")
    has_rejections = bool(rosters.rejections_of(batch_id, most=1))
    if has_rejections:
        with _private(rejections) as file:
            work.write_rejections(batch_id, file)
    else:
        rejections.unlink(missing_ok=True)  # of an earlier run: its rows would look as if they waited
    notices = work.notices(batch_id)
    result = work.finish(batch_id)
    result.warnings, result.notices = first.warnings, notices
    result.rejections_file = str(rejections) if has_rejections else None
    result.seconds = time.monotonic() - started
    return result.as_dict()


class _private:  # noqa: N801 - a context manager
    """A file that only its owner may read, put in place when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")  # two runs over one file do not share it

    def __enter__(self) -> IO[bytes]:
        self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
