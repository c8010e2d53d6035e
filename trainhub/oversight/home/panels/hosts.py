"""Enterprises and centres: positions, students here, mentors, agreements, awards."""

from __future__ import annotations

from datetime import date, timedelta

from enterprises.awards import labels as award_labels
from enterprises.awards import queries as awards
from enterprises.awards.types import Entitlement, Verdict
from enterprises.bases import queries as bases
from enterprises.placements.types import OfferState, PlacementState
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.i18n import _, format_date
from trainhub.oversight.home.links import link, linked, narrowed
from trainhub.oversight.home.queries import practice
from trainhub.oversight.home.types import Block, Figure, Line, Nothing, Panel, Todo
from trainhub.policy.book import book

ROLES = (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER)


def placements_to_start(identity: Identity, standing: practice.Standing) -> list[Todo]:
    """The placements whose first day has come and that nobody has started: days cannot be logged meanwhile."""
    url = narrowed(link(identity, "placements.index"), state="late")
    said = _("核对学生确认、协议、保险和安全教育；开始之前不能登记实习日")
    return [Todo(_("处理到期未开始的实习"), url, _("去处理"), standing.late, said, 0, "clock")] if standing.late else []


def placements_to_end(identity: Identity, standing: practice.Standing) -> list[Todo]:
    """The placements that are over and graded: one press ends each, and only then the student's certificate comes."""
    url = narrowed(link(identity, "placements.index"), state="over")
    return (
        [Todo(_("办结到期的实习"), url, _("去办结"), standing.graded, _("导师已评定；办结后计入学生档案并签发企业学习证明"), 1, "check-circle")]
        if standing.graded
        else []
    )


def awards_to_supplement(identity: Identity) -> list[Todo]:
    """The applications for awards whose check went against them, each leading to its page: nobody else goes on until something is added."""
    found = []
    for one in awards.to_supplement(identity):
        scope = Subject.of(organisations=(one.organisation_id, *identity.organisation_ids(*ROLES)))
        said = _("初审没有通过：%(rule)s（%(name)s）", rule=award_labels.name_of(one.rule), name=one.organisation)
        found.append(Todo(_("补充奖补申请的材料"), link(identity, "awards.show", scope, award_id=one.id), _("去补充"), 1, said, 0, "award"))
    return found


def host(identity: Identity, today: date) -> Panel:
    """An enterprise's and a centre's day."""
    positions = practice.positions_by_state(identity)
    placed = practice.placements_by_state(identity)
    pool, over, full = practice.mentor_loads(identity, today)
    lonely = practice.without_mentor(identity)
    _school, topics = practice.topics_waiting(identity, today)
    returned = practice.returned_positions(identity.organisation_ids(*ROLES))
    drafts = positions.get(OfferState.DRAFT, 0) - returned.get(OfferState.DRAFT, 0)
    positions_url, placements_url = link(identity, "placements.positions"), link(identity, "placements.index")
    mentors_url = link(identity, "mentors.index")
    returned_url = narrowed(positions_url, state="draft") if set(returned) == {OfferState.DRAFT} else positions_url
    todos = []
    if returned:
        todos.append(Todo(_("修改被退回的岗位"), returned_url, _("去修改"), sum(returned.values()), _("学校写明了理由，修改后重新提交"), 0, "edit"))
    if drafts > 0:
        todos.append(
            Todo(
                _("提交岗位草稿"),
                narrowed(positions_url, state="draft"),
                _("去提交"),
                drafts,
                _("提交后由学校审核，审核通过学生才能选择"),
                2,
                "briefcase",
            )
        )
    if lonely:
        todos.append(
            Todo(
                _("为学生指定企业指导教师"),
                narrowed(placements_url, no_mentor=1),
                _("去指定"),
                lonely,
                _("没有指导教师的实习不能开始，也不能评定和确认"),
                0,
                "user",
            )
        )
    if placed.get(PlacementState.ACCEPTED):
        todos.append(
            Todo(
                _("准备即将开始的实习"),
                narrowed(placements_url, state="accepted"),
                _("查看"),
                placed[PlacementState.ACCEPTED],
                _("核对协议签署、保险和安全教育"),
                1,
                "clipboard",
            )
        )
    due_days = book().at("own.placement.confirm_due_days", on=today).number
    if late := practice.days_overdue(identity, today - timedelta(days=due_days)):
        url = narrowed(placements_url, state="started", overdue=1)
        todos.append(
            Todo(_("督促指导教师确认实习日"), url, _("查看"), late, _("登记超过 %(n)s 天还没有确认，不能计入学生周数", n=due_days), 0, "clock")
        )
    standing = practice.placements_standing(identity, today)
    todos += placements_to_start(identity, standing)
    todos += placements_to_end(identity, standing)
    if topics:
        todos.append(
            Todo(
                _("审核毕业设计选题"),
                narrowed(link(identity, "capstones.topics"), state="proposed"),
                _("去审核"),
                topics,
                _("选题须企业与学校双方同意"),
                1,
                "book",
            )
        )
    if over:
        todos.append(Todo(_("调整超负荷的指导教师"), mentors_url, _("查看"), over, _("所带学生数超过本人上限"), 1, "users"))
    own = practice.own_bases(identity)
    todos += ending(identity, own, today)
    todos += awards_to_supplement(identity)
    figures = [
        Figure(_("在岗学生"), placed.get(PlacementState.STARTED, 0), _("人"), url=narrowed(placements_url, state="started")),
        Figure(
            _("已审核岗位"),
            positions.get(OfferState.APPROVED, 0),
            _("个"),
            _("%(n)s 个等待学校审核", n=positions.get(OfferState.SUBMITTED, 0)),
            narrowed(positions_url, state="approved"),
        ),
        Figure(_("企业指导教师"), pool, _("人"), _("%(n)s 人已满员", n=full) if full else "", mentors_url),
    ]
    return Panel("host", _("企业与基地"), todos, figures, [_students(identity, placements_url), award_block(identity, own, today)])


def _students(identity: Identity, placements_url: str) -> Block:
    lines = []
    for row, days in practice.on_the_job(identity, 6):
        scope = Subject.of(organisations=(row.enterprise_id, *((row.base_id,) if row.base_id else ())))
        who = _("指导教师 %(name)s", name=row.mentor) if row.mentor else _("指导教师待定")
        lines.append(
            Line(
                row.student,
                link(identity, "placements.show", scope, placement_id=row.id),
                sub=f"{row.position} · {who} · " + _("至 %(day)s", day=format_date(row.ends_on)),
                pill=("pending", _("%(n)s 天待确认", n=days)) if days else ("ok", _("已全部确认")),
            )
        )
    nothing = Nothing(_("现在没有学生在岗"), _("学校公布实习安排、学生确认后，会出现在这里。"), art="people")
    return Block(_("在岗实习学生"), linked(_("全部"), narrowed(placements_url, state="started")) if lines else None, lines=lines, nothing=nothing)


def ending(identity: Identity, own: list[tuple[int, str, str]], today: date) -> list[Todo]:
    """Agreements of bases that end within the days of own.warning.agreement_days."""
    days = book().at("own.warning.agreement_days", on=today).number
    codes = {key: code for key, code, _name in own}
    return [
        Todo(
            _("续签合作协议：%(name)s", name=name),
            link(identity, "bases.show", code=codes[row.base_id]) if row.base_id in codes else "",
            _("查看协议"),
            detail=row.title,
            urgency=0 if (row.until - today).days <= 30 else 1,
            icon="file",
            until=row.until,
        )
        for row, name in bases.ending_agreements([key for key, _c, _n in own], on=today, until=today + timedelta(days=days))[:5]
    ]


def _may_apply(one: Entitlement) -> bool:
    """Whether nothing that can be counted stands in the way; what only a person can say is judged with the application."""
    return one.is_eligible or one.verdict is Verdict.TO_JUDGE


def award_block(identity: Identity, own: list[tuple[int, str, str]], today: date) -> Block:
    """By base which awards it may apply for, and what is under way."""
    states = awards.states_of([key for key, _c, _n in own])
    found = awards.entitlements_of_many([key for key, _c, _n in own[:20]], today)
    lines = []
    for key, code, name in own[:20]:
        entitled = [one for one in found.get(key, []) if _may_apply(one) and (key, one.rule.value) not in states]
        going = [state for (base, _rule), state in states.items() if base == key]
        scope = Subject.of(organisations=(key, *identity.organisation_ids(*ROLES)))
        url = link(identity, "awards.base", scope, code=code) or link(identity, "bases.show", code=code)
        if entitled:
            pill = ("open", _("可申请 %(n)s 项", n=len(entitled)))
        elif going:
            pill = ("pending", award_labels.STATES[going[-1]])
        else:
            pill = ("mute", _("暂无可申请项"))
        lines.append(Line(name, url, sub=_("代码 %(code)s", code=code), pill=pill))
    nothing = Nothing(_("还没有你负责的基地"), _("基地由高校与企业共建，登记后可在这里查看奖补条件。"))
    return Block(
        _("基地奖补"),
        linked(_("奖补规则"), link(identity, "awards.rules")),
        lines=lines[:6],
        nothing=nothing,
        note=_("截至 %(day)s 按政策条款核对", day=format_date(today)) if lines else "",
    )
