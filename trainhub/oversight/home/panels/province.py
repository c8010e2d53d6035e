"""Cities and departments: goals, bases, rosters; inspectors, auditors and experts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from enterprises.awards import labels as award_labels
from enterprises.awards.turns import Turn, turns
from enterprises.awards.types import AwardState
from enterprises.bases import queries as bases
from enterprises.subsidies import queries as subsidies
from enterprises.subsidies.types import ClaimState
from trainhub.identity import queries as accounts
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, Role, may
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, format_date, format_datetime, format_number
from trainhub.kernel.kept import for_minutes
from trainhub.ledger import queries as ledger
from trainhub.ledger.permissions import SEES_ALL
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.permissions import Can as EvaluationCan
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.workflow import queries as cases
from trainhub.oversight.evaluation.workflow import waiting_queries as waiting
from trainhub.oversight.evaluation.workflow import words as case_words
from trainhub.oversight.evaluation.workflow.models import Application, VisitExpert
from trainhub.oversight.evaluation.workflow.types import State
from trainhub.oversight.goals import queries as goals
from trainhub.oversight.goals import reporting, rules
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.sights import sight_of
from trainhub.oversight.home.links import link, linked, narrowed
from trainhub.oversight.home.panels.school import spot_checks, unconfirmed
from trainhub.oversight.home.queries import practice, province, system
from trainhub.oversight.home.types import Block, Figure, Line, Nothing, Panel, Ring, Todo
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.types import ProgrammeFilter

MOST_GOALS = 3
DEPARTMENTS = (Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST, Role.DEPT_FIN)
WAITING: dict[Turn, tuple[str, str, str]] = {
    Turn.CHECK: (N_("初审奖补申请"), N_("申请或补充已提交，初审后主管部门才能办理"), "award"),
    Turn.PLACE: (N_("登记申请单位的所在地区"), N_("没有所在地区，哪个设区市都收不到这份奖补申请"), "award"),
    Turn.RECEIVE: (N_("受理奖补申请"), N_("已通过初审：基地的等待考察和认定，企业的等待决定"), "award"),
    Turn.ACCEPT: (N_("组织基地验收"), N_("已认定，等待验收"), "award"),
    Turn.DECIDE: (N_("作出奖补决定"), N_("已验收，等待决定"), "award"),
    Turn.CONFER: (N_("登记联席会议审议"), N_("金额已提出，等待联席会议审议"), "award"),
    Turn.REFUSE: (N_("处理不能往下办理的奖补申请"), N_("重新初审没有通过，或不在福建省内：不予通过，或等改正"), "award"),
    Turn.PAY: (N_("拨付奖补资金"), N_("已作出决定，等待拨付"), "money"),
}
"""What there is to do with applications that wait for the reader: the words, why, and the icon."""


def goal_blocks(identity: Identity, today: date, regions: Collection[str] = ()) -> list[Block]:
    """A ring for each goal: the ones that run first, at most three."""
    found = sorted(goals.computed(), key=lambda one: (one.deadline < today, -one.deadline.toordinal(), one.code))
    return [_goal(identity, one, today, regions) for one in found[:MOST_GOALS]]


def _goal(identity: Identity, goal: Goal, today: date, regions: Collection[str]) -> Block:
    targets = goals.targets_of(goal.id) if regions else {}
    target = sum(targets.get(code, 0) for code in regions) if regions else goal.target
    by_day = province.persons_by_day(goal.id, regions)
    sight = sight_of(identity, today)
    if sight is not None and not (regions and set(regions) <= sight.units):
        by_day = rules.coarse_days(by_day, sight.step)  # as on the goal's own page: two mornings beside each other tell of nobody
    persons = sum(count for day, count in by_day.items() if day <= today)
    url = link(identity, "goals.show", code=goal.code)
    if url and len(regions) == 1:
        url += f"?region={next(iter(regions))}"
    if not target:
        figure = Line(_("已培训"), value=None, text=_("%(n)s 人", n=format_number(persons)))
        return Block(goal.name, linked(_("查看"), url), lines=[figure], note=_("没有为本地分解目标"))
    planned = rules.planned(target, goal.starts_on, goal.deadline, today)
    is_over = goal.deadline < today
    ahead = persons - (target if is_over else planned)
    if is_over:
        note = _("已于 %(day)s 截止", day=format_date(goal.deadline))
    elif ahead >= 0:
        note = _("按匀速计划应为 %(n)s 人，领先 %(m)s 人", n=format_number(planned), m=format_number(ahead))
    else:
        note = _("按匀速计划应为 %(n)s 人，落后 %(m)s 人", n=format_number(planned), m=format_number(-ahead))
    if not is_over:
        forecast = rules.forecast(
            by_day,
            target=target,
            starts_on=goal.starts_on,
            deadline=goal.deadline,
            on=today,
            window_months=reporting.window_months(max(today, goal.starts_on)),
        )
        note += _("；按近期速度到 %(day)s 约 %(n)s 人", day=format_date(goal.deadline), n=format_number(forecast.on_deadline))
    share = persons / target
    ring = Ring(
        share,
        _("%(n)s 人", n=format_number(persons)),
        _("目标 %(n)s 人", n=format_number(target)),
        status=_look(share, persons, planned, is_over=is_over, on=today),
        note=note,
    )
    return Block(goal.name, linked(_("查看"), url), ring=ring)


def _look(share: float, persons: int, planned: int, *, is_over: bool, on: date) -> str:
    """The colour of a goal: percent of the plan against own.warning.goal_yellow_percent and goal_red_percent."""
    if share >= 1:
        return "ok"
    if is_over:
        return "bad"
    percent = persons * 100 / planned if planned else 100
    if percent < book().at("own.warning.goal_red_percent", on=on).number:
        return "bad"
    return "wait" if percent < book().at("own.warning.goal_yellow_percent", on=on).number else ""


def records(identity: Identity, today: date) -> list[Figure]:
    """Training records in sight, and those of this year."""
    url = link(identity, "ledger.index")
    everything, year = province.records_since(identity, date(today.year, 1, 1))
    return [
        Figure(_("培训记录"), format_number(everything), _("条"), url=url),
        Figure(_("今年新增"), format_number(year), _("条"), _("按完成日期统计"), narrowed(url, since=date(today.year, 1, 1).isoformat())),
    ]


def rosters(identity: Identity) -> Block:
    """The latest rosters that were imported."""
    url = link(identity, "ledger.rosters.index")
    lines = []
    for row in session().scalars(ledger.batches(identity).limit(4)):
        state = ("succeeded", _("已导入")) if row.finished_at else ("running", _("未完成"))
        if row.finished_at and row.rejected_count:
            state = ("waiting", _("%(n)s 行未导入", n=format_number(row.rejected_count)))
        lines.append(
            Line(
                row.file_name,
                url,
                sub=_("%(n)s 行 · %(when)s", n=format_number(row.row_count), when=format_datetime(row.finished_at)) if row.finished_at else "",
                pill=state,
            )
        )
    nothing = Nothing(_("还没有导入花名册"), _("下载模板，按列填写后上传；系统会逐行检查并报告问题。"), linked(_("导入花名册"), url))
    return Block(_("花名册"), linked(_("导入花名册"), url) if lines else None, lines=lines, nothing=nothing)


def award_todos(identity: Identity) -> list[Todo]:
    """The applications for awards that wait for this reader, by what there is to do."""
    url, found = link(identity, "awards.decisions"), turns(identity, clock.today())
    return [
        Todo(_(text), narrowed(url, turn=turn.value), _("去办理") if url else "", len(found[turn]), _(detail), 0, icon)
        for turn, (text, detail, icon) in WAITING.items()
        if turn in found
    ]


def _bases_url(identity: Identity, regions: Collection[str]) -> str:
    """The list of bases: of one region narrowed to it; of several it is not, for a filter holds one."""
    url = link(identity, "bases.index")
    return narrowed(url, region=next(iter(regions))) if len(regions) == 1 else url


def city(identity: Identity, today: date) -> Panel:
    """A city's operator: the goal's part, trainees, bases, organisations to verify, applications for awards to check and to pay."""
    regions = identity.region_codes(Role.PREFECTURE_OPERATOR)
    todos = award_todos(identity)
    waiting = practice.organisations_to_verify(identity)
    if waiting:
        url = link(identity, "organisations.index")
        todos.append(
            Todo(_("核验新登记的机构"), narrowed(url, state="registered"), _("去核验"), waiting, _("核验后才能开课和接收学生"), 1, "building")
        )
    figures = [
        *records(identity, today),
        Figure(_("本地基地"), practice.bases_of_region(regions), _("个"), url=_bases_url(identity, regions)),
    ]
    return Panel("city", _("本地培训"), todos, figures, [*goal_blocks(identity, today, regions), rosters(identity)])


def department(identity: Identity, today: date) -> Panel:
    """A department of the province: goals against the plan, decisions on bases, rosters, doubtful persons."""
    todos = unconfirmed(identity)
    counts = practice.awards_by_state(identity)
    awards_url = link(identity, "awards.decisions")
    todos += award_todos(identity)
    todos += _claims(identity)
    todos += spot_checks(identity, today)
    recover = subsidies.to_recover() if identity.everywhere(Role.DEPT_HR, Role.DEPT_FIN) else {}
    if recover:
        detail = _("培训记录作废或人员判定为同一人，已拨付的应追回")
        todos.append(
            Todo(_("追回多付的培训补助"), link(identity, "subsidies.index", state="paid"), _("去办理"), sum(recover.values()), detail, 0, "money")
        )
    awaited = subsidies.awaited(identity) if identity.everywhere(Role.DEPT_HR, Role.DEPT_FIN) else {}
    if awaited:
        detail = _("已通知追回，钱还没有收到")
        todos.append(Todo(_("收回培训补助"), link(identity, "subsidies.index", state="paid"), _("去办理"), sum(awaited.values()), detail, 0, "money"))
    for text, url, owed in (
        (N_("收回已撤销的奖励"), awards_url, practice.awards_to_recover(identity)),
        (N_("收回已撤销的人才资金支持"), link(identity, "talents.awards"), practice.talent_awards_to_recover(identity)),
    ):
        if owed and url:
            todos.append(Todo(_(text), narrowed(url, state="to_recover"), _("去办理"), owed, _("拨付以后撤销，钱还没有收回"), 0, "money"))
    duplicates_url = link(identity, "ledger.duplicates.index")
    doubtful = province.open_duplicates() if duplicates_url else 0
    if doubtful:
        todos.append(Todo(_("判定疑似重复的学员"), duplicates_url, _("去判定"), doubtful, _("姓名和出生日期相同、证件不同"), 1, "copy"))
    days = book().at("own.warning.agreement_days", on=today).number
    ending = bases.ending_agreements(None, on=today, until=today + timedelta(days=days))
    lines = [
        Line(
            award_labels.STATES[state],
            narrowed(awards_url, state=state.value),
            text=_("%(n)s 项", n=counts[state]),
            value=counts[state],
            most=sum(counts.values()),
            pill=("info", ""),
        )
        for state in AwardState
        if counts.get(state)
    ]
    nothing = Nothing(_("还没有奖补申请"), _("基地提交申请后，会按认定、验收、决定、拨付的顺序出现在这里。"))
    awards_block = Block(_("基地奖补"), linked(_("全部"), awards_url) if lines else None, lines=lines, nothing=nothing)
    blocks = [*goal_blocks(identity, today), awards_block]
    if ending:
        lines = [
            Line(name, link(identity, "bases.index"), sub=row.title, pill=("expiring", _("%(day)s 到期", day=format_date(row.until))))
            for row, name in ending[:5]
        ]
        blocks.append(Block(_("即将到期的合作协议"), linked(_("实践基地"), link(identity, "bases.index")), lines=lines))
    if link(identity, "ledger.rosters.index"):
        blocks.append(rosters(identity))
    return Panel("department", _("全省进展"), todos, records(identity, today), blocks)


def _claims(identity: Identity) -> list[Todo]:
    """Subsidy claims that wait: for 省人社厅 those handed in or sampled, for who pays those that were approved."""
    counts, url = subsidies.by_state(identity), link(identity, "subsidies.index")
    found: list[tuple[str, str, ClaimState]] = []
    if identity.everywhere(Role.DEPT_HR):
        found.append((_("审核补助申领"), _("已提交，等待抽查"), ClaimState.SUBMITTED))
        found.append((_("审核补助申领"), _("已抽查，等待核对和审核"), ClaimState.SAMPLED))
    if identity.everywhere(Role.DEPT_FIN):
        found.append((_("拨付培训补助"), _("已审核，等待拨付"), ClaimState.APPROVED))
    return [
        Todo(title, narrowed(url, state=state.value), _("去办理") if url else "", counts[state], detail, 0, "money")
        for title, detail, state in found
        if counts.get(state)
    ]


def watcher(identity: Identity, today: date) -> Panel:
    """Inspectors and auditors: the log, and the figures."""
    sums = for_minutes("watched", clock.now(), province.sums)
    step = 1 if identity.everywhere(*SEES_ALL) else book().at("own.reports.small_cell_min", on=today).number
    figures = [
        Figure(
            _("有培训记录的人员"),
            format_number(rules.coarse(sums.persons, step)),
            _("人"),
            _("含未核实身份和不计入目标的"),
            link(identity, "ledger.index"),
        ),
        Figure(_("有效证书"), format_number(sums.certificates), _("张"), url=link(identity, "certificates.index")),
        Figure(_("试点专业"), sums.programmes, _("个"), url=link(identity, "evaluation.index")),
        Figure(_("在册学生"), format_number(rules.coarse(sums.students, step)), _("人"), url=link(identity, "people.students")),
    ]
    blocks = goal_blocks(identity, today)
    audit_url = link(identity, "audit.events")
    if audit_url:
        lines = []
        if accounts.reads_whole_log(identity):
            day, last = system.audit_since(clock.start_of(today))
            lines = [
                Line(_("今天的操作"), audit_url, text=_("%(n)s 条", n=format_number(day))),
                Line(_("最近一次"), audit_url, text=format_datetime(last) if last else _("没有记录")),
            ]
        blocks.insert(0, Block(_("操作审计"), (_("查看记录"), audit_url), lines=lines, note=_("记录只增不改，逐条以哈希相连，可随时校验。")))
    return Panel("watcher", _("监督检查"), figures=figures, blocks=blocks)


def expert(identity: Identity, today: date) -> Panel:
    """What waits for an expert: applications for the two offices, the forms of visits, programmes to judge. Only what can be opened."""
    rows = [programmes.as_row(row) for row in session().execute(programmes.listing(identity, ProgrammeFilter()).limit(20))]
    mine = programmes.by_ids(sorted(identity.programme_ids(Role.EXPERT)) or [row.id for row in rows])
    asked = sum(1 for one in catalogue.criteria().values() if one.kind is CriterionKind.JUDGED)
    done = province.judged_criteria([one.id for one in mine], today)
    names, kept_from = {row.id: row for row in rows}, waiting.programmes_kept_from(identity, today)
    todos, lines = [_office(identity, row, name, university, today) for row, name, university in waiting.waiting_for(identity, today)], []
    for case, assigned, name in cases.visits_of(identity.account_id):
        todo = _visit(identity, case, assigned, name, today)
        if todo is not None:
            todos.append(todo)
        url = link(identity, "evaluation.application", cases.subject_of(case, today), key=case.id)
        if url:
            lines.append(Line(name, url, text=case_words.STATES[case.state]))
    for one in mine[:8]:
        subject = cases.subject_of_programme(one, today)
        url = link(identity, "evaluation.show", subject, code=one.code)
        if not url:
            continue
        judged = min(done.get(one.id, 0), asked)
        university = names[one.id].university if one.id in names else ""
        lines.append(Line(f"{one.name}", url, sub=university, value=judged, most=asked, text=_("已评判 %(n)s / %(m)s 条", n=judged, m=asked)))
        if judged < asked and one.id not in kept_from and may(identity, EvaluationCan.JUDGE, subject):
            todos.append(
                Todo(
                    _("评判：%(name)s", name=one.name),
                    url,
                    _("去评判"),
                    asked - judged,
                    _("%(who)s · 需要专家判断的评价要点", who=university),
                    1,
                    "scale",
                )
            )
    nothing = Nothing(_("还没有分配给你的专业"), _("被指派参加考查后，考查期内该专业的材料会出现在这里。"))
    block = Block(_("评价专业"), linked(_("全部"), link(identity, "evaluation.index")) if lines else None, lines=lines, nothing=nothing)
    return Panel("expert", _("专业评价"), todos, blocks=[block])


def _office(identity: Identity, row: Application, name: str, university: str, today: date) -> Todo:
    """An application that waits for the association or the working group."""
    url = link(identity, "evaluation.application", cases.subject_of(row, today), key=row.id)
    text = _("评价申请：%(name)s（%(state)s）", name=name, state=case_words.STATES[row.state])
    since = _("%(who)s · 自 %(day)s 起", who=university, day=format_date(row.state_since))
    return Todo(text, url, _("去办理"), 1, since, 0, "clipboard")


def _visit(identity: Identity, case: Application, assigned: VisitExpert, name: str, today: date) -> Todo | None:
    """What an expert has to do for a visit now: declare, or fill the form; nothing before its days and with a conflict."""
    subject = cases.subject_of(case, today)
    days = _("考查日期 %(a)s 至 %(b)s", a=format_date(case.visit_starts_on), b=format_date(case.visit_ends_on)) if case.visit_starts_on else ""
    if assigned.declared_at is None:
        url = link(identity, "evaluation.application", subject, key=case.id)
        return Todo(_("声明利益冲突：%(name)s", name=name), url, _("去声明"), 1, days, 0, "clipboard")
    url = link(identity, "evaluation.visit_form", subject, key=case.id)
    if not url or case.state is not State.VISIT_SCHEDULED or (case.visit_starts_on is not None and today < case.visit_starts_on):
        return None
    return Todo(_("填写现场考查评价表：%(name)s", name=name), url, _("去填写"), 1, days, 0, "clipboard")
