"""`trainhub certificates print`: the files of a print run, written whole into a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click

from trainhub.kernel.commands import edge, operator, progress
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _


@edge("print")
@click.argument("run", type=int)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder to write into / 输出文件夹")
@click.option("--one-pdf", is_flag=True, help="Also write all pages as one PDF / 另存为一个 PDF")
def print_run(run: int, out: Path, one_pdf: bool) -> dict[str, Any]:
    """Write the files of a print run, drawing what is not drawn yet / 输出一个打印批次的文件.

    Killed half-way, it goes on where it stopped when started again; the bytes are the same.

    Example: trainhub certificates print 12 --out printed --json
    """
    from trainhub.certificates import queries, tasks
    from trainhub.certificates.operations import printing

    if queries.run_by_id(run) is None:
        raise NotFound(_("没有编号为 %(run)d 的打印批次：请在“证书管理—打印批次”中查看编号。", run=run), code="no_run")
    tasks.draw_run(run, operator(), progress)
    row = queries.run_by_id(run)
    assert row is not None
    written: list[str] = []
    for name, data in printing.parts_of(row, lambda chunk: printing.content(tasks.root(), row, chunk, tasks.maker())):
        path = out / name
        if not (path.is_file() and path.stat().st_size == len(data) and _digest(path.read_bytes()) == _digest(data)):
            printing.write_whole(path, data)
        written.append(name)
    if one_pdf and queries.pages_of(run):  # everything may have been revoked before it was drawn
        from trainhub.certificates.layouts.joining import join

        pdfs = (out / name for name in written if name.endswith(".pdf") and "cover" not in name)
        name = f"certificates-{run}.pdf"
        printing.write_pieces(out / name, join((path.read_bytes() for path in pdfs), row.title))
        written.append(name)
    printing.tidy(out, run)
    return {"run": run, "pages": queries.pages_of(run), "files": written}


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
