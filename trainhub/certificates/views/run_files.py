"""The files of print runs: one, all as one PDF or archive; having lost ones drawn again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from flask import Response, stream_with_context

from trainhub.certificates import queries, tasks
from trainhub.certificates.layouts.joining import join
from trainhub.certificates.models import PrintChunk, PrintRun
from trainhub.certificates.operations import lost_files, printing
from trainhub.certificates.permissions import Can
from trainhub.certificates.views import blueprint
from trainhub.certificates.views.runs import load_run
from trainhub.kernel import downloads
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done


def _load_file(run_id: int, place: int, what: str) -> tuple[PrintRun, PrintChunk, str]:
    if what not in ("pdf", "csv", "cover"):
        raise NotFound(_("这个批次没有这个文件。"))
    run, chunk = tasks.load_chunk(run_id, place)
    if chunk.finished_at is None:
        raise NotFound(_("这个文件还没有画完，请稍后再下载。"))
    return run, chunk, what


@blueprint.get("/runs/<int:run_id>/files/<int:place>/<what>")
@guard(Can.PRINT_VIEW, load=_load_file, subject=lambda found: queries.subject_of_run(found[0]))
def run_file(found: tuple[PrintRun, PrintChunk, str]) -> Any:
    """One file of a run: the pages, their list, or the cover sheet."""
    row, chunk, what = found
    if what == "csv":
        return downloads.named(Response(printing.manifest(row, chunk), mimetype="text/csv"), printing.file_name(row, chunk, "csv"))
    if not chunk.pages:
        raise NotFound(_("这个文件没有页：其中的证书在绘制前都已失效。原因见清单。"))
    if what == "cover":
        data = printing.cover(row, chunk, len(queries.chunks_of(row.id)))
        return downloads.named(Response(data, mimetype="application/pdf"), printing.file_name(row, chunk, what="-cover"))
    data = lost_files.kept(tasks.root(), row, chunk)
    return downloads.named(Response(data, mimetype="application/pdf"), printing.file_name(row, chunk))


def _finished(run_id: int) -> PrintRun:
    run = load_run(run_id)
    if run.finished_at is None:
        raise NotFound(_("这个批次还没有画完，请稍后再下载。"))
    if not queries.pages_of(run.id):
        raise NotFound(_("这个批次没有页：其中的证书在绘制前都已失效。原因见各文件的清单。"))
    return run


@blueprint.get("/runs/<int:run_id>/all.pdf")
@guard(Can.PRINT_VIEW, load=_finished, subject=queries.subject_of_run)
def run_pdf(row: PrintRun) -> Any:
    """All pages of a run as one PDF, sent while it is put together."""
    chunks = [chunk for chunk in queries.chunks_of(row.id) if chunk.pages]
    root = tasks.root()
    lost_files.must_be_there(root, row)
    files = (lost_files.kept(root, row, chunk) for chunk in chunks)
    answer = Response(stream_with_context(join(files, row.title)), mimetype="application/pdf")
    return downloads.named(answer, f"certificates-{row.id}.pdf")


class _Pipe(io.RawIOBase):
    """Where a zip is written and taken out again in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _zipped(parts: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # the pages are compressed already
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name), data)
            yield pipe.take()
    yield pipe.take()


@blueprint.get("/runs/<int:run_id>/all.zip")
@guard(Can.PRINT_VIEW, load=_finished, subject=queries.subject_of_run)
def run_zip(row: PrintRun) -> Any:
    """Every file of a run, with lists and cover sheets, as one archive, sent while it is put together."""
    root = tasks.root()
    lost_files.must_be_there(root, row)
    parts = printing.parts_of(row, lambda chunk: lost_files.kept(root, row, chunk))
    return downloads.named(Response(stream_with_context(_zipped(parts)), mimetype="application/zip"), f"certificates-{row.id}.zip")


@blueprint.post("/runs/<int:run_id>/redraw")
@guard(Can.PRINT_VIEW, load=_finished, subject=queries.subject_of_run)
def redraw(row: PrintRun) -> Any:
    """Look at every file of a run and have those drawn again that are lost or damaged."""
    with transaction():
        lost_files.redraw(run=load_run(row.id), by=who())
    return done(_("正在检查各个文件，丢失或损坏的会按当时的内容重画；画完后再下载。"), "certificates.run", run_id=row.id)
