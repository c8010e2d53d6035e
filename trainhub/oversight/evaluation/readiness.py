"""Does a programme meet the requirements on a day? Gathers the case, lets the rules judge, composes the answer. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.queries.cases import RULES, case_of
from trainhub.oversight.evaluation.rules import verdict, whole
from trainhub.oversight.evaluation.types import Assessment, Case, Criterion, CriterionKind, JudgementCase, RequirementAnswer, Verdict
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import Parameter
from trainhub.programmes.models import Programme

KEYS = tuple(dict.fromkeys((*whole.PARAMETERS, *RULES)))
"""Every number on which an answer depends: those that judge, and those by which facts are gathered."""


def parameters(on: date) -> dict[str, Parameter]:
    """The numbers of the day. Raises NotInForce before the scheme existed (2010-01-01)."""
    return {key: book().at(key, on=on) for key in KEYS}


def assess(programme: Programme, on: date) -> Assessment:
    """The answer for a programme on a day: the same number of queries whatever the number of students."""
    return look(programme, on)[0]


def look(programme: Programme, on: date) -> tuple[Assessment, Case]:
    """The answer with the case it was given on: who and what stands behind each finding."""
    p = parameters(on)
    case = case_of(programme, on, rules=p)
    said = judgements.latest_judgements(programme.id, on)
    answers = answers_of(case, said, p)
    accreditation = verdict.standing(judgements.accreditation_on(programme.id, on), on)
    special = verdict.special_result((answer.status for answer in answers), judgements.quality_on(programme.id, on))
    reached = verdict.verdict_of(accreditation, special)
    answer = Assessment(
        on=on,
        group=case.group,
        answers=answers,
        special_result=special,
        accreditation=accreditation,
        verdict=reached,
        reapply_from=reapply_from(programme, reached, on, p),
        judgements=said,
    )
    return answer, case


CLOCKS = ("petoe.reapply_failed_years", "petoe.reapply_not_accepted_years", "own.evaluation.next_year_basis")
"""The numbers that set the day of the next application."""


def reapply_from(programme: Programme, reached: Verdict | None, on: date, p: Mapping[str, Parameter]) -> date | None:
    """From when the programme may apply again: by these numbers, as long as nothing was decided.

    What was decided keeps the rules of its day: a number that changed since does not move the clock of an old decision.
    """
    decision = judgements.decision_on(programme.id, on)
    clocks = {key: book().at(key, on=decision.decided_on) for key in CLOCKS} if decision is not None else p
    return verdict.reapply_from(
        decision,
        reached,
        on,
        failed_years=clocks["petoe.reapply_failed_years"],
        not_accepted_years=clocks["petoe.reapply_not_accepted_years"],
        basis=clocks["own.evaluation.next_year_basis"],
    )


def answers_of(case: Case, said: Mapping[str, JudgementCase], p: Mapping[str, Parameter]) -> tuple[RequirementAnswer, ...]:
    """The ten requirements with the findings of their criteria; of computed ones a judgement settles soft words."""
    return answers_from(raw_of(case, p), said, p["petoe.intl_criteria_needed"])


def raw_of(case: Case, p: Mapping[str, Parameter]) -> dict[str, Finding]:
    """What the data alone say about each criterion: what a person decides is open, with the evidence at hand."""
    computed = whole.findings(case, catalogue.criteria(), p)
    evidence = {code: (text,) for code, text in case.evidence.items() if text} | whole.beside(case, p)
    return {
        code: computed[code] if one.kind is CriterionKind.COMPUTED else verdict.judged(one, None, evidence.get(code, ()))
        for code, one in catalogue.criteria().items()
    }


def answers_from(
    raw: Mapping[str, Finding], said: Mapping[str, JudgementCase], needed: Parameter, left: frozenset[Status] = verdict.SOFT
) -> tuple[RequirementAnswer, ...]:
    """The same from what the data said. `needed`: how many of requirement 9; `left`: which computed ones a judgement settles."""

    def finding(criterion: Criterion) -> Finding:
        judgement, found = said.get(criterion.code), raw[criterion.code]
        if criterion.kind is CriterionKind.COMPUTED:
            return verdict.settled(found, judgement, left)
        return verdict.judged(criterion, judgement, found.details)

    answers = []
    for requirement in catalogue.requirements():
        findings = tuple(finding(criterion) for criterion in requirement.criteria)
        status = verdict.status_of(requirement.no, findings, international_needed=needed)
        answers.append(RequirementAnswer(requirement, status, findings))
    return tuple(answers)


def as_dict(code: str, found: Assessment) -> dict[str, Any]:
    """The JSON of `trainhub evaluation check`, as the contract promises."""
    kinds = {criterion.code: criterion.kind.value for criterion in catalogue.criteria().values()}
    return {
        "programme": code,
        "on": found.on.isoformat(),
        "requirements": [
            {
                "no": answer.requirement.no,
                "status": answer.status.value,
                "criteria": [_criterion(finding, kinds[finding.code]) for finding in answer.findings],
            }
            for answer in found.answers
        ],
        "special_result": found.special_result.value if found.special_result else None,
        "accreditation": found.accreditation.value if found.accreditation else None,
        "verdict": found.verdict.value if found.verdict else None,
        "reapply_from": found.reapply_from.isoformat() if found.reapply_from else None,
        "judged": {
            "cohorts": list(found.group.cohort_years),
            "is_finished": found.group.is_finished,
            "students": found.group.size,
            "withdrawn": list(found.group.withdrawn),
            "left": list(found.group.left),
            "joined": list(found.group.joined),
            "graduations": list(found.group.graduations),
        },
    }


def _criterion(finding: Finding, kind: str) -> dict[str, Any]:
    row = finding.as_dict()
    return {
        "no": finding.code,
        "kind": kind,
        **{key: row[key] for key in ("status", "found", "required", "clause", "denominator", "unit", "parameter", "details")},
        "quote": finding.clause.quote,
    }
