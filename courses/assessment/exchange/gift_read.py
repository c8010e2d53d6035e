"""GIFT, read: every kind it knows; what cannot be taken is named with its line and why."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from courses.assessment.exchange.types import Carried, Read, Trouble
from courses.assessment.rules.numbers import number, rounded
from courses.assessment.types import Difficulty, QuestionKind
from trainhub.kernel.i18n import _

ESCAPED = "~=#{}:\\"
_HIDE = {char: chr(0xE100 + n) for n, char in enumerate(ESCAPED)}
_SHOW = {hidden: char for char, hidden in _HIDE.items()}
_BREAK = chr(0xE110)
_NAME = re.compile(r"^::(.*?)::\s*", re.DOTALL)
_FORMAT = re.compile(r"^\[(html|markdown|moodle|plain)\]\s*", re.IGNORECASE)
_NOTE = re.compile(r"\[(id|tag|th):([^\]]*)\]")
_WEIGHT = re.compile(r"^%(-?\d+(?:\.\d+)?)%")
_TRUE = re.compile(r"^(TRUE|T|FALSE|F)\s*(?=#|$)", re.IGNORECASE)
BLANK = "_____"


class Cannot(ValueError):
    """A question that cannot be taken, in words."""


def hidden(text: str) -> str:
    """Escaped characters out of the way, so that what is left means something."""
    made = re.sub(r"\\([~=#{}:\\])", lambda m: _HIDE[m.group(1)], text)
    return made.replace("\\n", _BREAK)


def restored(text: str) -> str:
    """The text as its author meant it."""
    return _meant(text).strip()


def _meant(text: str) -> str:
    for mark, char in _SHOW.items():
        text = text.replace(mark, char)
    return text.replace(_BREAK, "\n")


def read(text: str) -> Read:
    """Every question of a GIFT file with its line."""
    found = Read()
    category: str | None = None
    notes: dict[str, Any] = {}
    block: list[str] = []
    begun = 0

    def close() -> None:
        nonlocal block, notes, begun
        if block:
            try:
                found.questions.append(_question(begun, "\n".join(block), category, notes, found))
            except Cannot as why:
                found.troubles.append(Trouble(begun, str(why), " ".join(block), is_warning=_is_description(block)))
        block, notes, begun = [], {}, 0

    for number_, line in enumerate(text.splitlines(), start=1):
        plain = line.strip()
        if not plain:
            close()
        elif plain.startswith("//"):
            notes = {**notes, **_notes(plain, notes)} if not block else notes
        elif plain.upper().startswith("$CATEGORY:") and not block:
            category = _category(plain[10:])
        else:
            begun = begun or number_
            block.append(line)
    close()
    return found


def _category(text: str) -> str:
    path = text.strip().removeprefix("$course$/").removeprefix("$course$").removeprefix("top/").removeprefix("top")
    return "" if path in ("默认", "Default") else restored(hidden(path))


def _notes(line: str, known: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"tags": list(known.get("tags", [])), "th": dict(known.get("th", {}))}
    for name, value in _NOTE.findall(line):
        value = value.replace("&rbrack;", "]").strip()
        if name == "id":
            made["key"] = value[:120]
        elif name == "tag":
            made["tags"].append(value[:40])
        else:
            made["th"] |= dict(part.split("=", 1) for part in value.split(";") if "=" in part)
    return made


def _is_description(block: list[str]) -> bool:
    return not re.search(r"[{}]", hidden("\n".join(block)))


def _question(line: int, text: str, category: str | None, notes: dict[str, Any], found: Read) -> Carried:
    text = hidden(text).strip()
    name_match = _NAME.match(text)
    name = restored(name_match.group(1)) if name_match else None
    text = text[name_match.end() :] if name_match else text
    format_match = _FORMAT.match(text)
    marked = format_match.group(1).lower() if format_match else ""
    text = text[format_match.end() :] if format_match else text
    if text.count("{") != text.count("}") or (text.count("{") and text.index("{") > text.rindex("}")):
        raise Cannot(_("大括号不成对：左括号 %(a)d 个，右括号 %(b)d 个。正文中的大括号请写成 \\{ 和 \\}。", a=text.count("{"), b=text.count("}")))
    if "{" not in text:
        raise Cannot(_("没有用大括号写出答案：这是说明文字，不是题目，没有导入"))
    if text.count("{") > 1:
        raise Cannot(_("一道题里有几组大括号：GIFT 每题只能有一组答案；几道题之间请空一行"))
    before, rest = text.split("{", 1)
    inside, after = rest.rsplit("}", 1)
    inside, _sep, general = inside.partition("####")
    is_html = marked in ("html", "moodle") and bool(re.search(r"<\w+", text))
    stem = f"{_meant(before)}{BLANK}{_meant(after)}".strip() if after.strip() else restored(before)
    kind, data = _answers(inside.strip())
    if notes.get("th"):
        _flags(data, notes["th"], kind)
    th = notes.get("th", {})
    return Carried(
        line=line,
        kind=kind,
        stem=stem,
        data=data,
        explanation=restored(general),
        key=notes.get("key", ""),
        name=name,
        category=category,
        tags=list(dict.fromkeys(notes["tags"])) if notes.get("tags") or notes.get("key") else None,
        difficulty=Difficulty(th["level"]) if th.get("level") in set(Difficulty) else None,
        body_format="html" if is_html or th.get("format") == "html" else "markdown",
    )


def _flags(data: dict[str, Any], th: dict[str, str], kind: QuestionKind) -> None:
    """What GIFT has no word for and our own export notes beside the question."""
    data |= {name: True for name in ("is_case_sensitive", "is_all_or_nothing") if th.get(name) == "1"}
    data |= {name: int(th[name]) for name in ("penalty_x1000",) if th.get(name, "").isdigit()}
    if th.get("tolerance") and kind is QuestionKind.NUMERIC:
        data["tolerance"] = th["tolerance"]


def _answers(inside: str) -> tuple[QuestionKind, dict[str, Any]]:
    if not inside:
        return QuestionKind.ESSAY, {}
    if inside.startswith("#"):
        return QuestionKind.NUMERIC, _numeric(inside[1:].strip())
    truth = _TRUE.match(inside)
    if truth:
        return QuestionKind.TRUE_FALSE, _true_false(truth.group(1).upper().startswith("T"), inside[truth.end() :])
    parts = _parts(inside)
    if all(sign == "=" and "->" in body for sign, body in parts):
        return QuestionKind.MATCHING, {"pairs": [_pair(body) for _sign, body in parts]}
    rows = [_weighted(sign, body) for sign, body in parts]
    if all(sign == "=" for sign, _body in parts):
        return QuestionKind.TEXT, {"answers": [{"text": r.pop("body"), **r} for r in rows]}
    if any(sign == "=" for sign, _body in parts):
        return QuestionKind.SINGLE, {"options": rows}
    for row in rows:
        row.setdefault("share_x1000", 0)
    even = _evenly(rows)
    return QuestionKind.MULTIPLE, {"options": even or rows}


def _parts(inside: str) -> list[tuple[str, str]]:
    found = re.split(r"([=~])", inside)
    if found[0].strip() or len(found) < 3:
        raise Cannot(_("答案“%(text)s”应以 = 或 ~ 开头。", text=restored(found[0])[:40]))
    return [(found[n], found[n + 1].strip()) for n in range(1, len(found), 2)]


def is_weight(text: str) -> bool:
    """Whether a text begins as the weight of an answer does."""
    return _WEIGHT.match(text) is not None


def _weighted(sign: str, body: str) -> dict[str, Any]:
    match = _WEIGHT.match(body)
    share: int | None = None
    if match:
        share = rounded(Decimal(match.group(1)) * 10)
        if not -1000 <= share <= 1000:
            raise Cannot(_("比例 %(n)s%% 超出 -100 到 100。", n=match.group(1)))
        body = body[match.end() :]
    text, _sep, feedback = body.partition("#")
    row: dict[str, Any] = {"body": restored(text), "is_correct": sign == "=" if share is None else share > 0, "feedback": restored(feedback)}
    if share is not None and not (sign == "=" and share == 1000):
        row["share_x1000"] = share
    return row


def _evenly(rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Weights that say the same as our own rule: right ones share the whole, wrong ones take the same away."""
    right = [row for row in rows if row["share_x1000"] > 0]
    if not right:
        return None
    part = 1000 / len(right)
    wanted = {True: (part,), False: (-part,)}
    if all(any(abs(row["share_x1000"] - value) <= 1 for value in wanted[row["share_x1000"] > 0]) for row in rows):
        return [{key: value for key, value in row.items() if key != "share_x1000"} for row in rows]
    return None


def _pair(body: str) -> dict[str, Any]:
    left, _arrow, right = body.partition("->")
    return {"body": restored(left), "answer": restored(right)}


def _true_false(is_true: bool, rest: str) -> dict[str, Any]:
    """{TRUE#feedback when wrong#feedback when right}."""
    pieces = [restored(piece) for piece in rest.strip()[1:].split("#")] if rest.strip() else []
    wrong, right = (pieces[0] if pieces else ""), (pieces[1] if len(pieces) > 1 else "")
    return {
        "options": [
            {"body": _("正确"), "is_correct": is_true, "feedback": right if is_true else wrong},
            {"body": _("错误"), "is_correct": not is_true, "feedback": wrong if is_true else right},
        ]
    }


def _numeric(inside: str) -> dict[str, Any]:
    parts = _parts(inside) if inside.startswith(("=", "~")) else [("=", inside)]
    rows, tolerances = [], []
    for sign, body in parts:
        made = _weighted(sign, body)
        text, tolerance = _range(str(made.pop("body")))
        rows.append({"text": text, **made})
        tolerances.append(tolerance)
    distinct = {tolerance for tolerance in tolerances if tolerance is not None}
    if len(distinct) == 1 and None not in tolerances:
        tolerance = distinct.pop()
        return {"answers": rows, "tolerance": "" if number(tolerance) == 0 else tolerance}
    if len(distinct) <= 1 and all(t is None or number(t) == 0 for t in tolerances):
        return {"answers": rows, "tolerance": ""}
    # Answers with tolerances of their own become intervals.
    for row, own in zip(rows, tolerances, strict=True):
        middle, around = number(row["text"]), number(own or "0")
        if middle is not None and around:
            row["text"] = f"[{middle - around:f},{middle + around:f}]"
    return {"answers": rows, "tolerance": ""}


def _range(text: str) -> tuple[str, str | None]:
    """ "3..4" is the interval [3,4]; "3:0.5" is 3 with tolerance 0.5."""
    low, dots, high = text.partition("..")
    if dots:
        if number(low) is None or number(high) is None:
            raise Cannot(_("数值范围“%(text)s”无法理解。", text=text[:40]))
        return f"[{low.strip()},{high.strip()}]", None
    value, _colon, tolerance = text.partition(":")
    if number(value) is None or (tolerance and number(tolerance) is None):
        raise Cannot(_("数值答案“%(text)s”无法理解。", text=text[:40]))
    return value.strip(), tolerance.strip() or "0"
