"""Students and trainees: the way to the weeks required, what is due, what was reached."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from courses.assignments.queries import peers, work
from courses.learning import queries as learning
from courses.learning import quiz_queries
from courses.learning.types import EnrolmentState as E
from courses.learning.types import MyRun
from enterprises.capstones import labels as capstone_labels
from enterprises.capstones.queries import standing
from enterprises.capstones.types import CapstoneState
from enterprises.placements import queries as placements
from enterprises.placements import rules
from enterprises.placements.types import PlacementState, RoundState
from trainhub.certificates import labels as certificate_labels
from trainhub.certificates import queries as certificates
from trainhub.certificates.types import State
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.clock import end_of, local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _, format_date
from trainhub.ledger import queries as ledger
from trainhub.ledger.types import Source
from trainhub.oversight.home.links import link, linked
from trainhub.oversight.home.queries import practice
from trainhub.oversight.home.types import Block, Figure, Line, Nothing, Panel, Ring, Todo
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.policy.book import book

SOON_DAYS = 7
RUN_STATES = {E.PENDING: ("pending", "待审核"), E.WAITING: ("waiting", "候补中"), E.COMPLETED: ("completed", "已完成")}
VALID = (State.ISSUED, State.REISSUED)
CAPSTONE_STEPS = (
    CapstoneState.ASSIGNED,
    CapstoneState.OPENED,
    CapstoneState.MIDTERM,
    CapstoneState.SUBMITTED,
    CapstoneState.GRADED,
    CapstoneState.PASSED,
)


def student(identity: Identity, today: date) -> Panel:
    """What a student does next."""
    person_id = identity.person_id
    row = people.student_of_person(person_id) if person_id is not None else None
    if person_id is None or row is None:
        return Panel("student", _("我的学习"), blocks=[_no_record()])
    own = Subject.of(persons=(person_id,))
    todos: list[Todo] = []
    placed = placements.of_student(row.id)
    blocks = [_weeks(identity, row, today), _placement(identity, own, placed, today, todos), _capstone(identity, own, row, todos)]
    _rounds(identity, own, row, today, todos)
    runs = my_runs(person_id)
    blocks += [courses_block(identity, own, runs, todos, today), certificates_block(identity, person_id)]
    return Panel("student", _("我的学习"), todos, blocks=blocks)


def _no_record() -> Block:
    nothing = Nothing(
        _("还没有你的学籍"), _("学院导入名单后，这里会显示你的企业学习周数、课程和毕业设计。请把学号告诉专业负责人核对。"), art="people"
    )
    return Block(_("我的学籍"), nothing=nothing)


def _weeks(identity: Identity, row: Student, today: date) -> Block:
    total = ledger.weeks_of(row.id)
    required = book().at("petoe.enterprise_weeks", on=today)
    days = book().at("own.weeks.days_required", on=today).number
    left = max(0, days - total.credited_days)
    waiting = practice.days_waiting(row.id)
    note = _("还差 %(n)s 天", n=left) if left else _("已达到要求")
    if waiting:
        note = _("%(note)s；另有 %(n)s 天等待企业指导教师确认", note=note, n=waiting)
    ring = Ring(
        min(1, total.credited_days / days) if days else 0,
        _("%(a)s / %(b)s 周", a=weeks_text(total.credited_days, days, required.number), b=required.number),
        _("已确认 %(n)s 天，五天计一周", n=total.credited_days),
        status="" if left else "ok",
        note=note,
    )
    return Block(_("企业学习"), linked(_("计算依据"), link(identity, "placements.my_weeks")), ring=ring)


def weeks_text(credited: int, days: int, weeks: int) -> str:
    """Credited days as weeks with at most one decimal, never rounded up to the requirement."""
    tenths = credited * weeks * 10 // days if days else 0
    return rules.weeks_text(tenths)


def _rounds(identity: Identity, own: Subject, row: Student, today: date, todos: list[Todo]) -> None:
    for round_ in placements.open_rounds_of_student(row):
        if round_.state is not RoundState.OPEN or not rules.is_open(round_.opens_on, round_.closes_on, today):
            continue
        chosen = len(placements.preferences_of(round_.id, row.id))
        left = (round_.closes_on - today).days
        todos.append(
            Todo(
                _("填报实习志愿：%(title)s", title=round_.title),
                link(identity, "placements.preferences", own, round_id=round_.id),
                _("修改志愿") if chosen else _("填报志愿"),
                detail=_("已填 %(n)s 个，最多 %(m)s 个", n=chosen, m=round_.max_preferences) if chosen else _("尚未填报"),
                urgency=0 if not chosen and left <= SOON_DAYS else (2 if chosen else 1),
                icon="list",
                until=round_.closes_on,
            )
        )


def _placement(identity: Identity, own: Subject, placed: list[Any], today: date, todos: list[Todo]) -> Block:
    everything = linked(_("全部实习"), link(identity, "placements.mine"))
    going = [one for one in placed if one.state in placements.GOING]
    for one in going:
        if one.state is PlacementState.PLANNED:
            url = link(identity, "placements.show", own, placement_id=one.id)
            todos.append(Todo(_("确认实习安排"), url, _("查看并确认"), detail=f"{one.enterprise} · {one.position}", urgency=0, icon="briefcase"))
    current = next((one for one in going if one.state is PlacementState.STARTED and one.starts_on <= today <= one.ends_on), None)
    if current is not None:
        _log_days(identity, own, current, today, todos)
    lines = []
    looks = {
        PlacementState.STARTED: ("running", _("实习中")),
        PlacementState.ACCEPTED: ("pending", _("待开始")),
        PlacementState.PLANNED: ("pending", _("待确认")),
    }
    for one in going[:3]:
        span = _("%(a)s 至 %(b)s", a=format_date(one.starts_on), b=format_date(one.ends_on))
        who = _("指导教师 %(name)s", name=one.mentor) if one.mentor else _("指导教师待定")
        url = link(identity, "placements.show", own, placement_id=one.id)
        is_over = one.state is PlacementState.STARTED and one.ends_on < today
        pill = ("pending", _("已到期，未办结")) if is_over else looks[one.state]
        lines.append(Line(one.enterprise, url, sub=f"{one.position} · {span} · {who}", pill=pill))
    over = sum(1 for one in placed if one.state is PlacementState.FINISHED)
    nothing = Nothing(
        _("现在没有实习"),
        _("已结束 %(n)s 段实习。有新的志愿填报轮次时，首页会提醒你。", n=over) if over else _("志愿填报轮次开放后，首页会提醒你填报并告知截止日期。"),
    )
    return Block(_("我的实习"), everything, lines=lines, nothing=nothing)


def _log_days(identity: Identity, own: Subject, current: Any, today: date, todos: list[Todo]) -> None:
    """The working days of this week so far that were not logged, by the question of the reminder that is sent on Mondays."""
    for gap in placements.gaps_of_week(today - timedelta(days=today.weekday()), placement_id=current.id, until=today):
        todos.append(
            Todo(
                _("填写本周实习日"),
                link(identity, "placements.days", own, placement_id=current.id),
                _("填写"),
                count=gap.lacking,
                detail=_("%(who)s，本周已填 %(n)s 天", who=current.enterprise, n=gap.logged),
                urgency=1,
                icon="calendar",
            )
        )


def _capstone(identity: Identity, own: Subject, row: Student, todos: list[Todo]) -> Block:
    found = standing.capstone_of_student(row.id)
    mine = linked(_("查看"), link(identity, "capstones.mine"))
    if found is None:
        topics = link(identity, "capstones.topics")
        nothing = Nothing(
            _("还没有毕业设计"), _("题目来自企业工程实践，由学校和企业双方审核后下达。可以先浏览选题库。"), linked(_("浏览选题"), topics)
        )
        return Block(_("毕业设计"), nothing=nothing)
    at = CAPSTONE_STEPS.index(found.state) if found.state in CAPSTONE_STEPS else len(CAPSTONE_STEPS) - 1
    is_over = found.state in (CapstoneState.PASSED, CapstoneState.FAILED)
    steps = [
        {
            "label": str(capstone_labels.CAPSTONE_STATES[state]),
            "state": "done" if n < at or (n == at and is_over) else ("current" if n == at else "todo"),
            "text": "",
        }
        for n, state in enumerate(CAPSTONE_STEPS)
    ]
    if found.state is CapstoneState.FAILED:
        steps[-1] = {"label": str(capstone_labels.CAPSTONE_STATES[found.state]), "state": "bad", "text": ""}
    following = {
        CapstoneState.ASSIGNED: _("下一步：提交任务书与开题报告"),
        CapstoneState.OPENED: _("下一步：提交中期报告"),
        CapstoneState.MIDTERM: _("下一步：提交论文"),
        CapstoneState.SUBMITTED: _("等待校内导师与企业导师评分"),
        CapstoneState.GRADED: _("双方已评分，等待学院确认"),
    }.get(found.state, "")
    if found.state in (CapstoneState.ASSIGNED, CapstoneState.OPENED, CapstoneState.MIDTERM):
        url = link(identity, "capstones.show", own, capstone_id=found.id)
        todos.append(
            Todo(following.removeprefix(_("下一步：")), url, _("去提交"), detail=_("毕业设计"), urgency=2, icon="graduate", until=found.ends_on)
        )
    return Block(_("毕业设计"), mine, steps=steps, note=following)


def my_runs(person_id: int, limit: int = 8) -> list[MyRun]:
    """The first runs of a learner."""
    return [learning.as_my_run(row) for row in session().execute(learning.my_runs(person_id).limit(limit))]


def courses_block(identity: Identity, own: Subject, runs: list[MyRun], todos: list[Todo], today: date) -> Block:
    """The courses of a learner with their progress; those that end soon become something to do."""
    if any(run.state is E.ACTIVE for run in runs) and identity.person_id is not None:
        _work(identity, own, identity.person_id, today, todos)
    lines = []
    for run in runs[:5]:
        url = link(identity, "learning.home", own, run_id=run.run_id)
        share = run.progress_x1000 // 10
        if run.state is E.ACTIVE:
            lines.append(Line(run.course_title, url, sub=run.owner_name, value=share, text=f"{share}%"))
            if run.ends_on is not None and 0 <= (run.ends_on - today).days <= 14:
                todos.append(
                    Todo(
                        _("完成课程：%(title)s", title=run.course_title),
                        url,
                        _("继续学习"),
                        detail=_("已学 %(n)s%%", n=share),
                        icon="book",
                        until=run.ends_on,
                    )
                )
        else:
            kind, text = RUN_STATES.get(run.state, ("mute", ""))
            sub = _("%(who)s · %(day)s 完成", who=run.owner_name, day=format_date(run.completed_on)) if run.completed_on else run.owner_name
            lines.append(
                Line(
                    run.course_title,
                    url if run.state is E.COMPLETED else link(identity, "learning.course", code=run.course_code),
                    sub=sub,
                    pill=(kind, _(text)),
                )
            )
    catalogue = link(identity, "catalogue.index")
    nothing = Nothing(_("还没有课程"), _("从课程目录选一门开放的课程报名，学习进度会显示在这里。"), linked(_("浏览课程目录"), catalogue))
    return Block(_("课程"), linked(_("我的课程"), link(identity, "learning.mine")) if lines else None, lines=lines, nothing=nothing)


def _work(identity: Identity, own: Subject, person_id: int, today: date, todos: list[Todo]) -> None:
    """Assignments that are due and quizzes that close within a week, and peer reviews to write: others wait for those."""
    for block_id, title, until_at, is_late in work.to_hand_in(person_id, end_of(today + timedelta(days=SOON_DAYS)), clock.now()):
        url, due = link(identity, "assignments.show", own, block_id=block_id), local(until_at).date()
        what = _("补交作业：%(title)s", title=title) if is_late else _("提交作业：%(title)s", title=title)
        todos.append(Todo(what, url, _("去提交"), urgency=0 if is_late or due <= today else 1, icon="pen", until=due))
    for block_id, title, closes_at in quiz_queries.closing(person_id, end_of(today + timedelta(days=SOON_DAYS)), clock.now()):
        url, due = link(identity, "learning.quiz", own, block_id=block_id), local(closes_at).date()
        todos.append(Todo(_("完成测验：%(title)s", title=title), url, _("去作答"), urgency=0 if due <= today else 1, icon="pen", until=due))
    for block_id, title, due_at, count in peers.to_write(person_id):
        url = link(identity, "assignments.show", own, block_id=block_id)
        todos.append(Todo(_("互评：%(title)s", title=title), url, _("去评阅"), count, urgency=0, icon="pen", until=local(due_at).date()))


def certificates_block(identity: Identity, person_id: int) -> Block:
    """The certificates of a person, the latest first."""
    own = Subject.of(persons=(person_id,))
    lines = [
        Line(
            certificate_labels.KINDS[one.kind],
            link(identity, "certificates.show", own, number=one.number),
            sub=_("编号 %(number)s · %(day)s", number=one.number, day=format_date(one.issued_on)),
            pill=("issued", _("有效")) if one.state in VALID else ("mute", certificate_labels.STATES[one.state]),
        )
        for one in certificates.of_person(person_id)
        if one.state is not State.DRAFT
    ][:4]
    nothing = Nothing(_("还没有证书"), _("完成课程、实习、毕业设计或全部培养环节后，证书会自动签发到这里。"))
    return Block(_("证书"), linked(_("全部证书"), link(identity, "certificates.mine")) if lines else None, lines=lines, nothing=nothing)


def trainee(identity: Identity, today: date) -> Panel:
    """What a trainee learns and has reached."""
    if identity.person_id is None:
        return Panel("trainee", _("我的培训"), blocks=[_no_record()])
    own = Subject.of(persons=(identity.person_id,))
    todos: list[Todo] = []
    runs = my_runs(identity.person_id)
    done = [one for one in ledger.milestones_of(identity.person_id) if one.source is Source.COURSE]
    figures = [
        Figure(_("在学课程"), sum(1 for run in runs if run.state is E.ACTIVE), _("门"), url=link(identity, "learning.mine")),
        Figure(_("已完成课程"), len(done), _("门")),
    ]
    blocks = [courses_block(identity, own, runs, todos, today), certificates_block(identity, identity.person_id)]
    learning_now = next((run for run in runs if run.state is E.ACTIVE), None)
    if learning_now is not None and not todos:
        share = learning_now.progress_x1000 // 10
        url = link(identity, "learning.home", own, run_id=learning_now.run_id)
        todos.append(
            Todo(_("完成课程：%(title)s", title=learning_now.course_title), url, _("继续学习"), detail=_("已学 %(n)s%%", n=share), icon="book")
        )
    return Panel("trainee", _("我的培训"), todos, figures, blocks)
