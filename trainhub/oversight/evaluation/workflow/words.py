"""How states, events, actors and documents of the workflow are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import N_, _, _l
from trainhub.oversight.evaluation.workflow.types import Actor, DocumentKind, Event, Gap, Guard, Lack, Opinion, Route, State, VisitItemKind

ROUTES: Mapping[Route, Any] = {Route.JOINT: _l("随认证一并评价"), Route.EVALUATION_ONLY: _l("仅评价")}
STATES: Mapping[State, Any] = {
    State.IMPLEMENTING: _l("实施中"),
    State.ELIGIBLE: _l("可申请"),
    State.APPLIED: _l("已申请"),
    State.NOT_ACCEPTED: _l("申请未被接受"),
    State.PREPARING: _l("准备报告"),
    State.SUBMITTED: _l("已提交"),
    State.VISIT_SCHEDULED: _l("已安排考查"),
    State.VISITED: _l("考查完成"),
    State.AT_ASSOCIATION: _l("已送认证协会"),
    State.ACCREDITATION_CONCLUDED: _l("认证已有结论"),
    State.IN_WORKING_GROUP: _l("专家工作组审议"),
    State.CONCLUDED: _l("已有评价结论"),
    State.PUBLISHED: _l("已公布"),
    State.FAILED: _l("评价未通过"),
    State.WITHDRAWN: _l("已撤回"),
}
LOOKS: Mapping[State, str] = {
    State.ELIGIBLE: "info",
    State.NOT_ACCEPTED: "bad",
    State.CONCLUDED: "ok",
    State.PUBLISHED: "ok",
    State.FAILED: "bad",
    State.WITHDRAWN: "mute",
}
EVENTS: Mapping[Event, Any] = {
    Event.BECOME_ELIGIBLE: _l("确认可以申请"),
    Event.APPLY: _l("随认证一并申请"),
    Event.APPLY_ALONE: _l("申请仅评价"),
    Event.REFUSE: _l("不接受申请"),
    Event.APPLY_NEXT_YEAR: _l("下一年度随认证再次申请"),
    Event.ACCEPT: _l("接受申请"),
    Event.SUBMIT: _l("提交报告"),
    Event.SCHEDULE_VISIT: _l("确定现场考查"),
    Event.CALL_OFF: _l("取消现场考查"),
    Event.END_VISIT: _l("完成现场考查"),
    Event.SEND_TO_ASSOCIATION: _l("送认证协会"),
    Event.CONCLUDE_ACCREDITATION: _l("确认认证结论"),
    Event.SEND_TO_GROUP: _l("送专家工作组"),
    Event.SEND_ALONE: _l("直接送专家工作组"),
    Event.CONCLUDE: _l("作出评价结论"),
    Event.PUBLISH: _l("公布名单"),
    Event.FAIL: _l("记为未通过"),
    Event.APPLY_AGAIN: _l("满 2 年随认证再次申请"),
    Event.WITHDRAW: _l("撤回申请"),
}
ACTORS: Mapping[Actor, Any] = {
    Actor.SYSTEM: _l("系统"),
    Actor.PROGRAMME: _l("专业"),
    Actor.ASSOCIATION: _l("认证协会"),
    Actor.VISIT_GROUP: _l("现场考查专家组"),
    Actor.WORKING_GROUP: _l("卓越计划专家工作组"),
}
GUARDS: Mapping[Guard, Any] = {
    Guard.COHORT_GRADUATED: _l("第一届学生已毕业"),
    Guard.PREREQUISITE: _l("满足认证申请要求"),
    Guard.NONE_OPEN: _l("没有进行中的申请"),
    Guard.ROUTE_ALONE: _l("6 年认证在有效期内，或上次认证有效而专门要求没有达到"),
    Guard.CLOCK: _l("已到可再次申请的日期"),
    Guard.REASON: _l("写明理由"),
    Guard.REPORTS: _l("报告齐全，同时提交"),
    Guard.AGENDA: _l("三类访谈齐全，中心考查或理由"),
    Guard.EXPERTS: _l("专家均无利益冲突，有组长"),
    Guard.NO_FORM_IN: _l("还没有专家提交评价表"),
    Guard.VISIT_OVER: _l("考查期已满"),
    Guard.FORMS: _l("评价表齐全，意见一致"),
    Guard.VISIT_DOCUMENTS: _l("评价表与考查报告齐全"),
    Guard.CONCLUSION: _l("已登记认证结论"),
    Guard.DOSSIER: _l("四份材料齐全"),
    Guard.DOSSIER_ALONE: _l("补充报告与有效认证结论"),
    Guard.DERIVABLE: _l("结论可以得出，认证没有过期"),
    Guard.VERDICT_MET: _l("结论为达到"),
    Guard.VERDICT_OTHER: _l("结论不是达到"),
    Guard.ONE_LIST: _l("每年一份名单，不重复公布"),
}
DEADLINES: Mapping[str, Any] = {
    "": "—",
    "own:next_accreditation": _l("认证有效期 3 年的：下一次认证申请"),
    "own:same_moment": _l("同时"),
    "own:accreditation_schedule": _l("按认证的安排"),
    "petoe.reapply_not_accepted_years": _l("下一年度 1 月 1 日起"),
    "petoe.reapply_failed_years": _l("结论作出 2 年后"),
    "petoe.publications_per_year": _l("每年一次"),
}
DOCUMENTS: Mapping[DocumentKind, Any] = {
    DocumentKind.SELF_REPORT: _l("认证自评报告"),
    DocumentKind.SUPPLEMENTARY_REPORT: _l("卓越计划实施情况补充报告"),
    DocumentKind.VISIT_FORM: _l("卓越计划实施情况现场考查评价表"),
    DocumentKind.ACCREDITATION_VISIT_REPORT: _l("工程教育专业认证现场考查报告"),
    DocumentKind.ACCREDITATION_CONCLUSION: _l("认证结论"),
}
ITEMS: Mapping[VisitItemKind, Any] = {
    VisitItemKind.INTERVIEW_STUDENT: _l("学生访谈"),
    VisitItemKind.INTERVIEW_TEACHER: _l("教师访谈"),
    VisitItemKind.INTERVIEW_HEAD: _l("专业负责人访谈"),
    VisitItemKind.CENTRE_VISIT: _l("工程实践教育中心考查"),
    VisitItemKind.OTHER: _l("其他"),
}
OPINIONS: Mapping[Opinion, Any] = {Opinion.MET: _l("达到"), Opinion.NOT_MET: _l("未达到"), Opinion.UNCLEAR: _l("未能判断")}

TOGETHER = N_("全组一致")
"""Who recorded what all said alike: kept in the official terms, told in the reader's."""

LACKS: Mapping[Lack, str] = {
    Lack.NOT_GRADUATED: N_("按卓越计划培养方案培养的第一届学生尚未毕业（002:211）。第一届毕业并登记毕业日期后即可申请。"),
    Lack.NO_PREREQUISITE: N_("请由专业负责人确认已满足专业认证申请要求（002:211）。"),
    Lack.OTHER_OPEN: N_("这个专业已有一项进行中的申请，一个专业同时只能有一项。"),
    Lack.LAPSED_ALONE: N_("认证已于 %(day)s 到期，不能走仅评价路线；请随下一次认证一并申请。"),
    Lack.NOT_CONFIRMED: N_("认证结论是专业自行登记的，尚未经他人确认。请学校或省教育厅对照认证协会的文件，在专业点页面确认。"),
    Lack.NOT_ACCREDITED: N_("仅评价路线要求认证在有效期内。请先登记认证结论，或随认证一并申请。"),
    Lack.SHORT_TERM: N_("认证有效期为 %(n)s 年的专业应在下一次申请认证时一并提出（002:223）。"),
    Lack.TOO_EARLY: N_("可再次申请的日期是 %(day)s，还没有到。"),
    Lack.NO_REASON: N_("请写明理由。"),
    Lack.NO_DOCUMENT: N_("缺少：%(what)s。"),
    Lack.NO_PASSAGE: N_("请写明自评报告中单独说明卓越计划培养方案对认证标准达成情况的位置（002:213）。"),
    Lack.UNCOVERED: N_("通用标准 %(codes)s 没有对应的毕业要求，须完全覆盖后才能提交（002:295）。"),
    Lack.NO_VISIT: N_("还没有安排现场考查的日期和日程。"),
    Lack.NO_INTERVIEW: N_("日程缺少：%(what)s（002:215）。"),
    Lack.NO_CENTRE_VISIT: N_("没有安排到工程实践教育中心考查，请补排，或写明不能安排的理由（“尽可能”，002:215）。"),
    Lack.OUTSIDE_VISIT: N_("日程“%(what)s”不在考查期内。"),
    Lack.NOT_DECLARED: N_("专家%(name)s尚未声明利益冲突。"),
    Lack.IN_CONFLICT: N_("专家%(name)s声明了利益冲突，请更换。"),
    Lack.NO_EXPERT: N_("还没有可以参加考查的专家。"),
    Lack.NO_LEADER: N_("请指定一名专家任组长，由其记录组内一致意见。"),
    Lack.VISIT_RUNNING: N_("现场考查到 %(day)s 才结束。"),
    Lack.FORM_OPEN: N_("专家%(name)s的评价表还没有提交（已填 %(n)s 条）。"),
    Lack.FORM_IN: N_("已有专家提交评价表，考查不能取消。"),
    Lack.NO_AGREEMENT: N_("还有 %(n)s 个要点没有形成组内一致意见：%(codes)s。"),
    Lack.NO_CONCLUSION: N_("请先登记本次认证的结论。"),
    Lack.NO_TERM: N_("登记的认证结论为通过，但没有有效期；请按认证结论登记 3 年或 6 年。"),
    Lack.LAPSED: N_("认证已于 %(day)s 到期，评价不能继续；请登记新的认证结论。"),
    Lack.VISIT_PLANNED: N_("已安排现场考查，请先完成考查。"),
    Lack.VISIT_NEEDED: N_("请先安排并完成现场考查。"),
    Lack.UNDECIDED: N_("还有 %(n)s 个要点在提交报告之后没有专家判断（专业自己的判断不作依据），请由专家工作组判断：%(codes)s。"),
    Lack.NO_VERDICT: N_("还不能得出评价结论：认证结论、数据或专家判断尚不完整。"),
    Lack.NOT_MET: N_("只有“通过工程教育专业认证且达到卓越计划专门要求”的专业列入公布名单（002:219）。"),
    Lack.MET: N_("结论为达到，不是未通过。"),
    Lack.LISTED: N_("这项结论已经公布。"),
}
"""What stands in the way of a step, as a sentence for each; see `tell`."""


def tell(gap: Gap) -> str:
    """What stands in the way, in the language of the reader; documents and items of an agenda by their names."""
    return _(LACKS[gap.lack], **{name: _called(fact) for name, fact in gap.facts.items()})


def recorder(name: str) -> str:
    """Who recorded what a group agreed on, in the language of the reader."""
    return _("全组一致") if name == TOGETHER else name


def _called(fact: object) -> object:
    match fact:
        case DocumentKind():
            return DOCUMENTS[fact]
        case VisitItemKind():
            return ITEMS[fact]
    return fact
