"""What a question must have before it may be asked: refused in words, with the field that is wrong. Then its markup is made safe."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from courses.assessment.errors import BadQuestion
from courses.assessment.rules import formulas, patterns
from courses.assessment.rules.drawing import key_names, values_of
from courses.assessment.rules.expressions import CONSTANTS, FUNCTIONS, NAME, BadExpression, value_of
from courses.assessment.rules.numbers import is_interval, number, plain_number
from courses.assessment.types import BY_PERSON, CHOICES, MEASURED, QuestionKind, Variable
from courses.catalogue.markup import to_html
from courses.catalogue.types import BodyFormat
from trainhub.kernel.i18n import _

MAX_ROWS = 100
"""Options, answers, blanks, pairs, units or variables of one question."""
MAX_JSON = 400_000
BLANK_MARK = re.compile(r"\[\[([^\[\]\s|:：]{1,20})\]\]")
VALUE_MARK = re.compile(r"\{([A-Za-z][A-Za-z0-9_]{0,19})\}")


def checked(kind: QuestionKind, stem: str, data: Mapping[str, Any], *, is_survey: bool) -> dict[str, Any]:
    """The data without empty rows. Refuses what nobody could answer rightly."""
    made = dict(data)
    made["options"] = [dict(o) for o in data.get("options", []) if str(o.get("body", "")).strip()]
    made["answers"] = [dict(a) for a in data.get("answers", []) if str(a.get("text", "")).strip()]
    for name in ("options", "answers", "blanks", "pairs", "units", "variables"):
        if len(made.get(name) or ()) > MAX_ROWS:
            raise BadQuestion(_("一道题最多 %(n)d 行，请拆成几道题。", n=MAX_ROWS), field=name)
    if sum(len(str(value)) for value in made.values()) > MAX_JSON:
        raise BadQuestion(_("题目内容太长，请精简，或把图片作为课程文件上传后引用。"), field="stem")
    if kind in CHOICES:
        _check_options(kind, made["options"], is_survey=is_survey)
    elif kind in _BY_KIND:
        _BY_KIND[kind](stem, made)
    elif kind not in BY_PERSON and not is_survey and not any(a.get("is_correct", True) for a in made["answers"]):
        raise BadQuestion(_("请至少填写一个正确答案。"), field="answers")
    if kind is QuestionKind.TEXT and made.get("is_pattern"):
        _check_patterns(made["answers"])
    if kind is QuestionKind.NUMERIC:
        _check_numbers(made["answers"], "answers")
    if kind in MEASURED:
        _check_tolerance(str(data.get("tolerance") or ""), "tolerance")
        if made.get("units") and not any(number(str(unit["factor"])) == 1 for unit in made["units"]):
            raise BadQuestion(_("请写明答案所用的单位：至少有一个单位的换算系数是 1，例如“m = 1”。"), field="units")
    for name, most in (("unit_share_x1000", 1000), ("penalty_x1000", 1000)):
        if not 0 <= int(made.get(name) or 0) <= most:
            raise BadQuestion(_("比例应在 0% 到 100% 之间。"), field=name.removesuffix("_x1000"))
    return made


def _check_options(kind: QuestionKind, options: list[dict[str, Any]], *, is_survey: bool) -> None:
    if len(options) < 2:
        raise BadQuestion(_("选择题至少要有两个选项。"), field="options")
    right = sum(bool(o.get("is_correct")) for o in options)
    full = sum(o.get("share_x1000", 1000 if o.get("is_correct") else 0) == 1000 for o in options)
    if is_survey:
        return
    if kind is QuestionKind.MULTIPLE:
        if not right:
            raise BadQuestion(_("多选题至少要有一个正确选项。"), field="options")
        total = sum(max(0, o["share_x1000"]) for o in options if o.get("share_x1000") is not None)
        if any(o.get("share_x1000") is not None for o in options) and not 995 <= total <= 1005:
            raise BadQuestion(_("多选题各正确选项的分值比例之和应为 100%%，现在是 %(sum)s%%。", sum=f"{total / 10:g}"), field="options")
    elif full != 1:
        raise BadQuestion(_("单选题和判断题必须恰好有一个正确选项。"), field="options")


def _check_numbers(answers: list[dict[str, Any]], field: str) -> None:
    for answer in answers:
        text = str(answer["text"])
        if number(text) is None and not is_interval(text):
            raise BadQuestion(_("数值题的答案“%(text)s”不是数，也不是区间，例如 3.14 或 [3,4)。", text=text[:40]), field=field)


def _check_patterns(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        try:
            patterns.check(str(answer["text"]))
        except patterns.BadPattern as bad:
            text = str(answer["text"])[:40]
            words = {
                "unsupported": _("正则表达式“%(text)s”第 %(at)d 个字符处的写法不支持：反向引用、环视等无法保证评分时间。", text=text, at=bad.at),
                "too_long": _("正则表达式“%(text)s”太长或嵌套太深，请拆成几个答案。", text=text),
            }
            said = words.get(bad.code) or _("正则表达式“%(text)s”第 %(at)d 个字符处写法有误。", text=text, at=bad.at)
            raise BadQuestion(said, field="answers") from None


def _check_tolerance(text: str, field: str) -> None:
    text = text.strip().replace("％", "%")
    if text and number(text.rstrip("%")) is None:
        raise BadQuestion(_("误差“%(text)s”无法理解，请填 0.5 或 2%% 这样的值。", text=text[:20]), field=field)


def _check_cloze(stem: str, data: dict[str, Any]) -> None:
    blanks = data.get("blanks") or []
    marked, named = BLANK_MARK.findall(stem), [blank["key"] for blank in blanks]
    if not blanks:
        raise BadQuestion(_("请至少写一个空，例如“1: 北京”，并在题干中用 [[1]] 标出位置。"), field="blanks")
    for key in named:
        if named.count(key) > 1 or marked.count(key) != 1:
            raise BadQuestion(_("空“%(key)s”应在题干中用 [[%(key)s]] 恰好标出一次。", key=key), field="stem")
    loose = [key for key in marked if key not in named]
    if loose:
        raise BadQuestion(_("题干中的 [[%(key)s]] 没有答案，请补上。", key=loose[0]), field="blanks")
    for blank in blanks:
        if not any(a.get("is_correct", True) for a in blank["answers"]):
            raise BadQuestion(_("空“%(key)s”没有正确答案。", key=blank["key"]), field="blanks")
        if blank["kind"] == "numeric":
            _check_numbers(blank["answers"], "blanks")
            _check_tolerance(str(blank.get("tolerance") or ""), "blanks")


def _check_matching(_stem: str, data: dict[str, Any]) -> None:
    lines = [pair for pair in data.get("pairs") or [] if pair.get("body")]
    if len(lines) < 2 or len({pair["answer"] for pair in data["pairs"]}) < 2:
        raise BadQuestion(_("匹配题至少要有两对，且右边至少有两个不同的答案。"), field="pairs")


def _check_ordering(_stem: str, data: dict[str, Any]) -> None:
    if len(data["options"]) < 2 or len({o["body"] for o in data["options"]}) < len(data["options"]):
        raise BadQuestion(_("排序题至少要有两项，且各项不能相同。"), field="items")


def _check_formula(stem: str, data: dict[str, Any]) -> None:
    variables = [
        Variable(v["name"], plain_number(str(v["low"])), plain_number(str(v["high"])), int(v.get("decimals") or 0))
        for v in data.get("variables") or []
    ]
    names = [variable.name for variable in variables]
    if not variables and not data.get("asks_expression"):
        raise BadQuestion(_("公式题至少要有一个变量，例如“x: 1 ~ 10, 2”。"), field="variables")
    for variable in variables:
        low, high = number(variable.low), number(variable.high)
        if not NAME.match(variable.name) or variable.name in FUNCTIONS or variable.name in CONSTANTS or names.count(variable.name) > 1:
            raise BadQuestion(_("变量名“%(name)s”不能用：请用字母开头的名称，不与函数、常数或其他变量重名。", name=variable.name), field="variables")
        if low is None or high is None or low > high or abs(low) > 10**12 or abs(high) > 10**12:
            raise BadQuestion(_("变量“%(name)s”的范围不对：应从小到大。", name=variable.name), field="variables")
    if data.get("asks_expression"):
        _check_asked(data, variables)
        return
    for name in VALUE_MARK.findall(stem):
        if name not in names:
            raise BadQuestion(_("题干中的 {%(name)s} 不是已定义的变量。", name=name), field="stem")
    if not set(names) & set(VALUE_MARK.findall(stem)):
        raise BadQuestion(_("题干中没有出现任何变量，请用 {%(name)s} 写出它的值。", name=names[0]), field="stem")
    _check_expression(str(data.get("expression") or ""), variables)


def _check_asked(data: dict[str, Any], variables: list[Variable]) -> None:
    """A formula that learners write: it and its alternatives have a value somewhere and say the same."""
    right = formulas.alternatives(str(data.get("expression") or ""))
    if data.get("units"):
        raise BadQuestion(_("学员填写公式本身时不能要求单位，请清空“单位”。"), field="units")
    if not right:
        raise BadQuestion(_("请填写计算答案的公式，例如 v * t + sqrt(a)。"), field="expression")
    tolerance, case = str(data.get("tolerance") or ""), bool(data.get("is_case_sensitive"))
    for one in right:
        if formulas.agrees(one, one, variables, tolerance, is_case_sensitive=case) is None:
            raise BadQuestion(_("公式“%(text)s”写法有误，或在变量的范围内没有值。", text=one[:60]), field="expression")
        if not formulas.agrees(right[0], one, variables, tolerance, is_case_sensitive=case):
            raise BadQuestion(_("公式“%(a)s”与“%(b)s”的值不同，不能都是正确答案。", a=right[0][:40], b=one[:40]), field="expression")


def _check_expression(expression: str, variables: list[Variable]) -> None:
    """A division by zero is found before a learner meets it: at both ends of one variable, and when draws find no value at all.

    Draws at which the expression has no value are passed over (see `values_of`).
    """
    if not expression.strip():
        raise BadQuestion(_("请填写计算答案的公式，例如 v * t + sqrt(a)。"), field="expression")
    cases: list[dict[str, Any]] = [{variables[0].name: end} for end in (variables[0].low, variables[0].high)] if len(variables) == 1 else []
    cases += [values_of(variables, expression, f"check:{n}") for n in range(20)]
    for values in cases:
        try:
            value_of(expression, values)
        except BadExpression as bad:
            at = "，".join(f"{name} = {value}" for name, value in values.items())
            words = {
                "divided_by_zero": _("公式在 %(at)s 处除以零。请缩小变量的范围，使公式处处有值。", at=at),
                "undefined": _("公式在 %(at)s 处没有实数值（例如负数开方）。请缩小变量的范围。", at=at),
                "name": _("公式中的“%(name)s”既不是变量，也不是可用的函数。", name=bad.detail),
                "arguments": _("函数 %(name)s 的参数个数不对。", name=bad.detail),
                "too_long": _("公式太长或嵌套太深。"),
            }
            raise BadQuestion(words.get(bad.code) or _("公式在“%(text)s”处写法有误。", text=bad.detail), field="expression") from None


_BY_KIND: Mapping[QuestionKind, Callable[[str, dict[str, Any]], None]] = {
    QuestionKind.CLOZE: _check_cloze,
    QuestionKind.MATCHING: _check_matching,
    QuestionKind.ORDERING: _check_ordering,
    QuestionKind.FORMULA: _check_formula,
}


def version_data(data: Mapping[str, Any], body_format: BodyFormat) -> dict[str, Any]:
    """The data of a version with its markup sanitised; options and pairs keep their keys, new ones get a, b, c."""
    options = [dict(o) for o in data.get("options", [])]
    answers = [dict(a) for a in data.get("answers", [])]
    pairs = [dict(p) for p in data.get("pairs", [])]
    for rows in (options, pairs):
        _give_keys(rows)
    for option in options:
        option["is_correct"] = bool(option.get("is_correct"))
        option["html"] = inline(to_html(str(option["body"]), body_format))
        option["feedback_html"] = to_html(str(option.get("feedback", "")), body_format)
    for answer in answers:
        answer["is_correct"] = bool(answer.get("is_correct", True))
        answer["feedback_html"] = to_html(str(answer.get("feedback", "")), body_format)
    for pair in pairs:
        pair["html"] = inline(to_html(str(pair.get("body", "")), body_format))
    for rows in (options, pairs):
        if len({row["key"] for row in rows}) != len(rows):
            raise BadQuestion(_("选项的编号重复，请刷新页面后重新填写。"), field="options")
    made = {**data, "options": options, "answers": answers, "body_format": body_format.value}
    return {**made, "pairs": pairs} if pairs else made


def _give_keys(rows: list[dict[str, Any]]) -> None:
    used = {str(row["key"]) for row in rows if row.get("key")}
    names = key_names()
    for row in rows:
        if not row.get("key"):
            row["key"] = next(key for key in names if key not in used)
            used.add(row["key"])


def inline(markup: str) -> str:
    """A single paragraph without its tag, so that it stands beside its control."""
    text = markup.strip()
    return text[3:-4] if text.startswith("<p>") and text.endswith("</p>") and text.count("<p>") == 1 else text
