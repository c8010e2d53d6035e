"""The dossier: every document and material as files in one folder or archive, with an index and checksums."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from trainhub.kernel import files
from trainhub.kernel.i18n import in_language
from trainhub.kernel.papers import docx, pdf
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import iter_csv
from trainhub.oversight.evaluation.documents import materials, report, tables, verdict
from trainhub.oversight.evaluation.store import catalogue, queries
from trainhub.oversight.evaluation.store.types import Mode
from trainhub.oversight.evaluation.workflow import queries as cases
from trainhub.oversight.evaluation.workflow import words
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

INDEX = "00-材料目录.csv"
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of the dossier: its path in it, what it is, under which code, its bytes."""

    path: str
    title: str
    code: str
    data: bytes

    @property
    def sha256(self) -> str:
        """The checksum in the index."""
        return hashlib.sha256(self.data).hexdigest()


def _safe(name: str) -> str:
    return "".join("_" if char in '/\\:*?"<>|' or ord(char) < 32 else char for char in name)[:120]


Draw = Callable[[], bytes]
Line = tuple[str, str, str, Draw]
"""A file that is to be drawn: path, title, code, and how. Each is drawn by itself, so that progress can be shown between them."""


def _current(programme: Programme, on: date) -> list[Line]:
    """The dossier as it would be handed in on a day."""
    drawn = partial(materials.Drawn, programme, on)
    title = "卓越计划实施情况补充报告"
    found: list[Line] = [
        ("01-补充报告.docx", title, "", lambda: docx.draw(report.content(programme, on))),
        ("01-补充报告.pdf", title, "", lambda: pdf.draw(report.content(programme, on))),
    ]
    for key, name in tables.TITLES.items():
        found.append((_place(key, name), name, key, partial(_named_table, key, programme, on)))
    found += [
        ("03-通用标准覆盖矩阵.xlsx", "毕业要求与通用标准对应关系", "SUP-1", lambda: drawn().workbook("M1.3")),
        ("03-学校标准实现矩阵.xlsx", "学校标准实现矩阵", "M2.3", lambda: drawn().workbook("M2.3")),
    ]
    held = [one for one in queries.held_by(programme.id) if one.stands_on(on)]
    for code, material in catalogue.materials().items():
        if material.mode is not Mode.UPLOADED:
            found.append((f"04-佐证材料/{code}-平台生成.xlsx", material.text, code, partial(_material, drawn, code)))
        mine = [one for one in held if code == one.codes[0]]
        for position, one in enumerate(mine, start=1):  # two files under one code may have the same name
            path = f"04-佐证材料/{'+'.join(one.codes)}-{position}-{_safe(one.file.name)}"
            found.append((path, one.title, "、".join(one.codes), partial(files.read, one.file)))
    return found


def _place(key: str, name: str) -> str:
    """Where one of the four tables stands, today's or a frozen one."""
    return f"02-表{key}-{name}.xlsx"


def _named_table(key: str, programme: Programme, on: date) -> bytes:
    return tables.workbook(tables.tables(key, programme, on))


def _material(drawn: Callable[[], materials.Drawn], code: str) -> bytes:
    return drawn().workbook(code)


def _frozen(application_id: int) -> list[Line]:
    """The dossier as it was handed in: never drawn anew."""
    found: list[Line] = []
    for kind, (row, file) in cases.current_documents(application_id).items():
        path = f"01-{words.DOCUMENTS[kind]}-第{row.edition}版-{_safe(file.name)}"
        found.append((path, str(words.DOCUMENTS[kind]), "", partial(files.read, file)))
    for one, file in queries.frozen_of(application_id):
        path = _place(one.code, one.title) if one.code in tables.TITLES else f"04-佐证材料/{one.code}-{one.position}-{_safe(file.name)}"
        found.append((path, one.title, one.code, partial(files.read, file)))
    case = cases.application(application_id)
    programme = programmes.by_id(case.programme_id) if case is not None else None
    if case is not None and programme is not None and case.verdict is not None:
        concluded = case, programme
        found.append(("05-评价结论.docx", "卓越计划实施工作评价结论", "", lambda: docx.draw(verdict.content(*concluded))))
    return sorted(found, key=lambda line: line[0][:2])  # documents, tables, evidence: as the dossier of the day, the index too


def _nobody_asks(_done: int, _total: int) -> None:
    """Where nobody watches the progress."""


def pieces(programme: Programme, on: date, application_id: int | None = None, progress: Callable[[int, int], None] = _nobody_asks) -> list[Piece]:
    """Everything of the dossier with its index and checksums in front: of an application what was frozen, else what stands today.

    `progress` is told (done, of how many) after every file.
    """
    found: list[Piece] = []
    with in_language("zh"):
        lines = _frozen(application_id) if application_id is not None else _current(programme, on)
        for path, title, code, draw in lines:
            found.append(Piece(path, title, code, draw()))
            progress(len(found), len(lines))
    rows = [[piece.path, piece.code, piece.title, len(piece.data), piece.sha256] for piece in found]
    columns = [Column("path", "文件"), Column("code", "编号"), Column("title", "名称"), Column("bytes", "字节"), Column("sha256", "SHA-256")]
    index = Piece(INDEX, "材料目录", "", b"".join(iter_csv(rows, columns, headers="zh")))
    sums = "".join(f"{piece.sha256}  {piece.path}\n" for piece in [index, *found])
    return [index, Piece(SUMS, "校验和", "", sums.encode()), *found]


def zipped(found: list[Piece]) -> bytes:
    """The dossier as one archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for piece in found:
            entry = zipfile.ZipInfo(piece.path, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, piece.data)
    return target.getvalue()
