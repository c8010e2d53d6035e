"""The parts of a question as lines of text: one notation for the editor, for Excel, and for reading a version.

    options    * 北京 // 回答正确          a right choice begins with a star, feedback follows " // "
               [50%] 南京                 a choice with a weight of its own, also negative: [-25%]
    items      one a line, in the right order
    answers    北京 // 反馈               one a line; [50%] in front is partial credit; * stands for any text
    blanks     1: 北京 | 京城             what is right in [[1]]; 2: =3.14 ± 0.01 is a number, 3: ? *是 | 否 a choice
    pairs      首都 => 北京               a line and what belongs to it; "=> 上海" is an answer that belongs to nothing
    units      cm = 0.01                 a value in cm times 0.01 is a value in the unit of the answer
    variables  x: 1 ~ 10, 2              from 1 to 10 with 2 decimals

A line break inside a part is written ⏎. What would mean something where it stands is written with a backslash in front and then means itself:
`\\* 号` begins with a star, `\\[50%] 半` with a bracket, `甲 \\// 乙` holds two strokes; in blanks `a\\|b`, `1: \\=x` and `1: \\?`, in pairs `a \\=> b`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from typing import Any

from courses.assessment.errors import BadQuestion
from courses.assessment.rules.drawing import key_names
from courses.assessment.rules.numbers import number, plain_number, rounded
from courses.assessment.types import CHOICES, QuestionKind
from trainhub.kernel.i18n import _

_RIGHT = re.compile(r"^\s*[*＊√]\s*")
_WEIGHT = re.compile(r"^\s*[\[\uff3b]\s*([+-]?\d+(?:\.\d+)?)\s*[%％]\s*[\]\uff3d]\s*")
_BLANK = re.compile(r"^([^:：\s|]{1,20})\s*[:：]\s*(.*)$")
_VARIABLE = re.compile(r"^(\w+)\s*[:：=]\s*(\S+?)\s*[~～]\s*((?:[^,，\s]|[,，](?=\d{3}(?!\d)))+)\s*(?:[,，]\s*(\d))?$")
BREAK = "⏎"
PARTS: Mapping[QuestionKind, tuple[str, ...]] = {
    QuestionKind.SINGLE: ("options",),
    QuestionKind.MULTIPLE: ("options",),
    QuestionKind.TRUE_FALSE: ("options",),
    QuestionKind.CLOZE: ("blanks",),
    QuestionKind.TEXT: ("answers",),
    QuestionKind.NUMERIC: ("answers", "units"),
    QuestionKind.FORMULA: ("variables", "units"),
    QuestionKind.MATCHING: ("pairs",),
    QuestionKind.ORDERING: ("items",),
    QuestionKind.ESSAY: (),
    QuestionKind.FILE: (),
    QuestionKind.MANUAL: (),
}
"""The parts written in lines, by kind."""
FLAGS: Mapping[QuestionKind, tuple[str, ...]] = {
    QuestionKind.SINGLE: ("penalty",),
    QuestionKind.MULTIPLE: ("is_all_or_nothing", "penalty"),
    QuestionKind.TRUE_FALSE: ("penalty",),
    QuestionKind.CLOZE: ("is_case_sensitive", "is_all_or_nothing"),
    QuestionKind.TEXT: ("is_pattern", "is_case_sensitive", "penalty"),
    QuestionKind.NUMERIC: ("tolerance", "unit_share", "penalty"),
    QuestionKind.FORMULA: ("expression", "asks_expression", "tolerance", "unit_share", "penalty"),
    QuestionKind.MATCHING: ("is_all_or_nothing",),
    QuestionKind.ORDERING: ("is_all_or_nothing",),
    QuestionKind.ESSAY: ("rubric",),
    QuestionKind.FILE: ("rubric", "max_files"),
    QuestionKind.MANUAL: ("rubric",),
}
"""The single values, by kind."""


def lines(text: str | None) -> list[str]:
    """The lines of a part that hold anything."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_FRONT = re.compile(rf"^(\\*)(?=[*＊√]|{_WEIGHT.pattern.removeprefix('^')})")
_COMMENT = re.compile(r"(?<=\s)(\\*)(?=//(?:\s|$))")
_BAR = re.compile(r"(\\*)\|")
_ARROW = re.compile(r"(\\*)=>")
_KIND = re.compile(r"^(\\*)(?=[=?？])")


def _out(text: str) -> str:
    """A text on one line; strokes that would begin the feedback get a backslash."""
    return _COMMENT.sub(r"\1\\", _BREAKS.sub("\n", str(text)).strip().replace("\n", BREAK))


def _in(text: str) -> str:
    """What `_out` wrote."""
    return _COMMENT.sub(lambda m: m.group(1)[1:], text.strip()).replace(BREAK, "\n")


def _covered(text: str, mark: re.Pattern[str]) -> str:
    """A backslash more in front of what would mean something at the beginning."""
    return mark.sub(r"\1\\", text)


def _bared(text: str, mark: re.Pattern[str]) -> str:
    """What `_covered` wrote."""
    return mark.sub(lambda m: m.group(1)[1:], text)


def _joined(text: str, mark: re.Pattern[str], sign: str) -> str:
    """A text in which a separator is no separator: the backslashes in front of it are doubled, and one more covers it."""
    return mark.sub(lambda m: m.group(1) * 2 + "\\" + sign, text)


def _parted(text: str, mark: re.Pattern[str], sign: str, most: int = -1) -> list[str]:
    """The parts between separators (at most `most` cuts), each as it was before `_joined`."""
    parts, place = [""], 0
    for match in mark.finditer(text):
        covered = len(match.group(1)) % 2
        cuts = not covered and len(parts) - 1 != most
        parts[-1] += text[place : match.start()] + match.group(1)[: len(match.group(1)) // 2] + ("" if cuts else sign)
        place = match.end()
        if cuts:
            parts.append("")
    parts[-1] += text[place:]
    return parts


def _line(text: str) -> str:
    """A text as lists show it."""
    return " ".join(str(text).split())


def _weighted(line: str) -> tuple[int | None, str]:
    """A weight in front of a line, in thousandths, and the rest."""
    match = _WEIGHT.match(line)
    if match is None:
        return None, line
    value = number(match.group(1))
    share = rounded(value * 10) if value is not None else 0
    if not -1000 <= share <= 1000:
        raise BadQuestion(_("分值比例“%(text)s”应在 -100%% 到 100%% 之间。", text=match.group(0).strip()))
    return share, line[match.end() :]


def _weight(share: int | None) -> str:
    return "" if share is None else f"[{share / 10:g}%] "


def _with_feedback(line: str) -> tuple[str, str]:
    body, _sep, feedback = line.partition(" // ")
    return _in(body), _in(feedback)


def _feedback(row: Mapping[str, Any]) -> str:
    return f" // {_out(row['feedback'])}" if row.get("feedback") else ""


# -- lines in -----------------------------------------------------------------------------------------------------------


def option(line: str) -> dict[str, Any]:
    """One choice."""
    share, rest = _weighted(line)
    right = bool(_RIGHT.match(rest)) if share is None else share > 0
    body, feedback = _with_feedback(_RIGHT.sub("", rest) if share is None else rest)
    body = _bared(body, _FRONT)
    return {"body": body, "is_correct": right, "feedback": feedback, **({} if share is None else {"share_x1000": share})}


def item(line: str) -> dict[str, Any]:
    """One item to put into order."""
    return {"body": _in(line), "is_correct": True, "feedback": ""}


def answer(line: str) -> dict[str, Any]:
    """One accepted answer of a text or numeric question."""
    share, rest = _weighted(line)
    text, feedback = _with_feedback(rest)
    text = _bared(text, _FRONT)
    return {"text": text, "is_correct": share is None or share > 0, "feedback": feedback, **({} if share is None else {"share_x1000": share})}


def blank(line: str) -> dict[str, Any]:
    """One blank with what is right in it."""
    match = _BLANK.match(line)
    if match is None:
        raise BadQuestion(_("填空“%(line)s”应写成“1: 答案 | 另一个答案”。", line=line[:60]), field="blanks")
    key, rest = match.group(1), match.group(2).strip()
    if rest.startswith("="):
        text, _sep, tolerance = unicodedata.normalize("NFKC", rest[1:]).partition("±")
        return {
            "key": key,
            "kind": "numeric",
            "tolerance": tolerance.strip(),
            "answers": [_plain_answer(a) for a in _parted(text, _BAR, "|") if a.strip()],
        }
    if rest.startswith(("?", "？")):
        choices = [option(part.strip()) for part in _parted(rest[1:], _BAR, "|") if part.strip()]
        made = [{"text": c["body"], **{k: v for k, v in c.items() if k != "body"}} for c in choices]
        return {"key": key, "kind": "choice", "answers": made}
    return {"key": key, "kind": "text", "answers": [_plain_answer(a.strip()) for a in _parted(_bared(rest, _KIND), _BAR, "|") if a.strip()]}


def _plain_answer(text: str) -> dict[str, Any]:
    made = answer(text)
    return {key: value for key, value in made.items() if key != "feedback" or value}


def pair(line: str) -> dict[str, Any]:
    """One line to match, with what belongs to it."""
    left, *rights = _parted(line, _ARROW, "=>", 1)
    right = rights[0] if rights else ""
    if not right.strip():
        raise BadQuestion(_("匹配项“%(line)s”应写成“左边 => 右边”。", line=line[:60]), field="pairs")
    return {"body": _in(left), "answer": _in(right)}


def unit(line: str) -> dict[str, Any]:
    """One accepted unit."""
    name, _sep, factor = line.partition("=")
    factor = unicodedata.normalize("NFKC", factor).strip() or "1"
    value = number(factor)
    if not name.strip() or value is None or value <= 0:
        raise BadQuestion(_("单位“%(line)s”应写成“cm = 0.01”，换算系数是大于 0 的数。", line=line[:60]), field="units")
    return {"name": name.strip()[:40], "factor": factor}


def variable(line: str) -> dict[str, Any]:
    """One variable of a formula."""
    match = _VARIABLE.match(unicodedata.normalize("NFKC", line).replace("～", "~"))
    if match is None:
        raise BadQuestion(_("变量“%(line)s”应写成“x: 1 ~ 10, 2”（从 1 到 10，保留 2 位小数）。", line=line[:60]), field="variables")
    return {"name": match.group(1), "low": plain_number(match.group(2)), "high": plain_number(match.group(3)), "decimals": int(match.group(4) or 0)}


_READ: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "options": option,
    "items": item,
    "answers": answer,
    "blanks": blank,
    "pairs": pair,
    "units": unit,
    "variables": variable,
}


def read(kind: QuestionKind, texts: Mapping[str, str | None], known: Mapping[str, Any] | None = None, taken: Collection[str] = ()) -> dict[str, Any]:
    """The data of a version from the lines of its parts; options and pairs that `known` has keep their keys, new ones get none that is `taken`.

    `taken`: the keys of every version (`queries.keys_given`). Raises BadQuestion with the part as field.
    """
    made: dict[str, Any] = {}
    for part in PARTS[kind]:
        try:
            rows = [_READ[part](line) for line in lines(texts.get(part))]
        except BadQuestion as bad:
            bad.field = bad.field or part
            raise
        made["options" if part == "items" else part] = rows
    keep_keys(made, known or {}, taken)
    return made


def keep_keys(data: dict[str, Any], known: Mapping[str, Any], taken: Collection[str]) -> None:
    """Options and pairs of a new version take the keys that they had in the known one; no other row gets a key that any version gave (`taken`)."""
    for name in ("options", "pairs"):
        if data.get(name):
            _keep_keys(data[name], known.get(name, []), taken)


def _keep_keys(rows: list[dict[str, Any]], known: list[Mapping[str, Any]], taken: Collection[str]) -> None:
    """A row that is still there keeps its key, whatever its place: answers given before stay comparable. One that was reworded where it stands keeps
    it too, see `_reworded`; any other new row gets a key that none had in any version: an old answer names no option it never saw."""
    free = {str(row.get("key")): (row.get("body"), row.get("answer")) for row in known if row.get("key")}
    for row in rows:
        same = next((key for key, what in free.items() if what == (row.get("body"), row.get("answer"))), None)
        if same is not None:
            row["key"] = same
            free.pop(same)
    for row, key in _reworded(rows, known, free):
        row["key"] = key
    given = {*taken, *(str(row.get("key")) for row in known)}
    fresh = (key for key in key_names() if key not in given)
    for row in rows if given else ():
        if "key" not in row:
            row["key"] = next(fresh)


def _reworded(rows: list[dict[str, Any]], known: list[Mapping[str, Any]], free: Collection[str]) -> list[tuple[dict[str, Any], str]]:
    """New rows that stand for known ones, with their keys: as many as stood between the same two neighbours (or an end), or, at the end, before
    what was appended; there only if they are as right as before, because what looks appended may stand in front of what was reworded."""
    place = {str(row.get("key")): n for n, row in enumerate(known)}
    ends = [-1, *(n for n, row in enumerate(rows) if "key" in row), len(rows)]
    found = []
    for left, right in pairwise(ends):
        first = 0 if left < 0 else place[rows[left]["key"]] + 1
        last = len(known) if right == len(rows) else place[rows[right]["key"]]
        new, old = rows[left + 1 : right], known[first:last]
        if any(str(row.get("key")) not in free for row in old):
            continue
        if len(new) == len(old):
            found += [(row, str(before["key"])) for row, before in zip(new, old, strict=True)]
        elif len(new) > len(old) and right == len(rows):
            alike = [(row, before) for row, before in zip(new, old, strict=False) if bool(row.get("is_correct")) == bool(before.get("is_correct"))]
            found += [(row, str(before["key"])) for row, before in alike]
    return found


# -- lines out ----------------------------------------------------------------------------------------------------------


def _option_line(row: Mapping[str, Any]) -> str:
    share = row.get("share_x1000")
    mark = _weight(share) if share is not None else ("* " if row.get("is_correct") else "")
    return f"{mark}{_covered(_out(row.get('body', row.get('text', ''))), _FRONT)}{_feedback(row)}"


def _answer_line(row: Mapping[str, Any]) -> str:
    share = row.get("share_x1000")
    if share is None and not row.get("is_correct", True):
        share = 0
    return f"{_weight(share)}{_covered(_out(row['text']), _FRONT)}{_feedback(row)}"


def _blank_line(row: Mapping[str, Any]) -> str:
    if row["kind"] == "choice":
        return f"{row['key']}: ? " + " | ".join(_joined(_option_line(a), _BAR, "|") for a in row["answers"])
    text = " | ".join(_joined(_answer_line(a), _BAR, "|") for a in row["answers"])
    if row["kind"] == "numeric":
        return f"{row['key']}: ={text}" + (f" ± {row['tolerance']}" if row.get("tolerance") else "")
    return f"{row['key']}: {_covered(text, _KIND)}"


_WRITE: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "options": _option_line,
    "items": lambda row: _out(row["body"]),
    "answers": _answer_line,
    "blanks": _blank_line,
    "pairs": lambda row: " => ".join(_joined(_out(row.get(name, "")), _ARROW, "=>") for name in ("body", "answer")).strip(),
    "units": lambda row: f"{row['name']} = {row['factor']}",
    "variables": lambda row: f"{row['name']}: {row['low']} ~ {row['high']}" + (f", {row['decimals']}" if row.get("decimals") else ""),
}


def write(kind: QuestionKind, data: Mapping[str, Any]) -> dict[str, str]:
    """The lines of every part of a version."""
    rows = {part: data.get("options" if part == "items" else part, []) for part in PARTS[kind]}
    return {part: "\n".join(_WRITE[part](row) for row in rows[part]) for part in rows}


def default_lines(kind: QuestionKind) -> dict[str, str]:
    """What a new question begins with."""
    return {"options": f"* {_('正确')}\n{_('错误')}"} if kind is QuestionKind.TRUE_FALSE else {}


def summary(kind: QuestionKind, data: Mapping[str, Any]) -> str:
    """The right answer in one line, for lists and reviews."""
    if kind in CHOICES:
        return " / ".join(_line(o["body"]) for o in data.get("options", []) if o.get("is_correct"))
    if kind is QuestionKind.FORMULA:
        return str(data.get("expression", ""))
    if kind is QuestionKind.ORDERING:
        return " → ".join(_line(o["body"]) for o in data.get("options", []))
    if kind is QuestionKind.CLOZE:
        return "；".join(f"{b['key']}: " + " / ".join(a["text"] for a in b["answers"] if a.get("is_correct", True)) for b in data.get("blanks", []))
    if kind is QuestionKind.MATCHING:
        return "；".join(f"{_line(p['body'])} → {p['answer']}" for p in data.get("pairs", []) if p.get("body"))
    return " / ".join(a["text"] for a in data.get("answers", []) if a.get("is_correct", True))
