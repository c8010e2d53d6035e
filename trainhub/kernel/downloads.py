"""Tables to download: CSV in pieces (offered first), XLSX as a whole; file names in Chinese work in every browser."""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal
from urllib.parse import quote

from flask import Response, send_file

from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.schema import Schema
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import Headers, Record, Sheet, for_reader, header_of, iter_csv, write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


MOST_ROWS = 50_000
"""Rows of persons in one file of a page."""


def no_more_than(rows: Sequence[Any]) -> Sequence[Any]:
    """The rows of a list, asked for with a limit of MOST_ROWS + 1; refused with words when there are more: a file that leaves out
    rows unsaid would pass for the whole."""
    if len(rows) > MOST_ROWS:
        raise Refused(_("一次最多导出 %(n)s 行。请先按地区、类别或时间筛选，再分批导出。", n=f"{MOST_ROWS:,}"), code="too_many_rows")
    return rows


def named(answer: Response, name: str, *, inline: bool = False) -> Response:
    """Give an answer its file name: as it is for every browser of today, in ASCII for the rest (RFC 6266).

    A header is Latin-1 on the wire: a Chinese name put into it directly breaks the answer in the server, after the view.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip()
    stem, dot, suffix = plain.rpartition(".")
    plain = plain if stem.strip(" .-_") or not dot else f"file.{suffix}"
    values = {"filename": plain or "file"}
    if plain != name:
        values["filename*"] = f"UTF-8''{quote(name, safe='')}"
    answer.headers.set("Content-Disposition", "inline" if inline else "attachment", **values)
    return answer


def columns_of(schema: Schema) -> tuple[Column, ...]:
    """The columns of an import, for the export that it reads."""
    return schema.columns


def headings(columns: Sequence[Column]) -> dict[str, str]:
    """What each column is called by whoever reads: a report on a table that was handed in names it so."""
    return dict(zip((one.name for one in columns), header_of(columns, for_reader()), strict=True))


def codes_of(schema: Schema) -> list[str]:
    """The columns that a spreadsheet program must keep as text."""
    return [one.name for one in schema.fields if one.is_code]


def table(
    rows: Iterable[Record], columns: Sequence[Column], *, name: str, form: str, codes: Collection[str] = (), headers: Headers | None = None
) -> Response:
    """A table as a file to download, headed in the reader's language unless said; `form` is csv or xlsx, `name` the file's name without suffix."""
    headers = headers or for_reader()
    if form == "csv":
        answer = Response(b"".join(iter_csv(rows, columns, headers=headers)), mimetype="text/csv")
        return named(answer, f"{name}.csv")
    if form == "xlsx":
        target = io.BytesIO()
        write_xlsx([Sheet(name[:31], columns, rows, codes=codes, headers=headers)], target)
        return xlsx(target.getvalue(), name)
    raise NotFound(_("只能导出为 csv 或 xlsx。"))


def xlsx(content: bytes, name: str) -> Response:
    """A workbook made elsewhere (a template) as a file to download."""
    answer = send_file(io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    answer.headers["Cache-Control"] = "private, no-store"  # Flask would let every cache on the way keep it for as long as an asset
    return answer


def write(
    path: str, rows: Iterable[Record], columns: Sequence[Column], *, codes: Collection[str] = (), headers: Headers = "name", private: bool = False
) -> int:
    """Write a table to a file given by path; its suffix decides the form. Returns the number of rows. `private`: readable by its owner alone."""
    from trainhub.kernel.sheets.writing import write_csv

    form: Literal["csv", "xlsx"] = "xlsx" if path.lower().endswith(".xlsx") else "csv"
    try:
        with open(path, "wb", opener=_for_the_owner if private else None) as file:
            if form == "csv":
                return write_csv(rows, columns, file, headers=headers)
            return write_xlsx([Sheet("数据", columns, rows, codes=codes, headers=headers)], file)
    except OSError as error:
        raise Refused(_("不能写入文件“%(path)s”：%(why)s", path=path, why=error.strerror or str(error)), code="cannot_write", field="file") from error


def _for_the_owner(path: str, flags: int) -> int:
    """Opened with mode 0600, also where the file was there before."""
    opened = os.open(path, flags, 0o600)
    os.fchmod(opened, 0o600)
    return opened


def unsealed(value: Any) -> Any:
    """A value as a cell: yes and no for truth, the value of an enum."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return getattr(value, "value", value)
