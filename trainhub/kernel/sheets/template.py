"""Import templates to download: the empty table, a tab that explains every column, and a tab with examples."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import Headers, Sheet, for_reader, write_xlsx
from trainhub.kernel.sheets.xlsxfile import EXAMPLES_SHEET, NOTES_SHEET

DATA_SHEET = "数据"


def template_xlsx(
    schema: Schema,
    examples: Iterable[Mapping[str, Any] | Sequence[Any]] = (),
    notes: Sequence[str] = (),
    *,
    title: str = DATA_SHEET,
    headers: Headers | None = None,
) -> bytes:
    """The template as a file. `examples` are rows of a tab of their own, `notes` sentences below the columns;
    `headers` are in the reader's language unless said.

    The tabs 说明 and 示例 are passed over when the filled template is read back: nobody imports the example by oversight.
    """
    headers = headers or for_reader()
    explained = (
        Column("column", _("列名")),
        Column("english", _("英文列名")),
        Column("required", _("是否必填")),
        Column("choices", _("可填内容")),
        Column("hint", _("说明")),
    )
    lines: list[Sequence[Any]] = [_explain(one, headers) for one in schema.fields]
    general = (
        _("表头请勿改动，列的顺序可以调整；红色表头为必填列。"),
        _("号码和代码请以文本填写；日期写成 2016-02-03；不要使用公式。"),
        *notes,
    )
    lines += [[note, "", "", "", ""] for note in ("", *general)]
    codes = [one.name for one in schema.fields if one.is_code]
    data = Sheet(title, schema.columns, (), codes=codes, headers=headers, required_marked=True)
    sheets = [data, Sheet(NOTES_SHEET, explained, lines, headers="zh")]
    shown = list(examples)
    if shown:
        sheets.append(Sheet(EXAMPLES_SHEET, schema.columns, shown, codes=codes, headers=headers, required_marked=True))
    target = io.BytesIO()
    write_xlsx(sheets, target)
    return target.getvalue()


def _explain(one: Field, headers: Headers) -> list[str]:
    choices = [choice if _(choice) == choice else f"{choice} ({_(choice)})" for choice in one.choices]
    return [one.column.english if headers == "en" else one.zh, one.name, _("必填") if one.required else _("选填"), listed(choices), str(one.hint)]
