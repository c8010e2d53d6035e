"""Verbs on surveys: open, answer for an enterprise, answer as a graduate. An answer may be changed until the survey closes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

from flask import current_app
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit, clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold, session
from trainhub.kernel.errors import NotAllowed, Refused, Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _, listed
from trainhub.kernel.retention import last_day
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.surveys import queries, rules
from trainhub.oversight.surveys.models import DemandAnswer, GraduateAnswer, Survey
from trainhub.oversight.surveys.types import ANSWERED_WORK, TOLD, GraduateStatus, PayBand, SurveyKind
from trainhub.people.models import Student
from trainhub.policy.book import book
from trainhub.programmes.reference import key_fields


class SurveyRefused(Refused):
    """A survey or an answer that cannot be."""

    code = "survey_refused"


def open_survey(*, kind: SurveyKind, year: int, title: str, opens_on: date, closes_on: date, by: Identity, now: datetime) -> Survey:
    """Open a survey of a year; one of a kind and year, of graduates not before they have graduated. Raises SurveyRefused."""
    title = _check(title, opens_on, closes_on)
    if closes_on < local(now).date():
        raise SurveyRefused(_("截止日已经过去，没有人能填报。请核对年份。"), field="closes_on", code="closed_already")
    if not 2000 <= year <= 2100:
        raise SurveyRefused(_("请填写 2000 至 2100 之间的年度。"), field="year")
    if queries.of_year(kind, year) is not None:
        raise SurveyRefused(_("这一年度已经有同类调查。"), field="year", code="known_survey")
    if kind is SurveyKind.GRADUATES:
        _have_graduated(year, opens_on)
    row = Survey(kind=kind, year=year, title=title[:120], opens_on=opens_on, closes_on=closes_on, created_at=now)
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError as twice:
        raise SurveyRefused(_("这一年度已经有同类调查。"), field="year", code="known_survey") from twice
    audit.record(by=by, did="surveys.survey.opened", on=row, data={"kind": kind, "year": year})
    return row


def _check(title: str, opens_on: date, closes_on: date) -> str:
    title = title.strip()
    if not title:
        raise SurveyRefused(_("请填写调查名称。"), field="title")
    if closes_on < opens_on:
        raise SurveyRefused(_("截止日不能早于开始日。"), field="closes_on")
    return title


def change_survey(*, survey: Survey, title: str, opens_on: date, closes_on: date, by: Identity, now: datetime, version: int | None = None) -> Survey:
    """Put the name or the days of a survey right, or give more time: who answered keeps their answers, who has not is told of the new end.

    Once somebody has answered the first day stays. The last day is not before today, unless it stays, and neither moves once the answers of graduates are
    erased, or a report that rests on the survey was published: of two that differ by an answer who has both reads it. Raises Stale, SurveyRefused.
    """
    check_version(survey, version)
    _stands(survey)
    title = _check(title, opens_on, closes_on)
    before = {"title": survey.title, "opens_on": survey.opens_on, "closes_on": survey.closes_on}
    after = {"title": title[:120], "opens_on": opens_on, "closes_on": closes_on}
    if before == after:
        return survey
    if survey.figures is not None and (opens_on, closes_on) != (survey.opens_on, survey.closes_on):
        raise SurveyRefused(_("这份调查的答卷保存期限已满并已抹去，填报期不能再改。"), field="closes_on", code="answers_erased")
    if (opens_on, closes_on) != (survey.opens_on, survey.closes_on):
        _refuse_told(survey)
    if closes_on != survey.closes_on and closes_on < local(now).date():
        raise SurveyRefused(_("截止日不能改到今天以前。"), field="closes_on", code="closed_already")
    if opens_on != survey.opens_on:
        if queries.has_answers(survey.id):
            raise SurveyRefused(_("已经有人填报，开始日不能再改。"), field="opens_on", code="answered")
        if survey.kind is SurveyKind.GRADUATES:
            _have_graduated(survey.year, opens_on)
    survey.title, survey.opens_on, survey.closes_on = title[:120], opens_on, closes_on
    session().flush()
    audit.record(by=by, did="surveys.survey.changed", on=survey, data={key: [was, after[key]] for key, was in before.items() if was != after[key]})
    return survey


def withdraw_survey(*, survey: Survey, reason: str, by: Identity, now: datetime, version: int | None = None) -> Survey:
    """Take back a survey that was opened by mistake, while nobody has answered: no report rests on it, and another of its year may be opened. Doing it again
    changes nothing. Raises Stale, SurveyRefused."""
    if survey.withdrawn_at is not None:
        return survey
    check_version(survey, version)
    if not reason.strip():
        raise SurveyRefused(_("请写明撤回的理由。"), field="reason")
    hold(f"survey:{survey.id}")  # an answer that is being sent comes before, or finds it withdrawn
    if queries.has_answers(survey.id) or survey.figures is not None:
        raise SurveyRefused(_("已经有人填报，不能撤回。可以修改名称，或延长填报期。"), code="answered")
    survey.withdrawn_at = now
    session().flush()
    audit.record(by=by, did="surveys.survey.withdrawn", on=survey, data={"reason": reason.strip()[:400]})
    return survey


def _refuse_told(survey: Survey) -> None:
    """Raises SurveyRefused where everybody reads, or once read, a report that rests on the survey."""
    hold(f"survey:{survey.id}")  # a report that is being published comes before, or finds the new days (`reports.publish`)
    for told in current_app.extensions.get(TOLD, ()):
        if title := told(survey.id):
            said = _(
                "已公布（或曾经公布）的报告“%(title)s”依据这份调查，填报期不能再改：先后两份报告相减就是其间个别人的答卷。名称仍可修改。", title=title
            )
            raise SurveyRefused(said, field="closes_on", code="told_already")


def _stands(survey: Survey) -> None:
    if survey.withdrawn_at is not None:
        raise SurveyRefused(_("这份调查已撤回。"), code="survey_withdrawn")


def _have_graduated(year: int, opens_on: date) -> None:
    """Graduates are asked where they went: nobody could answer before the last of them has left."""
    last = queries.last_graduation(year)
    if last is None:
        raise SurveyRefused(
            _("没有 %(year)s 年毕业的学生，这份调查没有填报对象。请核对年度，或先登记学生和班级。", year=year), field="year", code="nobody_asked"
        )
    day, programme = last
    if opens_on < day:
        raise SurveyRefused(
            _("%(year)s 届学生尚未全部毕业：“%(programme)s”的毕业日为 %(day)s，调查最早从这一天开始。", year=year, programme=programme, day=day),
            field="opens_on",
            code="not_graduated",
        )


def _is_open(survey: Survey, kind: SurveyKind, today: date) -> None:
    if survey.kind is not kind:
        raise SurveyRefused(_("这份调查不由你填报。"))
    hold(f"survey:{survey.id}", is_shared=True)
    session().refresh(survey, ["withdrawn_at"])
    _stands(survey)
    if not survey.opens_on <= today <= survey.closes_on:
        raise SurveyRefused(_("这份调查不在填报期内（%(a)s 至 %(b)s）。", a=survey.opens_on, b=survey.closes_on), code="survey_closed")


WORDS: dict[str, str] = {
    "senior": N_("高级人才数不能多于在岗人数"),
    "outside": N_("来自省外的人数不能多于在岗人数"),
    "three_years": N_("三年累计需求不能少于明年需求"),
    "pay": N_("平均月薪须为正数，且填写了在岗人数"),
    "size": N_("人数过大，请核对"),
}


def _put(rows: Sequence[DemandAnswer | GraduateAnswer]) -> None:
    """Write answers that stand from now on. Raises SurveyRefused when somebody answered at the same moment."""
    try:
        with session().begin_nested():
            session().add_all(rows)
            session().flush()
    except IntegrityError as twice:
        raise SurveyRefused(_("刚刚有人保存了这份答卷，请刷新页面核对后再提交。"), code="answered_meanwhile") from twice


def answer_demand(
    *,
    survey: Survey,
    enterprise: Organisation,
    answers: Sequence[rules.Demand],
    by: Identity,
    today: date,
    now: datetime,
    seen: Collection[int] | None = None,
) -> int:
    """Put an enterprise's answers in place of its earlier ones, which stay as what was known before; empty fields are left out. The
    number of fields answered.

    `seen`: the ids of the answers that stood when the form was opened; where others stand now, a colleague saved meanwhile, and nothing is
    written (Stale names the fields), unless what is sent stands already. All or nothing: SurveyRefused names every field that contradicts itself.
    """
    _is_open(survey, SurveyKind.DEMAND, today)
    if enterprise.kind is not OrganisationKind.ENTERPRISE:
        raise SurveyRefused(_("人才需求由企业填报。"))
    if not (by.everywhere(Role.SYSTEM_ADMIN) or enterprise.id in by.organisation_ids(*queries.ANSWERING)):
        raise NotAllowed(_("你不能为这家企业填报。"))
    names = dict(key_fields())
    said = [one for one in answers if not one.is_empty]
    wrong = [(one, code) for one in said for code in rules.problems(one)]
    if wrong:
        lines = "；".join(f"{names[one.key_field_no]}：{_(WORDS[code])}" for one, code in wrong)
        raise SurveyRefused(_("没有保存。%(lines)s。", lines=lines), code="contradiction")
    known = queries.demand_of(survey.id, enterprise.id)
    values = {one.key_field_no: {**asdict(one), "hard_posts": one.hard_posts.strip()[:200]} for one in said}
    same = {number for number, row in known.items() if values.get(number) == {name: getattr(row, name) for name in values.get(number, {})}}
    if seen is not None and not same == set(known) == set(values):
        _refuse_unseen(survey, enterprise, seen, known)
    for number, row in known.items():
        if number not in same:
            row.replaced_at = now
    session().flush()
    _put(
        [
            DemandAnswer(survey_id=survey.id, organisation_id=enterprise.id, answered_by_id=by.account_id, answered_at=now, **values[number])
            for number in values
            if number not in same
        ]
    )
    audit.record(by=by, did="surveys.answer.saved", on=survey, data={"enterprise": enterprise.code, "fields": [one.key_field_no for one in said]})
    return len(said)


def _refuse_unseen(survey: Survey, enterprise: Organisation, seen: Collection[int], known: Mapping[int, DemandAnswer]) -> None:
    gone = set(queries.answers_among(survey.id, enterprise.id, set(seen) - {row.id for row in known.values()}))
    moved = sorted(gone | {number for number, row in known.items() if row.id not in set(seen)})
    if moved:
        names = dict(key_fields())
        fields = listed([names[number] for number in moved])
        said = _("你打开页面以后，本企业的其他人保存了这份答卷（%(fields)s），这一次没有保存，也没有覆盖对方的填报。", fields=fields)
        more = _("你没有改动的领域已换成现在保存的内容；两人都改动的，保留你填写的，并在旁边写明现在保存的内容。请核对后再保存。")
        raise Stale(said + more)


def answer_graduate(
    *,
    survey: Survey,
    student: Student,
    status: GraduateStatus,
    employer: str = "",
    is_in_fujian: bool | None = None,
    is_in_field: bool | None = None,
    pay: PayBand = PayBand.UNTOLD,
    satisfaction: int | None = None,
    comment: str = "",
    by: Identity,
    today: date,
    now: datetime,
) -> GraduateAnswer:
    """A graduate's answer, in place of an earlier one, which stays as what was known before. What is asked only of who works is dropped for the others."""
    _is_open(survey, SurveyKind.GRADUATES, today)
    if by.person_id is None or queries.my_student(by.person_id, survey) is None:
        raise NotAllowed(_("这份调查只由当届毕业生本人填写。"))
    left = queries.graduates_on(student)
    if left is not None and today < left:
        raise SurveyRefused(_("你的毕业日为 %(day)s，毕业后才能填写这份调查。", day=left), code="not_graduated")
    if satisfaction is not None and not 1 <= satisfaction <= 5:
        raise SurveyRefused(_("满意度请选 1 至 5。"), field="satisfaction")
    works = status in ANSWERED_WORK
    known = queries.answer_of(survey.id, student.id)
    if known is not None:
        known.replaced_at, known.employer, known.comment = now, "", ""  # no report reads the words
        session().flush()
    row = GraduateAnswer(
        survey_id=survey.id,
        student_id=student.id,
        status=status,
        satisfaction=satisfaction,
        comment=comment.strip()[:500],
        employer=employer.strip()[:200] if works else "",
        is_in_fujian=is_in_fujian if works else None,
        is_in_field=is_in_field if works else None,
        pay=pay if works else PayBand.UNTOLD,
        answered_at=now,
    )
    _put([row])
    audit.record(by=by, did="surveys.answer.saved", on=survey, data={"year": survey.year})
    return row


# -- forgetting ---------------------------------------------------------------------------------------------------------


def forget_answers(*, today: date) -> int:
    """Erase what graduates answered in surveys that closed long ago (own.retention.survey_answer_months); how many answers.

    The figures of the reports are kept with the survey first, from all answers, and only once: who may not be forgotten yet (a legal hold,
    an open request) stays in them, and their answer goes when they are free. Repeating changes nothing.
    """
    count = 0
    least = int(book().at("own.reports.small_cell_min", on=today).number)
    for survey in queries.to_forget(last_day("survey_answer", today=today)):
        if survey.figures is None:
            survey.figures = rules.without_small(queries.graduate_figures(survey, clock.start_of(today)), least).as_data()
        statement = delete(GraduateAnswer).where(GraduateAnswer.id.in_(queries.free_answers(survey.id)))
        erased: int = session().execute(statement.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]
        session().flush()
        audit.record(by=SYSTEM, did="surveys.answer.erased", on=survey, data={"count": erased})
        count += erased
    return count
