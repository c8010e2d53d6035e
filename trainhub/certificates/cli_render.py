"""`trainhub certificates render` and `blank`: certificates from a table, their blanks; only a template drawn up here asks for the database."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from trainhub.certificates.addresses import must_fit, without_app
from trainhub.certificates.facts import checked
from trainhub.certificates.layouts.model import Layout, built_in, codes, read_layout
from trainhub.certificates.layouts.shape import BadLayout
from trainhub.certificates.numbers import has_number_shape, is_code, read_code, read_number
from trainhub.kernel.characters import BadCharacters, bad_characters, clean_name, clean_text
from trainhub.kernel.commands import edge, operator, progress, say
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, clauses
from trainhub.kernel.sheets.reading import Table, read_table
from trainhub.kernel.sheets.types import Column, Row

MOST_PROBLEMS = 200
"""Problems reported of one file; the rest is counted."""


class RenderRefused(Refused):
    """Rows of the table cannot be printed as they are; nothing was written."""

    code = "bad_rows"


def columns_of(layout: Layout) -> tuple[Column, ...]:
    """The columns of a table for a layout: number, code, name, then the layout's own fields."""
    fixed = (
        Column("number", "证书编号", required=True, aliases=("编号",)),
        Column("code", "核验码", required=True, aliases=("验证码",)),
        Column("name", "姓名", required=True),
    )
    return fixed + tuple(Column(one.name, one.label, required=one.required) for one in layout.own_fields)


def facts_of(layout: Layout, row: Row) -> tuple[dict[str, str], list[tuple[str, str]], bool]:
    """(facts to print, problems as (column, what), whether the name waits for a person) of a row.

    Number and code are read as a person types them (full width, blanks, hyphens, any case) and printed in their own spelling.
    An empty cell of a template field is no problem here: it shows on the page. A name in private-use characters that
    GB 18030-2022 does not know cannot be printed by any font: it waits for a person.
    """
    problems = [(problem.column or "", problem.problem) for problem in row.problems if problem.level == "error"]
    facts = {"number": read_number(row.values["number"]), "code": read_code(row.values["code"])}
    if not has_number_shape(facts["number"]):
        problems.append(("number", _("证书编号必须是18位数字。")))
    if not is_code(facts["code"]):
        problems.append(("code", _("核验码必须是12位，只用数字和除 I、L、O、U 以外的字母。")))
    waits = False
    try:
        facts["name"] = clean_name(row.values["name"])
        if not facts["name"]:
            problems.append(("name", _("姓名不能为空。")))
    except BadCharacters as refused:
        facts["name"] = clean_text(row.values["name"])
        if all("\ue000" <= char <= "\uf8ff" or char >= "\U000f0000" for char in bad_characters(facts["name"])):
            waits = True
        else:
            problems.append(("name", refused.message))
    for field in layout.own_fields:
        try:
            facts[field.name] = checked(field, row.values[field.name])
        except ValueError as error:
            problems.append((field.name, str(error)))
    return facts, problems, waits


class _Job:
    """One run over a table: draws good rows, collects the problems of bad ones."""

    def __init__(self, layout: Layout, common: Mapping[str, str], base_url: str) -> None:
        from trainhub.certificates.layouts.drawing import Press

        self.layout = layout
        start = time.process_time()
        self.press = Press(layout, common, base_url=base_url)
        self.seconds = time.process_time() - start
        self.needs_glyph: list[int] = []
        self.overflows: list[int] = []
        self.details: list[dict[str, Any]] = []
        self.bad = 0
        self.numbers: dict[str, int] = {}

    def take(self, table: Table, index: int, row: Row) -> None:
        """Draw a row, or note why not; `index` counts data rows from 1."""
        from trainhub.certificates.layouts.fitting import characters_told, cuts_told, lacking_by_field, says_stand_ins

        facts, problems, waits = facts_of(self.layout, row)
        before = self.numbers.setdefault(facts["number"], row.number)
        if before != row.number:
            problems.append(("number", _("与第%(row)d行的证书编号重复：一个编号只能印一张。", row=before)))
        if problems:
            self.bad += 1
        for column, problem in problems if len(self.details) < MOST_PROBLEMS else ():
            value = row.values.get(column, "")[:80]
            place = {"file": table.file, "sheet": table.sheet, "row": row.number, "column": column}
            self.details.append({**place, "value": value, "problem": problem})
        if self.bad:
            return
        start = time.process_time()
        absent = self.press.needs_glyph(facts)
        if waits or absent or says_stand_ins(facts):
            self.needs_glyph.append(index)
            say(
                _(
                    "第%(row)d行有不能打印的字，已跳过。%(told)s。",
                    row=row.number,
                    told=characters_told(self.layout, lacking_by_field(self.layout, facts)),
                )
            )
            return
        report = self.press.add(facts, is_whole=True)
        self.seconds += time.process_time() - start
        if report.cut:
            self.overflows.append(index)
            said = cuts_told(self.layout, report.cut)
            say(_("第%(row)d行：%(fields)s超出版面，会被截断，已跳过：请缩短内容或换用方框更大的模板。", row=row.number, fields=said))
            return
        for name in report.missing:
            say(_("第%(row)d行：缺少%(field)s，已在页面上标出。", row=row.number, field=self._label(name)))

    def _label(self, name: str) -> str:
        return next((column.zh for column in columns_of(self.layout) if column.name == name), name)

    def finish(self) -> bytes:
        """The PDF; RenderRefused when any row was bad."""
        if self.bad:
            raise RenderRefused(_("有%(count)d行不能打印，没有生成文件。请按所列行列更正后重试。", count=self.bad), details=self.details)
        start = time.process_time()
        data = self.press.finish()
        self.seconds += time.process_time() - start
        return data


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or nothing."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise Refused(_("无法写入文件 %(file)s：%(why)s。", file=path.name, why=error.strerror), code="cannot_write") from error


def _must_be_printable(layout: Layout, common: Mapping[str, str]) -> None:
    """Refused when what stands on every page, the issuer and the template's own words, holds a character that would not come out right."""
    from trainhub.certificates.checking import unprintable_wording
    from trainhub.certificates.layouts.fitting import characters_told, lacking_by_field

    wrong = [one for one in (characters_told(layout, lacking_by_field(layout, common)), *unprintable_wording(layout)) if one]
    if wrong:
        raise Refused(_("有不能打印的字，没有生成文件。%(told)s。", told=clauses(wrong)), code="needs_glyph")


def render_table(file: Path, layout: Layout, out: Path, *, common: Mapping[str, str], base_url: str) -> dict[str, Any]:
    """Draw every row of a table into one PDF.

    Returns pages, bytes, seconds (CPU time of the drawing), needs_glyph (data rows from 1 with a character in no font) and
    overflows (data rows with a text too long for its box): those rows get no page.
    Raises SheetError for an unreadable table and RenderRefused for bad rows; then nothing is written.
    """
    _must_be_printable(layout, common)
    with read_table(file, columns_of(layout)) as table:
        for problem in table.problems:
            say(f"{problem.column}：{problem.problem}" if problem.column else problem.problem)
        if table.row_count == 0:
            raise RenderRefused(_("文件“%(file)s”中没有数据行。", file=table.file), code="empty_file")
        job = _Job(layout, common, base_url)
        for index, row in enumerate(table.rows(), 1):
            job.take(table, index, row)
            if index % 500 == 0 or index == table.row_count:
                progress(index, table.row_count, _("绘制证书"))
    data = job.finish()
    if job.press.pages:
        _write(out, data)
    else:
        data = b""
        say(_("没有一行可以打印，未生成文件。"))
    return {
        "pages": job.press.pages,
        "bytes": len(data),
        "seconds": round(job.seconds, 3),
        "needs_glyph": job.needs_glyph,
        "overflows": job.overflows,
    }


class TemplateName(click.ParamType[str]):
    """A template: the code of a built-in one, a JSON file, or one drawn up here as CODE@VERSION."""

    name = "template"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it came; a usage error for what names no template."""
        text = str(value)
        if text in codes() or _STORED.fullmatch(text) or Path(text).is_file():
            return text
        return self.fail(f"{text!r}: {', '.join(codes())}; FILE.json; CODE@VERSION", param, ctx)


_STORED = re.compile(r"([a-z][a-z0-9_]*)@([1-9][0-9]{0,5})")


def _is_stored(given: Mapping[str, Any]) -> bool:
    """Whether the template asked for lies in the database."""
    found = _STORED.fullmatch(given["template"])
    return found is not None and found[1] not in codes() and not Path(given["template"]).is_file()


def _sound(name: str, layout: Layout) -> Layout:
    """The layout of a file, unless every certificate of it would be printed wrong (Refused)."""
    from trainhub.certificates.checking import faults, unprintable_wording

    wrong = [*faults(layout), *unprintable_wording(layout)]
    if wrong:
        raise Refused(_("%(file)s 不能用来打印：%(why)s", file=name, why=" ".join(wrong[:5])), code="bad_template")
    return layout


def layout_named(template: str) -> Layout:
    """The layout of a `TemplateName`. Refused when the file is no layout or one that prints wrong, or when there is no such version."""
    if template in codes():
        return built_in(template)
    path = Path(template)
    if path.is_file():
        try:
            return _sound(path.name, read_layout(path.read_text("utf-8")))
        except (BadLayout, UnicodeDecodeError) as bad:
            raise Refused(_("%(file)s 不是证书模板：%(why)s。", file=path.name, why=str(bad)), code="bad_template") from bad
    from trainhub.certificates import queries

    code, _at, version = template.partition("@")
    try:
        return queries.layout_of(code, int(version))
    except KeyError as unknown:
        raise NotFound(_("没有批准过的模板 %(code)s 第 %(version)s 版。", code=code, version=version), code="no_template") from unknown


@edge("blank", app_when=_is_stored)
@click.option(
    "--template",
    "template",
    required=True,
    type=TemplateName(),
    help="证书模板：内置的、JSON 文件或 代码@版本 / a built-in template, a JSON file or CODE@VERSION",
)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="输出文件 / the PDF to write")
def blank(template: str, out: Path) -> dict[str, Any]:
    """交印刷厂的空白证书底版：边框和固定文字，带出血和裁切线 / the blank for a printing house: frame and fixed words, with bleed and crop marks, nothing of anybody.

    Runs in overprint (套打) print the rest on it. Only a template drawn up here (CODE@VERSION) is looked up in the database.

    Example: trainhub certificates blank --template training --out blank.pdf --json
    """
    from trainhub.certificates.layouts.blank import blank as drawn

    layout = layout_named(template)
    _must_be_printable(layout, {})
    data = drawn(layout)
    _write(out, data)
    if _is_stored({"template": template}):
        _note_blank(layout)
    return {"template": layout.code, "version": layout.version, "bytes": len(data)}


def _note_blank(layout: Layout) -> None:
    """What the database gave is in its log, too; a built-in template or a file needs none, and notes nothing."""
    from trainhub.certificates import queries
    from trainhub.certificates.operations.templates import note_blank
    from trainhub.kernel.db import transaction

    row = next((one for one in queries.template_versions(layout.code) if one.edition == layout.version), None)
    with transaction():
        note_blank(layout=layout, template=row, by=operator())


@edge("render", app_when=_is_stored)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--template",
    "template",
    required=True,
    type=TemplateName(),
    help="证书模板：内置的、JSON 文件或 代码@版本 / a built-in template, a JSON file or CODE@VERSION",
)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="输出文件 / the PDF to write")
@click.option("--issuer", default="", help="发证单位 / the issuer printed and sealed")
@click.option("--issuer-en", default="", help="发证单位英文名 / the issuer in English")
@click.option("--base-url", default="", help="核验网址，默认 TRAINHUB_BASE_URL / where certificates are verified (default: TRAINHUB_BASE_URL)")
def render(file: Path, template: str, out: Path, issuer: str, issuer_en: str, base_url: str) -> dict[str, Any]:
    """由表格生成证书 PDF，不需要数据库 / print certificates from a table into one PDF, without a database.

    Only a template drawn up here (CODE@VERSION) is looked up in the database.

    Example: trainhub certificates render names.csv --template completion --out certificates.pdf --json
    Example: trainhub certificates render names.csv --template my-layout.json --out certificates.pdf
    """
    address, is_real = (must_fit(base_url), True) if base_url else without_app()
    if not is_real:
        say(_("没有设置 TRAINHUB_BASE_URL：二维码指向 %(address)s，只能试印。正式打印请设置它，或用 --base-url 指明查验网址。", address=address))
    common = {"issuer": clean_text(issuer), "issuer_en": clean_text(issuer_en)}
    return render_table(file, layout_named(template), out, common=common, base_url=address)
