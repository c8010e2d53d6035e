"""Names of states, parties, tags and findings, in official words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from enterprises.placements.types import (
    AgreementKind,
    AgreementParty,
    Aim,
    Bar,
    DayProblem,
    DayState,
    EventKind,
    EventState,
    Gone,
    Light,
    LogTag,
    Miss,
    NoteSide,
    OfferState,
    PaperKind,
    PlacementState,
    PlanKind,
    PlanSide,
    PreferenceProblem,
    RaterSide,
    RoundState,
    SeatDecision,
    SelfFoundState,
    WithdrawalSide,
)
from trainhub.kernel.i18n import N_, _, _l, format_date
from trainhub.kernel.sentences import Sentences

SEAT_DECISIONS: Mapping[SeatDecision, Any] = {
    SeatDecision.WAITING: _l("待审核"),
    SeatDecision.APPROVED: _l("已审核"),
    SeatDecision.RETURNED: _l("已退回"),
}
SEAT_LOOKS: Mapping[SeatDecision, str] = {SeatDecision.WAITING: "wait", SeatDecision.APPROVED: "ok", SeatDecision.RETURNED: "bad"}
OFFER_STATES: Mapping[OfferState, Any] = {
    OfferState.DRAFT: _l("草稿"),
    OfferState.SUBMITTED: _l("待审核"),
    OfferState.APPROVED: _l("已审核"),
    OfferState.CLOSED: _l("已关闭"),
}
ROUND_STATES: Mapping[RoundState, Any] = {
    RoundState.DRAFT: _l("草稿"),
    RoundState.OPEN: _l("填报中"),
    RoundState.CLOSED: _l("填报结束"),
    RoundState.PLANNED: _l("已计算，待公布"),
    RoundState.PUBLISHED: _l("已公布"),
}
AIMS: Mapping[Aim, Any] = {
    Aim.COMPLETE: _l("让最多学生达到规定周数"),
    Aim.EVERYONE: _l("让最少学生一周都没有"),
}
PLAN_KINDS: Mapping[PlanKind, Any] = {PlanKind.PLAN: _l("安排"), PlanKind.WHAT_IF: _l("试算"), PlanKind.REPAIR: _l("修补")}
SELF_FOUND_STATES: Mapping[SelfFoundState, Any] = {
    SelfFoundState.SUBMITTED: _l("待学校审核"),
    SelfFoundState.APPROVED: _l("已通过"),
    SelfFoundState.RETURNED: _l("未通过"),
    SelfFoundState.CANCELLED: _l("已撤回"),
}
SELF_FOUND_LOOKS: Mapping[SelfFoundState, str] = {
    SelfFoundState.SUBMITTED: "wait",
    SelfFoundState.APPROVED: "ok",
    SelfFoundState.RETURNED: "bad",
    SelfFoundState.CANCELLED: "mute",
}
WITHDRAWAL_SIDES: Mapping[WithdrawalSide, Any] = {
    WithdrawalSide.STUDENT: _l("学生退出（修补时不再安排这个学期）"),
    WithdrawalSide.ENTERPRISE: _l("企业取消（修补时另行安排）"),
    WithdrawalSide.SCHOOL: _l("学校调整（修补时另行安排）"),
}
FIGURES: Mapping[str, Any] = {
    "students": _l("参加学生"),
    "reached": _l("达到周数"),
    "reached_bound": _l("已证明的上限"),
    "reached_anywhere": _l("不要求同一企业时可达到"),
    "first_choice_share": _l("第一志愿"),
    "top3_share": _l("前三志愿"),
    "unranked_share": _l("未填报的岗位"),
    "rank_cost": _l("志愿代价（越小越好）"),
    "one_enterprise_share": _l("各学期在同一企业"),
    "weeks_total": _l("安排的周数合计"),
    "changed": _l("改动的学生学期数"),
}
"""The figures by which plans are compared."""
SHARES = frozenset(["first_choice_share", "top3_share", "unranked_share", "one_enterprise_share"])
PLACEMENT_STATES: Mapping[PlacementState, Any] = {
    PlacementState.PLANNED: _l("待学生确认"),
    PlacementState.ACCEPTED: _l("待开始"),
    PlacementState.STARTED: _l("实习中"),
    PlacementState.FINISHED: _l("已结束"),
    PlacementState.WITHDRAWN: _l("已撤销"),
}
PLACEMENT_LOOKS: Mapping[PlacementState, str] = {
    PlacementState.PLANNED: "wait",
    PlacementState.ACCEPTED: "wait",
    PlacementState.STARTED: "info",
    PlacementState.FINISHED: "ok",
    PlacementState.WITHDRAWN: "mute",
}
DAY_STATES: Mapping[DayState, Any] = {DayState.PENDING: _l("待确认"), DayState.APPROVED: _l("已确认"), DayState.REJECTED: _l("已退回")}
PARTIES: Mapping[AgreementParty, Any] = {
    AgreementParty.SCHOOL: _l("学校"),
    AgreementParty.ENTERPRISE: _l("企业"),
    AgreementParty.STUDENT: _l("学生"),
    AgreementParty.GUARDIAN: _l("监护人"),
}
AGREED: Mapping[str, Any] = {
    "student": _l("学生"),
    "student_no": _l("学号"),
    "programme": _l("专业"),
    "university": _l("学校"),
    "enterprise": _l("企业"),
    "base": _l("基地"),
    "position": _l("岗位"),
    "starts_on": _l("开始日期"),
    "ends_on": _l("结束日期"),
    "mentor": _l("企业指导教师"),
}
"""What the parties of a placement agree on, in the order of the page."""
PLAN_SIDES: Mapping[PlanSide, Any] = {PlanSide.SCHOOL: _l("学校"), PlanSide.ENTERPRISE: _l("企业")}


def place_words(names: Sequence[str]) -> str:
    """A place of the training plan by the enterprises that run it, any of which signs."""
    if not names:
        return _("未写明企业的环节")
    return reduce(lambda one, other: _("%(one)s或%(other)s", one=one, other=other), names)


TAGS: Mapping[LogTag, Any] = {
    LogTag.TECHNOLOGY: _l("先进技术"),
    LogTag.CULTURE: _l("企业文化"),
    LogTag.PRACTICE: _l("工程实践"),
    LogTag.INNOVATION: _l("技术创新与工程开发"),
    LogTag.ETHICS: _l("职业精神与职业道德"),
}
LIGHTS: Mapping[Light, Any] = {
    Light.NOT_PLANNED: _l("尚未安排"),
    Light.DONE: _l("已达标"),
    Light.GREEN: _l("正常"),
    Light.YELLOW: _l("黄色预警"),
    Light.RED: _l("红色预警"),
}
TO_PLACE = "to_place"
LIGHTS_TO_PLACE = frozenset({Light.YELLOW, Light.NOT_PLANNED})
"""For whom a placement can still be found and has to be; `TO_PLACE` names them in the address of a list."""
LIGHT_LOOKS: Mapping[Light, str] = {Light.NOT_PLANNED: "mute", Light.DONE: "ok", Light.GREEN: "info", Light.YELLOW: "wait", Light.RED: "bad"}
AGREEMENT_KINDS: Mapping[AgreementKind, Any] = {AgreementKind.AGREEMENT: _l("三方协议"), AgreementKind.AMENDMENT: _l("补充协议")}
GONE: Mapping[Gone, Any] = {
    Gone.ENTERPRISE_CLOSED: _l("企业已停用"),
    Gone.BASE_CLOSED: _l("基地已停用"),
    Gone.UNVERIFIED: _l("企业正在重新核验"),
    Gone.LEFT_BASE: _l("企业已不再共建这个基地"),
}
CLOSED_UNITS = frozenset({Gone.ENTERPRISE_CLOSED, Gone.BASE_CLOSED})
"""Where nobody can take in who has not begun."""
EVENT_KINDS: Mapping[EventKind, Any] = {
    EventKind.ABSENCE: _l("请假"),
    EventKind.INTERRUPTION: _l("中断"),
    EventKind.INCIDENT: _l("事故与异常"),
    EventKind.VISIT: _l("走访检查"),
}
EVENT_STATES: Mapping[EventState, Any] = {
    EventState.OPEN: _l("待处理"),
    EventState.APPROVED: _l("已批准"),
    EventState.REFUSED: _l("未批准"),
    EventState.CLOSED: _l("已办结"),
    EventState.WITHDRAWN: _l("已撤回"),
}
EVENT_LOOKS: Mapping[EventState, str] = {
    EventState.OPEN: "wait",
    EventState.APPROVED: "ok",
    EventState.REFUSED: "bad",
    EventState.CLOSED: "ok",
    EventState.WITHDRAWN: "mute",
}
PAPER_KINDS: Mapping[PaperKind, Any] = {
    PaperKind.INSURANCE: _l("保险单"),
    PaperKind.CONSENT: _l("知情同意书"),
    PaperKind.SAFETY: _l("安全教育记录"),
    PaperKind.OTHER: _l("其他材料"),
}
NOTE_SIDES: Mapping[NoteSide, Any] = {NoteSide.STUDENT: _l("学生补充更正"), NoteSide.MENTOR: _l("企业指导教师"), NoteSide.SCHOOL: _l("校内导师")}
RATER_SIDES: Mapping[RaterSide, Any] = {RaterSide.STUDENT: _l("学生评基地"), RaterSide.ENTERPRISE: _l("企业评学生")}
RATING_TOPICS: Mapping[RaterSide, Mapping[str, Any]] = {
    RaterSide.STUDENT: {
        "work": _l("工作内容与专业的关系"),
        "guidance": _l("指导教师的指导"),
        "safety": _l("安全与劳动条件"),
        "life": _l("食宿与关怀"),
    },
    RaterSide.ENTERPRISE: {
        "skill": _l("专业能力"),
        "attitude": _l("工作态度"),
        "discipline": _l("纪律与安全"),
        "teamwork": _l("沟通与协作"),
    },
}
MISSES: Mapping[Miss, str] = {
    Miss.TOO_LATE: N_("剩余时间全部安排也缺 %(n)s 天"),
    Miss.UNPLACED: N_("还有 %(n)s 天没有安排"),
    Miss.UNINSURED: N_("进行中的实习还有 %(n)s 天不在保险期内，须续保"),
    Miss.UNLOGGED: N_("进行中的实习有 %(n)s 天没有登记"),
    Miss.WAITING: N_("有 %(n)s 天等待指导教师确认"),
    Miss.SUSPENDED: N_("休学中，复学之前没有实习日可计"),
    Miss.AGAINST: N_("有 %(n)s 个已确认的实习日在休学期间或离校之后，须更正"),
}
"""Messages; whoever shows one gives the number of days."""
BARS: Mapping[Bar, Any] = {
    Bar.FIRST_YEAR: _l("职业学校一年级学生不得安排岗位实习"),
    Bar.UNDER_AGE: _l("未满 16 周岁不得安排岗位实习"),
    Bar.HOURS: _l("岗位每日工作超过 8 小时，不得安排职业学校学生"),
    Bar.NIGHT: _l("岗位有夜班，不得安排职业学校学生"),
    Bar.MINOR_POST: _l("岗位属未成年工禁忌从事的劳动，不得安排未满 18 周岁的学生"),
    Bar.WOMEN_POST: _l("岗位属女职工禁忌从事的劳动，不得安排女学生"),
    Bar.HARD_LABOUR: _l("岗位属Ⅲ级及以上强度或有害身心健康的劳动，不得安排职业学校学生"),
    Bar.AGENCY: _l("岗位由中介机构组织，不得安排学生"),
    Bar.FEES: _l("岗位向学生收费、收押金或扣押证件，不得安排学生"),
    Bar.VENUE: _l("岗位在禁止的场所，不得安排学生"),
    Bar.ON_CAMPUS: _l("岗位所在基地设在校内，不计企业学习周数"),
}
POST_WARNINGS: Mapping[str, Any] = {
    "is_night_shift": _l("有夜班"),
    "is_unfit_for_minors": _l("未成年工禁忌"),
    "is_unfit_for_women": _l("女职工禁忌"),
    "is_hard_labour": _l("Ⅲ级及以上强度或有害"),
    "is_through_agency": _l("中介机构组织"),
    "takes_fees": _l("收费或扣押证件"),
}
"""What of a post keeps some or all students away."""
DAY_PROBLEMS: Mapping[DayProblem, Any] = {
    DayProblem.NOT_STARTED: _l("实习还没有开始，或已经结束，不能登记。"),
    DayProblem.OUTSIDE: _l("不在实习期内。"),
    DayProblem.FUTURE: _l("还没有到这一天，不能提前登记。"),
    DayProblem.ABSENT: _l("这一天已准假或中断实习，不能登记出勤；已恢复到岗的，请企业指导教师或学校登记最后一天。"),
    DayProblem.NO_PAPERS: _l("这一天三方协议还没有签齐，或还没有接受安全教育，不能计入。"),
    DayProblem.UNINSURED: _l("这一天不在实习保险期间内，不能计入。"),
    DayProblem.ON_CAMPUS: _l("这一天基地设在校内，不计企业学习周数。"),
    DayProblem.LEFT: _l("学生这一天之前已离校，不能计入。"),
    DayProblem.SUSPENDED: _l("学生这一天在休学，不能计入。"),
}
UNTICKED: Mapping[DayProblem, Any] = {
    DayProblem.OUTSIDE: _l("不在实习期"),
    DayProblem.FUTURE: _l("未到"),
    DayProblem.ABSENT: _l("已准假"),
    DayProblem.NO_PAPERS: _l("协议签齐或安全教育之前，不计"),
    DayProblem.UNINSURED: _l("保险期间之外，不计"),
    DayProblem.ON_CAMPUS: _l("基地设在校内，不计"),
    DayProblem.LEFT: _l("已离校"),
    DayProblem.SUSPENDED: _l("休学"),
}
"""In a table, where a day has no box to tick."""
PREFERENCE_PROBLEMS: Mapping[PreferenceProblem, Any] = {
    PreferenceProblem.TOO_MANY: _l("最多填报 %(most)d 个志愿，请减少。"),
    PreferenceProblem.TWICE: _l("同一个岗位只能填报一次，请去掉重复的。"),
    PreferenceProblem.NOT_ELIGIBLE: _l("所选岗位中有你不能填报的岗位（专业不符或没有席位），请重新选择。"),
}
UNCOUNTED: Mapping[str, Any] = {"same_day": _l("同一天已在另一企业计入"), "week_full": _l("本周已计满 5 天")}
WAYS_ON: Mapping[str, Any] = {
    "start.agreement": _l("学校、企业、学生各自在三方协议页面签署"),
    "start.sides": _l("在三方协议页面更正文本，由各方不同的人重新签署"),
    "start.guardian": _l("监护人在三方协议页面签署"),
    "start.enrolled": _l("学校核对学籍，或撤销安排"),
    "start.insurance": _l("学校在本页登记覆盖全程的保险"),
    "start.safety": _l("企业或学校在本页登记安全教育"),
    "start.mentor": _l("企业或学校在本页指定指导教师"),
    "start.inspection": _l("学校在基地或企业的页面登记有效期内的实地考察"),
    "start.consent": _l("在本页上传知情同意书"),
    "start.base_agreement": _l("本校管理员或基地在基地页面登记本校签订、覆盖全程的合作协议"),
    "start.unit_agreement": _l("本校管理员或企业在实习单位的页面登记本校签订、覆盖全程的合作协议"),
}
"""Who supplies what is missing before a placement starts, and where."""
FINDINGS: Mapping[str, Any] = {
    "start.agreement": _l("三方协议"),
    "start.sides": _l("协议各方由不同的人签署"),
    "start.guardian": _l("监护人知情同意"),
    "start.enrolled": _l("学生在读"),
    "start.insurance": _l("实习保险覆盖全程"),
    "start.safety": _l("安全教育"),
    "start.mentor": _l("企业指导教师"),
    "start.inspection": _l("实习单位已实地考察"),
    "start.consent": _l("知情同意书"),
    "start.base_agreement": _l("本校与基地的合作协议覆盖全程"),
    "start.unit_agreement": _l("本校与实习单位的合作协议覆盖全程"),
    "offer.agency": _l("不通过中介机构"),
    "offer.capacity": _l("不超过基地的接收能力"),
    "offer.fees": _l("不收费、不收押金、不扣证件"),
    "offer.hard_labour": _l("不属Ⅲ级及以上强度或有害的劳动"),
    "offer.pay": _l("报酬原则上不低于相同岗位的 80%"),
    "offer.venue": _l("不在禁止的场所"),
    "offer.hours": _l("每日不超过 8 小时"),
    "offer.night": _l("不安排夜班"),
    "offer.unit_share": _l("一般不超过单位职工的 10%"),
    "offer.post_share": _l("一般不超过同类岗位职工的 20%"),
    "6.6": _l("合作教育文本在有效期内且内容完整"),
    "6.3": _l("校企双方共同制定并签署"),
    "6.8": _l("每个环节有企业指导教师"),
    "6.9": _l("每个环节有考核方式"),
    "7.1": _l("各环节合计不少于 32 周"),
    "7.3": _l("各环节均在企业完成"),
}
REASONS: Mapping[str, Any] = {
    "no_eligible_position": _l("没有接收本专业的岗位"),
    "blocked_terms": _l("可用学期的周数不够"),
    "seats_short": _l("席位不足"),
    "fixed_conflict": _l("已定安排有冲突"),
}


def miss_words(why: tuple[tuple[Miss, int], ...]) -> str:
    """Why a student may miss the weeks, in one sentence."""
    return _("；").join(_(MISSES[miss], n=days) for miss, days in why)


def change_words(changes: Sequence[tuple[str, Any, Any]]) -> list[str]:
    """What reads otherwise than it was signed, a line each."""
    return [_("%(what)s由“%(before)s”变更为“%(after)s”", what=str(AGREED[key]), before=before, after=after or "—") for key, before, after in changes]


def span_of(event: Any, state: PlacementState) -> str:
    """The days of an event as its card names them: nobody reads an end that nobody knows. `state`: that of its placement."""
    since = format_date(event.since)
    if not event.is_open_ended:
        return since if event.until == event.since else _("%(a)s 至 %(b)s", a=since, b=format_date(event.until))
    if event.state is not EventState.APPROVED:
        return _("%(a)s 起，结束日期待定", a=since)
    if state in (PlacementState.FINISHED, PlacementState.WITHDRAWN):
        return _("%(a)s 起，到实习结束", a=since)
    return _("%(a)s 起，尚未结束", a=since)


EXPLAINED = Sentences(N_("自主联系的实习单位"), N_("由其他单位转入：%(reason)s"), N_("由学校直接安排：%(reason)s"))
"""How a placement came about when no wish explains it: kept in Chinese, told in the reader's language."""
