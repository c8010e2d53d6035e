"""AIKEN: a question a block, its options "A. text", its answer "ANSWER: A". One right answer, nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from courses.assessment.exchange.plan import Known
from courses.assessment.exchange.types import Carried, Read, Trouble, Written
from courses.assessment.types import QuestionKind
from trainhub.kernel.i18n import _

_OPTION = re.compile(r"^\s*([A-Z])\s*[.)、．）]\s*(.*\S)\s*$")
_ANSWER = re.compile(r"^\s*(?:ANSWER|答案)\s*[:：]\s*([A-Z])\s*$", re.IGNORECASE)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def looks_like(text: str) -> bool:
    """Whether a text has an AIKEN answer line."""
    return any(_ANSWER.match(line) for line in text.splitlines())


def goes_on(line: str) -> bool:
    """Whether a line is an option or an answer: what follows a stem."""
    return bool(_OPTION.match(line) or _ANSWER.match(line))


def read(text: str) -> Read:
    """Every question with its line; a block that is none is named with what is missing."""
    found = Read()
    stem: list[str] = []
    options: list[tuple[str, str]] = []
    begun = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        begun = begun or number
        answer, option = _ANSWER.match(line), _OPTION.match(line)
        if answer:
            _close(found, begun, stem, options, answer.group(1).upper())
            stem, options, begun = [], [], 0
        elif option and stem:
            options.append((option.group(1), option.group(2)))
        elif options:
            found.troubles.append(Trouble(begun, _("这道题没有“ANSWER: 字母”一行。"), " ".join(stem)))
            stem, options, begun = [line.strip()], [], number
        else:
            stem.append(line.strip())
    if stem or options:
        found.troubles.append(Trouble(begun, _("这道题没有“ANSWER: 字母”一行。"), " ".join(stem)))
    return found


def _close(found: Read, line: int, stem: list[str], options: list[tuple[str, str]], right: str) -> None:
    text = " ".join(stem)
    letters = [letter for letter, _text in options]
    if not stem:
        found.troubles.append(Trouble(line, _("答案行前没有题目。"), right))
    elif len(options) < 2:
        found.troubles.append(Trouble(line, _("至少要有两个选项，写成“A. 选项”。"), text))
    elif letters != list(LETTERS[: len(letters)]):
        found.troubles.append(Trouble(line, _("选项的字母应从 A 起连续排列。"), text))
    elif right not in letters:
        found.troubles.append(Trouble(line, _("答案 %(letter)s 不在选项中。", letter=right), text))
    else:
        rows = [{"body": body, "is_correct": letter == right, "feedback": ""} for letter, body in options]
        found.questions.append(Carried(line, QuestionKind.SINGLE, text, {"options": rows}))


def write(rows: Sequence[Known]) -> Written:
    """Single choice questions on one line each; everything else is named in what was left out."""
    blocks, left_out = [], []
    for row in rows:
        version, name = row.version, (row.question.name or row.version.stem).replace("\n", " ")[:60]
        options = version.data.get("options", [])
        reason = _why_not(row)
        if reason:
            left_out.append((name, reason))
            continue
        lines = [version.stem.strip(), *(f"{LETTERS[n]}. {o['body'].strip()}" for n, o in enumerate(options))]
        right = next(n for n, option in enumerate(options) if option.get("is_correct"))
        blocks.append("\n".join([*lines, f"ANSWER: {LETTERS[right]}"]))
    return Written("\n\n".join(blocks) + ("\n" if blocks else ""), tuple(left_out))


def _why_not(row: Known) -> str:
    version = row.version
    options = version.data.get("options", [])
    if row.question.kind is not QuestionKind.SINGLE:
        return _("AIKEN 只能写单选题")
    if len(options) > len(LETTERS) or "\n" in version.stem.strip() or any("\n" in o["body"].strip() for o in options):
        return _("AIKEN 的题干和选项各占一行，这道题有多行")
    if version.explanation or any(o.get("feedback") or o.get("share_x1000") is not None for o in options) or version.data.get("penalty_x1000"):
        return _("AIKEN 不能写解析、反馈和部分得分")
    if version.data.get("body_format") == "html" or _OPTION.match(version.stem) or sum(bool(o.get("is_correct")) for o in options) != 1:
        return _("AIKEN 不能写这道题的格式")
    return ""
