"""What a file would change in a bank, and doing it: new, changed, the same. Nothing is written while there are errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from courses.assessment import notation, queries
from courses.assessment.exchange.types import FLAG_DEFAULTS, Carried, Read
from courses.assessment.models import Question, QuestionVersion
from courses.assessment.operations import bank
from courses.assessment.operations.checking import checked
from courses.assessment.rules.numbers import folded
from courses.assessment.types import BankFilter, Difficulty, QuestionKind
from courses.catalogue.types import BodyFormat
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.imports import Draft, refuse_errors
from trainhub.kernel.sheets.types import Problem, shown

MAX_QUESTIONS = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """A question of the bank with what it asks and how it is sorted."""

    question: Question
    version: QuestionVersion
    tags: tuple[str, ...]


Content = tuple[Any, ...]


def content(kind: QuestionKind, stem: str, explanation: str, data: Mapping[str, Any], body_format: str) -> Content:
    """What a question asks, without keys and defaults: two questions with the same content are the same."""
    flags = tuple(str(data.get(name) or default or "") for name, default in FLAG_DEFAULTS.items())
    parts = tuple(sorted(notation.write(kind, data).items()))
    return (kind, stem.strip(), explanation.strip(), parts, flags, body_format)


def known_of(course_id: int) -> list[Known]:
    """Every question of a bank, archived ones too."""
    rows = [*queries.bank_rows(course_id, BankFilter()), *queries.bank_rows(course_id, BankFilter(is_archived=True))]
    tags = queries.tags_of_course(course_id)
    return [Known(question, version, tuple(tags.get(question.id, ()))) for question, version in rows]


class Bank:
    """Finds the question that a carried one already is: by its key, else by its kind and stem.

    "Which of these is right?" is the stem of many questions: without a key one is known only when what it asks is alike too, and a known one
    is found once in a file, first by the question that says exactly the same.
    """

    def __init__(self, course_id: int, carried: Iterable[Carried] = ()) -> None:
        self.by_key: dict[str, Known] = {}
        self.by_stem: dict[tuple[QuestionKind, str], list[Known]] = {}
        for row in known_of(course_id):
            self.by_key[row.question.key] = row
            self.by_stem.setdefault((row.question.kind, folded(row.version.stem)), []).append(row)
        same = [self.by_key.get(one.key) if one.key else self._exactly(one) for one in carried]
        self.found = {row.question.id for row in same if row is not None}

    def _with_stem(self, carried: Carried) -> list[Known]:
        return self.by_stem.get((carried.kind, folded(carried.stem)), [])

    def _exactly(self, carried: Carried) -> Known | None:
        wanted = _content_of(carried)
        return next((row for row in self._with_stem(carried) if _known_content(row) == wanted), None)

    def find(self, carried: Carried) -> Known | None:
        """The question it is, or None when it is new."""
        if carried.key and carried.key in self.by_key:
            return self.by_key[carried.key]
        exact = self._exactly(carried)
        if exact is not None or carried.key:
            return exact
        alike = [row for row in self._with_stem(carried) if row.question.id not in self.found and _is_alike(carried, row)]
        if alike:
            self.found.add(alike[0].question.id)
        return alike[0] if alike else None


def _is_alike(carried: Carried, row: Known) -> bool:
    """Whether at least half of what is offered is the same; what offers nothing, such as a number to fill in, is told by its stem."""
    for name in ("options", "pairs"):
        mine, theirs = (
            {folded(str(one.get("body") or one.get("answer") or "")) for one in data.get(name) or ()} for data in (carried.data, row.version.data)
        )
        if mine or theirs:
            return 2 * len(mine & theirs) >= max(len(mine), len(theirs))
    return True


def _content_of(carried: Carried) -> Content:
    return content(carried.kind, carried.stem, carried.explanation, carried.data, carried.body_format)


def _known_content(row: Known) -> Content:
    version = row.version
    return content(row.question.kind, version.stem, version.explanation, version.data, version.data.get("body_format", "markdown"))


def _is_sorted_so(carried: Carried, row: Known) -> bool:
    question = row.question
    wanted = (carried.name, carried.category, carried.difficulty, None if carried.tags is None else tuple(sorted(carried.tags)))
    found = (question.name, question.category, question.difficulty, tuple(sorted(row.tags)))
    return all(w is None or w == f for w, f in zip(wanted, found, strict=True))


def examine(read: Read, *, course_id: int, by: Identity, today: date, file: str = "", sheet: str | None = None) -> Draft:
    """Compare what a file holds with the bank. Writes nothing; every question that cannot be taken is named with its place."""
    draft = Draft(by=by, today=today, file=file, sheet=sheet, rows=len(read.questions) + sum(not t.is_warning for t in read.troubles))
    for trouble in read.troubles:
        draft.problems.append(
            Problem(file, sheet, trouble.line, None, shown(trouble.value), trouble.problem, "warning" if trouble.is_warning else "error")
        )
    if len(read.questions) > MAX_QUESTIONS:
        draft.problems.append(Problem(file, sheet, None, None, None, _("一个文件最多 %(n)d 道题，请拆成几个文件。", n=MAX_QUESTIONS)))
        return draft
    bank_ = Bank(course_id, read.questions)
    keys: set[str] = set()
    for carried in read.questions:
        try:
            checked(carried.kind, carried.stem, carried.data, is_survey=carried.is_survey)
            if not carried.stem.strip():
                raise bank.BadQuestion(_("题干不能为空。"), field="stem")
            if carried.category is not None:
                carried.category = bank.category_path(carried.category)
        except Refused as refused:
            draft.problems.append(Problem(file, sheet, carried.line, refused.field, shown(carried.stem), refused.message))
            continue
        if carried.key and carried.key in keys:
            draft.problems.append(Problem(file, sheet, carried.line, "key", carried.key, _("这个编号在文件中出现了不止一次。")))
            continue
        keys.add(carried.key)
        _plan(draft, bank_, carried)
    draft.problems.sort(key=lambda problem: problem.row or 0)
    return draft


def _plan(draft: Draft, bank_: Bank, carried: Carried) -> None:
    known = bank_.find(carried)
    label = (carried.name or carried.stem).replace("\n", " ")[:60]
    if known is None:
        draft.add((carried, None), label)
    elif known.question.kind is not carried.kind:
        draft.problems.append(
            Problem(
                draft.file, draft.sheet, carried.line, "kind", carried.kind.value, _("题库中这个编号的题是另一种题型，不能改变题型。请换一个编号。")
            )
        )
    elif _known_content(known) == _content_of(carried) and _is_sorted_so(carried, known):
        draft.same()
    else:
        draft.change((carried, known.question.id), label, [], [known.question])


def apply(draft: Draft, *, course_id: int, by: Identity, now: datetime) -> Draft:
    """Write what was planned, in the current transaction. Raises ImportRefused when there are errors."""
    refuse_errors(draft)
    new = [_new(carried) for carried, question_id in draft.work if question_id is None]
    if new:
        bank.add_many(course_id=course_id, rows=new, by=by, now=now)
    for carried, question_id in draft.work:
        question = queries.question_by_id(question_id) if question_id is not None else None
        if question is None:
            continue
        version = queries.current_version(question)
        sorting: dict[str, Any] = {"name": carried.name, "category": carried.category, "tags": carried.tags, "difficulty": carried.difficulty}
        if _known_content(Known(question, version, ())) == _content_of(carried):
            bank.describe(question=question, by=by, **sorting)
            continue
        notation.keep_keys(carried.data, version.data, queries.keys_given(question.id))
        bank.save_question(
            course_id=course_id,
            kind=carried.kind,
            question=question,
            stem=carried.stem,
            data={**{k: v for k, v in version.data.items() if k == "origin"}, **carried.data},
            explanation=carried.explanation,
            body_format=BodyFormat(carried.body_format),
            is_survey=carried.is_survey,
            by=by,
            now=now,
            **sorting,
        )
    session().flush()
    return draft


def _new(carried: Carried) -> bank.NewQuestion:
    return bank.NewQuestion(
        kind=carried.kind,
        stem=carried.stem,
        data=carried.data,
        explanation=carried.explanation,
        key=carried.key[:120],
        name=carried.name or "",
        category=carried.category or "",
        tags=tuple(carried.tags or ()),
        difficulty=carried.difficulty or Difficulty.MEDIUM,
        body_format=BodyFormat(carried.body_format),
        is_survey=carried.is_survey,
    )
