"""Forms of the question editor: shape and type of input only."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, DecimalField
from wtforms.validators import InputRequired, Length, NumberRange

from courses.assessment.types import BY_PERSON, CHOICES, QuestionKind
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _l

_RIGHT = re.compile(r"^\s*([*＊√+])\s*")


class QuestionForm(Form):
    """A question of any kind; the page shows the fields that its kind has.

    Options are lines; a right one begins with a star. Feedback follows after ` // `. Answers of text and numeric questions
    are lines too.
    """

    stem = LongText(_l("题干"), [InputRequired(), Length(max=20000)], description=_l("可用 Markdown；公式写在 \\( \\) 或 $$ $$ 中"))
    options = LongText(
        _l("选项"), [Length(max=20000)], description=_l("每行一个选项，正确的选项以 * 开头；选项后可用 // 加反馈，例如：* 北京 // 回答正确")
    )
    answers = LongText(_l("正确答案"), [Length(max=5000)], description=_l("每行一个可接受的答案；数值题也可写区间，例如 [3,4)"))
    tolerance = Text(_l("允许误差"), [Length(max=20)], description=_l("例如 0.5 或 2%；留空表示必须相等"))
    is_case_sensitive = BooleanField(_l("区分大小写"))
    explanation = LongText(_l("解析"), [Length(max=20000)], description=_l("交卷后显示"))
    category = Text(_l("分类"), [Length(max=80)])
    points = DecimalField(_l("分值"), [InputRequired(), NumberRange(min=0, max=1000)], places=1, default=Decimal(1))

    def fields_of(self, kind: QuestionKind) -> list[str]:
        """The fields a kind has, in the order of the page."""
        middle: list[str] = []
        if kind in CHOICES:
            middle = ["options"]
        elif kind is QuestionKind.NUMERIC:
            middle = ["answers", "tolerance"]
        elif kind not in BY_PERSON:
            middle = ["answers", "is_case_sensitive"]
        return ["stem", *middle, "points", "explanation", "category"]

    def values(self, kind: QuestionKind) -> dict[str, Any]:
        """The data of a question version."""
        return {
            "options": [_option(line) for line in _lines(self.options.data)] if kind in CHOICES else [],
            "answers": [{"text": line, "is_correct": True} for line in _lines(self.answers.data)] if kind not in CHOICES | BY_PERSON else [],
            "tolerance": self.tolerance.data or "",
            "is_case_sensitive": bool(self.is_case_sensitive.data),
        }

    def show(self, data: dict[str, Any]) -> None:
        """Fill the fields from a stored version."""
        self.options.data = "\n".join(_line(option) for option in data.get("options", []))
        self.answers.data = "\n".join(answer["text"] for answer in data.get("answers", []) if answer.get("is_correct", True))
        self.tolerance.data = data.get("tolerance", "")
        self.is_case_sensitive.data = bool(data.get("is_case_sensitive"))


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _option(line: str) -> dict[str, Any]:
    right = bool(_RIGHT.match(line))
    body, _sep, feedback = _RIGHT.sub("", line).partition(" // ")
    return {"body": body.strip(), "is_correct": right, "feedback": feedback.strip()}


def _line(option: dict[str, Any]) -> str:
    body = " ".join(str(option.get("body", "")).split())
    feedback = f" // {' '.join(option['feedback'].split())}" if option.get("feedback") else ""
    return f"{'* ' if option.get('is_correct') else ''}{body}{feedback}"
