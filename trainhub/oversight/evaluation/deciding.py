"""What a verdict rests on: the data, and what somebody outside the programme judged since the reports were handed in (002:217).

What a programme says about itself shows how ready it is; it decides nothing. What the visiting group could not judge is open until the
working group has judged it since. So is a criterion without anything to count: a programme without part-time teachers could never be concluded.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.operations.judging import BadJudgement
from trainhub.oversight.evaluation.queries import judgements, staff
from trainhub.oversight.evaluation.rules import verdict
from trainhub.oversight.evaluation.types import Assessment, Case, JudgementCase
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.types import WITH_EXPERTS, Opinion
from trainhub.policy.findings import Finding, Status
from trainhub.programmes.models import Programme


def look(application: Application, programme: Programme, on: date) -> tuple[Assessment, Assessment]:
    """(the answer a verdict rests on, the answer as it shows to everybody) on a day; before the submission both are the same."""
    answer, case = readiness.look(programme, on)
    return _resting(application, programme, answer, case), answer


def sheet(application: Application, programme: Programme, on: date) -> tuple[Assessment, dict[str, Finding]]:
    """(the answer a verdict rests on, what the data alone say about each criterion): what the working group has before it."""
    answer, case = readiness.look(programme, on)
    return _resting(application, programme, answer, case), unsettled(programme, on, case)


def _resting(application: Application, programme: Programme, answer: Assessment, case: Case) -> Assessment:
    if application.submitted_at is None:
        return answer
    on = answer.on
    said = said_since(application, on)
    answers = readiness.answers_of(case, said, readiness.parameters(on), verdict.OPEN)
    special = verdict.special_result((one.status for one in answers), judgements.quality_on(programme.id, on))
    reached = verdict.verdict_of(answer.accreditation, special)
    return replace(answer, answers=answers, special_result=special, verdict=reached, judgements=said)


def said_since(application: Application, on: date) -> dict[str, JudgementCase]:
    """What somebody outside the programme judged since the submission, of what the visiting group left open since then."""
    if application.submitted_at is None:
        return {}
    unclear = {code: one.recorded_at for code, one in queries.consensus_of(application.id).items() if one.opinion is Opinion.UNCLEAR}
    return judgements.latest_since(application.programme_id, on, application.submitted_at, unclear)


def check_outside(programme: Programme, by: Identity, on: date) -> None:
    """Refuse a judgement by somebody of the programme's own university while experts judge it: it would count as one from outside."""
    application = queries.open_of(programme.id)
    if application is None or application.state not in WITH_EXPERTS or by.account_id is None:
        return
    ties = staff.ties_to_university(by.person_id, by.account_id, programme, on)
    if ties:
        raise BadJudgement(_("你%(why)s，不能评判本校的专业，请由工作组其他成员评判。", why="；".join(ties)))


def undecided(answer: Assessment) -> tuple[str, ...]:
    """The criteria that keep the result of the ten open, because nobody outside the programme has judged them."""
    if answer.special_result is not None:
        return ()
    found: list[str] = []
    for part in answer.answers:  # of requirement 9 what has no data is not needed where enough can be judged
        left = {Status.JUDGE: verdict.SOFT, Status.NO_DATA: verdict.OPEN}.get(part.status, frozenset())
        found += [one.code for one in part.findings if one.status in left]
    return tuple(found)


def unsettled(programme: Programme, on: date, case: Case | None = None) -> dict[str, Finding]:
    """What the data alone say about each criterion on a day: soft words are open, whoever judged them."""
    found = case if case is not None else readiness.look(programme, on)[1]
    return {finding.code: finding for answer in readiness.answers_of(found, {}, readiness.parameters(on)) for finding in answer.findings}
