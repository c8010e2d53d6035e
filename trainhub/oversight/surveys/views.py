"""Pages of surveys: those who open them, and those who answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from trainhub.kernel import clock, downloads, jobs, paging
from trainhub.kernel.access import NOTHING, Role, Subject, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused, Stale
from trainhub.kernel.fields import offered
from trainhub.kernel.forms import given
from trainhub.kernel.frames import act, found, submit, version_sent
from trainhub.kernel.i18n import N_, _, say
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import queries as organisations
from trainhub.oversight.surveys import asked_queries, forms, labels, operations, queries, tasks
from trainhub.oversight.surveys.models import Survey
from trainhub.oversight.surveys.permissions import Can
from trainhub.oversight.surveys.types import GraduateStatus, PayBand, SurveyKind
from trainhub.programmes.labels import DEGREES
from trainhub.programmes.reference import key_fields

blueprint = Blueprint("surveys", __name__, url_prefix="/surveys")
ANSWERS = (
    Column("code", "企业代码"),
    Column("enterprise", "企业"),
    Column("field", "领域"),
    Column("staff", "在岗人数"),
    Column("staff_senior", "其中高级"),
    Column("staff_outside", "来自省外"),
    Column("mean_pay_yuan", "平均月薪（元）"),
    Column("needed_managers", "明年需经营管理"),
    Column("needed_engineers", "明年需专业技术"),
    Column("needed_skilled", "明年需技能"),
    Column("needed_three_years", "三年累计需求"),
    Column("level", "学历"),
    Column("hard_posts", "紧缺岗位"),
)

SILENT = (
    Column("code", "企业代码"),
    Column("enterprise", "企业"),
    Column("city", "设区市"),
    Column("coordinator", "联系人账号"),
)


def load(survey_id: int) -> Survey:
    """The survey of an address."""
    return found(queries.survey(survey_id), _("没有这份调查。"))


def nothing(_survey: Survey) -> Subject:
    """Surveys are judged by role alone; answers by whom they are of."""
    return NOTHING


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """Every survey with how many answered."""
    return _list_page(forms.SurveyForm(year=clock.today().year) if may(who(), Can.CREATE) else None)


def _list_page(form: forms.SurveyForm | None, status: int = 200) -> Any:
    return render_template("trainhub/surveys/index.html", rows=queries.listing(), form=form, labels=labels, today=clock.today()), status


@blueprint.post("/")
@guard(Can.CREATE)
def create() -> Any:
    """Open a survey."""
    form = forms.SurveyForm()

    def do() -> None:
        operations.open_survey(
            kind=SurveyKind(form.kind.data),
            year=given(form.year.data),
            title=form.title.data or "",
            opens_on=given(form.opens_on.data),
            closes_on=given(form.closes_on.data),
            by=who(),
            now=clock.now(),
        )
        jobs.ask(tasks.TELL, by=who(), title=say(N_("通知调查的填报对象")))

    return submit(
        form,
        do,
        again=lambda status: _list_page(form, status),
        then=lambda _given: done(_("调查已开启，填报期内通知填报对象，他们在“待填调查”中填写。"), "surveys.index"),
    )


@blueprint.post("/<int:survey_id>")
@guard(Can.CREATE, load=load, subject=nothing)
def change(survey: Survey) -> Any:
    """Put the name or the days of a survey right, or extend it."""
    form, key = forms.ChangeForm(), survey.id

    def do() -> None:
        operations.change_survey(
            survey=load(key),
            title=form.title.data or "",
            opens_on=given(form.opens_on.data),
            closes_on=given(form.closes_on.data),
            by=who(),
            now=clock.now(),
            version=form.version.data or None,
        )
        jobs.ask(tasks.TELL, by=who(), title=say(N_("通知调查的填报对象")))

    return submit(
        form, do, again=lambda status: _page(load(key), form, status), then=lambda _given: done(_("调查已修改。"), "surveys.show", survey_id=key)
    )


@blueprint.post("/<int:survey_id>/withdraw")
@guard(Can.CREATE, load=load, subject=nothing)
def withdraw(survey: Survey) -> Any:
    """Take back a survey that nobody has answered."""
    key = survey.id
    return act(
        lambda: operations.withdraw_survey(
            survey=load(key), reason=request.form.get("reason", ""), by=who(), now=clock.now(), version=version_sent()
        ),
        again=lambda refused: _page(load(key), status=refused.status),
        then=lambda: done(_("调查已撤回，这一年度可以另开一份。"), "surveys.index"),
    )


@blueprint.get("/<int:survey_id>")
@guard(Can.LIST, load=load, subject=nothing)
def show(survey: Survey) -> Any:
    """The sums of a survey; of graduates only how many answered, the rest is in the report."""
    return _page(survey)


def _silent(survey: Survey) -> Any:
    """Who has not answered, in the region that the address asks for."""
    return asked_queries.silent_listing(survey, request.args.get("region", "")[:6])


def _page(survey: Survey, form: forms.ChangeForm | None = None, status: int = 200) -> Any:
    if form is None and survey.withdrawn_at is None and may(who(), Can.CREATE):
        form = forms.ChangeForm(formdata=None, obj=survey)
    demand = survey.kind is SurveyKind.DEMAND
    number, size = paging.wanted()
    silent = paging.paginate(_silent(survey), number=number, size=size, scalars=False) if demand else None
    asked, answered = asked_queries.demand_counts(survey) if demand else (0, 0)
    page = render_template(
        "trainhub/surveys/show.html",
        survey=survey,
        form=form,
        may_withdraw=form is not None and not queries.has_answers(survey.id),
        labels=labels,
        fields=dict(key_fields()),
        sums=queries.demand_by_field(survey.id, clock.now()) if demand else [],
        asked=asked if demand else queries.asked_count(survey.year),
        answered=answered if demand else queries.graduate_figures(survey, clock.now()).answered,
        silent=silent,
        regions=offered(organisations.prefecture_choices(), "region", filters.region_called) if demand else [],
        unanswered=asked_queries.as_silent(silent.items) if silent else [],
    )
    return page, status


@blueprint.get("/<int:survey_id>/silent.<form>")
@guard(Can.LIST)
def export_silent(survey_id: int, form: str) -> Any:
    """The enterprises that have not answered, as a table."""
    survey = load(survey_id)
    if survey.kind is not SurveyKind.DEMAND:
        raise NotFound(_("毕业生的答卷只以合计公布，不列出未应答的人。"))
    rows = downloads.no_more_than(session().execute(_silent(survey).limit(downloads.MOST_ROWS + 1)).all())
    cells = [(one.code, one.name, one.city, _("没有") if one.has_nobody else _("有")) for one in asked_queries.as_silent(rows)]
    return downloads.table(cells, SILENT, name=_("%(survey)s 未填报企业", survey=survey.title), form=form, codes=("code",))


def _answers(survey: Survey) -> Any:
    """The answers that the address asks for."""
    if survey.kind is not SurveyKind.DEMAND:
        raise NotFound(_("毕业生的答卷只以合计公布，见毕业生就业质量报告。"))
    number = request.args.get("field", type=whole)
    return queries.demand_listing(
        survey.id,
        text=request.args.get("q", "").strip()[:100],
        field_no=number if number in dict(key_fields()) else None,
        sort=request.args.get("sort", ""),
    )


@blueprint.get("/<int:survey_id>/answers")
@guard(Can.LIST, load=load, subject=nothing)
def answers(survey: Survey) -> Any:
    """What each enterprise answered, field by field."""
    number, size = paging.wanted()
    return render_template(
        "trainhub/surveys/answers.html",
        survey=survey,
        page=paging.paginate(_answers(survey), number=number, size=size, scalars=False),
        fields=dict(key_fields()),
        degrees=DEGREES,
        asked={key: value for key, value in request.args.to_dict().items() if key != "page"},
    )


@blueprint.get("/<int:survey_id>/answers.<form>")
@guard(Can.LIST)
def export(survey_id: int, form: str) -> Any:
    """The answers of enterprises as they are searched and sorted, as a table."""
    survey = load(survey_id)
    statement, names = _answers(survey), dict(key_fields())
    rows = [
        (code, name, names[a.key_field_no], *(getattr(a, column.name) for column in ANSWERS[3:11]), str(DEGREES[a.level]), a.hard_posts)
        for a, code, name in downloads.no_more_than(session().execute(statement.limit(downloads.MOST_ROWS + 1)).all())
    ]
    return downloads.table(rows, ANSWERS, name=survey.title, form=form, codes=("code",))


# -- who answers --------------------------------------------------------------------------------------------------------
@blueprint.get("/mine")
@guard(Can.ANSWER)
def mine() -> Any:
    """What the reader is asked."""
    identity, today = who(), clock.today()
    rows: list[dict[str, Any]] = []
    for survey in queries.open_on(SurveyKind.DEMAND, today):
        for key, name in queries.enterprises_of(identity):
            is_done = bool(queries.demand_of(survey.id, key))
            rows.append({"survey": survey, "of": name, "is_done": is_done, "url": url_for("surveys.demand", survey_id=survey.id, organisation=key)})
    if identity.person_id is not None and identity.has(Role.STUDENT):
        for survey in queries.open_on(SurveyKind.GRADUATES, today):
            student = queries.my_student(identity.person_id, survey)
            if student is not None:
                is_done = queries.answer_of(survey.id, student.id) is not None
                rows.append({"survey": survey, "of": "", "is_done": is_done, "url": url_for("surveys.graduate", survey_id=survey.id)})
    return render_template("trainhub/surveys/mine.html", rows=rows, labels=labels)


def _enterprise(key: int | None) -> Any:
    own = dict(queries.enterprises_of(who()))
    return found(organisations.by_id(key) if key in own else None, _("没有这家企业，或它不由你填报。"))


@blueprint.get("/<int:survey_id>/demand")
@guard(Can.ANSWER, load=load, subject=nothing)
def demand(survey: Survey) -> Any:
    """The table of the ten fields for an enterprise."""
    enterprise = _enterprise(request.args.get("organisation", type=whole))
    known = queries.demand_of(survey.id, enterprise.id)
    return _demand_page(survey, enterprise, forms.DemandForm(), forms.stored(known), seen=forms.seen_of(known))


def _demand_page(survey: Survey, enterprise: Any, form: forms.DemandForm, values: Any, *, seen: str, stands: Any = None, status: int = 200) -> Any:
    page = render_template(
        "trainhub/surveys/demand.html",
        survey=survey,
        enterprise=enterprise,
        form=form,
        values=values,
        fields=key_fields(),
        degrees=DEGREES,
        seen=seen,
        stands=stands or {},
    )
    return page, status


@blueprint.post("/<int:survey_id>/demand")
@guard(Can.ANSWER, load=load, subject=nothing)
def answer_demand(survey: Survey) -> Any:
    """Keep an enterprise's answers."""
    form, key = forms.DemandForm(), survey.id
    enterprise = _enterprise(request.form.get("organisation", type=whole))
    enterprise_id = enterprise.id
    try:
        if not form.validate_on_submit():
            raise Refused(_("页面打开时间过长，请刷新后重新提交。"))
        answers = forms.demands(request.form)
        with transaction():
            count = operations.answer_demand(
                survey=load(key),
                enterprise=_enterprise(enterprise_id),
                answers=answers,
                by=who(),
                today=clock.today(),
                now=clock.now(),
                seen=forms.seen(request.form.get("seen")),
            )
    except Refused as refused:
        form.refuse(refused)
        values, seen = request.form.to_dict(), request.form.get("seen", "")
        stands: dict[str, Any] = {}
        if isinstance(refused, Stale):  # what a colleague saved meanwhile stands beside what is typed, and the next save has seen it
            known = queries.demand_of(key, enterprise_id)
            then = queries.answers_among(key, enterprise_id, forms.seen(seen) or [])
            values, stands = forms.beside(values, answers, then, known)
            seen = forms.seen_of(known)
        return _demand_page(load(key), _enterprise(enterprise_id), form, values, seen=seen, stands=stands, status=refused.status)
    return done(_("已保存 %(n)s 个领域，截止前可以修改。", n=count), "surveys.mine")


def _student(survey: Survey) -> Any:
    identity = who()
    student = queries.my_student(identity.person_id, survey) if identity.person_id is not None else None
    return found(student, _("这份调查只由当届毕业生本人填写。"))


@blueprint.get("/<int:survey_id>/graduate")
@guard(Can.ANSWER, load=load, subject=nothing)
def graduate(survey: Survey) -> Any:
    """A graduate's form."""
    known = queries.answer_of(survey.id, _student(survey).id)
    form = forms.GraduateForm()
    if known is not None:
        form.status.data, form.employer.data, form.pay.data, form.comment.data = known.status.value, known.employer, known.pay.value, known.comment
        form.satisfaction.data = str(known.satisfaction or "")
        for name in ("is_in_fujian", "is_in_field"):
            form[name].data = {True: "yes", False: "no", None: ""}[getattr(known, name)]
    return render_template("trainhub/surveys/graduate.html", survey=survey, form=form)


@blueprint.post("/<int:survey_id>/graduate")
@guard(Can.ANSWER, load=load, subject=nothing)
def answer_graduate(survey: Survey) -> Any:
    """Keep a graduate's answer."""
    form, key = forms.GraduateForm(), survey.id

    def do() -> None:
        row = load(key)
        operations.answer_graduate(
            survey=row,
            student=_student(row),
            status=GraduateStatus(form.status.data),
            employer=form.employer.data or "",
            is_in_fujian=forms.yes(form.is_in_fujian.data),
            is_in_field=forms.yes(form.is_in_field.data),
            pay=PayBand(form.pay.data),
            satisfaction=int(form.satisfaction.data) if form.satisfaction.data else None,
            comment=form.comment.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )

    return submit(
        form,
        do,
        again=lambda status: (render_template("trainhub/surveys/graduate.html", survey=load(key), form=form), status),
        then=lambda _given: done(_("谢谢，答卷已保存，截止前可以修改。"), "surveys.mine"),
    )
