"""What a verdict rests on: what was handed in and frozen, and what somebody outside the programme judged since (002:217).

The special requirements are judged on the group, the numbers and the findings of the submission: what the programme enters, clears or loses
afterwards moves its own readiness and no verdict. The facts of a later day count where an office reopened a criterion with a reason. Only the
accreditation is the one that stands on the day: the association concludes it meanwhile.

What a programme says about itself shows how ready it is; it decides nothing. What the visiting group could not judge is open until the
working group has judged it since. So is a criterion without anything to count: a programme without part-time teachers could never be concluded.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation import readiness, submitted
from trainhub.oversight.evaluation.operations.judging import BadJudgement
from trainhub.oversight.evaluation.queries import judgements, staff
from trainhub.oversight.evaluation.rules import verdict
from trainhub.oversight.evaluation.submitted import Submitted
from trainhub.oversight.evaluation.types import Assessment, Case, JudgementCase
from trainhub.oversight.evaluation.workflow import former_queries, outcome_queries, queries
from trainhub.oversight.evaluation.workflow.models import Application, Reopening
from trainhub.oversight.evaluation.workflow.types import WITH_EXPERTS, Opinion, State
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status, finding_from_dict
from trainhub.programmes.models import Programme

NEEDED = "petoe.intl_criteria_needed"


def resting(application: Application, programme: Programme, on: date) -> Assessment:
    """The answer a verdict rests on, on a day; before the submission what stands then."""
    kept = submitted.of_application(application, programme)
    if kept is None:
        return readiness.assess(programme, on)
    said = said_since(application, on)
    answers = readiness.answers_from(_with_reopened(application, kept), said, book().at(NEEDED, on=kept.on), verdict.OPEN)
    accreditation = verdict.standing(outcome_queries.accreditation_of(application, on), on)
    special = verdict.special_result((one.status for one in answers), judgements.quality_on(programme.id, on))
    reached = verdict.verdict_of(accreditation, special)
    again = readiness.reapply_from(programme, reached, on, readiness.parameters(on))
    return Assessment(on, kept.answer.group, answers, special, accreditation, reached, again, said)


def look(application: Application, programme: Programme, on: date) -> tuple[Assessment, Assessment]:
    """(the answer a verdict rests on, the answer as it shows to everybody) on a day."""
    return resting(application, programme, on), readiness.assess(programme, on)


def sheet(application: Application, programme: Programme, on: date) -> tuple[Assessment, dict[str, Finding]]:
    """(the answer a verdict rests on, what the data alone said about each criterion): what the working group has before it."""
    return resting(application, programme, on), raw(application, programme)


def raw(application: Application, programme: Programme) -> dict[str, Finding]:
    """What the data alone said about each criterion when the reports were handed in, or when it was reopened."""
    kept = submitted.of_application(application, programme)
    assert kept is not None, "only what was submitted is judged"
    return _with_reopened(application, kept)


def _with_reopened(application: Application, kept: Submitted) -> dict[str, Finding]:
    return {**kept.raw, **{one.criterion: found_again(one) for one in queries.reopenings_of(application.id)}}


def found_again(row: Reopening) -> Finding:
    """What a reopening found, with who asked for it and why in front."""
    found = finding_from_dict(row.finding)
    return replace(found, details=(f"{row.reopened_by}（{row.reopened_on}）重新核查：{row.reason}", *found.details))


def said_since(application: Application, on: date) -> dict[str, JudgementCase]:
    """What somebody outside the programme judged since the submission, of what the visiting group left open or an office reopened since then."""
    if application.submitted_at is None:
        return {}
    later: dict[str, datetime] = {
        code: one.recorded_at for code, one in queries.consensus_of(application.id).items() if one.opinion is Opinion.UNCLEAR
    }
    for row in queries.reopenings_of(application.id):
        later[row.criterion] = max(row.reopened_at, later.get(row.criterion, row.reopened_at))
    return judgements.latest_since(application.programme_id, on, application.submitted_at, later)


def is_anew(programme: Programme, criterion: str, on: date) -> bool:
    """Whether a judgement of today is the first that counts in the evaluation under way: what was said before the submission, or before the
    criterion was reopened, counts no more, so the same words are another judgement."""
    application = queries.open_of(programme.id)
    return application is not None and application.submitted_at is not None and criterion not in said_since(application, on)


def check_outside(programme: Programme, by: Identity, on: date) -> None:
    """Refuse a judgement by somebody of the programme's own university while experts judge it: it would count as one from outside; and by who judges
    or judged on the visit, whose word is in the form, or had to step aside from it."""
    for one in queries.applications_of(programme.id):
        session().refresh(one)  # it may have been submitted or concluded since it was read
    told = kept_out(programme, by, on)
    if told:
        raise BadJudgement(told)


def kept_out(programme: Programme, by: Identity, on: date) -> str:
    """What `check_outside` would refuse somebody with, in words: pages say it instead of offering a form. Empty for everybody else."""
    application = queries.open_of(programme.id)
    if application is None or application.state not in WITH_EXPERTS or by.account_id is None:
        return ""
    ties = staff.ties_to_university(by.person_id, by.account_id, programme, on)
    if ties:
        return _("你%(why)s，不能评判本校的专业，请由工作组其他成员评判。", why="；".join(ties))
    part = former_queries.visited_as(application.id, by.account_id)
    if part is not None and part.has_conflict:
        return _("你在这项申请中声明过或被查明有利益冲突，请由工作组其他成员评判。")
    if part is not None:
        return _("你是这项申请的现场考查专家，请由工作组其他成员评判。")
    return ""


def undecided(answer: Assessment) -> tuple[str, ...]:
    """The criteria that keep the result of the ten open, because nobody outside the programme has judged them."""
    if answer.special_result is not None:
        return ()
    found: list[str] = []
    for part in answer.answers:  # of requirement 9 what has no data is not needed where enough can be judged
        left = {Status.JUDGE: verdict.SOFT, Status.NO_DATA: verdict.OPEN}.get(part.status, frozenset())
        found += [one.code for one in part.findings if one.status in left]
    return tuple(found)


def asked_of(programme: Programme, on: date, case: Case) -> dict[str, Finding]:
    """What a person is asked about: of what was handed in while the working group considers it, else of what stands."""
    application = queries.open_of(programme.id)
    if application is not None and application.state is State.IN_WORKING_GROUP:
        return raw(application, programme)
    return unsettled(programme, on, case)


unsettled = submitted.raw_on
"""What the data alone say about each criterion on a day: soft words are open, whoever judged them."""
