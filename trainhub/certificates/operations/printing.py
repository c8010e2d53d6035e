"""Print runs: a choice of certificates is frozen and cut into files; each file is drawn by itself and is whole or not there.

A file is written beside its place, synced and renamed, and only then noted with its checksum. Equal rows give equal bytes, so a
killed run goes on where it stopped, and a file that was lost from the disk is drawn again and must have the checksum it had.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, update

from trainhub.certificates import labels, queries
from trainhub.certificates.documents import Maker, page_facts
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.layouts.sheet import Sheet
from trainhub.certificates.models import PrintChunk, PrintItem, PrintRun
from trainhub.certificates.numbers import show_number
from trainhub.certificates.operations.taking import refuse_taken
from trainhub.certificates.operations.written import HOST as HOST
from trainhub.certificates.operations.written import CannotPrint as CannotPrint
from trainhub.certificates.operations.written import tidy as tidy
from trainhub.certificates.operations.written import write_pieces as write_pieces
from trainhub.certificates.operations.written import write_whole as write_whole
from trainhub.certificates.rules import LEAST_CHUNK, MOST_CHUNK, USUAL_CHUNK, plan_chunks
from trainhub.certificates.types import Kind, PrintMode
from trainhub.kernel import audit, jobs, pinyin
from trainhub.kernel.access import Identity
from trainhub.kernel.db import hold, session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _, listed, say
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import for_reader, iter_csv

MOST_PAGES = 100_000
MOST_TITLE = 200
MOST_NUMBERS = 200
"""Certificates that a run names one by one."""
AT_ONCE = 2_000
"""Certificates that are put in order while whoever asks for the run waits; more are by its job."""
TASK = "certificates.print"
TITLE = N_("打印证书：%(title)s")
MANIFEST = (
    Column("page", "页"),
    Column("number", "证书编号"),
    Column("edition", "版次"),
    Column("name", "姓名"),
    Column("kind", "种类"),
    Column("base", "培训基地"),
    Column("class_name", "班级"),
    Column("issued_on", "发证日期"),
    Column("blank", "空白证书号"),
    Column("file", "文件"),
    Column("note", "备注"),
)


def settle_address(run: PrintRun, site: str) -> None:
    """Note the address of a run that was made before addresses were noted, for all its drawing from now on."""
    run.site = run.site or site


# -- choosing -----------------------------------------------------------------------------------------------------------


def start_run(
    *,
    title: str,
    wanted: queries.CertificateFilter,
    by: Identity,
    now: datetime,
    chunk_pages: int = USUAL_CHUNK,
    mode: PrintMode = PrintMode.FULL,
    bleed_mm: int = 0,
    has_marks: bool = False,
    site: str = "",
) -> PrintRun:
    """Freeze the choice, cut it into files and ask for the job that draws them. `wanted` names one kind and one issuer.
    `site` is the address the codes lead to, wherever and whenever it is drawn.

    Only current, issued certificates that `by` may see are printed, in the order of base, class and number; a file holds
    `chunk_pages` pages at most (500 to 5,000), of one layout and one issuer's name. More than `AT_ONCE` are put in order by the job.
    """
    title = title.strip()
    if not title or len(title) > MOST_TITLE:
        raise CannotPrint(_("请给这一批起个名称，不超过%(most)d个字。", most=MOST_TITLE), field="title")
    if wanted.kind is None or wanted.issuer_id is None:
        raise CannotPrint(_("请选择证书种类和发证单位：一批只印同一单位的同一种证书。"))
    if not LEAST_CHUNK <= chunk_pages <= MOST_CHUNK:
        raise CannotPrint(_("每个文件的页数应在%(least)d到%(most)d之间。", least=LEAST_CHUNK, most=MOST_CHUNK), field="chunk_pages")
    hold(f"{TASK}:{wanted.kind}:{wanted.issuer_id}")  # two who ask for what nobody printed at once: the second sees what the first took
    count = queries.count_printable(by, wanted)
    numbers = set(wanted.numbers) if isinstance(wanted, queries.PrintFilter) else set()
    if len(numbers) > MOST_NUMBERS:
        raise CannotPrint(_("一次最多填写%(most)d个编号。", most=MOST_NUMBERS), field="numbers")
    lacking = sorted(numbers - queries.printable_numbers(by, wanted)) if numbers else []
    if lacking:
        told = listed([show_number(one) for one in lacking[:5]])
        raise CannotPrint(
            _(
                "%(n)d 个编号不在所选范围内（例如 %(numbers)s）：不是当前有效的，或属于别的种类、单位、批次，或已在别的打印批次中。",
                n=len(lacking),
                numbers=told,
            ),
            field="numbers",
        )
    if not count:
        if isinstance(wanted, queries.PrintFilter) and wanted.only_unprinted and queries.count_printable(by, replace(wanted, only_unprinted=False)):
            raise CannotPrint(_("所选范围内的证书都已在别的打印批次中（已画出或正在绘制），没有还没打印过的。"), field="only_unprinted")
        raise CannotPrint(_("所选范围内没有有效的证书，请调整种类、发证单位或日期。"))
    if count > MOST_PAGES:
        raise CannotPrint(_("所选证书超过%(most)d张，请缩小日期范围分批打印。", most=MOST_PAGES))
    run = PrintRun(
        title=title,
        kind=Kind(wanted.kind),
        issuer_id=wanted.issuer_id,
        count=count,
        chunk_pages=chunk_pages,
        mode=mode,
        bleed_mm=bleed_mm,
        has_marks=has_marks,
        site=site,
        asked_by_id=by.account_id,
        asked_at=now,
    )
    session().add(run)
    session().flush()
    session().execute(queries.choosing(run.id, by, wanted))
    run.count = queries.count_items(run.id)  # what was written down: somebody may have issued meanwhile
    if run.count <= AT_ONCE:
        arrange(run)
    run.job_id = jobs.ask(TASK, by=by, title=say(TITLE, title=title), unique_key=f"{TASK}:{run.id}", run=run.id).id
    audit.record(by=by, did="certificates.run.started", on=run, data={"title": title, "count": run.count, "mode": mode.value})
    session().flush()
    return run


@dataclass(frozen=True, slots=True)
class _Placed:
    row: queries.Printable
    base: str
    class_name: str
    shared: tuple[Any, ...]
    order: tuple[Any, ...]


def arrange(run: PrintRun) -> bool:
    """Bring the frozen choice of a run into the order of printing and cut it into files; False when that was done before."""
    queries.lock_run(run.id)
    if queries.chunks_of(run.id):
        return False
    rows = queries.chosen(run.id)
    layouts = queries.layouts_of((row.template, row.template_version) for row in rows)
    common = {one: sorted(field.name for field in layout.fields if field.common) for one, layout in layouts.items()}
    placed = sorted((_place(row, common[row.template, row.template_version]) for row in rows), key=lambda one: one.order)
    session().execute(delete(PrintItem).where(PrintItem.run_id == run.id).execution_options(synchronize_session=False))
    session().execute(
        insert(PrintItem),
        [
            {"run_id": run.id, "position": position, "certificate_id": one.row.id, "base": one.base, "class_name": one.class_name}
            for position, one in enumerate(placed, 1)
        ],
    )
    cuts = plan_chunks(((one.shared, (one.base, one.class_name)) for one in placed), run.chunk_pages)
    session().execute(
        insert(PrintChunk),
        [
            {"run_id": run.id, "place": place, "first": first, "last": last, "pages": 0, "size": 0, "sha256": ""}
            for place, (first, last) in enumerate(cuts, 1)
        ],
    )
    session().flush()
    return True


def _place(row: queries.Printable, common: Sequence[str]) -> _Placed:
    """Where a page belongs. A file draws the facts that its template calls `common` once, so all its pages share them."""
    base = str(row.facts.get("base") or row.facts.get("enterprise") or "")[:200]
    class_name = str(row.facts.get("class_name") or row.class_name)[:200]
    shared = (row.template, row.template_version, *(str(row.facts.get(name, "")) for name in common))
    order = (shared, pinyin.of_text(base), base, pinyin.of_text(class_name), class_name, row.number)
    return _Placed(row, base, class_name, shared, order)


# -- drawing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file before it is written: which positions got which page, its bytes and their checksum; `is_again`: as it was noted before."""

    pages: Mapping[int, int]
    data: bytes
    sha256: str
    is_again: bool = False


def draw(run: PrintRun, chunk: PrintChunk, maker: Maker, known: queries.Portions | None = None) -> Drawn:
    """Draw one file; reads only. What was printed once is drawn as it was; before that, what stands is drawn. `known`: see `queries.whole_among`."""
    from trainhub.certificates.layouts.drawing import Press, common_facts
    from trainhub.certificates.layouts.fitting import cuts_told, labels_of, lacking, why_told

    lines = queries.items_of(run.id, chunk.first, chunk.last)
    if chunk.finished_at is not None:
        lines = [line for line in lines if line[0].page is not None]
    else:
        valid = set(queries.valid_positions(run.id, chunk.first, chunk.last))
        lines = [line for line in lines if line[0].position in valid]
    if not lines:
        return Drawn({}, b"", "")
    first = lines[0][1]
    layout = queries.layout_of(first.template, first.template_version)
    sheet = Sheet(bleed=run.bleed_mm, has_marks=run.has_marks, is_overprint=run.mode is PrintMode.OVERPRINT)
    press = Press(layout, common_facts(layout, page_facts(first)), base_url=run.site or maker.site, sheet=sheet)
    whole = queries.whole_among([certificate for _item, certificate, _serial in lines], known)
    for _item, certificate, _serial in lines:
        if certificate.id not in whole:  # changed past the operations: paper would say for good what nobody certified
            raise CannotPrint(
                _(
                    "证书 %(number)s 在平台中的记录与签发时的记录不一致，没有绘制：请系统管理员核查数据库，改正后再继续绘制。",
                    number=certificate.number,
                ),
                code="not_as_issued",
            )
        chars = lacking(layout, certificate.facts)
        if chars:  # a font that was there when it was issued: a page with a blank in a name must not be printed
            raise CannotPrint(
                _(
                    "证书 %(number)s 中有这台机器不能正确印出的字：%(chars)s。没有绘制：请更正证书，或安装签发时所用的字体，再继续绘制。",
                    number=certificate.number,
                    chars=why_told(chars),
                ),
                code="needs_glyph",
            )
        report = press.add(page_facts(certificate), is_whole=True)
        if report.missing and chunk.finished_at is None:  # a file of before this was asked is drawn as it was
            raise CannotPrint(
                _(
                    "证书 %(number)s 缺少%(fields)s，没有绘制，以免印出缺项：请用“更正”补上，再继续绘制。",
                    number=certificate.number,
                    fields=listed(labels_of(layout, report.missing)),
                ),
                code="lacks_facts",
            )
        cut = report.cut
        if cut:
            raise CannotPrint(
                _(
                    "证书 %(number)s 的%(fields)s超出版面，没有绘制，以免印出被截断的内容：请用“更正”缩短内容或改用方框更大的模板，再继续绘制。",
                    number=certificate.number,
                    fields=cuts_told(layout, cut),
                ),
                code="overflows",
            )
    data = press.finish()
    pages = {item.position: page for page, (item, _certificate, _serial) in enumerate(lines, 1)}
    return Drawn(pages, data, hashlib.sha256(data).hexdigest(), chunk.finished_at is not None)


def file_name(run: PrintRun, chunk: PrintChunk, suffix: str = "pdf", what: str = "") -> str:
    """certificates-12-003.pdf, certificates-12-003-cover.pdf, certificates-12-003.csv."""
    return f"certificates-{run.id}-{chunk.place:03d}{what}.{suffix}"


def folder_of(root: Path, run: PrintRun) -> Path:
    """Where the files of a run lie."""
    return root / "print" / str(run.id)


def note_drawn(*, run: PrintRun, chunk: PrintChunk, drawn: Drawn, by: Identity, now: datetime) -> bool:
    """Note a written file with its pages and checksum. False, and nothing noted, when a certificate changed since it was drawn: also when somebody else
    noted it meanwhile and found another state of it, which is drawn then."""
    queries.lock_run(run.id)  # of two that end at once the later sees what the first noted
    session().refresh(chunk)
    if chunk.finished_at is not None:
        if chunk.sha256 != drawn.sha256 and not drawn.is_again:
            return False
        if chunk.sha256 != drawn.sha256:
            raise CannotPrint(_("重画的文件与当时印制的不同（字体或程序已更新），请新建批次打印。"), code="changed")
        return True
    if queries.valid_positions(run.id, chunk.first, chunk.last) != sorted(drawn.pages):
        return False
    if drawn.pages:
        pairs = [{"run_id": run.id, "position": position, "page": page} for position, page in drawn.pages.items()]
        session().execute(update(PrintItem).execution_options(synchronize_session=False), pairs)
        session().expire_all()
    chunk.pages, chunk.size, chunk.sha256, chunk.finished_at = len(drawn.pages), len(drawn.data), drawn.sha256, now
    session().flush()
    if not queries.unfinished(run.id) and run.finished_at is None:
        run.finished_at = now
        pages = queries.pages_of(run.id)
        audit.record(by=by, did="certificates.run.drawn", on=run, data={"pages": pages, "left_out": run.count - pages})
        session().flush()
    return True


def read_as_noted(path: Path, chunk: PrintChunk) -> bytes | None:
    """The file of a finished chunk when it lies on the disk as it was noted; what is handed out is what was looked at."""
    try:
        data = path.read_bytes() if path.stat().st_size == chunk.size else b""
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == chunk.sha256 else None


def is_there(path: Path, chunk: PrintChunk) -> bool:
    """Whether the file of a finished chunk lies on the disk as it was noted."""
    return read_as_noted(path, chunk) is not None


def content(root: Path, run: PrintRun, chunk: PrintChunk, maker: Maker, known: queries.Portions | None = None) -> bytes:
    """The bytes of a finished file; drawn again when the disk lost it. For jobs and commands: whoever downloads is told instead (lost_files.py)."""
    if chunk.finished_at is None:
        raise Stale(_("这个文件还没有画完，请稍后再下载。"))
    if not chunk.pages:
        return b""
    path = folder_of(root, run) / file_name(run, chunk)
    data = read_as_noted(path, chunk)
    if data is None:
        drawn = draw(run, chunk, maker, known)
        if drawn.sha256 != chunk.sha256:
            raise CannotPrint(_("重画的文件与当时印制的不同（字体或程序已更新），请新建批次打印。"), code="changed")
        write_whole(path, drawn.data)
        return drawn.data
    return data


# -- what goes with the files -------------------------------------------------------------------------------------------


def manifest(run: PrintRun, chunk: PrintChunk) -> bytes:
    """The list of a file's pages as CSV, with those that got none and why."""
    return b"".join(iter_csv(_manifest_rows(run, chunk), MANIFEST, headers=for_reader()))


def _manifest_rows(run: PrintRun, chunk: PrintChunk) -> Iterator[dict[str, Any]]:
    for item, one, serial in queries.items_of(run.id, chunk.first, chunk.last):
        yield {
            "page": item.page,
            "number": one.number,
            "edition": one.edition,
            "name": one.holder,
            "kind": str(labels.KINDS[one.kind]),
            "base": item.base,
            "class_name": item.class_name,
            "issued_on": one.issued_on.isoformat(),
            "blank": serial or "",
            "file": file_name(run, chunk) if item.page is not None else "",
            "note": labels.page_note(one.state, has_page=item.page is not None),
        }


def cover(run: PrintRun, chunk: PrintChunk, total: int) -> bytes:
    """The cover sheet of a file: batch, checksum, pages of each base and class."""
    from trainhub.certificates.layouts.cover import cover_sheet, printed_how, shares_of

    lines = [line for line in queries.items_of(run.id, chunk.first, chunk.last) if line[0].page is not None]
    numbers = sorted(certificate.number for _item, certificate, _serial in lines)
    span = f"{numbers[0]} … {numbers[-1]}（按基地和班级排列，不一定连号 / by base and class, not one range）" if numbers else ""
    left_out = chunk.last - chunk.first + 1 - chunk.pages
    facts = {  # whoever prints reads either language: the sheet has both
        "批次号 Run": str(run.id),
        "文件 File": f"{file_name(run, chunk)}（第 {chunk.place} / {total} 个 / {chunk.place} of {total}）",
        "证书种类 Certificate": f"{_layout_of(lines).title} / {_layout_of(lines).title_en}" if lines else "",
        "页数 Pages": f"{chunk.pages}（另有 {left_out} 张因状态变更未打印 / {left_out} not printed, their state changed）",
        "编号 Numbers": span,
        **printed_how(run.bleed_mm, is_overprint=run.mode is PrintMode.OVERPRINT, has_marks=run.has_marks),
        "查验地址 Verification": run.site,
        "SHA-256": chunk.sha256,
    }
    return cover_sheet(run.title, facts, shares_of((item.base, item.class_name, item.page or 0) for item, _certificate, _serial in lines))


def _layout_of(lines: list[queries.Line]) -> Layout:
    return queries.layout_of(lines[0][1].template, lines[0][1].template_version)


def parts_of(run: PrintRun, read: Callable[[PrintChunk], bytes]) -> Iterator[tuple[str, bytes]]:
    """(name, content) of everything a finished run hands out, file by file: PDF (as `read` gives it), cover sheet, manifest."""
    chunks = queries.chunks_of(run.id)
    for chunk in chunks:
        if chunk.pages:
            yield file_name(run, chunk), read(chunk)
            yield file_name(run, chunk, what="-cover"), cover(run, chunk, len(chunks))
        yield file_name(run, chunk, "csv"), manifest(run, chunk)


def go_on(*, run: PrintRun, by: Identity, told: int = 0) -> None:
    """Ask for the drawing once more after its job failed; finished files stay. Stale when other runs took more of it meanwhile than `told`."""
    hold(f"{TASK}:{run.kind}:{run.issuer_id}")
    refuse_taken(run, told=told)
    run.job_id = jobs.ask(TASK, by=by, title=say(TITLE, title=run.title), unique_key=f"{TASK}:{run.id}:after:{run.job_id}", run=run.id).id
    audit.record(by=by, did="certificates.run.resumed", on=run, data={})
    session().flush()
