"""Programmes and universities: students at risk, rounds, capstones, readiness, certificates."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from enterprises.mentors import address_list_queries, proof_queries
from enterprises.placements import labels as placement_labels
from enterprises.placements import queries as placements
from enterprises.placements.types import Light, RoundState
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, format_date, listed
from trainhub.oversight.chains import queries as chains
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.home.links import link, linked, narrowed
from trainhub.oversight.home.panels.hosts import placements_to_end, placements_to_start
from trainhub.oversight.home.queries import practice
from trainhub.oversight.home.types import Block, Figure, Line, Nothing, Panel, Todo
from trainhub.policy.book import book
from trainhub.policy.findings import Status
from trainhub.policy.types import PolicyError
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import ProgrammeFilter

MOST_STUDENTS = 800
"""The first page explains every student only up to here; beyond it leads to the list."""
MOST_PROGRAMMES = 2
MOST_ROUNDS = 200
"""So many of the latest rounds are asked whether they wait for the next step; four are shown."""
ROLES = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN)
LOOKS = {
    RoundState.DRAFT: "draft",
    RoundState.OPEN: "open",
    RoundState.CLOSED: "pending",
    RoundState.PLANNED: "pending",
    RoundState.PUBLISHED: "done",
}
NEXT: dict[RoundState, tuple[str, int]] = {
    RoundState.DRAFT: (N_("发布轮次，学生才能填报"), 2),
    RoundState.CLOSED: (N_("填报结束，计算分配方案"), 0),
    RoundState.PLANNED: (N_("核对分配方案并公布"), 0),
}


def of_placements(identity: Identity, standing: practice.Standing, today: date) -> list[Todo]:
    """What waits for the school beside the rounds: leave and incidents, places that students found, placements of who is not there any more, and what is
    over and has nobody who may mark it."""
    events, found, absent = practice.events_open(identity, today), practice.self_found_waiting(identity), standing.absent
    todos = []
    if events:
        url = narrowed(link(identity, "placements.events_list"), open="1")
        todos.append(Todo(_("处理请假与记事"), url, _("去处理"), events, _("请假由企业指导教师或学校处理，事故和走访由学校办结"), 1, "flag"))
    if found:
        url = link(identity, "placements.self_found_list")
        todos.append(Todo(_("审核自主联系的实习"), url, _("去审核"), found, _("通过后学生才有实习安排"), 1, "search"))
    if absent:
        url = narrowed(link(identity, "placements.index"), state="absent")
        todos.append(
            Todo(_("处理不在读学生的实习安排"), url, _("去处理"), absent, _("学生已休学或离校，席位和指导教师仍被占用：请撤销或提前结束"), 0, "users")
        )
    if undone := practice.left_undone(identity, today):
        url = narrowed(link(identity, "placements.index"), state="undone")
        said = _("还没有成绩或有实习日等待确认，而指导教师已离任、须回避或没有安排；安排后才能评定和签发证明")
        todos.append(Todo(_("为已结束的实习另行安排指导教师"), url, _("去安排"), undone, said, 0, "user"))
    return todos


LOGS_LATE = timedelta(days=14)
"""So long after the end of its week a weekly log may wait before the heads are asked to remind the supervisors."""


def late_logs(identity: Identity, today: date) -> list[Todo]:
    """Weekly logs that have waited long for a supervisor, or have none."""
    until = today - LOGS_LATE - timedelta(days=6)
    late = sum(count for monday, count in practice.logs_waiting(identity).items() if monday <= until)
    if not late:
        return []
    said = _("超过 %(n)s 天没有人审阅；没有校内导师的，请自行审阅或安排", n=LOGS_LATE.days)
    return [Todo(_("督促校内导师审阅周志"), link(identity, "placements.reviews", until=until.isoformat()), _("查看"), late, said, 2, "edit")]


def school(identity: Identity, today: date) -> Panel:
    """What a programme's head and a university's administrator do next."""
    own = programmes.by_ids(identity.programme_ids(*ROLES))
    todos: list[Todo] = []
    rows = list(session().execute(placements.progress_rows(identity, on=today).limit(MOST_STUDENTS + 1)))
    figures, blocks = [], []
    weeks_url = link(identity, "placements.progress")
    if len(rows) <= MOST_STUDENTS:
        blocks.append(_weeks(rows, weeks_url, todos, today))
    else:
        todos.append(_weeks_by_list(weeks_url, today))
    blocks.append(_rounds(identity, todos, today))
    submitted = practice.positions_to_approve(identity)
    if submitted:
        todos.append(
            Todo(
                _("审核企业提交的岗位"),
                narrowed(link(identity, "placements.positions"), state="submitted"),
                _("去审核"),
                submitted,
                _("审核通过后进入志愿填报"),
                1,
                "briefcase",
            )
        )
    todos += unproven_mentors(identity)
    todos += unchecked_addresses(identity, today)
    todos += unconfirmed(identity)
    standing = practice.placements_standing(identity, today)
    todos += placements_to_start(identity, standing)
    todos += placements_to_end(identity, standing)
    todos += spot_checks(identity, today)
    todos += of_placements(identity, standing, today)
    todos += late_logs(identity, today)
    topics, _enterprise = practice.topics_waiting(identity, today)
    if topics:
        todos.append(
            Todo(
                _("审核毕业设计选题"),
                narrowed(link(identity, "capstones.topics"), state="proposed"),
                _("去审核"),
                topics,
                _("核对工程实践来源与证明材料"),
                1,
                "book",
            )
        )
    late = practice.evidence_waiting(identity, today)
    if late:
        todos.append(
            Todo(
                _("审核企业补充的证明材料"),
                narrowed(link(identity, "capstones.topics"), evidence="waits"),
                _("去审核"),
                late,
                _("学校审批以后补充的，认可以前不算证明（8.1）"),
                1,
                "book",
            )
        )
    going, alone, graded = practice.capstones_going(identity, today)
    capstones_url = link(identity, "capstones.index")
    if alone:
        todos.append(
            Todo(
                _("补齐毕业设计双导师"),
                narrowed(capstones_url, state="alone"),
                _("去安排"),
                alone,
                _("每项毕业设计须有在任的校内导师和企业导师"),
                0,
                "users",
            )
        )
    if graded:
        todos.append(
            Todo(_("确认毕业设计成绩"), narrowed(capstones_url, state="graded"), _("去确认"), graded, _("双方已评分，等待结论"), 1, "check-circle")
        )
    moderated = practice.capstones_moderated(identity)
    if moderated:
        url = narrowed(capstones_url, state="moderation")
        todos.append(Todo(_("处理毕业设计成绩复核"), url, _("去处理"), moderated, _("结论作出之前不能更正评分，也不能公布成绩"), 0, "flag"))
    appealed = practice.capstones_appealed(identity)
    if appealed:
        todos.append(
            Todo(
                _("处理毕业设计成绩申诉"),
                narrowed(capstones_url, state="appealed"),
                _("去处理"),
                appealed,
                _("学生在等待结论；未决的申诉不能归档"),
                0,
                "flag",
            )
        )
    placed = practice.placements_by_state(identity)
    figures = [
        Figure(_("卓越计划学生"), len(rows) if len(rows) <= MOST_STUDENTS else f"{MOST_STUDENTS}+", _("人"), url=weeks_url),
        Figure(_("正在安排与实习"), sum(placed.values()), _("人"), url=narrowed(link(identity, "placements.index"), state="going")),
        Figure(_("进行中的毕业设计"), going, _("项"), url=narrowed(capstones_url, state="live")),
    ]
    if own and len(own) <= MOST_PROGRAMMES:
        for one in own:
            blocks.append(_readiness(identity, one, today))
            if len(rows) <= MOST_STUDENTS:
                _certificates(identity, one, today, todos)
    else:
        blocks.append(_programmes(identity))
    return Panel("school", _("专业建设") if own else _("学校管理"), todos, figures, blocks)


def unproven_mentors(identity: Identity) -> list[Todo]:
    """Mentors of one's students whose enterprise opened their account: they sign nothing before a code of the school."""
    waiting = [one for one in proof_queries.waiting(identity) if one.code_made_at is None]
    said = _("账号由企业开通或重置，输入学校的核对码之前不能确认和评分；核对码直接告诉本人")
    return [Todo(_("把核对码交给企业指导教师"), link(identity, "mentors.codes"), _("生成核对码"), len(waiting), said, 1, "key")] if waiting else []


def spot_checks(identity: Identity, today: date) -> list[Todo]:
    """Theses of the spot checks that one's office runs: nobody reads them before experts are asked."""
    waiting = practice.spot_theses_to_send(identity, today)
    url = link(identity, "capstones.spot_checks")
    said = _("每篇先送三位专家；一位评为不合格的再送两位（教督〔2020〕5号）")
    return [Todo(_("为抽检论文送专家"), url, _("去送"), waiting, said, 1, "search")] if waiting else []


def unconfirmed(identity: Identity) -> list[Todo]:
    """Conclusions of accreditation that programmes entered themselves: somebody else compares them with the association's paper."""
    waiting = programmes.unconfirmed(identity)
    if not waiting:
        return []
    url = link(identity, "programmes.show", code=waiting[0][0].code)
    return [Todo(_("确认专业登记的认证结论"), url, _("去确认"), len(waiting), _("对照认证协会的文件；确认之前不作为评价依据"), 1, "check-circle")]


def _weeks_by_list(url: str, today: date) -> Todo:
    """Where there are too many students to judge each on the first page: who will miss the weeks stands in the list."""
    weeks = book().at("petoe.enterprise_weeks", on=today).number
    said = _("学生超过 %(n)s 人，首页不逐人核对；名单里有每名学生达不到的原因", n=MOST_STUDENTS)
    text = _("核对毕业前达不到 %(n)s 周的学生", n=weeks)
    return Todo(text, narrowed(url, light=Light.RED.value), _("查看名单"), detail=said, urgency=1, icon="alert")


def _weeks(rows: list[Any], url: str, todos: list[Todo], today: date) -> Block:
    found = placements.progress_of(rows, on=today, is_dated=False) if rows else []
    weeks = book().at("petoe.enterprise_weeks", on=today).number
    lights = Counter(one.light for one in found)
    if lights[Light.RED]:
        todos.append(
            Todo(
                _("跟进毕业前达不到 %(n)s 周的学生", n=weeks),
                narrowed(url, light=Light.RED.value),
                _("查看名单"),
                lights[Light.RED],
                _("毕业前可安排的时间已不够，请逐人商定延期或补救办法"),
                0,
                "alert",
            )
        )
    if to_place := sum(lights[one] for one in placement_labels.LIGHTS_TO_PLACE):
        todos.append(
            Todo(
                _("为企业学习不足 %(n)s 周的学生安排实习", n=weeks),
                narrowed(url, light=placement_labels.TO_PLACE),
                _("查看名单"),
                to_place,
                _("已计入和已安排的还不够，毕业前仍可补足"),
                2,
                "calendar",
            )
        )
    order = (Light.DONE, Light.GREEN, Light.YELLOW, Light.RED, Light.NOT_PLANNED)
    looks = {Light.DONE: "ok", Light.GREEN: "info", Light.YELLOW: "wait", Light.RED: "bad", Light.NOT_PLANNED: "mute"}
    lines = [
        Line(
            placement_labels.LIGHTS[light],
            narrowed(url, light=light.value),
            value=lights[light],
            most=len(found),
            text=_("%(n)s 人", n=lights[light]),
            pill=(looks[light], ""),
        )
        for light in order
        if lights[light]
    ]
    nothing = Nothing(_("还没有参加卓越计划的学生"), _("在“学生”页导入名单，并登记参加卓越计划的起止日期。"), art="people")
    return Block(_("企业学习 %(n)s 周", n=weeks), linked(_("学生名单"), url) if lines else None, lines=lines, nothing=nothing)


def _rounds(identity: Identity, todos: list[Todo], today: date) -> Block:
    lines = []
    for at, (round_, programme, university, year) in enumerate(session().execute(placements.rounds_listing(identity).limit(MOST_ROUNDS))):
        if at >= 4 and round_.state not in NEXT:
            continue
        names = _("%(university)s · %(programme)s %(year)s 级", university=university, programme=programme, year=year)
        scope = Subject.of(programmes=(round_.programme_id,), organisations=identity.organisation_ids(*ROLES))
        url = link(identity, "placements.show_round", scope, round_id=round_.id)
        span = _("%(a)s 至 %(b)s 填报", a=format_date(round_.opens_on), b=format_date(round_.closes_on))
        if at < 4:
            lines.append(Line(round_.title, url, sub=f"{names} · {span}", pill=(LOOKS[round_.state], placement_labels.ROUND_STATES[round_.state])))
        if round_.state in NEXT:
            detail, urgency = NEXT[round_.state]
            todos.append(Todo(round_.title, url, _("处理"), detail=_(detail), urgency=urgency, icon="list"))
        elif round_.state is RoundState.OPEN:
            students, _wishes = placements.preference_counts(round_.id)
            todos.append(
                Todo(
                    _("%(title)s 正在填报", title=round_.title),
                    url,
                    _("查看"),
                    detail=_("已有 %(n)s 名学生填报", n=students),
                    urgency=2,
                    icon="list",
                    until=round_.closes_on,
                )
            )
    everything = link(identity, "placements.rounds")
    create = linked(_("新建轮次"), link(identity, "placements.new_round"))
    nothing = Nothing(_("还没有实习轮次"), _("先建立实习学期，再为一个年级新建轮次，学生即可填报志愿。"), create)
    return Block(_("实习轮次"), linked(_("全部轮次"), everything) if lines else None, lines=lines, nothing=nothing)


def _readiness(identity: Identity, one: Programme, today: date) -> Block:
    url = link(identity, "evaluation.show", programmes.subject_of(one), code=one.code)
    try:
        found = readiness.assess(one, today)
    except PolicyError as none:
        return Block(_("十项要求：%(name)s", name=one.name), note=str(none))
    counts = Counter(answer.status for answer in found.answers)
    looks = (
        (Status.MET, "ok", _("达到")),
        (Status.JUDGE, "wait", _("待评判")),
        (Status.NO_DATA, "mute", _("缺数据")),
        (Status.NOT_MET, "bad", _("未达到")),
    )
    lines = [
        Line(label, value=counts[status], most=len(found.answers), text=_("%(n)s 项", n=counts[status]), pill=(look, ""))
        for status, look, label in looks
        if counts[status]
    ]
    failing = [str(answer.requirement.no) for answer in found.answers if answer.status is Status.NOT_MET]
    note = _("未达到的要求：%(list)s", list=listed(failing)) if failing else ""
    return Block(_("十项要求：%(name)s", name=one.name), linked(_("逐条查看"), url), lines=lines, note=note)


def _certificates(identity: Identity, one: Programme, today: date, todos: list[Todo]) -> None:
    ready = sum(1 for chain in chains.chains_of_programme(one, on=today) if chain.is_complete and chain.certificate_number is None)
    if ready:
        url = narrowed(link(identity, "chains.programme", programmes.subject_of(one), code=one.code), cohort="all", show="ready")
        todos.append(
            Todo(_("签发专业培养证书"), url, _("去签发"), ready, _("%(name)s：课程、企业学习、毕业设计均已完成", name=one.name), 1, "certificate")
        )


def _programmes(identity: Identity) -> Block:
    rows = [programmes.as_row(row) for row in session().execute(programmes.listing(identity, ProgrammeFilter(is_petoe=True)).limit(6))]
    url = link(identity, "programmes.index")
    lines = [
        Line(
            row.name,
            link(identity, "evaluation.show", Subject.of(programmes=(row.id,), organisations=(row.university_id,)), code=row.code),
            sub=row.university,
        )
        for row in rows
    ]
    nothing = Nothing(_("还没有试点专业"), _("登记专业点并发布培养方案后，可在这里查看达标情况。"), linked(_("专业点"), url))
    return Block(_("试点专业"), linked(_("全部专业点"), url) if lines else None, lines=lines, nothing=nothing)


def unchecked_addresses(identity: Identity, today: date) -> list[Todo]:
    """Mentors of one's students without an account to whose address only the enterprise vouches: every link of theirs asks for a code of the school."""
    waiting = {one.person_id for one in address_list_queries.unchecked(identity, today)}
    url, said = link(identity, "mentors.codes"), _("没有账户的指导教师凭链接确认和评分；核实以前每个链接都要学校的核对码")
    return [Todo(_("核实企业指导教师的联系方式"), url and f"{url}#addresses", _("去核实"), len(waiting), said, 1, "key")] if waiting else []
