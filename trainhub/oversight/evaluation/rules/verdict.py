"""How findings become the status of a requirement, the special result, the verdict, and the day of the next application."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.types import (
    AccreditationCase,
    AccreditationStanding,
    Criterion,
    DecisionCase,
    JudgementCase,
    JudgementResult,
    Outcome,
    SpecialResult,
    Verdict,
)
from trainhub.policy.findings import Finding, Status, all_of, any_of, to_judge
from trainhub.policy.types import Parameter

INTERNATIONAL = 9
WORDS = {JudgementResult.MET: "达到", JudgementResult.NOT_MET: "未达到"}


def judged(criterion: Criterion, judgement: JudgementCase | None, evidence: Sequence[str] = ()) -> Finding:
    """A criterion that a person decides: waiting, or as the latest judgement says; the evidence at hand travels along, its sum first."""
    details = tuple(evidence)
    if judgement is None:
        return to_judge(criterion.code, criterion.clause, found=details[0] if details else None, details=details)
    said = f"{judgement.by}（{judgement.on}）：{judgement.remark}" if judgement.remark else f"{judgement.by}（{judgement.on}）"
    return Finding(
        code=criterion.code,
        status=Status.MET if judgement.result is JudgementResult.MET else Status.NOT_MET,
        required=WORDS[JudgementResult.MET],
        found=WORDS[judgement.result],
        clause=criterion.clause,
        details=(said, *details),
    )


SOFT = frozenset([Status.JUDGE])
"""What a judgement of anybody settles: soft words."""
OPEN = frozenset([Status.JUDGE, Status.NO_DATA])
"""What the data leave open: somebody outside the programme settles also that of which there is nothing to count."""


def settled(finding: Finding, judgement: JudgementCase | None, left: frozenset[Status] = SOFT) -> Finding:
    """A computed finding that is `left` to a person: the judgement settles it, what was found stays beside it."""
    if finding.status not in left or judgement is None:
        return finding
    return Finding(
        code=finding.code,
        status=Status.MET if judgement.result is JudgementResult.MET else Status.NOT_MET,
        required=finding.required if finding.required is not None else WORDS[JudgementResult.MET],
        found=finding.found if finding.found is not None else WORDS[judgement.result],
        clause=finding.clause,
        denominator=finding.denominator,
        details=(f"{judgement.by}（{judgement.on}）：{WORDS[judgement.result]}。{judgement.remark}".rstrip(), *finding.details),
        unit=finding.unit,
        parameter=finding.parameter,
    )


def status_of(requirement: int, findings: Sequence[Finding], *, international_needed: Parameter) -> Status:
    """All criteria have to be met; of requirement 9 any three (002:583)."""
    if requirement == INTERNATIONAL:
        return any_of(findings, international_needed.number)
    return all_of(findings)


def special_result(statuses: Iterable[Status], quality: Quality | None) -> SpecialResult | None:
    """The result of the ten (PETOE-P16, 002:645): None as long as something is open. 特色 and 优秀 only stand beside 达到 (002:649)."""
    found = set(statuses)
    if not found or Status.NOT_MET in found:
        return SpecialResult.NOT_MET if found else None
    if found != {Status.MET}:
        return None
    match quality:
        case Quality.DISTINCTIVE:
            return SpecialResult.MET_DISTINCTIVE
        case Quality.EXCELLENT:
            return SpecialResult.MET_EXCELLENT
        case None:
            return SpecialResult.MET


def add_years(day: date, years: int) -> date:
    """The same day `years` later; 29 February becomes 1 March (1.x, P6/P15)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def valid_until(case: AccreditationCase | None) -> date | None:
    """The first day on which an accreditation no longer holds; None without one, or when it does not end."""
    if case is None or not case.is_passed or not case.is_confirmed or case.valid_years is None:
        return None
    return add_years(case.valid_from or case.concluded_on, case.valid_years)


def standing(case: AccreditationCase | None, on: date) -> AccreditationStanding | None:
    """Where the accreditation stands on a day; None when nothing was concluded. Without years it does not end."""
    if case is None or case.concluded_on > on:
        return None
    if not case.is_confirmed:
        return AccreditationStanding.DECLARED
    if not case.is_passed:
        return AccreditationStanding.FAILED
    if case.valid_from is not None and on < case.valid_from:
        return AccreditationStanding.PENDING
    until = valid_until(case)
    if until is not None and on >= until:
        return AccreditationStanding.EXPIRED
    return AccreditationStanding.PASSED


def verdict_of(accreditation: AccreditationStanding | None, special: SpecialResult | None) -> Verdict | None:
    """The verdict table (PETOE-P12, 002:217). Without an accreditation that was passed and has not lapsed, or with an open result, there is none yet.

    The documents ask that the accreditation was passed, not that its first day has come: a conclusion of this year usually holds from the
    next, and the verdict is shown with its validity.
    """
    if accreditation is AccreditationStanding.FAILED:
        return Verdict.NOT_ACCREDITED
    if accreditation not in (AccreditationStanding.PASSED, AccreditationStanding.PENDING) or special is None:
        return None
    return Verdict.ACCREDITED_SPECIAL_NOT_MET if special is SpecialResult.NOT_MET else Verdict.ACCREDITED_SPECIAL_MET


ACADEMIC_YEAR = "academic_year"
TERM_BEGINS = 9
"""An academic year begins on 1 September."""


def year_begins(decided_on: date, years: int, basis: Parameter) -> date:
    """The first day of the calendar year, or of the academic year where the policy says so, that comes `years` after a day."""
    if basis.text == ACADEMIC_YEAR:
        running = decided_on.year if decided_on.month >= TERM_BEGINS else decided_on.year - 1
        return date(running + years, TERM_BEGINS, 1)
    return date(decided_on.year + years, 1, 1)


def reapply_from(
    decision: DecisionCase | None, verdict: Verdict | None, on: date, *, failed_years: Parameter, not_accepted_years: Parameter, basis: Parameter
) -> date | None:
    """The first day of the next application: two clocks (requirements.md 8.1, 8).

    Not accepted: the first day of the next year, of whichever kind `basis` says (PETOE-P6, 002:211). Failed: two years after the decision (PETOE-P15, 002:225).
    Without a recorded decision: as if it were decided on the day asked for. None when nothing failed.
    """
    if decision is not None and decision.outcome is Outcome.NOT_ACCEPTED:
        return year_begins(decision.decided_on, not_accepted_years.number, basis)
    decided_on = decision.decided_on if decision is not None else on
    reached = decision.verdict if decision is not None else verdict
    if reached in (Verdict.ACCREDITED_SPECIAL_NOT_MET, Verdict.NOT_ACCREDITED):
        return add_years(decided_on, failed_years.number)
    return None
