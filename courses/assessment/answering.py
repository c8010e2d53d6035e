"""What may be stored as an answer: only what the question asks for. Pure apart from words.

The answer of each kind: choice {"choice"}, several {"choices"}, text and numbers {"text"}, blanks {"blanks": {key: text}},
matching {"pairs": {key: key}}, ordering {"ranks": {key: place}}, files {"files": [{"id", "name", "size"}], "text"}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from courses.assessment.models import Attempt
from courses.assessment.types import BY_PERSON, QuestionKind
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

MAX_ESSAY = 20_000
MAX_LINE = 2_000


class BadAnswer(Refused):
    """An answer that cannot be stored as it is."""

    code = "bad_answer"


def digest(response: Mapping[str, Any]) -> str:
    """A short name of an answer: a window that sends the one it was shown has not changed it."""
    return hashlib.sha256(json.dumps(response, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def _text(value: Any, position: int, most: int) -> str:
    text = str(value or "").replace("\x00", "").replace("\r\n", "\n")
    if len(text) > most:
        raise BadAnswer(
            _(
                "第 %(n)d 题的答案有 %(found)d 个字，最多 %(most)d 个字，没有保存。请缩短后再试；较长的内容可以作为文件上传。",
                n=position,
                found=len(text),
                most=most,
            )
        )
    return text if text.strip() else ""


def cleaned(kind: QuestionKind, data: Mapping[str, Any], response: Mapping[str, Any], known: Mapping[str, Any], position: int) -> dict[str, Any]:
    """Known options, a text of bearable length; files stay what they are (they are added one by one). Refuses a text that is too long."""
    keys = [o["key"] for o in data.get("options", [])]
    match kind:
        case QuestionKind.SINGLE | QuestionKind.TRUE_FALSE:
            return {"choice": response["choice"]} if response.get("choice") in keys else {}
        case QuestionKind.MULTIPLE:
            chosen = set(response.get("choices") or ())
            return {"choices": [key for key in keys if key in chosen]}
        case QuestionKind.CLOZE:
            return _filled("blanks", {b["key"]: _text((response.get("blanks") or {}).get(b["key"]), position, MAX_LINE) for b in data["blanks"]})
        case QuestionKind.MATCHING:
            known_keys = {pair["key"] for pair in data["pairs"]}
            given = response.get("pairs") or {}
            lines = [pair["key"] for pair in data["pairs"] if pair.get("body")]
            return _filled("pairs", {key: str(given[key]) for key in lines if given.get(key) in known_keys})
        case QuestionKind.ORDERING:
            places = {str(n) for n in range(1, len(keys) + 1)}
            given = response.get("ranks") or {}
            return _filled("ranks", {key: str(given[key]) for key in keys if str(given.get(key, "")) in places})
        case QuestionKind.FILE:
            text = _text(response.get("text"), position, MAX_ESSAY)
            files = list(known.get("files", []))
            return {**({"files": files} if files else {}), **({"text": text} if text else {})}
        case _:
            text = _text(response.get("text"), position, MAX_ESSAY if kind in BY_PERSON else MAX_LINE)
            return {"text": text} if text else {}


def _filled(name: str, values: Mapping[str, str]) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if value}
    return {name: kept} if kept else {}


def response_of(form: MultiDict[str, str], name: str, kind: QuestionKind, data: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as the fields of a question's form say it (see templates/courses/assessment/_question.html)."""
    match kind:
        case QuestionKind.MULTIPLE:
            return {"choices": form.getlist(name)}
        case QuestionKind.SINGLE | QuestionKind.TRUE_FALSE:
            return {"choice": form.get(name, "")}
        case QuestionKind.CLOZE:
            return {"blanks": {blank["key"]: form.get(f"{name}-b-{blank['key']}", "") for blank in data.get("blanks", [])}}
        case QuestionKind.MATCHING:
            return {"pairs": {pair["key"]: form.get(f"{name}-p-{pair['key']}", "") for pair in data.get("pairs", [])}}
        case QuestionKind.ORDERING:
            return {"ranks": {option["key"]: form.get(f"{name}-r-{option['key']}", "") for option in data.get("options", [])}}
        case _:
            return {"text": form.get(name, "")}


def responses_of(form: MultiDict[str, str], attempt: Attempt) -> dict[int, Mapping[str, Any]]:
    """The answers in a form by position (q1, q2, ...). A question that is not in it keeps its answer."""
    return {
        row.position: response_of(form, f"q{row.position}", row.version.question.kind, row.version.data)
        for row in attempt.answers
        if f"q{row.position}-shown" in form
    }
