"""Spot checks: draw the sample, send theses to experts, their opinions, everything as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask import render_template, request, url_for

from enterprises.capstones import labels, operations, queries, rules
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import SpotCheck, SpotItem, SpotOpinion, Topic
from enterprises.capstones.queries.anonymous import read_by_experts, read_sums, without_names
from enterprises.capstones.queries.checking import readable_checks, to_send
from enterprises.capstones.types import CapstoneRow, SpotVerdict
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import load, on_page, stored, with_upload
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.identity import queries as identity
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Role, Subject, demand, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, keys_of, whole
from trainhub.kernel.sending import send
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.policy.book import book

FIELDS = (
    Column("university", "学校"),
    Column("year", "学年"),
    Column("student_no", "学号"),
    Column("student", "姓名"),
    Column("programme", "专业"),
    Column("topic", "论文题目"),
    Column("confidential", "是否保密"),
    Column("source", "题目来源"),
    Column("enterprise", "企业"),
    Column("school_supervisor", "校内导师"),
    Column("enterprise_supervisor", "企业指导教师"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("place", "地点"),
    Column("school_score", "校内评分"),
    Column("enterprise_score", "企业评分"),
    Column("review_score", "评阅成绩"),
    Column("defence_score", "答辩成绩"),
    Column("similarity", "查重比例（%）"),
    Column("score", "总评"),
    Column("grade", "等级"),
    Column("file", "论文文件"),
    Column("sha256", "论文校验码"),
    Column("read_sha256", "匿名稿校验码"),
    Column("outcome", "抽检结论"),
    Column("population", "抽样总数"),
    Column("percent", "抽样比例（%）"),
    Column("seed", "随机种子"),
    Column("drawn_at", "抽取时间"),
    Column("drawn_by", "抽取人"),
    Column("voided_at", "作废时间"),
    Column("void_reason", "作废理由"),
)
OPINION = (("name", "姓名"), ("stage", "轮次"), ("verdict", "结论"), ("comment", "意见"), ("asked_on", "送审日期"), ("signed_on", "签名日期"))
"""What is told of each expert, a column each."""


@blueprint.get("/spot-checks")
@guard(Can.SPOT_CHECK_LIST)
def spot_checks() -> Any:
    """The spot checks inside the reader's scope."""
    return _checks_page()


def _checks_page(problem: str = "", status: int = 200) -> Any:
    offered = queries.drawable(who(), operations.last_year(clock.today()))
    html = render_template(
        "enterprises/capstones/spot_checks.html",
        page=paging.slice_wanted(queries.spot_checks(who()), at=url_for("capstones.spot_checks")),
        readable=readable_checks(who()),
        to_send=to_send(who(), clock.today()),
        samples=[
            (name, [(f"{key}-{year}", _("%(years)s 学年（%(n)d 篇）", years=labels.years(year), n=number)) for year, number in years.items()])
            for (key, name), years in offered.items()
        ],
        may_draw=who().has(Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.SYSTEM_ADMIN),
        least=book().at("cn.thesis.sample_percent_min", on=clock.today()),
        labels=labels,
        problem=problem,
    )
    return html, status


@blueprint.post("/spot-checks")
@guard(Can.SPOT_CHECK_LIST)
def draw() -> Any:
    """Draw a sample."""
    form = request.form

    def act() -> Any:
        of, _dash, year = form.get("of", "").partition("-")
        if not (is_key(of) and is_key(year)):
            raise Refused(_("请选择学校和学年。"), field="of")
        university = session().get(Organisation, int(of))
        if university is None:
            raise NotFound(_("没有这所学校。"))
        demand(who(), Can.SPOT_CHECK_RUN, queries.university_subject(university))
        row = operations.draw(university=university, year=int(year), percent=form.get("percent", 0, type=whole), **times())
        return partial(done, _("样本已抽取，名单和随机种子都已留存。"), "capstones.spot_check", check_id=row.id)

    return on_page(act, lambda refused: _checks_page(refused.message, refused.status))


def load_check(check_id: int) -> SpotCheck:
    """The spot check of an address."""
    found = queries.spot_check(check_id)
    if found is None:
        raise NotFound(_("没有这次抽检。"))
    return found


@blueprint.get("/spot-checks/<int:check_id>")
@guard(Can.SPOT_CHECK_VIEW, load=load_check, subject=queries.spot_subject)
def spot_check(row: SpotCheck) -> Any:
    """One sample; who oversees reads it and can draw it again, who runs it does the rest."""
    return _check_page(row)


def _check_page(row: SpotCheck, problem: str = "", status: int = 200) -> Any:
    items, may_run = queries.spot_items(row.id), may(who(), Can.SPOT_CHECK_RUN, queries.spot_subject(row))
    drawn = sorted(item.capstone_id for item, *_rest in items)
    at = {key: book().at(key, on=clock.today()) for key in ("cn.thesis.experts", "cn.thesis.review_experts", "cn.thesis.fails_for_problem")}
    html = render_template(
        "enterprises/capstones/spot_check.html",
        check=row,
        university=session().get_one(Organisation, row.university_id),
        drawn=drawn,
        page=paging.slice_wanted(items, at=url_for("capstones.spot_check", check_id=row.id)),
        experts=queries.expert_choices(row.university_id, clock.today()) if may_run else [],
        readable=without_names([item for item, *_rest in items]),
        is_redone=rules.sample(row.population, row.percent, row.seed) == drawn,
        numbers=at,
        others=queries.other_draws(row),
        may_run=may_run,
        may_void=may_run and row.voided_at is None and not any(o.signed_at for _item, _row, opinions in items for o, _name in opinions),
        is_own=identity.is_same_holder(row.drawn_by_id, who().account_id),
        labels=labels,
        problem=problem,
    )
    return html, status


@blueprint.post("/spot-checks/<int:check_id>/void")
@guard(Can.SPOT_CHECK_RUN, load=load_check, subject=queries.spot_subject)
def void_check(row: SpotCheck) -> Any:
    """Declare a sample that was drawn by mistake void."""
    key = row.id

    def act() -> Any:
        operations.void(check=load_check(key), reason=request.form.get("reason", ""), by=who(), now=clock.now())
        return partial(done, _("抽检已作废，种子和名单留存；可以重新抽取。"), "capstones.spot_check", check_id=key)

    return on_page(act, lambda refused: _check_page(load_check(key), refused.message, refused.status))


def load_item(item_id: int) -> SpotItem:
    """The thesis of an address."""
    found = queries.spot_item(item_id)
    if found is None:
        raise NotFound(_("没有这篇抽检论文。"))
    return found


@blueprint.post("/spot-checks/items/<int:item_id>/experts")
@guard(Can.SPOT_CHECK_RUN, load=load_item, subject=lambda item: queries.spot_subject(load_check(item.check_id)))
def send_to_experts(row: SpotItem) -> Any:
    """Send a thesis to its experts."""
    key, check_id = row.id, row.check_id
    try:
        with transaction():
            people = [person for one in keys_of(request.form.getlist("experts")) if (person := session().get(Person, one)) is not None]
            operations.send_to_experts(item=load_item(key), people=people, **times())
    except Refused as refused:
        return _check_page(load_check(check_id), refused.message, refused.status)
    return done(_("已送专家评议。"), "capstones.spot_check", check_id=check_id, page=request.args.get("page"), size=request.args.get("size"))


@blueprint.get("/spot-checks/<int:check_id>/export.<form>")
@guard(Can.SPOT_CHECK_RUN, load=lambda check_id, form: (load_check(check_id), form), subject=lambda pair: queries.spot_subject(pair[0]))
def export_spot_check(pair: tuple[SpotCheck, str]) -> Any:
    """Everything about the sample as a file: a line for each thesis, a column for each field, also of each expert's opinion."""
    row, form = pair
    university = session().get_one(Organisation, row.university_id)
    items = queries.spot_items(row.id)
    most = max((len(opinions) for _item, _capstone, opinions in items), default=0)
    columns = [*FIELDS, *(Column(f"expert_{n}_{key}", f"专家{n}{label}") for n in range(1, most + 1) for key, label in OPINION)]
    theses = _thesis_cells([(item, capstone) for item, capstone, _opinions in items])
    by = identity.display_names([row.drawn_by_id]).get(row.drawn_by_id or 0, "")
    lines = [
        (university.name, labels.years(row.year), *theses[item.id], len(row.population), row.percent, row.seed, _minute(row.drawn_at), by, _minute(row.voided_at), row.void_reason,
         *_opinion_cells(opinions), *[""] * (most - len(opinions)) * len(OPINION))
        for item, _capstone, opinions in items
    ]  # fmt: skip
    return downloads.table(
        lines, columns, name=f"论文抽检-{university.name}-{labels.years(row.year)}", form=form, codes=["student_no", "sha256", "read_sha256", "seed"]
    )


def _thesis_cells(rows: Sequence[tuple[SpotItem, CapstoneRow]]) -> dict[int, list[Any]]:
    """The fields of each thesis, from the student's number to the outcome, by item; six queries however many there are."""
    ids = [item.capstone_id for item, _row in rows]
    theses, scores, similar = queries.theses_of(ids), queries.scores_of_each(ids), queries.similarities_of(ids)
    read = read_sums([item for item, _row in rows])
    found = {}
    for item, row in rows:
        thesis, topic, file = theses[item.capstone_id]
        found[item.id] = [
            row.student_no, row.student, row.programme, row.topic, _("保密") if topic.is_confidential else _("否"),
            str(labels.TOPIC_SOURCES[topic.source]), row.enterprise, row.school_supervisor, row.enterprise_supervisor,
            row.starts_on, row.ends_on, thesis.place,
            *(_tenths(scores[thesis.id][name]) for name in rules.COMPONENTS), _tenths(similar.get(thesis.id)), _tenths(row.score_x10),
            str(next((text for key, text in labels.GRADES.items() if key.value == row.grade_text), "")),
            file.name if file else "", file.sha256 if file else "", read.get(item.id, ""), str(labels.SPOT_OUTCOMES[item.outcome]),
        ]  # fmt: skip
    return found


def _opinion_cells(opinions: list[tuple[SpotOpinion, str]]) -> list[Any]:
    """Each expert's fields one after the other, in the order of `OPINION`."""
    return [
        cell
        for row, name in opinions
        for cell in (
            name,
            _("初评") if row.stage == 1 else _("复评"),
            str(labels.SPOT_VERDICTS[row.verdict]) if row.verdict else _("待评议"),
            row.comment,
            clock.local(row.asked_at).date(),
            clock.local(row.signed_at).date() if row.signed_at else "",
        )
    ]


def _minute(at: datetime | None) -> str:
    """An instant on Shanghai's clock, as the pages tell it."""
    return f"{clock.local(at):%Y-%m-%d %H:%M}" if at is not None else ""


def _tenths(value: int | None) -> str:
    return "" if value is None else f"{value / 10:.1f}"


@blueprint.post("/spot-checks/items/<int:item_id>/anonymous")
@guard(Can.SPOT_CHECK_RUN, load=load_item, subject=lambda item: queries.spot_subject(load_check(item.check_id)))
def supply_anonymous(row: SpotItem) -> Any:
    """Give a thesis of the sample its version without names."""
    key, check_id = row.id, row.check_id

    def act(file_id: int | None) -> None:
        if file_id is None:
            raise Refused(_("请选择文件。"), field="file")
        operations.supply_anonymous(item=load_item(key), file_id=file_id, is_other="is_other" in request.form, by=who(), now=clock.now())

    try:
        with_upload(request.files.get("file"), "capstone", act)
    except Refused as refused:
        return _check_page(load_check(check_id), refused.message, refused.status)
    return done(_("匿名稿已上传。"), "capstones.spot_check", check_id=check_id, page=request.args.get("page"), size=request.args.get("size"))


def load_opinion(opinion_id: int) -> SpotOpinion:
    """The opinion of an address."""
    found = queries.opinion_by_id(opinion_id)
    if found is None:
        raise NotFound(_("没有这份评议，或者已收回，不必再评议。"))
    return found


def opinion_subject(row: SpotOpinion) -> Subject:
    """Only the expert."""
    return Subject.of(persons=(row.person_id,))


@blueprint.post("/spot-checks/opinions/<int:opinion_id>/take-back")
@guard(Can.SPOT_CHECK_RUN, load=load_opinion, subject=lambda row: queries.spot_subject(load_check(load_item(row.item_id).check_id)))
def take_back_opinion(row: SpotOpinion) -> Any:
    """Take the request back from an expert who does not answer."""
    key, check_id = row.id, load_item(row.item_id).check_id
    try:
        with transaction():
            operations.take_back_opinion(opinion=load_opinion(key), reason=request.form.get("reason", ""), by=who(), now=clock.now())
    except Refused as refused:
        return _check_page(load_check(check_id), refused.message, refused.status)
    return done(_("已收回，请另选专家。"), "capstones.spot_check", check_id=check_id, page=request.args.get("page"), size=request.args.get("size"))


@blueprint.route("/spot-checks/opinions/<int:opinion_id>", methods=["GET", "POST"])
@guard(Can.REVIEW_SIGN, load=load_opinion, subject=opinion_subject)
def spot_opinion(row: SpotOpinion) -> Any:
    """An expert reads a thesis without names and signs an opinion."""
    key, problem, status = row.id, "", 200
    if request.method == "POST":
        verdict = next((v for v in SpotVerdict if v.value == request.form.get("verdict")), None)
        try:
            with transaction():
                if verdict is None:
                    raise Refused(_("请选择合格或不合格。"), field="verdict")
                operations.give_opinion(opinion=load_opinion(key), verdict=verdict, comment=request.form.get("comment", ""), **times())
            return done(_("评议意见已签名。"), "capstones.tasks")
        except Refused as refused:
            problem, status, row = refused.message, refused.status, load_opinion(key)
    html = render_template(
        "enterprises/capstones/spot_opinion.html",
        opinion=row,
        topic=session().get_one(Topic, load(load_item(row.item_id).capstone_id).topic_id),
        against=_against_opinion(row),
        labels=labels,
        problem=problem,
        typed=request.form.get("comment", ""),
        is_sent=request.method == "POST",
    )
    return html, status


def _against_opinion(row: SpotOpinion) -> str:
    """Why an expert has nothing to judge any more: the sample is void, or a conflict of interest is known by now; empty when signed or open."""
    item = load_item(row.item_id)
    if row.signed_at is not None:
        return ""
    if queries.is_void(item.check_id):
        return _("这次抽检已作废，不再评议。")
    found = operations.against_office(load(item.capstone_id), session().get_one(Person, row.person_id), Office.EXPERT)
    return found.message if found is not None else ""


@blueprint.get("/spot-checks/opinions/<int:opinion_id>/thesis")
@guard(Can.REVIEW_SIGN, load=load_opinion, subject=opinion_subject)
def spot_thesis(row: SpotOpinion) -> Any:
    """The thesis without names for its expert, under a name that tells nothing: signed, or asked for still."""
    if _against_opinion(row):
        raise NotFound(_("这项任务已不需要你办理，论文不再提供阅读。"))
    file_id = read_by_experts(load_item(row.item_id))
    if file_id is None:
        raise NotFound(_("这篇论文还没有匿名稿：专家只看匿名稿，请联系组织抽检的单位上传。"))
    file = stored(file_id)
    return downloads.named(send(file), f"thesis-{row.item_id}.{file.name.rpartition('.')[2]}", inline="download" not in request.args)
