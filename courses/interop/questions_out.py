"""A question of the bank as the neutral tree carries it: kinds that formats do not know become several questions they do.

A fill-in becomes one question a blank, matching a choice a line, ordering a choice of the place of each item. A formula question
is written with one draw of its numbers, because formats would need code to draw them; a formula to be written itself goes as it is.
Units stand in the stem.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from courses.assessment import showing
from courses.assessment.models import QuestionVersion
from courses.assessment.operations.checking import BLANK_MARK
from courses.assessment.queries import asked_of
from courses.assessment.rules import drawing
from courses.assessment.rules.formulas import SAMPLES, USUAL, alternatives
from courses.assessment.rules.numbers import plain_number
from courses.assessment.types import QuestionKind
from courses.catalogue.markup import ASSETS
from courses.catalogue.types import BodyFormat
from courses.interop import types as docs

_RUN_ASSETS = re.compile(r"/learning/runs/\d+/assets/")

KINDS = {
    QuestionKind.SINGLE: docs.QuestionKind.SINGLE,
    QuestionKind.MULTIPLE: docs.QuestionKind.MULTIPLE,
    QuestionKind.TRUE_FALSE: docs.QuestionKind.SINGLE,
    QuestionKind.TEXT: docs.QuestionKind.TEXT,
    QuestionKind.NUMERIC: docs.QuestionKind.NUMERIC,
    QuestionKind.ESSAY: docs.QuestionKind.ESSAY,
    QuestionKind.FILE: docs.QuestionKind.ESSAY,
    QuestionKind.MANUAL: docs.QuestionKind.ESSAY,
}


def as_packed(text: str) -> str:
    """Markup that names the run's files as packages do."""
    return _RUN_ASSETS.sub(ASSETS, text)


def question_docs(version: QuestionVersion) -> tuple[docs.QuestionDoc, ...]:
    """What a question becomes; several where one is not enough, with the explanation after the last."""
    match version.question.kind:
        case QuestionKind.CLOZE:
            return _cloze(version)
        case QuestionKind.MATCHING:
            return _matching(version)
        case QuestionKind.ORDERING:
            return _ordering(version)
        case QuestionKind.FORMULA:
            return (_formula(version),)
        case kind:
            return (_plain(version, KINDS[kind]),)


def _plain(version: QuestionVersion, kind: docs.QuestionKind) -> docs.QuestionDoc:
    data = version.data
    as_html = data.get("body_format") == BodyFormat.HTML.value
    is_pattern = bool(data.get("is_pattern"))
    stars = kind is docs.QuestionKind.TEXT and not is_pattern and any("*" in a["text"].replace("\\*", "") for a in data.get("answers", []))
    return docs.QuestionDoc(
        kind=kind,
        stem=(version.stem if as_html else as_packed(version.stem_html)) + _units(data),
        options=tuple(
            docs.OptionDoc(
                o["body"] if as_html else as_packed(o["html"]),
                bool(o["is_correct"]) and (kind is not docs.QuestionKind.SINGLE or o.get("share_x1000") in (None, 1000)),
                o.get("feedback_html", ""),
                share_x1000=o.get("share_x1000") if kind is docs.QuestionKind.SINGLE and 0 < (o.get("share_x1000") or 0) < 1000 else None,
            )
            for o in data.get("options", [])
        ),
        answers=tuple(
            docs.AnswerDoc(
                _pattern(a["text"]) if stars else a["text"] if is_pattern else a["text"].replace(r"\*", "*"),
                bool(a["is_correct"]),
                a.get("feedback_html", ""),
            )
            for a in data.get("answers", [])
        ),
        tolerance=str(data.get("tolerance") or ""),
        is_regexp=stars or is_pattern,
        is_case_sensitive=bool(data.get("is_case_sensitive")),
        is_all_or_nothing=kind is docs.QuestionKind.MULTIPLE and bool(data.get("is_all_or_nothing")),
        explanation=version.explanation_html,
    )


def _units(data: Mapping[str, Any]) -> str:
    unit = next((u["name"] for u in data.get("units", []) if str(u["factor"]) == "1"), "")
    return f"<p>（{html.escape(unit)}）</p>" if unit else ""


def _pattern(text: str) -> str:
    """Our `*` as a regular expression."""
    return ".*".join(re.escape(part.replace("\ue000", "*")) for part in text.replace("\\*", "\ue000").split("*"))


def _choice(stem: str, texts: list[str], right: str) -> docs.QuestionDoc:
    return docs.QuestionDoc(docs.QuestionKind.DROPDOWN, stem, tuple(docs.OptionDoc(html.escape(text), text == right) for text in texts))


def _explained(made: list[docs.QuestionDoc], version: QuestionVersion) -> tuple[docs.QuestionDoc, ...]:
    return (*made[:-1], replace(made[-1], explanation=version.explanation_html))


def _cloze(version: QuestionVersion) -> tuple[docs.QuestionDoc, ...]:
    blanks = version.data["blanks"]
    numbers = {blank["key"]: n for n, blank in enumerate(blanks, start=1)}
    whole = BLANK_MARK.sub(lambda m: f"____（{numbers.get(m.group(1), m.group(1))}）", version.stem_html)
    made = []
    for n, blank in enumerate(blanks, start=1):
        stem = f"{whole}<p>（{n}）</p>" if n == 1 else f"<p>（{n}）</p>"
        if blank["kind"] == "choice":
            right = next((a["text"] for a in blank["answers"] if a.get("is_correct")), "")
            made.append(_choice(stem, [a["text"] for a in blank["answers"]], right))
            continue
        kind = docs.QuestionKind.NUMERIC if blank["kind"] == "numeric" else docs.QuestionKind.TEXT
        answers = tuple(docs.AnswerDoc(a["text"], bool(a.get("is_correct", True))) for a in blank["answers"])
        case = bool(version.data.get("is_case_sensitive"))
        made.append(docs.QuestionDoc(kind, stem, answers=answers, tolerance=str(blank.get("tolerance") or ""), is_case_sensitive=case))
    return _explained(made, version)


def _matching(version: QuestionVersion) -> tuple[docs.QuestionDoc, ...]:
    texts = [text for _key, text in showing.answers(version, {})]
    made = []
    for n, line in enumerate(showing.lines(version)):
        stem = f"{version.stem_html}<p>{line['html']}</p>" if n == 0 else f"<p>{line['html']}</p>"
        made.append(_choice(stem, texts, line["answer"]))
    return _explained(made, version)


def _ordering(version: QuestionVersion) -> tuple[docs.QuestionDoc, ...]:
    items = version.data["options"]
    places = [str(n) for n in range(1, len(items) + 1)]
    order = drawing.shown(asked_of(version, QuestionKind.ORDERING), f"out:{version.id}", shuffles=True)["order"]
    right = {item["key"]: str(n) for n, item in enumerate(items, start=1)}
    made = []
    for n, item in enumerate(drawing.in_order(items, order)):
        stem = f"{version.stem_html}<p>{item['html']}</p>" if n == 0 else f"<p>{item['html']}</p>"
        made.append(_choice(stem, places, right[item["key"]]))
    return _explained(made, version)


def _asked_for(version: QuestionVersion) -> docs.QuestionDoc:
    """A formula that learners write themselves, with the ranges in which it is compared."""
    data = version.data
    variables = [(v["name"], plain_number(str(v["low"])), plain_number(str(v["high"]))) for v in data.get("variables", [])]
    names, lows, highs = (",".join(part) for part in zip(*variables, strict=True)) if variables else ("", "", "")
    return docs.QuestionDoc(
        docs.QuestionKind.FORMULA,
        version.stem if data.get("body_format") == BodyFormat.HTML.value else as_packed(version.stem_html),
        answers=tuple(docs.AnswerDoc(one) for one in alternatives(str(data.get("expression") or ""))),
        tolerance=str(data.get("tolerance") or "") or USUAL,
        samples=f"{names}@{lows}:{highs}#{SAMPLES}" if variables else "",
        is_case_sensitive=bool(data.get("is_case_sensitive")),
        explanation=version.explanation_html,
    )


def _formula(version: QuestionVersion) -> docs.QuestionDoc:
    if version.data.get("asks_expression"):
        return _asked_for(version)
    shown = drawing.shown(asked_of(version, QuestionKind.FORMULA), f"out:{version.id}", shuffles=False)
    answer = showing.expected_value(version, shown)
    return docs.QuestionDoc(
        docs.QuestionKind.NUMERIC if answer else docs.QuestionKind.ESSAY,
        showing.stem(version, shown) + _units(version.data),
        answers=(docs.AnswerDoc(answer),) if answer else (),
        tolerance=str(version.data.get("tolerance") or "") if answer else "",
        explanation=version.explanation_html,
    )
