"""GIFT, written: what it has words for; the rest is named with why. Keys, tags and a few flags stand in a comment that others skip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from courses.assessment.exchange.gift_read import BLANK, ESCAPED, is_weight
from courses.assessment.exchange.plan import Known
from courses.assessment.exchange.types import Written
from courses.assessment.rules.numbers import is_interval, number
from courses.assessment.types import CHOICES, QuestionKind
from trainhub.kernel.i18n import _


def escaped(text: str) -> str:
    """Characters that mean something in GIFT, and line breaks, written so that they mean themselves."""
    return _escaped(text.strip())


def _escaped(text: str) -> str:
    made = "".join(f"\\{char}" if char in ESCAPED else char for char in text.replace("\r", ""))
    return made.replace("\n", "\\n")


def write(rows: Sequence[Known]) -> Written:
    """The questions in the order of their categories."""
    blocks: list[str] = []
    left_out: list[tuple[str, str]] = []
    category = None
    for row in sorted(rows, key=lambda one: (one.question.category, one.question.id)):
        made = _block(row)
        if isinstance(made, tuple):
            left_out.append(((row.question.name or row.version.stem).replace("\n", " ")[:60], made[0]))
            continue
        if row.question.category != category:
            category = row.question.category
            blocks.append(f"$CATEGORY: $course$/{category}")
        blocks.append(made)
    return Written("\n\n".join(blocks) + ("\n" if blocks else ""), tuple(left_out))


def _block(row: Known) -> str | tuple[str]:
    """The text of a question, or why there is none in a tuple."""
    question, version = row.question, row.version
    writer = _BY_KIND.get(question.kind)
    if writer is None:
        return (_("GIFT 没有这种题型"),)
    if version.data.get("units"):
        return (_("GIFT 不能写单位"),)
    if version.data.get("is_pattern"):
        return (_("GIFT 不能写正则表达式"),)
    if version.data.get("rubric"):
        return (_("GIFT 不能写评分要点"),)
    if question.kind in CHOICES and not any(option.get("is_correct") for option in version.data["options"]):
        return (_("GIFT 不能写没有正确选项的题"),)
    answers = writer(version.data)
    if isinstance(answers, tuple):
        return answers
    if BLANK in version.stem and not version.stem.rstrip().endswith(BLANK):
        stem, after = (_escaped(part) for part in version.stem.strip().split(BLANK, 1))
    else:
        stem, after = escaped(version.stem), ""
    name = f"::{escaped(question.name)}::" if question.name else ""
    general = f"####{escaped(version.explanation)}" if version.explanation.strip() else ""
    is_html = version.data.get("body_format") == "html"
    notes = [f"[id:{question.key}]", *(f"[tag:{tag.replace(']', '&rbrack;')}]" for tag in row.tags), f"[th:{_flags(row)}]"]
    text = f"{name}[{'html' if is_html else 'markdown'}]{stem}{{{answers}{general}}}{after}"
    return f"// {' '.join(notes)}\n{text}"


def _flags(row: Known) -> str:
    data = row.version.data
    made = [f"level={row.question.difficulty.value}"]
    made += [f"{name}=1" for name in ("is_case_sensitive", "is_all_or_nothing") if data.get(name)]
    made += [f"penalty_x1000={data['penalty_x1000']}"] if data.get("penalty_x1000") else []
    made += [f"tolerance={data['tolerance']}"] if "%" in str(data.get("tolerance") or "") else []
    made += ["format=html"] if data.get("body_format") == "html" else []
    return ";".join(made)


def _feedback(row: Mapping[str, Any]) -> str:
    return f"#{escaped(row['feedback'])}" if row.get("feedback") else ""


def _percent(share: int) -> str:
    return f"%{share / 10:g}%"


def _like_weights(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[str] | None:
    """Why a text that begins as a weight does and has none of its own is not written: a reader would take it for one."""
    if any(row.get("share_x1000") is None and is_weight(str(row[name]).strip()) for row in rows):
        return (_("选项或答案以“%数字%”开头，GIFT 会当作分值比例，不能写"),)
    return None


def _single(data: Mapping[str, Any]) -> str | tuple[str]:
    if why := _like_weights(data["options"], "body"):
        return why
    found = []
    for option in data["options"]:
        share = option.get("share_x1000")
        is_right = option.get("is_correct") and share in (None, 1000)
        mark = "=" if is_right else ("~" if share is None else f"~{_percent(share)}")
        found.append(f"{mark}{escaped(option['body'])}{_feedback(option)}")
    return " ".join(found)


def _multiple(data: Mapping[str, Any]) -> str:
    right = sum(bool(o.get("is_correct")) for o in data["options"])
    own = any(o.get("share_x1000") is not None for o in data["options"])
    found = []
    for option in data["options"]:
        share = (option.get("share_x1000") or 0) / 10 if own else (100 / right if option.get("is_correct") else -100 / right)
        found.append(f"~%{share:.5g}%{escaped(option['body'])}{_feedback(option)}")
    return " ".join(found)


def _true_false(data: Mapping[str, Any]) -> str | tuple[str]:
    bodies = [o["body"].strip() for o in data["options"]]
    if bodies != [_("正确"), _("错误")] and bodies != ["正确", "错误"]:
        return (_("判断题的选项不是“正确、错误”，GIFT 不能写"),)
    true, false = data["options"]
    right, wrong = (true, false) if true.get("is_correct") else (false, true)
    word = "TRUE" if true.get("is_correct") else "FALSE"
    if not (right.get("feedback") or wrong.get("feedback")):
        return word
    return f"{word}#{escaped(wrong.get('feedback') or '')}#{escaped(right.get('feedback') or '')}"


def _text(data: Mapping[str, Any]) -> str | tuple[str]:
    if why := _like_weights([row for row in data["answers"] if row.get("is_correct", True)], "text"):
        return why
    if all("->" in f"{row['text']}{row.get('feedback') or ''}" for row in data["answers"]):
        return (_("每个答案中都有“->”，GIFT 会当作匹配题，不能写"),)
    found = []
    for answer in data["answers"]:
        share = answer.get("share_x1000")
        share = 0 if share is None and not answer.get("is_correct", True) else share
        found.append(f"={'' if share is None else _percent(share)}{escaped(answer['text'])}{_feedback(answer)}")
    return " ".join(found)


def _numeric(data: Mapping[str, Any]) -> str | tuple[str]:
    tolerance = str(data.get("tolerance") or "")
    found = []
    for answer in data["answers"]:
        text = str(answer["text"]).strip()
        if is_interval(text):
            if text[0] != "[" or text[-1] != "]" or tolerance:
                return (_("GIFT 不能写半开区间"),)
            value = text[1:-1].replace(",", "..").replace(" ", "")
        else:
            value = f"{text}:{tolerance}" if tolerance and "%" not in tolerance and number(tolerance) else text
        share = answer.get("share_x1000")
        share = 0 if share is None and not answer.get("is_correct", True) else share
        found.append(f"={'' if share is None else _percent(share)}{value}{_feedback(answer)}")
    return "#" + " ".join(found)


def _matching(data: Mapping[str, Any]) -> str | tuple[str]:
    if any("->" in pair.get("body", "") or "->" in pair["answer"] for pair in data["pairs"]):
        return (_("匹配项中有“->”，GIFT 不能写"),)
    return " ".join(f"={escaped(pair.get('body', ''))} -> {escaped(pair['answer'])}" for pair in data["pairs"])


_BY_KIND: Mapping[QuestionKind, Callable[[Mapping[str, Any]], str | tuple[str]]] = {
    QuestionKind.SINGLE: _single,
    QuestionKind.MULTIPLE: _multiple,
    QuestionKind.TRUE_FALSE: _true_false,
    QuestionKind.TEXT: _text,
    QuestionKind.NUMERIC: _numeric,
    QuestionKind.MATCHING: _matching,
    QuestionKind.ESSAY: lambda _data: "",
}
