"""A document as DOCX: the few parts of WordprocessingML that headings, paragraphs and tables need. The same content gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from trainhub.kernel.papers.blocks import Block, Break, Bullets, Grid, Heading, Paper, Para, columns, introducing, is_wide

NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
A4 = (11906, 16838)
MARGIN = 1304
"""Twentieths of a point: A4, 2.3 cm."""

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>'
    '<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
PARTS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
    '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/></Relationships>'
)


def _style(key: str, name: str, *, size: int, font: str = "宋体", bold: bool = False, before: int = 0, after: int = 80, outline: int | None = None, keeps: bool = False, more: str = "") -> str:  # fmt: skip
    level = f'<w:outlineLvl w:val="{outline}"/>' if outline is not None else ""
    keep = "<w:keepNext/>" if keeps or outline is not None else ""  # the schema wants it before the spacing
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"{" w:default=" + chr(34) + "1" + chr(34) if key == "Normal" else ""}><w:name w:val="{name}"/>'
        f'<w:pPr>{keep}<w:spacing w:before="{before}" w:after="{after}" w:line="300" w:lineRule="auto"/>{more}{level}</w:pPr>'
        f'<w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}"/>{"<w:b/>" if bold else ""}'
        f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>'
    )


STYLES = (
    f"<w:styles {NS}>"
    + _style("Normal", "Normal", size=21)
    + _style("Title", "Title", size=36, font="黑体", bold=True, before=240, after=160, more='<w:jc w:val="center"/>')
    + _style("Subtitle", "Subtitle", size=24, after=60, more='<w:jc w:val="center"/>')
    + _style("Heading1", "heading 1", size=28, font="黑体", bold=True, before=320, after=140, outline=0)
    + _style("Heading2", "heading 2", size=24, font="黑体", bold=True, before=220, after=100, outline=1)
    + _style("Heading3", "heading 3", size=22, font="黑体", bold=True, before=160, after=80, outline=2)
    + _style("Body", "Body Text", size=21, more='<w:ind w:firstLine="420"/>')
    + _style("Note", "Note", size=18)
    + _style("Caption", "caption", size=20, font="黑体", before=140, after=60, keeps=True, more='<w:jc w:val="center"/>')
    + _style("Item", "List Bullet", size=21, more='<w:ind w:left="420" w:hanging="210"/>')
    + _style("Cell", "Table Text", size=18, after=0)
    + _style("CellHead", "Table Head", size=18, font="黑体", bold=True, after=0, keeps=True)
    + _style("CellSmall", "Table Text Small", size=14, after=0)
    + _style("CellHeadSmall", "Table Head Small", size=14, font="黑体", bold=True, after=0, keeps=True)
    + "</w:styles>"
)


def _clean(text: str) -> str:
    return escape("".join(char for char in text if char >= " " or char in "\t"))


def _p(text: str, style: str, *, more: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr><w:r><w:t xml:space="preserve">{_clean(text)}</w:t></w:r></w:p>'


def _lines(text: str, style: str, *, more: str = "") -> str:
    return "".join(_p(line, style, more=more) for line in text.split("\n") if line.strip())


def _cell(text: str, width: int, style: str) -> str:
    lines = text.split("\n") or [""]
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="E8EEF0"/>' if style.startswith("CellHead") else ""
    body = "".join(_p(line, style) for line in lines)
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>{body}</w:tc>'


def _table(grid: Grid, width: int) -> str:
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="7A8A90"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    small, size, inner = ("Small", 140, 40) if is_wide(grid) else ("", 180, 70)
    widths = [round(one) for one in columns(grid, width=width, size=size, inner=inner)]
    margins = f'<w:tblCellMar><w:left w:w="{inner}" w:type="dxa"/><w:right w:w="{inner}" w:type="dxa"/></w:tblCellMar>'
    head = "".join(_cell(text, w, f"CellHead{small}") for text, w in zip(grid.columns, widths, strict=True))
    rows = "".join(
        "<w:tr><w:trPr><w:cantSplit/></w:trPr>" + "".join(_cell(text, w, f"Cell{small}") for text, w in zip(row, widths, strict=True)) + "</w:tr>"
        for row in grid.rows
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>{margins}</w:tblPr>'
        f"<w:tblGrid>{''.join(f'<w:gridCol w:w={chr(34)}{w}{chr(34)}/>' for w in widths)}</w:tblGrid>"
        f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>{rows}</w:tbl>{_p('', 'Note')}"
    )


def _body(blocks: list[Block], width: int) -> Iterator[str]:
    for block, heads_table in introducing(blocks):
        match block:
            case Heading(text, level):
                yield _p(text, f"Heading{min(3, max(1, level))}")
            case Para(text, is_note):
                yield _lines(text, "Note" if is_note else "Body", more="<w:keepNext/>" if heads_table else "")
            case Bullets(items):
                yield "".join(_p(f"· {item}", "Item") for item in items)
            case Break():
                yield '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
            case Grid():
                if block.caption:
                    yield _p(block.caption, "Caption")
                yield _table(block, width) if block.rows else _p(block.nothing or "—", "Note")


def draw(paper: Paper) -> bytes:
    """The document as DOCX."""
    size = A4[::-1] if paper.is_landscape else A4
    width = size[0] - 2 * MARGIN
    orient = ' w:orient="landscape"' if paper.is_landscape else ""
    section = (
        f'<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="{size[0]}" w:h="{size[1]}"{orient}/>'
        f'<w:pgMar w:top="{MARGIN}" w:right="{MARGIN}" w:bottom="{MARGIN}" w:left="{MARGIN}" w:header="600" w:footer="600" w:gutter="0"/></w:sectPr>'
    )
    title = _p(paper.title, "Title") + "".join(_p(line, "Subtitle") for line in paper.lines)
    document = f"<w:document {NS}><w:body>{title}{''.join(_body(list(paper.blocks), width))}{section}</w:body></w:document>"
    number = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    foot = f'<w:ftr {NS}><w:p><w:pPr><w:pStyle w:val="Note"/><w:jc w:val="center"/></w:pPr><w:r><w:t xml:space="preserve">{_clean(paper.footer)}　</w:t></w:r>{number}</w:p></w:ftr>'
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{_clean(paper.title)}</dc:title></cp:coreProperties>'
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in (
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", RELS),
            ("word/document.xml", document),
            ("word/styles.xml", STYLES),
            ("word/footer1.xml", foot),
            ("word/_rels/document.xml.rels", PARTS),
            ("docProps/core.xml", core),
        ):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, HEAD + text)
    return target.getvalue()
