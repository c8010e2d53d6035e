"""The one way an application moves: the table says which transition, the guards whether, and a step is written for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.oversight.evaluation import catalogue, deciding, readiness
from trainhub.oversight.evaluation.models import EvaluationDecision
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.queries.holding import hold_programme
from trainhub.oversight.evaluation.rules import verdict as verdicts
from trainhub.oversight.evaluation.store.operations import freezing
from trainhub.oversight.evaluation.store.operations.freezing import Dossier
from trainhub.oversight.evaluation.types import CriterionKind, DecisionCase, JudgementResult, Outcome
from trainhub.oversight.evaluation.workflow import outcome_queries, queries, rules, words
from trainhub.oversight.evaluation.workflow.models import Application, Listed, Publication, Step
from trainhub.oversight.evaluation.workflow.operations import calling_off, outside, papers, telling
from trainhub.oversight.evaluation.workflow.types import CLOSED, Actor, DocumentKind, Event, Gap, Opinion, Route, State, Transition
from trainhub.policy.findings import Status
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


class BadStep(Refused):
    """The application cannot move like that now; the message names what stands in the way."""

    code = "bad_step"


def open_application(*, programme: Programme, has_prerequisite: bool, by: Identity, today: date, now: datetime) -> Application:
    """T0: the first cohort has graduated and the head confirms the prerequisites; the open application is returned as it is.

    The clock of an earlier application runs for a new one too. Raises BadStep with everything that is missing (PETOE-P5, 002:211).
    """
    hold_programme(programme.id)
    known = queries.open_of(programme.id)
    if known is not None:
        return known
    row = Application(
        programme_id=programme.id,
        route=Route.JOINT,
        state=State.IMPLEMENTING,
        state_since=today,
        has_prerequisite=has_prerequisite,
        created_at=now,
    )
    session().add(row)
    session().flush()
    facts = queries.facts_of(row, today)
    transition = _transition(row, Event.BECOME_ELIGIBLE)
    gaps = rules.gaps(transition, facts)
    if gaps:
        raise _refusal(gaps)
    return _write(row, transition, by=by, today=today, now=now, reason="", documents=[])


WITH_JUDGEMENTS = frozenset([Event.SUBMIT, Event.CONCLUDE])
"""The steps that draw a line under what was judged."""


def prepare(*, application: Application, event: Event, today: date, reason: str = "") -> Dossier | None:
    """What a step freezes, drawn before anything is locked: it takes seconds, and nobody else waits for them. None for a step that draws
    nothing, and for one that will be refused."""
    transition = rules.find(application.state, event, application.route) if event is Event.SUBMIT else None
    if transition is None or rules.gaps(transition, queries.facts_of(application, today, reason=reason, criteria=list(catalogue.criteria()))):
        return None
    drawn = freezing.draw(_programme(application), today)
    session().expire_all()  # what was read for it is read anew behind the lock
    return drawn


def step(
    *,
    application: Application,
    event: Event,
    by: Identity,
    today: date,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    drawn: Dossier | None = None,
) -> Application:
    """Move an application by an event of the table. A step that was already made is returned as it is. `drawn`: see `prepare`.

    Returns the application, or its successor where the table starts a new one (T2b, T2c, T12b, T12c). Raises BadStep and Stale.
    """
    queries.hold(application)
    if event in WITH_JUDGEMENTS:  # what is judged meanwhile comes before or after it, never beside it
        hold_programme(application.programme_id)
    last = next(iter(queries.steps_of(application.id)), None)
    if last is not None and last.event is event and last.to_state is application.state:
        return application
    check_version(application, version)
    transition = _transition(application, event)
    if outside.is_asked(transition.actor, event):
        outside.check(application, by, today, is_visiting=transition.actor is Actor.VISIT_GROUP)
    facts = queries.facts_of(application, today, reason=reason, criteria=list(catalogue.criteria()))
    if event is Event.CONCLUDE:
        found = deciding.resting(application, _programme(application), today)
        facts = replace(facts, verdict=found.verdict, undecided=deciding.undecided(found))
    gaps = rules.gaps(transition, facts)
    if gaps:
        raise _refusal(gaps)
    if application.state in (State.NOT_ACCEPTED, State.FAILED):
        return _successor(application, transition, by=by, today=today, now=now)
    effect = EFFECTS.get(event)
    if effect is not None:
        effect(application, by=by, today=today, now=now, reason=reason, **({"drawn": drawn} if event is Event.SUBMIT else {}))
    papers.freeze(application, transition.documents, now=now)
    sent = [kind.value for kind in transition.documents if kind in facts.documents or kind is DocumentKind.VISIT_FORM]
    _write(application, transition, by=by, today=today, now=now, reason=reason, documents=sent)
    if event is Event.CONCLUDE and not rules.gaps(_transition(application, Event.FAIL), replace(facts, verdict=application.verdict)):
        step(application=application, event=Event.FAIL, by=SYSTEM, today=today, now=now)
    return application


def _refusal(gaps: Sequence[Gap]) -> BadStep:
    problems = [words.tell(gap) for gap in gaps]
    return BadStep("".join(problems), details=[{"problem": problem} for problem in problems])


def _programme(application: Application) -> Programme:
    programme = programmes.by_id(application.programme_id)
    assert programme is not None
    return programme


def _transition(application: Application, event: Event) -> Transition:
    found = rules.find(application.state, event, application.route)
    if found is None:
        raise BadStep(_("申请现处于“%(state)s”，不能进行“%(event)s”。", state=words.STATES[application.state], event=words.EVENTS[event]))
    return found


def _write(
    application: Application, transition: Transition, *, by: Identity, today: date, now: datetime, reason: str, documents: list[str]
) -> Application:
    before = application.state
    application.state, application.state_since = transition.target, today
    application.open_key = None if transition.target in CLOSED else application.programme_id
    who = SYSTEM if transition.actor is Actor.SYSTEM else by
    session().add(
        Step(
            application_id=application.id,
            code=transition.code,
            event=transition.event,
            from_state=before,
            to_state=transition.target,
            on=today,
            at=now,
            by_id=who.account_id,
            by_name=who.name[:200],
            reason=reason.strip()[:400],
            documents=documents,
        )
    )
    session().flush()
    audit.record(
        by=by,
        did="evaluation.application.moved",
        on=application,
        data={"programme": application.programme_id, "step": transition.code, "from": before.value, "to": transition.target.value, "reason": reason},
    )
    telling.tell_step(application, transition, by=by, today=today, now=now)
    return application


def _successor(application: Application, transition: Transition, *, by: Identity, today: date, now: datetime) -> Application:
    """A new row for the new application, on the route that the programme chose: the old one keeps its documents, opinions and history."""
    row = Application(
        programme_id=application.programme_id,
        previous_id=application.id,
        route=transition.route or Route.JOINT,
        state=application.state,
        state_since=today,
        has_prerequisite=application.has_prerequisite,
        created_at=now,
    )
    session().add(row)
    session().flush()
    return _write(row, transition, by=by, today=today, now=now, reason="", documents=[])


# -- what an event does besides moving ------------------------------------------------------------------------------------


def _alone(application: Application, **_rest: Any) -> None:
    application.route = Route.EVALUATION_ONLY


def _decide(application: Application, outcome: Outcome, *, by: Identity, today: date, now: datetime, reason: str) -> EvaluationDecision:
    programme = _programme(application)
    found = deciding.resting(application, programme, today) if outcome is Outcome.CONCLUDED else None
    until = verdicts.valid_until(outcome_queries.accreditation_of(application, today)) if outcome is Outcome.CONCLUDED else None
    row = judging.record_decision(
        programme=programme, outcome=outcome, decided_on=today, by=by, now=now, reason=reason, found=found, accredited_until=until
    )
    application.decision_id = row.id
    p = readiness.parameters(today)
    application.reapply_from = verdicts.reapply_from(
        DecisionCase(row.outcome, row.decided_on, row.verdict),
        row.verdict,
        today,
        failed_years=p["petoe.reapply_failed_years"],
        not_accepted_years=p["petoe.reapply_not_accepted_years"],
        basis=p["own.evaluation.next_year_basis"],
    )
    return row


def _refuse(application: Application, *, by: Identity, today: date, now: datetime, reason: str) -> None:
    _decide(application, Outcome.NOT_ACCEPTED, by=by, today=today, now=now, reason=reason)


def _submit(application: Application, *, by: Identity, today: date, now: datetime, reason: str, drawn: Dossier | None) -> None:
    """Everything of the dossier is frozen. 特色 or 优秀 of an earlier evaluation stays with that one: the group notes it anew or not at all."""
    before = judgements.latest_moment(application.programme_id)
    application.submitted_at = max(now, before) if before is not None else now  # who wrote before it may have looked at the clock after it
    if judgements.quality_on(application.programme_id, today) is not None:
        text = N_("再次申请评价，上一次的定性评价不带入本次。")
        judging.note_quality(programme=_programme(application), quality=None, text=text, by=by, today=today, now=now)
    freezing.freeze(application_id=application.id, programme=_programme(application), by=by, today=today, now=now, drawn=drawn)


def _call_off(application: Application, *, by: Identity, today: date, now: datetime, reason: str) -> None:
    calling_off.take_back(application, reason, by=by, today=today, now=now)


def _end_visit(application: Application, *, by: Identity, today: date, now: datetime, reason: str) -> None:
    """The form of the group is drawn, and what it agreed on becomes the judgement of each criterion a person decides."""
    programme = _programme(application)
    found = deciding.raw(application, programme)  # the programme's own word closes nothing that soft words leave open
    for code, agreed in queries.consensus_of(application.id).items():
        if agreed.opinion is Opinion.UNCLEAR:
            continue
        if catalogue.criteria()[code].kind is CriterionKind.COMPUTED and found[code].status is not Status.JUDGE:
            continue  # the data that the group read decided it
        judging.record_judgement(
            programme=programme,
            criterion=code,
            result=JudgementResult(agreed.opinion.value),
            remark=agreed.remark or N_("现场考查专家组一致意见。"),
            finding=found[code],
            by=by,
            today=today,
            now=now,
        )
    papers.draw_form(application, programme=programme, by=by, today=today, now=now)


def _send(application: Application, *, now: datetime, **_rest: Any) -> None:
    application.sent_to_association_at = now


def _conclude(application: Application, *, by: Identity, today: date, now: datetime, reason: str) -> None:
    row = _decide(application, Outcome.CONCLUDED, by=by, today=today, now=now, reason=reason)
    application.verdict, application.special_result = row.verdict, row.special_result


EFFECTS: dict[Event, Callable[..., None]] = {
    Event.APPLY_ALONE: _alone,
    Event.REFUSE: _refuse,
    Event.SUBMIT: _submit,
    Event.CALL_OFF: _call_off,
    Event.END_VISIT: _end_visit,
    Event.SEND_TO_ASSOCIATION: _send,
    Event.CONCLUDE: _conclude,
}


def publish_list(*, keys: list[int], document: str, by: Identity, today: date, now: datetime) -> int:
    """T11: publish the one list of the year that runs; returns how many programmes are on it. Raises BadStep.

    The year is that of the day: whoever could name one could publish two lists on a day. Only programmes with 通过且达到 can be on it (PETOE-P13, 002:219). A list that exists is not added to: the rest waits a year.
    """
    year = today.year
    outcome_queries.hold_waiting()
    known = outcome_queries.publication_in(year)
    if known is not None:
        raise BadStep(_("%(year)d 年的名单已于 %(day)s 公布，每年公布一次（002:219）。", year=year, day=known.published_on), field="keys")
    if not keys:
        raise BadStep(_("请至少选择一个专业。"), field="keys")
    row = Publication(year=year, published_on=today, document=document.strip()[:120], published_by=by.name[:200], published_at=now)
    session().add(row)
    session().flush()
    waiting = {one.id: (one, programme, university) for one, programme, university in outcome_queries.waiting_for_list()}
    for key in sorted(set(keys)):
        if key not in waiting:
            raise BadStep(_("有的专业没有通过的评价结论，或已经公布，不能列入名单。"), field="keys")
        one, programme, university = waiting[key]
        decision = judgements.decision(one.decision_id)
        step(application=one, event=Event.PUBLISH, by=by, today=today, now=now)
        session().add(
            Listed(
                publication_id=row.id,
                application_id=one.id,
                university=(decision.university if decision is not None else "") or university,
                programme=(decision.programme if decision is not None else "") or programme.name,
                honour=one.special_result.removeprefix("met").removeprefix("_"),
                accredited_until=outcome_queries.validity_of(one),  # of the one the verdict rests on, whatever was concluded since
            )
        )
    session().flush()
    audit.record(by=by, did="evaluation.list.published", on=row, data={"year": year, "programmes": len(keys)})
    return len(set(keys))
