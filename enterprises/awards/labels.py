"""Names of the values of awards, of their conditions, and of the figures incentives ask for."""

from __future__ import annotations

from typing import Any

from enterprises.awards.reference import incentives
from enterprises.awards.types import OF_BASES, Action, AwardState, CompanyRule, PoolKind, RuleCode, StepKind, Verdict
from trainhub.kernel.i18n import _l, language

RULES: dict[RuleCode, Any] = {
    RuleCode.PRACTICE_BASE: _l("教育实践基地、培训机构一次性奖励"),
    RuleCode.LEADING_FIRM_BASE: _l("龙头企业培训或创业基地（参照奖励）"),
    RuleCode.INTERNET_ZONE: _l("互联网经济集中区"),
    RuleCode.INCUBATOR_NEW: _l("互联网孵化器（新建）补助"),
    RuleCode.INCUBATOR_EXTENDED: _l("互联网孵化器（扩建）补助"),
    RuleCode.INCUBATOR_NATIONAL: _l("国家级孵化器推荐"),
    RuleCode.INCUBATION_BASE: _l("创业孵化基地奖励"),
    RuleCode.RURAL_PARK: _l("农村互联网创业园奖励"),
    RuleCode.SOFTWARE_PARK_PLATFORM: _l("软件园转型支撑平台经费"),
}
PAYERS: dict[str, Any] = {
    "省人社厅": _l("省人社厅"),
    "省经信委": _l("省经信委"),
    "省科技厅": _l("省科技厅"),
    "省数字办": _l("省数字办"),
    "省商务厅": _l("省商务厅"),
    "所在地政府": _l("所在地政府"),
}
"""Who pays, in the words of the ten measures (`fj.award_payers`); what an office typed is shown as it is."""
STATES: dict[AwardState, Any] = {
    AwardState.DRAFT: _l("草稿"),
    AwardState.APPLIED: _l("已申请"),
    AwardState.RECOGNISED: _l("已认定"),
    AwardState.ACCEPTED: _l("已验收"),
    AwardState.CONFERENCE: _l("待联席会议审议"),
    AwardState.DECIDED: _l("已决定"),
    AwardState.PAID: _l("已拨付"),
    AwardState.CLOSED: _l("已办结"),
    AwardState.REJECTED: _l("未通过"),
    AwardState.REVOKED: _l("已撤销"),
}
TURNS: dict[str, Any] = {
    "check": _l("待我初审"),
    "place": _l("待登记所在地区"),
    "receive": _l("待我受理"),
    "accept": _l("待我验收"),
    "decide": _l("待我决定"),
    "confer": _l("待我登记联席会议审议"),
    "pay": _l("待我登记拨付"),
    "refuse": _l("待我不予通过，或等改正"),
}
"""What there is to do with an application, for whom it waits (`turns.Turn`)."""
PILLS: dict[AwardState, str] = {
    AwardState.DRAFT: "mute",
    AwardState.APPLIED: "wait",
    AwardState.RECOGNISED: "info",
    AwardState.ACCEPTED: "info",
    AwardState.CONFERENCE: "wait",
    AwardState.DECIDED: "ok",
    AwardState.PAID: "ok",
    AwardState.CLOSED: "mute",
    AwardState.REJECTED: "bad",
    AwardState.REVOKED: "bad",
}
ACTIONS: dict[Action, Any] = {
    Action.APPLY: _l("申请"),
    Action.RECOGNISE: _l("认定"),
    Action.ACCEPT: _l("验收"),
    Action.DECIDE: _l("决定金额"),
    Action.CONFER: _l("登记联席会议审议"),
    Action.PAY: _l("登记拨付"),
    Action.CLOSE: _l("办结"),
    Action.REJECT: _l("不予通过"),
    Action.REVOKE: _l("撤销"),
}
VERDICTS: dict[Verdict, Any] = {
    Verdict.ELIGIBLE: _l("符合条件"),
    Verdict.TO_JUDGE: _l("待人判断"),
    Verdict.MISSING: _l("条件未齐"),
    Verdict.AWARDED: _l("已获得"),
    Verdict.NOT_OF_TYPE: _l("不属于该类"),
}
VERDICT_PILLS: dict[Verdict, str] = {
    Verdict.ELIGIBLE: "ok",
    Verdict.TO_JUDGE: "wait",
    Verdict.MISSING: "bad",
    Verdict.AWARDED: "info",
    Verdict.NOT_OF_TYPE: "mute",
}
STEPS: dict[StepKind, Any] = {StepKind.CHECK: _l("初审"), StepKind.INSPECTION: _l("现场考察"), StepKind.CONFERENCE: _l("联席会议审议")}
GROUPS: dict[str, Any] = {
    "training": _l("培训、实训和创业基地"),
    "internet_zone": _l("互联网经济集中区"),
    "incubator_new": _l("新建孵化器"),
    "incubator_extended": _l("扩建孵化器"),
    "incubator_national": _l("国家级孵化器"),
    "incubation": _l("创业孵化基地"),
    "rural_park": _l("农村互联网创业园"),
    "software_park": _l("软件园区"),
}
"""Names of the overlap groups of `own.awards.overlap_groups`; one that a department makes up is shown as it was typed."""
POOLS: dict[PoolKind, Any] = {
    PoolKind.INTEGRATED: _l("整合的专项资金"),
    PoolKind.NEW: _l("新增引导资金"),
    PoolKind.DEPARTMENT: _l("部门自有资金"),
}
CONDITIONS: dict[str, Any] = {
    "amount": _l("金额"),
    "type": _l("基地类型"),
    "form": _l("举办形式"),
    "leading": _l("互联网龙头企业"),
    "partner": _l("合作的科研院所（校）"),
    "recognised": _l("认定"),
    "accepted": _l("验收"),
    "once": _l("未重复享受"),
    "credit": _l("信用状况"),
    "place": _l("建在福建"),
    "open": _l("单位在用"),
    "reference": _l("参照的政策"),
    "area": _l("建筑面积（平方米）"),
    "kind": _l("基地属于哪一种"),
    "entities": _l("创业主体（户）"),
    "workers": _l("从业人数（人）"),
    "standard": _l("国家级标准"),
    "platform": _l("转型支撑平台"),
    "again": _l("以前已获得"),
    "group": _l("同类事项的其他奖励"),
    "left": _l("已获得的合计（须低于上限）"),
}
COMPANY_CONDITIONS: dict[str, Any] = {
    "FJ-19.investment": _l("平台投资"),
    "FJ-11.share": _l("研发投入占销售收入"),
    "FJ-11.amount": _l("年度研发投入"),
    "FJ-11.assessed": _l("研发投入经税务部门核定"),
    "FJ-14.listed": _l("当年挂牌"),
    "FJ-14.financed": _l("实现股权融资"),
    "FJ-18.park": _l("租用重点园区数据中心"),
    "FJ-18.fee": _l("当年租用服务费"),
    "FJ-24b.new": _l("新引进企业"),
    "FJ-24b.capital": _l("实际到位资本金"),
    "FJ-24b.rank": _l("细分领域排名"),
    "FJ-24b.core": _l("核心技术或创新模式"),
    "FJ-24c.licence": _l("第三方支付牌照"),
    "FJ-24c.hq": _l("全国总部设在福建"),
    "FJ-25a.outside": _l("省外中标项目"),
    "FJ-25a.contract": _l("单个合同金额"),
    "FJ-25a.project": _l("与已获奖励的不是同一项目"),
    **{f"{rule.value}.place": _l("在福建省内") for rule in CompanyRule},
    "FJ-25b.firm": _l("互联网企业"),
    "FJ-25b.revenue": _l("年度营业收入"),
    "FJ-25b.first": _l("首次超过"),
    "FJ-25b.before": _l("以前年度"),
    "FJ-25c.fee": _l("境外展会展位费"),
    "FJ-28a.firm": _l("重点互联网企业"),
    "FJ-28a.park": _l("入驻政府投资建设的园区"),
    "FJ-28a.years": _l("房租减免第几年"),
    "FJ-28a.least": _l("房租减免不少于几年"),
    "FJ-28b.firm": _l("重点互联网企业"),
    "FJ-28b.area": _l("租用面积（平方米）"),
    "FJ-28b.months": _l("当年租用月数"),
    "FJ-12.invested": _l("对互联网企业的投资额"),
    "FJ-12.income": _l("已产生收入"),
    "FJ-12.years": _l("自产生收入起第几年"),
    "FJ-12.total": _l("累计资助（不超过投资额）"),
    "FJ-10c.winner": _l("创业大赛优胜者"),
    "FJ-10b.incubated": _l("创业企业（项目）"),
    "FJ-16d.trained": _l("有计入的培训结业"),
}
"""Conditions of incentives whose last word alone says something else with bases, or nothing."""
WORDS: dict[str, Any] = {
    "training_institution": _l("培训机构"),
    "joint_practice_base": _l("合作建立的教育实践基地"),
    "practice_base": _l("教育实践基地"),
    "training_base": _l("实训基地"),
    "joint_training_base": _l("联合实训基地"),
    "incubation_base": _l("创业孵化基地"),
    "incubator": _l("孵化器"),
    "rural_park": _l("农村互联网创业园"),
    "internet_zone": _l("互联网经济集中区"),
    "maker_space": _l("众创空间"),
    "innovation_training_centre": _l("创新实训中心"),
    "international_training": _l("国际化培训基地"),
    "epec": _l("工程实践教育中心"),
    "未曾获得": _l("未曾获得"),
    "在用": _l("在用"),
    "不在失信名单": _l("不在失信名单"),
    "未见失信记录": _l("未见失信记录"),
    "经税务部门核定": _l("经税务部门核定"),
    "当年在海峡股权交易中心挂牌": _l("当年在海峡股权交易中心挂牌"),
    "实现股权融资": _l("实现股权融资"),
    "重点企业租用重点园区数据中心": _l("重点企业租用重点园区数据中心"),
    "当年租用服务费": _l("当年租用服务费"),
    "核心技术或创新模式": _l("核心技术或创新模式"),
    "第三方支付牌照": _l("第三方支付牌照"),
    "全国总部设在福建": _l("全国总部设在福建"),
    "省外中标项目": _l("省外中标项目"),
    "首次超过": _l("首次超过"),
    "重点互联网企业": _l("重点互联网企业"),
    "创投机构投资额": _l("创投机构投资额"),
    "创投机构对互联网企业的投资额": _l("对互联网企业的投资额"),
    "互联网企业": _l("互联网企业"),
    "互联网企业，或应用电子商务开拓市场的工业企业": _l("互联网企业，或应用电子商务开拓市场的工业企业"),
    "民营互联网创业孵化基地或高校毕业生创业孵化基地": _l("民营互联网创业孵化基地或高校毕业生创业孵化基地"),
    "已产生收入": _l("已产生收入"),
    "创业企业（项目）": _l("创业企业（项目）"),
    "有计入的培训结业": _l("有计入的培训结业"),
    "由人判断": _l("由人判断"),
    "否": _l("否"),
    "首次": _l("首次"),
    "尚未办理": _l("尚未办理"),
    "新的扩建面积": _l("新的扩建面积"),
    "另一个项目": _l("另一个项目"),
    "新的新建面积": _l("新的新建面积"),
    "新的平台或新产品": _l("新的平台或新产品"),
    "新引进": _l("新引进企业"),
    "境外互联网展会展位费": _l("境外展会展位费"),
    "当年互联网创业大赛优胜者": _l("创业大赛优胜者"),
    "租用非政府投资建设的面积（平方米）": _l("租用面积（平方米）"),
    "当年租用 1 至 12 个月": _l("当年租用 1 至 12 个月"),
    "入驻政府投资建设、经认定的园区": _l("入驻政府投资建设的园区"),
}
"""Words of findings as the reader's language has them; what is not here is shown as it stands."""
OF_YEARS: dict[str, Any] = {"年已超过": _l("%(year)s 年已超过"), "年已奖励": _l("%(year)s 年已奖励")}
"""What a finding says of an earlier year."""
FIGURES: dict[str, tuple[Any, str]] = {
    "rd_fen": (_l("研发投入（元）"), "fen"),
    "sales_fen": (_l("销售收入（元）"), "fen"),
    "rd_subsidy_paid_fen": (_l("历年已获研发补助累计（元，含本平台决定的）"), "fen"),
    "revenue_fen": (_l("营业收入（元）"), "fen"),
    "paid_in_capital_fen": (_l("实际到位资本金（元）"), "fen"),
    "segment_rank": (_l("细分领域排名"), "number"),
    "core_technology": (_l("具有核心技术或创新模式"), "yes"),
    "newly_introduced": (_l("新引进企业"), "yes"),
    "payment_licence": (_l("持有第三方支付牌照"), "yes"),
    "national_hq": (_l("全国总部设在福建"), "yes"),
    "platform_investment_fen": (_l("重点公共平台投资（元）"), "fen"),
    "platform_recognised": (_l("平台经省发改委、数字办认定"), "yes"),
    "contract_fen": (_l("单个中标合同金额（元）"), "fen"),
    "contract_outside": (_l("中标项目在省外"), "yes"),
    "bid_award_paid_fen": (_l("当年已获中标奖励合计（元，含本平台决定的）"), "fen"),
    "booth_fee_fen": (_l("境外展会展位费（元）"), "fen"),
    "datacentre_fee_fen": (_l("数据中心租用服务费（元）"), "fen"),
    "key_park_customer": (_l("重点企业租用重点园区数据中心"), "yes"),
    "listed_this_year": (_l("当年在海峡股权交易中心挂牌"), "yes"),
    "equity_financed": (_l("实现股权融资"), "yes"),
    "key_internet_firm": (_l("重点互联网企业"), "yes"),
    "in_government_park": (_l("入驻政府投资建设的认定园区"), "yes"),
    "rented_m2": (_l("租用非政府投资园区面积（平方米）"), "number"),
    "rented_months": (_l("当年租用月数"), "number"),
    "incubated": (_l("创业企业（项目）"), "yes"),
    "contest_winner": (_l("当年创业大赛优胜者"), "yes"),
    "vc_invested_fen": (_l("对互联网企业的投资额（元）"), "fen"),
    "vc_income": (_l("创投已产生收入"), "yes"),
}
"""What may be entered: its name, and whether it is money, a number or yes/no."""


def name_of(rule: str) -> Any:
    """A rule's name in the reader's language; those of enterprises as the reference names them."""
    if rule in OF_BASES:
        return RULES[RuleCode(rule)]
    row = next(one for one in incentives() if one["id"] == rule)
    return row["en"] if language() == "en" else row["zh"]


def condition(code: str) -> Any:
    """A condition's name by the code of its finding."""
    last = code.rsplit(".", 1)[-1]
    return COMPANY_CONDITIONS.get(code) or (_l("由人判断") if last == "person" else CONDITIONS.get(last, code))


RECEIVED: dict[str, Any] = {
    "FJ-11": _l("登记的“已获得”只从累计上限中扣除；本年度在别处已获得的，由决定人从当年上限中扣除并写明。"),
    "FJ-12": _l("这里只扣除本系统决定的扶持；在别处已获得的，由决定人核对、扣除并写明。"),
    "FJ-18": _l("这里只扣除本系统决定的扶持；本年度在别处已获得的，由决定人从当年上限中扣除并写明。"),
}
"""What an answer does not take off from the caps of these incentives: what was received elsewhere is nobody's figure here."""


STRICT = frozenset(["FJ-11.share", "FJ-11.amount", "FJ-19.investment", "FJ-25b.revenue", "FJ-26c.entities"])
"""Conditions that ask for more than their number (超过): of the number itself nobody could tell why it is not enough."""
