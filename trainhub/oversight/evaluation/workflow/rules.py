"""The state machine: one table, one pure guard for each question, and the walk over both. Nothing else moves an application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from trainhub.oversight.evaluation.types import AccreditationStanding, Verdict
from trainhub.oversight.evaluation.workflow.types import (
    INTERVIEWS,
    Actor,
    DocumentKind,
    Event,
    Facts,
    Gap,
    Guard,
    Lack,
    Next,
    Route,
    State,
    Transition,
    VisitItemKind,
)

OPEN = (
    State.ELIGIBLE,
    State.APPLIED,
    State.PREPARING,
    State.SUBMITTED,
    State.VISIT_SCHEDULED,
    State.VISITED,
    State.AT_ASSOCIATION,
    State.ACCREDITATION_CONCLUDED,
    State.IN_WORKING_GROUP,
)
FEW = 8
"""So many open criteria are named; more are counted."""
_S, _E, _A, _G, _D = State, Event, Actor, Guard, DocumentKind

TABLE: tuple[Transition, ...] = (
    Transition(
        "T0", _E.BECOME_ELIGIBLE, (_S.IMPLEMENTING,), _S.ELIGIBLE, _A.PROGRAMME,
        (_G.COHORT_GRADUATED, _G.PREREQUISITE, _G.NONE_OPEN, _G.CLOCK), clause="PETOE-P5, 002:211",
    ),
    Transition("T1", _E.APPLY, (_S.ELIGIBLE,), _S.APPLIED, _A.PROGRAMME, (), "own:next_accreditation", clause="PETOE-P5, P14a, 002:211, 002:223"),
    Transition("T1c", _E.APPLY_ALONE, (_S.ELIGIBLE,), _S.APPLIED, _A.PROGRAMME, (_G.ROUTE_ALONE,), clause="PETOE-P14b, 002:223", route=Route.EVALUATION_ONLY),
    Transition("T2", _E.REFUSE, (_S.APPLIED,), _S.NOT_ACCEPTED, _A.ASSOCIATION, (_G.REASON,), "petoe.reapply_not_accepted_years", clause="PETOE-P6, 002:211"),
    Transition(
        "T2b", _E.APPLY_NEXT_YEAR, (_S.NOT_ACCEPTED,), _S.APPLIED, _A.PROGRAMME, (_G.CLOCK, _G.NONE_OPEN),
        "petoe.reapply_not_accepted_years", clause="PETOE-P6, 002:211",
    ),
    Transition(
        "T2c", _E.APPLY_ALONE, (_S.NOT_ACCEPTED,), _S.APPLIED, _A.PROGRAMME, (_G.CLOCK, _G.NONE_OPEN, _G.ROUTE_ALONE),
        "petoe.reapply_not_accepted_years", clause="PETOE-P6, P14b, 002:211, 002:223", route=Route.EVALUATION_ONLY,
    ),
    Transition("T3", _E.ACCEPT, (_S.APPLIED,), _S.PREPARING, _A.ASSOCIATION, clause="PETOE-P6, 002:211"),
    Transition(
        "T4", _E.SUBMIT, (_S.PREPARING,), _S.SUBMITTED, _A.PROGRAMME, (_G.REPORTS, _G.COHORT_GRADUATED), "own:same_moment",
        (_D.SELF_REPORT, _D.SUPPLEMENTARY_REPORT), "PETOE-P7, P8, 002:213",
    ),
    Transition("T5", _E.SCHEDULE_VISIT, (_S.SUBMITTED,), _S.VISIT_SCHEDULED, _A.ASSOCIATION, (_G.AGENDA, _G.EXPERTS), "own:accreditation_schedule", clause="PETOE-P9, 002:215"),
    Transition("T5b", _E.CALL_OFF, (_S.VISIT_SCHEDULED,), _S.SUBMITTED, _A.ASSOCIATION, (_G.REASON, _G.NO_FORM_IN), clause="own", route=Route.EVALUATION_ONLY),
    Transition("T6", _E.END_VISIT, (_S.VISIT_SCHEDULED,), _S.VISITED, _A.VISIT_GROUP, (_G.VISIT_OVER, _G.AGENDA, _G.FORMS), documents=(_D.VISIT_FORM,), clause="PETOE-P10, 002:215"),
    Transition(
        "T7", _E.SEND_TO_ASSOCIATION, (_S.VISITED,), _S.AT_ASSOCIATION, _A.VISIT_GROUP, (_G.VISIT_DOCUMENTS,), "own:same_moment",
        (_D.VISIT_FORM, _D.ACCREDITATION_VISIT_REPORT), "PETOE-P10, 002:215", Route.JOINT,
    ),
    Transition(
        "T8", _E.CONCLUDE_ACCREDITATION, (_S.AT_ASSOCIATION,), _S.ACCREDITATION_CONCLUDED, _A.ASSOCIATION, (_G.CONCLUSION,),
        documents=(_D.ACCREDITATION_CONCLUSION,), clause="PETOE-P11, 002:217", route=Route.JOINT,
    ),
    Transition(
        "T9", _E.SEND_TO_GROUP, (_S.ACCREDITATION_CONCLUDED,), _S.IN_WORKING_GROUP, _A.ASSOCIATION, (_G.DOSSIER,),
        documents=(_D.ACCREDITATION_CONCLUSION, _D.SUPPLEMENTARY_REPORT, _D.ACCREDITATION_VISIT_REPORT, _D.VISIT_FORM), clause="PETOE-P11, 002:217", route=Route.JOINT,
    ),
    Transition(
        "T9b", _E.SEND_ALONE, (_S.SUBMITTED, _S.VISITED), _S.IN_WORKING_GROUP, _A.ASSOCIATION, (_G.DOSSIER_ALONE,),
        documents=(_D.ACCREDITATION_CONCLUSION, _D.SUPPLEMENTARY_REPORT), clause="PETOE-P14b, 002:223", route=Route.EVALUATION_ONLY,
    ),
    Transition("T10", _E.CONCLUDE, (_S.IN_WORKING_GROUP,), _S.CONCLUDED, _A.WORKING_GROUP, (_G.DERIVABLE,), clause="PETOE-P12, P16, 002:217, 002:645"),
    Transition("T11", _E.PUBLISH, (_S.CONCLUDED,), _S.PUBLISHED, _A.WORKING_GROUP, (_G.VERDICT_MET, _G.ONE_LIST), "petoe.publications_per_year", clause="PETOE-P13, 002:219"),
    Transition("T12", _E.FAIL, (_S.CONCLUDED,), _S.FAILED, _A.SYSTEM, (_G.VERDICT_OTHER,), "petoe.reapply_failed_years", clause="PETOE-P15, 002:225"),
    Transition("T12b", _E.APPLY_AGAIN, (_S.FAILED,), _S.APPLIED, _A.PROGRAMME, (_G.CLOCK, _G.NONE_OPEN), "petoe.reapply_failed_years", clause="PETOE-P15, 002:225"),
    Transition(
        "T12c", _E.APPLY_ALONE, (_S.FAILED,), _S.APPLIED, _A.PROGRAMME, (_G.CLOCK, _G.NONE_OPEN, _G.ROUTE_ALONE),
        "petoe.reapply_failed_years", clause="PETOE-P14b, P15, 002:223, 002:225", route=Route.EVALUATION_ONLY,
    ),
    Transition("Tx", _E.WITHDRAW, OPEN, _S.WITHDRAWN, _A.PROGRAMME, (_G.REASON,), clause="own"),
)  # fmt: skip
"""Every transition there is, in the numbering of requirements.md 2. `own`: the documents do not say, practice needs it."""


ASKED = (
    "petoe.reports_joint", "petoe.reports_evaluation_only", "petoe.interview_groups", "petoe.visit_documents", "petoe.dossier_documents",
    "petoe.accreditation_years_short", "petoe.accreditation_years_long", "petoe.first_cohort_graduated_required",
    "petoe.self_report_passage_required", "petoe.centre_visit_expected",
)  # fmt: skip
"""The numbers of the policy that the guards ask, see `Facts.numbers`."""


def _graduated(facts: Facts) -> list[Gap]:
    is_asked = bool(facts.numbers["petoe.first_cohort_graduated_required"])
    if not is_asked or (facts.graduated_on is not None and facts.graduated_on <= facts.today):
        return []
    return [Gap.of(Lack.NOT_GRADUATED)]


def _prerequisite(facts: Facts) -> list[Gap]:
    return [] if facts.has_prerequisite else [Gap.of(Lack.NO_PREREQUISITE)]


def _none_open(facts: Facts) -> list[Gap]:
    return [Gap.of(Lack.OTHER_OPEN)] if facts.has_other_open else []


def _term(facts: Facts, which: str) -> int:
    """The years of the short or the long term of an accreditation (002:223)."""
    return int(facts.numbers[f"petoe.accreditation_years_{which}"][0])


def _alone(facts: Facts) -> list[Gap]:
    if facts.accreditation is AccreditationStanding.EXPIRED:
        return [Gap.of(Lack.LAPSED_ALONE, day=facts.accreditation_until)]
    if facts.accreditation is AccreditationStanding.DECLARED:
        return [Gap.of(Lack.NOT_CONFIRMED)]
    if facts.accreditation is not AccreditationStanding.PASSED:
        return [Gap.of(Lack.NOT_ACCREDITED)]
    if facts.accreditation_years == _term(facts, "long") or facts.last_verdict is Verdict.ACCREDITED_SPECIAL_NOT_MET:
        return []
    return [Gap.of(Lack.SHORT_TERM, n=_term(facts, "short"))]


def _clock(facts: Facts) -> list[Gap]:
    if facts.reapply_from is None or facts.today >= facts.reapply_from:
        return []
    return [Gap.of(Lack.TOO_EARLY, day=facts.reapply_from)]


def _reason(facts: Facts) -> list[Gap]:
    return [] if facts.reason.strip() else [Gap.of(Lack.NO_REASON)]


def _missing(facts: Facts, wanted: tuple[str, ...]) -> list[Gap]:
    return [Gap.of(Lack.NO_DOCUMENT, what=DocumentKind(one)) for one in wanted if DocumentKind(one) not in facts.documents]


def _reports(facts: Facts) -> list[Gap]:
    is_joint = facts.route is Route.JOINT
    gaps = _missing(facts, facts.numbers["petoe.reports_joint" if is_joint else "petoe.reports_evaluation_only"])
    asks_passage = is_joint and bool(facts.numbers["petoe.self_report_passage_required"])
    if asks_passage and DocumentKind.SELF_REPORT in facts.documents and not facts.petoe_passage.strip():
        gaps.append(Gap.of(Lack.NO_PASSAGE))
    if facts.uncovered:
        gaps.append(Gap.of(Lack.UNCOVERED, codes="、".join(facts.uncovered)))
    return gaps


def _agenda(facts: Facts) -> list[Gap]:
    visit = facts.visit
    if visit is None:
        return [Gap.of(Lack.NO_VISIT)]
    gaps = [
        Gap.of(Lack.NO_INTERVIEW, what=INTERVIEWS[group]) for group in facts.numbers["petoe.interview_groups"] if INTERVIEWS[group] not in visit.kinds
    ]
    asks_centre = bool(facts.numbers["petoe.centre_visit_expected"])
    if asks_centre and VisitItemKind.CENTRE_VISIT not in visit.kinds and not visit.no_centre_reason.strip():
        gaps.append(Gap.of(Lack.NO_CENTRE_VISIT))
    return gaps + [Gap.of(Lack.OUTSIDE_VISIT, what=one) for one in visit.outside]


def _experts(facts: Facts) -> list[Gap]:
    gaps = [Gap.of(Lack.NOT_DECLARED, name=one.name) for one in facts.experts if not one.has_declared]
    gaps += [Gap.of(Lack.IN_CONFLICT, name=one.name) for one in facts.experts if one.has_conflict]
    usable = [one for one in facts.experts if one.is_usable]
    if not usable:
        gaps.append(Gap.of(Lack.NO_EXPERT))
    elif not any(one.is_leader for one in usable):
        gaps.append(Gap.of(Lack.NO_LEADER))
    return gaps


def _visit_over(facts: Facts) -> list[Gap]:
    if facts.visit is not None and facts.today < facts.visit.ends_on:
        return [Gap.of(Lack.VISIT_RUNNING, day=facts.visit.ends_on)]
    return []


def _forms(facts: Facts) -> list[Gap]:
    """Every form is in; who was assigned during the visit and has not declared yet is waited for, or taken off by the association."""
    gaps = [Gap.of(Lack.NOT_DECLARED, name=e.name) for e in facts.experts if not e.has_declared]
    gaps += [Gap.of(Lack.FORM_OPEN, name=e.name, n=e.answered) for e in facts.experts if e.is_usable and not e.is_submitted]
    if facts.open_criteria:
        gaps.append(Gap.of(Lack.NO_AGREEMENT, n=len(facts.open_criteria), codes=_some(facts.open_criteria)))
    return gaps


def _some(codes: tuple[str, ...]) -> str:
    return "、".join(codes[:FEW]) + ("…" if len(codes) > FEW else "")


def _conclusion(facts: Facts) -> list[Gap]:
    gaps = [] if facts.has_new_conclusion else [Gap.of(Lack.NO_CONCLUSION)]
    if facts.has_new_conclusion and facts.lacks_term:
        gaps.append(Gap.of(Lack.NO_TERM))
    return gaps + _missing(facts, (DocumentKind.ACCREDITATION_CONCLUSION.value,))


def _still_valid(facts: Facts) -> list[Gap]:
    if facts.accreditation is AccreditationStanding.EXPIRED:
        return [Gap.of(Lack.LAPSED, day=facts.accreditation_until)]
    if facts.accreditation is AccreditationStanding.DECLARED:
        return [Gap.of(Lack.NOT_CONFIRMED)]
    return []


def _dossier_alone(facts: Facts) -> list[Gap]:
    if facts.state is State.SUBMITTED and facts.visit is not None:
        return [Gap.of(Lack.VISIT_PLANNED)]
    if facts.state is State.SUBMITTED and not facts.is_visit_optional:
        return [Gap.of(Lack.VISIT_NEEDED)]
    wanted = [DocumentKind.ACCREDITATION_CONCLUSION.value, *facts.numbers["petoe.reports_evaluation_only"]]
    if facts.visit is not None:
        wanted.append(DocumentKind.VISIT_FORM.value)
    return _still_valid(facts) + _missing(facts, tuple(wanted))


def _derivable(facts: Facts) -> list[Gap]:
    gaps = _still_valid(facts)
    if facts.undecided and facts.accreditation is not AccreditationStanding.FAILED:
        gaps.append(Gap.of(Lack.UNDECIDED, n=len(facts.undecided), codes=_some(facts.undecided)))
    if not gaps and facts.verdict is None:
        gaps.append(Gap.of(Lack.NO_VERDICT))
    return gaps


def _met(facts: Facts) -> list[Gap]:
    is_met = facts.verdict is Verdict.ACCREDITED_SPECIAL_MET
    return [] if is_met else [Gap.of(Lack.NOT_MET)]


GUARDS: Mapping[Guard, Callable[[Facts], list[Gap]]] = {
    Guard.COHORT_GRADUATED: _graduated,
    Guard.PREREQUISITE: _prerequisite,
    Guard.NONE_OPEN: _none_open,
    Guard.ROUTE_ALONE: _alone,
    Guard.CLOCK: _clock,
    Guard.REASON: _reason,
    Guard.REPORTS: _reports,
    Guard.AGENDA: _agenda,
    Guard.EXPERTS: _experts,
    Guard.NO_FORM_IN: lambda facts: [Gap.of(Lack.FORM_IN)] if facts.has_former_form or any(one.is_submitted for one in facts.experts) else [],
    Guard.VISIT_OVER: _visit_over,
    Guard.FORMS: _forms,
    Guard.VISIT_DOCUMENTS: lambda facts: _missing(facts, facts.numbers["petoe.visit_documents"]),
    Guard.CONCLUSION: _conclusion,
    Guard.DOSSIER: lambda facts: _missing(facts, facts.numbers["petoe.dossier_documents"]),
    Guard.DOSSIER_ALONE: _dossier_alone,
    Guard.DERIVABLE: _derivable,
    Guard.VERDICT_MET: _met,
    Guard.VERDICT_OTHER: lambda facts: [] if facts.verdict is not Verdict.ACCREDITED_SPECIAL_MET else [Gap.of(Lack.MET)],
    Guard.ONE_LIST: lambda facts: [Gap.of(Lack.LISTED)] if facts.is_listed else [],
}


def find(state: State, event: Event, route: Route) -> Transition | None:
    """The transition of an event from a state on a route; None when the table has none."""
    for one in TABLE:
        if one.event is event and state in one.sources and (one.route in (None, route) or event is Event.APPLY_ALONE):
            return one
    return None


def gaps(transition: Transition, facts: Facts) -> tuple[Gap, ...]:
    """What stands in the way of a transition, in the order of its guards."""
    return tuple(gap for guard in transition.guards for gap in GUARDS[guard](facts))


def following(facts: Facts) -> tuple[Next, ...]:
    """Every transition that starts from where the application stands, with its gaps; a reason is asked for when it is done."""
    found = []
    for one in TABLE:
        if facts.state in one.sources and (one.route in (None, facts.route) or one.event is Event.APPLY_ALONE):
            quiet = tuple(guard for guard in one.guards if guard is not Guard.REASON)
            found.append(Next(one, tuple(gap for guard in quiet for gap in GUARDS[guard](facts))))
    return tuple(found)


def access_span(starts_on: date, ends_on: date, *, before: int, after: int) -> tuple[date, date]:
    """The days on which an expert of a visit sees its dossier: the visit with some days to read before and to write after."""
    return starts_on - timedelta(days=before), ends_on + timedelta(days=after)
