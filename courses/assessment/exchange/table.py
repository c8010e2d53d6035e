"""Questions as a table: one row each, the parts in the notation of the editor. Carries every kind; read from .xlsx and .csv."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from courses.assessment import labels, notation
from courses.assessment.errors import BadQuestion
from courses.assessment.exchange.plan import Known
from courses.assessment.exchange.types import FLAG_DEFAULTS, Carried, Read
from courses.assessment.operations.bank import tag_list
from courses.assessment.rules.numbers import rounded
from courses.assessment.types import CHOICES, Difficulty, QuestionKind
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l, in_language
from trainhub.kernel.sheets.parsers import enum_choices, parse_bool, parse_decimal, parse_enum, parse_int
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.kernel.sheets.types import Problem, shown

PARTS = ("options", "items", "answers", "blanks", "pairs", "variables", "units")


def _zh(labels_: Any) -> dict[Any, str]:
    """Chinese names whatever the reader's language: the file is the same for everybody."""
    with in_language("zh"):
        return {one: str(label) for one, label in labels_.items()}


def schema() -> Schema:
    """The columns. Everything but kind and stem may be absent."""
    kinds = enum_choices(QuestionKind, _zh(labels.KINDS))
    levels = enum_choices(Difficulty, _zh(labels.DIFFICULTIES))
    share = lambda text: rounded(parse_decimal(text.rstrip("%％"), least=0, most=100) * 10)  # noqa: E731
    return Schema(
        [
            Field("key", "编号", hint=_l("导出时给出；再导入时凭它认出是同一道题。新题留空"), is_code=True, default=""),
            Field("kind", "题型", parse_enum(kinds), required=True, choices=tuple(_zh(labels.KINDS).values())),
            Field("name", "名称", default=""),
            Field("category", "分类", hint=_l("用 / 分层"), default=""),
            Field("tags", "标签", hint=_l("用逗号隔开"), default=""),
            Field("difficulty", "难度", parse_enum(levels), default=Difficulty.MEDIUM, choices=tuple(_zh(labels.DIFFICULTIES).values())),
            Field("stem", "题干", required=True),
            Field("options", "选项", hint=_l("每行一个，正确的以 * 开头，// 后是反馈"), default=""),
            Field("items", "排序项", hint=_l("每行一个，按正确顺序"), default=""),
            Field("answers", "答案", hint=_l("每行一个可接受的答案"), default=""),
            Field("blanks", "填空", hint=_l("每行一个空：1: 北京 | 京城"), default=""),
            Field("pairs", "匹配", hint=_l("每行一对：中国 => 北京"), default=""),
            Field("variables", "变量", hint=_l("每行一个：x: 1 ~ 10, 2"), default=""),
            Field("expression", "公式", default=""),
            Field("tolerance", "误差", hint=_l("0.5 或 2%"), default=""),
            Field("units", "单位", hint=_l("每行一个：cm = 0.01"), default=""),
            Field("unit_share", "无单位得分", share, hint=_l("百分比"), default=0),
            Field("asks_expression", "填写公式本身", parse_bool, default=False),
            Field("is_pattern", "正则表达式", parse_bool, default=False),
            Field("is_case_sensitive", "区分大小写", parse_bool, default=False),
            Field("is_all_or_nothing", "全对才给分", parse_bool, default=False),
            Field("penalty", "答错扣分", share, hint=_l("占本题分值的百分比"), default=0),
            Field("rubric", "评分要点", default=""),
            Field("max_files", "文件数", lambda text: parse_int(text, least=1, most=20), default=3),
            Field("explanation", "解析", default=""),
            Field("is_survey", "可无正确答案", parse_bool, hint=_l("调查题，或一个都不选才对的多选题"), default=False),
            Field("body_format", "格式", parse_enum({"markdown": "markdown", "html": "html"}), default="markdown", choices=("markdown", "html")),
        ]
    )


def read(content: bytes, *, filename: str, max_rows: int) -> tuple[Read, list[Problem], str, str | None]:
    """The questions of a table, the problems with sheet, row and column, and the names of file and sheet."""
    found, columns = Read(), schema()
    with read_table(io.BytesIO(content), columns.columns, filename=filename, max_rows=max_rows) as table:
        problems = list(table.problems)
        for row in columns.parse(table):
            problems += row.problems
            if row.is_good:
                try:
                    found.questions.append(_carried(row))
                except Refused as refused:
                    cell = row.row.values.get(refused.field or "")
                    value = shown(cell) if cell is not None else None
                    problems.append(Problem(table.file, table.sheet, row.number, refused.field, value, refused.message))
        return found, problems, table.file, table.sheet


def _carried(row: Parsed) -> Carried:
    given, kind = row.data, row.data["kind"]
    for part in PARTS:
        if given[part] and part not in notation.PARTS[kind]:
            names = {"options": _("选项"), "items": _("排序项"), "answers": _("答案"), "blanks": _("填空"), "pairs": _("匹配")}
            said = _("%(kind)s没有“%(part)s”这一列，请清空或改题型。", kind=labels.KINDS[kind], part=names.get(part, part))
            raise BadQuestion(said, field=part)
    data = notation.read(kind, {part: given[part] for part in PARTS})
    for flag in notation.FLAGS[kind]:
        name = f"{flag}_x1000" if flag in ("unit_share", "penalty") else flag
        data[name] = given[flag]
    return Carried(
        line=row.number,
        kind=kind,
        stem=given["stem"],
        data=data,
        explanation=given["explanation"],
        key=given["key"],
        name=given["name"],
        category=given["category"],
        tags=tag_list(given["tags"]),
        difficulty=given["difficulty"],
        body_format=given["body_format"],
        is_survey=given["is_survey"],
    )


def record(row: Known) -> dict[str, Any]:
    """One row of the export."""
    question, data = row.question, row.version.data
    flags = {name: data.get(name) or default for name, default in FLAG_DEFAULTS.items()}
    yes = {True: "是", False: ""}
    return {
        "key": question.key,
        "kind": _zh(labels.KINDS)[question.kind],
        "name": question.name,
        "category": question.category,
        "tags": ", ".join(row.tags),
        "difficulty": _zh(labels.DIFFICULTIES)[question.difficulty],
        "stem": row.version.stem,
        **notation.write(question.kind, data),
        "expression": flags["expression"],
        "tolerance": flags["tolerance"],
        "unit_share": f"{Decimal(flags['unit_share_x1000']) / 10:f}" if flags["unit_share_x1000"] else "",
        "asks_expression": yes[bool(flags["asks_expression"])],
        "is_pattern": yes[bool(flags["is_pattern"])],
        "is_case_sensitive": yes[bool(flags["is_case_sensitive"])],
        "is_all_or_nothing": yes[bool(flags["is_all_or_nothing"])],
        "penalty": f"{Decimal(flags['penalty_x1000']) / 10:f}" if flags["penalty_x1000"] else "",
        "rubric": flags["rubric"],
        "max_files": str(flags["max_files"]) if question.kind is QuestionKind.FILE else "",
        "explanation": row.version.explanation,
        "is_survey": yes[_has_no_right(question.kind, data)],
        "body_format": data.get("body_format", "markdown"),
    }


def _has_no_right(kind: QuestionKind, data: Mapping[str, Any]) -> bool:
    """Whether nothing is right in a question that offers options or accepts texts."""
    if kind in CHOICES:
        return not any(option.get("is_correct") for option in data.get("options", []))
    return kind in (QuestionKind.TEXT, QuestionKind.NUMERIC) and not any(answer.get("is_correct", True) for answer in data.get("answers", []))


EXAMPLES: Sequence[dict[str, Any]] = (
    {"kind": "单选题", "category": "第一章/基础", "tags": "期末", "difficulty": "易", "stem": "1 + 1 = ?", "options": "1\n* 2 // 正确\n3"},
    {"kind": "填空题", "stem": "中国的首都是 [[1]]，\\(\\pi\\) 约为 [[2]]。", "blanks": "1: 北京\n2: =3.14 ± 0.01"},
    {
        "kind": "公式题",
        "stem": "以 {v} m/s 行驶 {t} s，路程是多少？",
        "variables": "v: 2 ~ 9\nt: 1 ~ 5, 1",
        "expression": "v*t",
        "units": "m = 1\nkm = 1000",
    },
    {"kind": "匹配题", "stem": "国家与首都", "pairs": "中国 => 北京\n法国 => 巴黎\n=> 伦敦"},
)
