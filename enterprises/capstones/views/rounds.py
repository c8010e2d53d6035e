"""Choice rounds: set up and published by the programme, chosen in by students, alone or as a team."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import render_template, request, url_for

from enterprises.capstones import forms, labels, operations, queries, rules
from enterprises.capstones.models import ChoiceRound, Team
from enterprises.capstones.planner.telling import missed, missed_mine
from enterprises.capstones.queries.choosing import has_teams, sizes_in
from enterprises.capstones.types import ChoiceState
from enterprises.capstones.types import RoundKind as Kind
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import covered, on_page, open_days_most
from enterprises.capstones.views.cohorts import Pair, load_cohort, subject
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, key_of
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort

COLUMNS = (
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("topic", "题目"),
    Column("enterprise", "企业"),
    Column("rank", "志愿"),
    Column("coverage", "实习覆盖"),
)


@blueprint.get("/cohorts/<code>/<int:year>/rounds")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def rounds(pair: Pair) -> Any:
    """The rounds of a cohort."""
    form = forms.RoundForm()
    form.starts_on.data, form.ends_on.data = forms.first_and_last(clock.today())
    return _rounds_page(pair, form)


def _rounds_page(pair: Pair, form: forms.RoundForm, status: int = 200) -> Any:
    programme, of = pair
    rows = queries.rounds_of(of.id)
    able = operations.kinds_after([row.kind for row in rows if row.state is ChoiceState.PUBLISHED])
    form.kind.choices = [(kind.value, labels.ROUND_KINDS[kind]) for kind in able]
    html = render_template(
        "enterprises/capstones/rounds.html",
        programme=programme,
        cohort=of,
        rows=rows,
        going=any(rules.holds_up(row.state, row.closes_on, clock.today()) for row in rows),
        without=len(queries.without_capstone(of.id)),
        seats=queries.places_left(programme.id),
        form=form,
        labels=labels,
    )
    return html, status


@blueprint.post("/cohorts/<code>/<int:year>/rounds")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def create_choices(pair: Pair) -> Any:
    """Set up a round."""
    form, (programme, of) = forms.RoundForm(), pair
    code, year, cohort_id = programme.code, of.year, of.id
    if not form.validate_on_submit():
        return _rounds_page(pair, form, 422)
    try:
        with transaction():
            row = operations.create_choices(
                cohort=session().get_one(Cohort, cohort_id),
                kind=Kind(form.kind.data),
                opens_on=form.opens_on.data,  # type: ignore[arg-type]
                closes_on=form.closes_on.data,  # type: ignore[arg-type]
                starts_on=form.starts_on.data,  # type: ignore[arg-type]
                ends_on=form.ends_on.data,  # type: ignore[arg-type]
                most=form.most.data or 5,
                by=who(),
                now=clock.now(),
            )
            key = row.id
    except Refused as refused:
        form.refuse(refused)
        return _rounds_page(load_cohort(code, year), form, refused.status)
    return done(_("轮次已建立，开放后学生才能填报。"), "capstones.choice_round", round_id=key)


def load_round(round_id: int) -> ChoiceRound:
    """The round of an address."""
    found = queries.choice_round(round_id)
    if found is None:
        raise NotFound(_("没有这个轮次。"))
    return found


@blueprint.get("/rounds/<int:round_id>")
@guard(Can.CAPSTONE_ASSIGN, load=load_round, subject=queries.round_subject)
def choice_round(row: ChoiceRound) -> Any:
    """One round with what was chosen and what was planned."""
    return _round_page(row)


def _round_page(row: ChoiceRound, problem: str = "", status: int = 200, form: forms.RoundDaysForm | None = None) -> Any:
    at = url_for("capstones.choice_round", round_id=row.id)
    programme, cohort = programmes.by_id(row.programme_id), programmes.cohort_by_id(row.cohort_id)
    students = {student.id: (student, person.name) for student, person in queries.without_capstone(row.cohort_id)}
    lines, unplaced = _planned(row)
    html = render_template(
        "enterprises/capstones/round.html",
        round=row,
        form=form or forms.RoundDaysForm(formdata=None, obj=row),
        has_teams=has_teams(row.id),
        programme=programme,
        cohort=cohort,
        students=students,
        chose=len(queries.all_choices(row.id)),
        teams=queries.teams_in(row.id),
        demand=queries.demand_for(row.id),
        topics=paging.slice_wanted(queries.topics_with_seats(row.programme_id), "topics", at=at),
        lines=paging.slice_wanted(lines, at=at),
        unplaced=paging.slice_wanted(unplaced, "without", at=at),
        labels=labels,
        today=clock.today(),
        problem=problem,
    )
    return html, status


def _planned(row: ChoiceRound) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The plan with names: (number, name, topic, enterprise, rank, (pill, how placements hold it)), and who gets nothing with the reason."""
    if row.plan is None:
        return [], []
    ids = [one[0] for one in row.plan["assignments"]] + [one[0] for one in row.plan["unplaced"]]
    students = queries.students_by_ids(ids)
    topics = queries.topic_names(one[1] for one in row.plan["assignments"])
    most, stays = open_days_most(), queries.stays_of(ids)
    lines = []
    for student_id, topic_id, rank, _team in row.plan["assignments"]:
        title, name, enterprise_id = topics[topic_id]
        held = covered(row.starts_on, row.ends_on, enterprise_id, stays.get(student_id, ()), most)
        lines.append((*students[student_id], title, name, rank, held))
    return sorted(lines, key=lambda line: line[:2]), sorted((*students[student_id], missed(why)) for student_id, why in row.plan["unplaced"])


@blueprint.get("/rounds/<int:round_id>/plan.<form>")
@guard(Can.CAPSTONE_ASSIGN, load=lambda round_id, form: (load_round(round_id), form), subject=lambda pair: queries.round_subject(pair[0]))
def export_round(pair: tuple[ChoiceRound, str]) -> Any:
    """The plan as a file."""
    lines, unplaced = _planned(pair[0])
    rows = [*((*line, held[1]) for *line, held in lines), *((number, name, _("未安排"), why, None, "") for number, name, why in unplaced)]
    return downloads.table(rows, COLUMNS, name=f"选题结果-{pair[0].id}", form=pair[1], codes=["student_no"])


DEEDS = {"open": operations.open_choices, "close": operations.close_choices, "plan": operations.plan_choices}


@blueprint.post("/rounds/<int:round_id>/<any(open, close, plan):deed>")
@guard(Can.CAPSTONE_ASSIGN, load=lambda round_id, deed: (load_round(round_id), deed), subject=lambda pair: queries.round_subject(pair[0]))
def move_round(pair: tuple[ChoiceRound, str]) -> Any:
    """Open, close or plan a round."""
    deed, key = pair[1], pair[0].id
    said = {"open": _("轮次已开放，学生会收到通知。"), "close": _("填报已关闭。"), "plan": _("已计算，核对后再公布。")}[deed]

    def act() -> Any:
        DEEDS[deed](round=load_round(key), by=who(), now=clock.now())
        return partial(done, said, "capstones.choice_round", round_id=key)

    return on_page(act, _refused(key))


def _refused(round_id: int) -> Callable[[Refused], Any]:
    return lambda refused: _round_page(load_round(round_id), refused.message, refused.status)


@blueprint.post("/rounds/<int:round_id>/days")
@guard(Can.CAPSTONE_ASSIGN, load=load_round, subject=queries.round_subject)
def change_choices(row: ChoiceRound) -> Any:
    """Change the days of a round that is not published."""
    form, key = forms.RoundDaysForm(obj=row), row.id
    if not form.validate_on_submit():
        return _round_page(row, status=422, form=form)
    days: dict[str, Any] = {name: form[name].data for name in ("opens_on", "closes_on", "starts_on", "ends_on", "most")}

    def act() -> Any:
        operations.change_choices(round=load_round(key), by=who(), now=clock.now(), version=form.version.data, **days)
        return partial(done, _("轮次的时间已保存。"), "capstones.choice_round", round_id=key)

    def again(refused: Refused) -> Any:
        form.refuse(refused)
        return _round_page(load_round(key), status=refused.status, form=form)

    return on_page(act, again)


@blueprint.post("/rounds/<int:round_id>/drop")
@guard(Can.CAPSTONE_ASSIGN, load=load_round, subject=queries.round_subject)
def drop_choices(row: ChoiceRound) -> Any:
    """Remove a round in which nobody has chosen."""
    key, programme, cohort = row.id, programmes.by_id(row.programme_id), programmes.cohort_by_id(row.cohort_id)
    assert programme is not None
    assert cohort is not None
    at = {"code": programme.code, "year": cohort.year}

    def act() -> Any:
        operations.drop_choices(round=load_round(key), by=who())
        return partial(done, _("轮次已删除。"), "capstones.rounds", **at)

    return on_page(act, _refused(key))


@blueprint.post("/rounds/<int:round_id>/publish")
@guard(Can.CAPSTONE_ASSIGN, load=load_round, subject=queries.round_subject)
def publish_choices(row: ChoiceRound) -> Any:
    """Make the plan real."""
    key = row.id

    def act() -> Any:
        made = operations.publish_choices(round=load_round(key), **times())
        return partial(done, _("已公布：下达了 %(n)d 个毕业设计。接着安排双方导师。", n=made), "capstones.choice_round", round_id=key)

    return on_page(act, _refused(key))


# -- the student --------------------------------------------------------------------------------------------------------


def _me() -> Student:
    student = people.student_of_person(who().person_id or 0)
    if student is None:
        raise NotFound(_("没有你的学籍记录。"))
    return student


@blueprint.get("/choices")
@guard(Can.CHOICE_OWN)
def choices() -> Any:
    """The open round: topics to rank, the team."""
    return _choices_page()


def _choices_page(problem: str = "", status: int = 200) -> Any:
    student = _me()
    row = queries.open_round_of(student.cohort_id)
    team = queries.team_of(row.id, student.id) if row is not None else None
    speaker = team.leader_id if team is not None else student.id
    mine = queries.choices_of(row.id, speaker) if row is not None else []
    held = queries.capstone_holding(student.id)
    is_open = row is not None and row.state is ChoiceState.OPEN and row.opens_on <= clock.today() <= row.closes_on
    size = sizes_in(row.id).get(team.id, 1) if row is not None and team is not None else 1
    topics = [(t, name) for t, name in queries.topics_with_seats(student.programme_id) if t.reserved_student_id in (None, student.id)]
    html = render_template(
        "enterprises/capstones/choices.html",
        round=row,
        is_open=is_open and held is None,
        student=student,
        team=team,
        members=queries.members_of(team.id) if team is not None else [],
        invitations=queries.invitations_of(row.id, student.id) if row is not None else [],
        topics=topics,
        refused={t.id: why for t, _name in topics if size > 1 and (why := operations.why_not(t, student, size))},
        demand=queries.demand_for(row.id) if row is not None else {},
        coverage=_coverage(row, student, {t.enterprise_id for t, _name in topics}),
        chosen=_typed_ranks() or {choice.topic_id: choice.rank for choice in mine},
        capstone=held,
        why=_missed(row, student) if row is not None and row.state is ChoiceState.PUBLISHED else "",
        problem=problem,
        labels=labels,
    )
    return html, status


def _missed(row: ChoiceRound, student: Student) -> str:
    """Why a published round gave a student no topic, as it was kept; of whoever was given one since, or came later, nothing."""
    return next((missed_mine(why) for key, why in (row.plan or {}).get("unplaced", ()) if key == student.id), "")


def _typed_ranks() -> dict[int, str]:
    """{topic: what was typed as its rank} of choices that were refused; empty when nothing was sent."""
    sent = request.form.items()
    return {int(key): value for name, value in sent if name.startswith("rank-") and is_key(key := name.removeprefix("rank-"))}


def _coverage(row: ChoiceRound | None, student: Student, enterprise_ids: set[int]) -> dict[int, tuple[str, str]]:
    """How the student's own placements hold the days of the round, by enterprise."""
    if row is None:
        return {}
    most, stays = open_days_most(), queries.stays_of([student.id]).get(student.id, ())
    return {key: covered(row.starts_on, row.ends_on, key, stays, most) for key in enterprise_ids}


def _open_round(student: Student) -> ChoiceRound:
    row = queries.open_round_of(student.cohort_id)
    if row is None:
        raise NotFound(_("现在没有开放的选题轮次。"))
    return row


def _act(work: Any, said: str) -> Any:
    try:
        with transaction():
            work(_me())
    except Refused as refused:
        return _choices_page(refused.message, refused.status)
    return done(said, "capstones.choices")


@blueprint.post("/choices")
@guard(Can.CHOICE_OWN)
def save_choices() -> Any:
    """Save the ranked topics."""
    typed = {topic_id: value.strip() for topic_id, value in _typed_ranks().items() if value.strip()}
    ranked = sorted((rank, topic_id) for topic_id, value in typed.items() if (rank := key_of(value)))

    def work(me: Student) -> None:
        wrong = next((value for value in typed.values() if not key_of(value)), None)
        if wrong is not None:
            raise Refused(_("志愿序号“%(text)s”不是从 1 开始的整数，没有保存，请改正；不想做的留空。", text=wrong[:20]), field="topics")
        if len({rank for rank, _topic in ranked}) != len(ranked):
            raise Refused(_("两个选题填了同一个志愿序号，请改正。"))
        operations.save_choices(round=_open_round(me), student=me, topic_ids=[topic for _rank, topic in ranked], by=who(), now=clock.now())

    return _act(work, _("志愿已保存，截止前可以修改。"))


@blueprint.post("/choices/team")
@guard(Can.CHOICE_OWN)
def form_team() -> Any:
    """Begin a team."""
    return _act(
        lambda me: operations.form_team(round=_open_round(me), leader=me, name=request.form.get("name", ""), by=who(), now=clock.now()),
        _("小组已建立。"),
    )


def _team(team_id: int) -> Team:
    found = queries.team_by_id(team_id)
    if found is None:
        raise NotFound(_("没有这个小组。"))
    return found


@blueprint.post("/choices/team/<int:team_id>/ask")
@guard(Can.CHOICE_OWN)
def ask_into_team(team_id: int) -> Any:
    """Ask a classmate."""

    def work(me: Student) -> None:
        other = queries.classmate(me.cohort_id, request.form.get("student_no", ""))
        if other is None:
            raise Refused(_("本年级没有这个学号的学生。"), field="student_no")
        operations.ask_into_team(team=_team(team_id), student=other, by=who(), now=clock.now())

    return _act(work, _("邀请已发出。"))


@blueprint.post("/choices/team/<int:team_id>/join")
@guard(Can.CHOICE_OWN)
def join_team(team_id: int) -> Any:
    """Accept."""
    return _act(lambda me: operations.join_team(team=_team(team_id), student=me, by=who(), now=clock.now()), _("已加入小组，由组长填报志愿。"))


@blueprint.post("/choices/team/<int:team_id>/leave")
@guard(Can.CHOICE_OWN)
def leave_team(team_id: int) -> Any:
    """Decline, or leave."""
    return _act(lambda me: operations.leave_team(team=_team(team_id), student=me, by=who(), now=clock.now()), _("已退出，可以自己填报志愿。"))


@blueprint.post("/choices/team/<int:team_id>/dissolve")
@guard(Can.CHOICE_OWN)
def dissolve_team(team_id: int) -> Any:
    """Dissolve."""
    return _act(lambda me: operations.dissolve_team(team=_team(team_id), by=who(), now=clock.now()), _("小组已解散，各自填报志愿。"))
