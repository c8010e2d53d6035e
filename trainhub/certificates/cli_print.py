"""`trainhub certificates start-run` and `print`: a print run chosen and drawn, and its files, written whole into a folder."""

from __future__ import annotations

import hashlib
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from trainhub.certificates.rules import LEAST_CHUNK, MOST_CHUNK, USUAL_CHUNK
from trainhub.certificates.types import Kind, PrintMode
from trainhub.kernel.commands import edge, operator, progress
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

DAY = click.DateTime(formats=["%Y-%m-%d"])


@edge("start-run")
@click.option("--kind", required=True, type=click.Choice([one.value for one in Kind]), help="证书种类 / the kind of certificate")
@click.option("--issuer", required=True, help="发证单位代码 / the code of the issuing organisation")
@click.option("--title", required=True, help="打印批次名称 / what the run is called")
@click.option("--as", "account", required=True, help="建立人的登录名 / who starts it: an account's name")
@click.option("--since", type=DAY, default=None, help="这一天及以后签发的，YYYY-MM-DD / issued on this day or later")
@click.option("--until", type=DAY, default=None, help="这一天及以前签发的 / issued on this day or before")
@click.option("--batch", type=int, default=None, help="只打印这个签发批次 / only what this issuing batch issued")
@click.option("--number", "numbers", multiple=True, help="只打印这个编号，可多次给出 / only this certificate (repeatable)")
@click.option("--only-unprinted", is_flag=True, help="只打印还没有打印过的 / only what no run has drawn or is drawing")
@click.option(
    "--mode", type=click.Choice([one.value for one in PrintMode]), default=PrintMode.FULL.value, help="整张打印，或套印在底版上 / whole, or on blanks"
)
@click.option("--pages", type=click.IntRange(LEAST_CHUNK, MOST_CHUNK), default=USUAL_CHUNK, help="每个文件的页数 / pages of a file at most")
@click.option("--bleed", is_flag=True, help="四周加 3 毫米出血 / 3 mm of bleed on each side")
@click.option("--marks", is_flag=True, help="加裁切线 / crop marks")
def start_run(
    kind: str,
    issuer: str,
    title: str,
    account: str,
    since: datetime | None,
    until: datetime | None,
    batch: int | None,
    numbers: tuple[str, ...],
    only_unprinted: bool,
    mode: str,
    pages: int,
    bleed: bool,
    marks: bool,
) -> dict[str, Any]:
    """建立打印批次并绘制 / choose certificates for a print run and draw it; write its files by `print`.

    By the rights of the account, as on the page. Killed half-way, a worker or `print` goes on with it.

    Example: trainhub certificates start-run --kind training --issuer 4135010386 --title 春季班 --as zhouli --only-unprinted --json
    """
    from trainhub.certificates import queries, tasks
    from trainhub.certificates.numbers import read_number
    from trainhub.certificates.operations import printing
    from trainhub.certificates.permissions import Can
    from trainhub.identity.queries import identity_named
    from trainhub.kernel import clock
    from trainhub.kernel.access import demand
    from trainhub.kernel.db import transaction
    from trainhub.organisations import queries as organisations

    owner = organisations.by_code(issuer)
    if owner is None:
        raise NotFound(_("没有代码为 %(code)s 的单位。", code=issuer[:40]), code="no_issuer")
    by = identity_named(account, today=clock.today(), origin="command line")
    demand(by, Can.PRINT_CREATE)
    demand(by, Can.PRINT_VIEW, queries.subject_of_issuer(owner.id))
    wanted = queries.PrintFilter(
        kind=Kind(kind),
        issuer_id=owner.id,
        since=since.date() if since is not None else None,
        until=until.date() if until is not None else None,
        batch_id=batch,
        numbers=tuple(dict.fromkeys(read_number(one) for one in numbers)),
        only_unprinted=only_unprinted,
    )
    drawn: dict[str, Any] = {"mode": PrintMode(mode), "chunk_pages": pages, "bleed_mm": 3 if bleed else 0, "has_marks": marks}
    with transaction():
        run = printing.start_run(title=title, wanted=wanted, by=by, now=clock.now(), site=tasks.printing_site(), **drawn)
        key, count = run.id, run.count
    tasks.draw_run(key, by, progress)
    return {"run": key, "certificates": count, "pages": queries.pages_of(key)}


@edge("print")
@click.argument("run", type=int)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="输出文件夹 / the folder to write into")
@click.option("--one-pdf", is_flag=True, help="另存为一个 PDF / also write all pages as one PDF")
@click.option("--anyway", is_flag=True, help="其他批次已经绘制的也照样绘制 / draw also what other runs took since this one failed")
def print_run(run: int, out: Path, one_pdf: bool, anyway: bool) -> dict[str, Any]:
    """输出一个打印批次的文件 / write the files of a print run, drawing what is not drawn yet.

    Killed half-way, it goes on where it stopped when started again; the bytes are the same.

    Example: trainhub certificates print 12 --out printed --json
    """
    from trainhub.certificates import queries, tasks
    from trainhub.certificates.operations import printing
    from trainhub.kernel.db import transaction
    from trainhub.kernel.jobs import JobState

    row = queries.run_by_id(run)
    if row is None:
        raise NotFound(_("没有编号为 %(run)d 的打印批次：请在“证书管理—打印批次”中查看编号。", run=run), code="no_run")
    if row.finished_at is None and (job := queries.job_by_id(row.job_id)) is not None and job.state is JobState.FAILED:
        with transaction():  # it is open again before anything is drawn: nobody who starts a run takes the same meanwhile
            printing.go_on(run=row, by=operator(), told=sys.maxsize if anyway else 0)
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
