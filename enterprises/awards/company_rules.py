"""The incentives of the ten measures that attach to an enterprise, project, tenant or investor, from figures that were entered.

Pure: figures and parameters in, findings with their clause and an amount out. 超过 is strict (equality in 超过…以上 goes to a
person), 以上, 达到 and 前 N 名 include the number. A figure nobody entered is no data, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256

from enterprises.awards.figures import CompanyCase as CompanyCase
from enterprises.awards.figures import Figures as Figures
from enterprises.awards.figures import assessed
from enterprises.awards.projects import is_alike, is_same, key_of
from enterprises.awards.rules import credit, in_use, once, over, place, verdict_of
from enterprises.awards.specs import TERMS, spec_of, terms_of
from enterprises.awards.types import BY_PROJECT, CompanyRule, EarlierAward, Entitlement
from trainhub.policy.findings import Finding, Status, at_least, at_most, decided, no_data, to_judge
from trainhub.policy.types import Clause, Parameter

GROUP_LENGTH = 40
"""Characters that the column of overlap groups holds."""
Book = Mapping[str, Parameter]
Amount = tuple[int | None, int | None]
Judge = Callable[[Figures, Book, Clause], tuple[list[Finding], Amount]]


def _yes(figures: Figures, key: str, code: str, required: str, clause: Clause) -> Finding:
    value = figures.get(key)
    if value is None:
        return no_data(code, clause, required=required, details=("没有登记。",))
    return Finding(code, Status.MET if value else Status.NOT_MET, required, required if value else "否", clause)


def _least(figures: Figures, key: str, code: str, parameter: Parameter) -> Finding:
    value = figures.get(key)
    return no_data(code, parameter.clause, parameter=parameter, details=("没有登记。",)) if value is None else at_least(code, value, parameter)


def _positive(figures: Figures, key: str, code: str, required: str, clause: Clause) -> Finding:
    value = figures.get(key)
    if value is None:
        return no_data(code, clause, required=required, details=("没有登记。",))
    return Finding(code, Status.MET if value > 0 else Status.NOT_MET, required, value, clause, unit="fen")


def _platform(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-19, 000:759: investment 超过1000万元以上 and recognised; 3,000,000 once."""
    money = over(
        "FJ-19.investment",
        figures.get("platform_investment_fen"),
        book["fj.platform_investment_over_fen"],
        boundary=book["own.awards.boundary_to_judge"],
    )
    fixed = book["fj.platform_award_fen"].number
    return [money, _yes(figures, "platform_recognised", "FJ-19.recognised", "省发改委、数字办认定", clause)], (fixed, fixed)


def _research(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-11, 000:721: R&D, assessed by the tax office, over 10 % of sales and over 10 million in the year; half of what is above 10 %, capped twice."""
    spent, sales = figures.get("rd_fen"), figures.get("sales_fen")
    share, year = book["fj.rd_share_over_percent"], book["fj.rd_year_over_fen"]
    if spent is None or sales is None or sales <= 0:
        return [
            no_data("FJ-11.share", share.clause, parameter=share, details=("没有登记研发投入或销售收入。",)),
            no_data("FJ-11.amount", year.clause, parameter=year) if spent is None else at_least("FJ-11.amount", spent, year, strictly=True),
        ], (None, book["fj.rd_cap_year_fen"].number)
    findings = [
        decided("FJ-11.share", spent * 100 > share.number * sales, found=_percent(spent, sales, share.number), parameter=share),
        at_least("FJ-11.amount", spent, year, strictly=True),
        assessed(figures, "rd_fen", "FJ-11.assessed", "经税务部门核定", clause),
    ]
    left = max(0, book["fj.rd_cap_total_fen"].number - (figures.get("rd_subsidy_paid_fen") or 0))
    above_x100 = max(0, spent * 100 - sales * share.number)  # rounded once, at the end
    amount = min(above_x100 * book["fj.rd_subsidy_percent"].number // 10_000, book["fj.rd_cap_year_fen"].number, left)
    return [*findings, *_left(CompanyRule.RESEARCH, book["fj.rd_cap_total_fen"], figures.get("rd_subsidy_paid_fen"))], (amount, amount)


def _left(rule: CompanyRule, cap: Parameter, received: int | None) -> list[Finding]:
    """A cap that is used up leaves nothing to be given; below it, what is left bounds the amount."""
    if (received or 0) < cap.number:
        return []
    return [Finding(f"{rule}.left", Status.NOT_MET, cap.number, received, cap.clause, unit="fen", parameter=cap.key)]


def _percent(part: int, whole: int, threshold: int) -> str:
    """A share cut after the first decimal, or after the first one that tells it from a threshold it is above."""
    for places in range(1, 12):
        tens = 10**places
        if (cut := part * 100 * tens // whole) != threshold * tens or part * 100 == threshold * whole:
            break
    return f"{cut // tens}.{cut % tens:0{places}d}%"


def _listing(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-14, 000:735: equity financing achieved in the listing year; 300,000."""
    fixed = book["fj.listing_award_fen"].number
    return [
        _yes(figures, "listed_this_year", "FJ-14.listed", "当年在海峡股权交易中心挂牌", clause),
        _yes(figures, "equity_financed", "FJ-14.financed", "实现股权融资", clause),
    ], (fixed, fixed)


def _datacentre(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-18, 000:755: 30 % of the fee, at most 300,000 a year."""
    fee, cap = figures.get("datacentre_fee_fen"), book["fj.datacentre_cap_year_fen"].number
    amount = None if fee is None else min(fee * book["fj.datacentre_percent"].number // 100, cap)
    return [
        _yes(figures, "key_park_customer", "FJ-18.park", "重点企业租用重点园区数据中心", clause),
        _positive(figures, "datacentre_fee_fen", "FJ-18.fee", "当年租用服务费", clause),
    ], (amount, cap if amount is None else amount)


def _landing(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-24b, 000:783: paid-in capital 5000万元以上, among the first five of its segment, core technology or model; up to 3,000,000."""
    rank, limit = figures.get("segment_rank"), book["fj.landing_segment_rank"]
    return [
        _yes(figures, "newly_introduced", "FJ-24b.new", "新引进", clause),
        _least(figures, "paid_in_capital_fen", "FJ-24b.capital", book["fj.landing_capital_min_fen"]),
        no_data("FJ-24b.rank", limit.clause, parameter=limit) if rank is None else at_most("FJ-24b.rank", rank, limit),
        _yes(figures, "core_technology", "FJ-24b.core", "核心技术或创新模式", clause),
    ], (None, book["fj.landing_award_max_fen"].number)


def _payment(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-24c, 000:783: a payment licence holder with its national head office in Fujian; 3,000,000."""
    fixed = book["fj.payment_hq_award_fen"].number
    return [
        _yes(figures, "payment_licence", "FJ-24c.licence", "第三方支付牌照", clause),
        _yes(figures, "national_hq", "FJ-24c.hq", "全国总部设在福建", clause),
    ], (fixed, fixed)


def _bid(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-25a, 000:787: a single contract of 6,000,000 or more; 3 %, at most 2,000,000 a project and 3,000,000 a year over all of them."""
    contract = figures.get("contract_fen")
    left = max(0, book["fj.bid_cap_year_fen"].number - (figures.get("bid_award_paid_fen") or 0))
    amount = None if contract is None else min(contract * book["fj.bid_percent"].number // 100, book["fj.bid_cap_project_fen"].number, left)
    return [
        _yes(figures, "contract_outside", "FJ-25a.outside", "省外中标项目", clause),
        _least(figures, "contract_fen", "FJ-25a.contract", book["fj.bid_contract_min_fen"]),
        *_left(CompanyRule.BID, book["fj.bid_cap_year_fen"], figures.get("bid_award_paid_fen")),
    ], (amount, amount if amount is not None else min(left, book["fj.bid_cap_project_fen"].number))


def _revenue(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-25b, 000:787: revenue first above 40 million (500,000), above 100 million (1,000,000); strict, once for each level: what was
    awarded for it stays awarded, whatever figure is entered afterwards."""
    now, before = figures.get("revenue_fen", figures.year), {y: v for y, v in figures.history("revenue_fen").items() if y < figures.year}
    first, second = book["fj.revenue_first_over_fen"], book["fj.revenue_second_over_fen"]
    if now is None:
        return [no_data("FJ-25b.revenue", first.clause, parameter=first, details=("没有登记当年营业收入。",))], (None, None)
    level = second if now > second.number else first
    fixed = book["fj.revenue_second_award_fen" if level is second else "fj.revenue_first_award_fen"].number
    awarded = {year: fen for year, fen in figures.history("revenue_given_fen").items() if year != figures.year}
    # The same level is given once, whichever year was decided first; a higher one takes the lower away from later years alone.
    given = {year: f"{year} 年已奖励" for year, fen in awarded.items() if fen == fixed or (fen > fixed and year < figures.year)}
    reached = {year: f"{year} 年已超过" for year, value in before.items() if value > level.number} | given
    found = reached[min(reached)] if reached else "首次"
    findings = [
        at_least("FJ-25b.revenue", now, level, strictly=True),
        Finding("FJ-25b.first", Status.NOT_MET if reached else Status.MET, "首次超过", found, level.clause),
    ]
    unknown = tuple(str(year) for year in range(min(before, default=figures.year), figures.year) if year not in before)
    if not before or unknown:
        details = (f"没有登记 {'、'.join(unknown)} 年的营业收入，由人核对。" if unknown else "没有登记以前年度的营业收入，由人核对。",)
        findings.append(to_judge("FJ-25b.before", clause, found=unknown or None, required="以前年度未超过", details=details))
    return findings, (fixed, fixed)


def _booth(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-25c, 000:787: up to half of the booth fee of an overseas internet exhibition."""
    fee = figures.get("booth_fee_fen")
    top = None if fee is None else fee * book["fj.booth_percent_max"].number // 100
    return [_positive(figures, "booth_fee_fen", "FJ-25c.fee", "境外互联网展会展位费", clause)], (None, top)


def _relief(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-28a, 000:803: a key internet firm inside a recognised park built by government; two to five years, no amount."""
    before = {*figures.history("relieved_year")} - {figures.year}
    return [
        _yes(figures, "key_internet_firm", "FJ-28a.firm", "重点互联网企业", clause),
        _yes(figures, "in_government_park", "FJ-28a.park", "入驻政府投资建设、经认定的园区", clause),
        at_most("FJ-28a.years", len(before) + 1, book["fj.rent_relief_years_max"]),
        *_shortest(len(before) + 1, book["fj.rent_relief_years_min"]),
    ], (None, None)


def _shortest(year: int, least: Parameter) -> list[Finding]:
    """An application is of one year, the sentence gives two at least: who decides the first says for how long it is relieved."""
    if year >= least.number:
        return []
    details = ("申请按年度办理，原文给 2~5 年：由人写明减免的期限。",)
    return [to_judge("FJ-28a.least", least.clause, found=year, parameter=least, details=details)]


def _rent(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-28b, 000:803: up to 30 yuan a m² and month in space not built by government, for the months of the year it was rented."""
    area, months = figures.get("rented_m2"), figures.get("rented_months")
    top = None if area is None or months is None else area * min(months, 12) * book["fj.rent_subsidy_max_fen_per_m2_month"].number
    required = "当年租用 1 至 12 个月"
    rented = (
        no_data("FJ-28b.months", clause, required=required, details=("没有登记。",))
        if months is None
        else Finding("FJ-28b.months", Status.MET if 1 <= months <= 12 else Status.NOT_MET, required, months, clause)
    )
    return [
        _yes(figures, "key_internet_firm", "FJ-28b.firm", "重点互联网企业", clause),
        _positive(figures, "rented_m2", "FJ-28b.area", "租用非政府投资建设的面积（平方米）", clause),
        rented,
    ], (None, top)


def _investor(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-12, 000:727: a venture investor, from the year income arises, two years, together never more than was invested."""
    invested, given = figures.get("vc_invested_fen"), figures.get("vc_aid_given_fen") or 0
    cap = None if invested is None else invested * book["fj.vc_aid_cap_percent"].number // 100
    findings = [
        _positive(figures, "vc_invested_fen", "FJ-12.invested", "创投机构对互联网企业的投资额", clause),
        _yes(figures, "vc_income", "FJ-12.income", "已产生收入", clause),
    ]
    first = min([year for year, has in figures.history("vc_income").items() if has] + [*figures.history("vc_aid_year")], default=figures.year)
    findings.append(at_most("FJ-12.years", max(1, figures.year - first + 1), book["fj.vc_aid_years"]))
    if cap and given:
        findings.append(Finding("FJ-12.total", Status.MET if given < cap else Status.NOT_MET, cap, given, clause, unit="fen"))
    return findings, (None, None if cap is None else max(0, cap - given))


def _contest(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-10c, 000:717: winners of the yearly contest share 5,000,000; what other winners got of the year is gone."""
    cap, given = book["fj.contest_prizes_year_fen"], figures.get("contest_given_fen")
    winner = _yes(figures, "contest_winner", "FJ-10c.winner", "当年互联网创业大赛优胜者", clause)
    return [winner, *_left(CompanyRule.CONTEST, cap, given)], (None, max(0, cap.number - (given or 0)))


def _workspace(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-10b, 000:717: 100 m² of workspace and a flat for each enterprise (project), three years without rent."""
    return [_yes(figures, "incubated", "FJ-10b.incubated", "创业企业（项目）", clause)], (None, None)


def _trained(figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    """FJ-16d, 000:745: training of founders and workers; the amount follows the registered rates (培训补助)."""
    count = figures.get("counted_completions")
    if not count:
        return [no_data("FJ-16d.trained", clause, required="有计入的培训结业", details=("当年没有计入的结业。",))], (None, None)
    return [Finding("FJ-16d.trained", Status.MET, "有计入的培训结业", count, clause)], (None, None)


JUDGES: dict[str, Judge] = {
    "FJ-19": _platform,
    "FJ-16d": _trained,
    "FJ-10b": _workspace,
    "FJ-10c": _contest,
    "FJ-11": _research,
    "FJ-14": _listing,
    "FJ-18": _datacentre,
    "FJ-24b": _landing,
    "FJ-24c": _payment,
    "FJ-25a": _bid,
    "FJ-25b": _revenue,
    "FJ-25c": _booth,
    "FJ-28a": _relief,
    "FJ-28b": _rent,
    "FJ-12": _investor,
}
UNMARKED = "没有标为互联网企业：确属互联网企业的，请先由核验部门标注；应用电子商务开拓市场的工业企业，由人核对并写明，资金由省商务厅安排。"
UNSAID_REGION = "企业没有登记所在地区，按统一社会信用代码在福建登记：请先登记所在地区，由设区市核验和初审。"
EVERYWHERE = frozenset({CompanyRule.INVESTOR, CompanyRule.CONTEST})
"""Investors from elsewhere are meant (吸引社会资本及国外创投机构参与, 000:727), and a contest is open to who wins it (000:717)."""
BY_PERSON = {
    "FJ-15b": "领军人才逐人核对，见人才库。",
    "FJ-15d": "高层次人才参照自贸区办法，办法不在文件中，由人判断。",
    "FJ-10a": "每年一批重点孵化项目，名单和金额由主管部门决定。",
}
"""Incentives whose conditions are not figures of an enterprise: a person decides."""
PARAMETERS = (
    *TERMS,
    "fj.platform_investment_over_fen",
    "fj.platform_award_fen",
    "fj.rd_share_over_percent",
    "fj.rd_year_over_fen",
    "fj.rd_subsidy_percent",
    "fj.rd_cap_year_fen",
    "fj.rd_cap_total_fen",
    "fj.listing_award_fen",
    "fj.datacentre_percent",
    "fj.datacentre_cap_year_fen",
    "fj.landing_capital_min_fen",
    "fj.landing_segment_rank",
    "fj.landing_award_max_fen",
    "fj.payment_hq_award_fen",
    "fj.bid_contract_min_fen",
    "fj.bid_percent",
    "fj.bid_cap_project_fen",
    "fj.bid_cap_year_fen",
    "fj.revenue_first_over_fen",
    "fj.revenue_first_award_fen",
    "fj.revenue_second_over_fen",
    "fj.revenue_second_award_fen",
    "fj.booth_percent_max",
    "fj.rent_relief_years_max",
    "fj.rent_relief_years_min",
    "fj.rent_subsidy_max_fen_per_m2_month",
    "fj.vc_aid_cap_percent",
    "fj.vc_aid_years",
    "fj.contest_prizes_year_fen",
    "own.awards.boundary_to_judge",
    "own.awards.project_likeness_percent",
    "fj.highest_only",
    "fj.credit_platform_deadline",
)


def judge(rule: CompanyRule, case: CompanyCase, book: Book) -> Entitlement:
    """The answer of one incentive for one enterprise and year. What was awarded here counts, once, with what was entered as received.

    One-off incentives are given once, the others once a year, or once for a project (不得重复享受, 000:833).
    """
    spec, terms, year = spec_of(rule), terms_of(rule.value, book), case.figures.year
    findings, (low, high) = _conditions(rule, _with_awards(case), book, spec.clause)
    findings += _alike(rule, case, book, spec.clause)
    given = [one for one in case.earlier if one.rule == rule and (terms.is_one_off or _is_same(one, rule, case))]
    findings.append(once(rule, given, book["fj.highest_only"].clause))
    findings.append(credit(rule, [(case.name, case.credit_status)], book["fj.credit_platform_deadline"].clause))
    findings.append(in_use(rule, [case.name] if case.is_closed else [], spec.clause))
    findings += _subject(rule, case, spec.clause)
    verdict = verdict_of(findings)
    # Of FJ-25b the industrial firm is arranged by another department than the fund (000:787): who judges that it is one, of an enterprise without the mark, pays by it.
    is_industrial = rule is CompanyRule.REVENUE and not case.is_internet
    payer = terms.fund_except if is_industrial and terms.fund_except else terms.payer
    project, number = (case.project, case.project_number) if rule in BY_PROJECT else ("", "")
    group = terms.overlap_group if terms.is_one_off else group_of(rule, key_of(number) or key_of(project) or str(year))
    return Entitlement(rule, verdict, tuple(findings), low, high, spec.amount, payer, group, (), project, number, terms.is_one_off)


def _subject(rule: CompanyRule, case: CompanyCase, clause: Clause) -> list[Finding]:
    """Whom the sentence is about: for FJ-25b 互联网企业, of industrial ones those that open their market by e-commerce, which no register says (000:787). The
    measures are of Fujian for Fujian; where that fails it is told, but of `EVERYWHERE`."""
    found = []
    if rule is CompanyRule.REVENUE:
        required = "互联网企业，或应用电子商务开拓市场的工业企业"
        if case.is_internet:
            found.append(Finding(f"{rule}.firm", Status.MET, required, "互联网企业", clause))
        else:
            found.append(to_judge(f"{rule}.firm", clause, required=required, details=(UNMARKED,)))
    if rule not in EVERYWHERE and not case.is_in_fujian:
        found.append(place(case.is_in_fujian, f"{rule}.place", clause, "企业没有登记所在地区。"))
    elif case.is_in_fujian is None and case.is_of_fujian:
        found.append(no_data(f"{rule}.place", clause, required="登记所在地区", details=(UNSAID_REGION,)))
    return found


def group_of(rule: CompanyRule, key: str) -> str:
    """The overlap group of what is given for each project or year: one for all spellings, and none for two of which only the end differs."""
    group = f"{rule}/{key}"
    return group if len(group) <= GROUP_LENGTH else f"{rule}/{sha256(key.encode()).hexdigest()[:24]}"


def _is_same(one: EarlierAward, rule: CompanyRule, case: CompanyCase) -> bool:
    """Whether it was given for the same (`projects.is_same`)."""
    return is_same(rule, (one.project, one.project_number, one.year), (case.project, case.project_number, case.figures.year))


def _alike(rule: CompanyRule, case: CompanyCase, book: Book, clause: Clause) -> list[Finding]:
    """What was awarded for a project whose name is nearly this one's, or for one that nobody named (before projects were kept), is shown, and a
    person judges whether they are two (单个项目, 000:787; a workspace whatever the year, 000:717)."""
    least = book["own.awards.project_likeness_percent"]
    rivals = [one for one in case.earlier if rule in BY_PROJECT and one.rule == rule and not _is_same(one, rule, case)]
    found = tuple(f"{one.project}（{one.project_number or '无编号'}）" for one in rivals if is_alike(one.project, case.project, least))
    unnamed = tuple(f"{one.year or '—'} 年（未写明项目）" for one in rivals if rule == CompanyRule.WORKSPACE and not one.project)
    found += unnamed
    if not found:
        return []
    details = ("名称与已获奖励的项目相近，或当时没有写明项目；同一项目只奖一次，由人核对招标编号、合同或项目。",)
    return [to_judge(f"{rule}.project", clause, found=found, required="另一个项目", details=details)]


def _with_awards(case: CompanyCase) -> Figures:
    """The figures, with what was awarded here: for research over all years (FJ-11) and for bids of other projects in the year (FJ-25a) the
    sum entered as received holds what was decided before it was entered (`Figures.received`); for investors over all years, with the years (FJ-12); the years whose rent was relieved
    (FJ-28a), and what was given for a level of revenue (FJ-25b)."""
    values, year = dict(case.figures.values), case.figures.year
    for key, rule, of_year in (("rd_subsidy_paid_fen", CompanyRule.RESEARCH, False), ("bid_award_paid_fen", CompanyRule.BID, True)):
        given = [one for one in case.earlier if one.rule == rule and (not of_year or one.year == year)]
        values[key, year] = case.figures.received(key, given, year if of_year else None)
    aided = [one for one in case.earlier if one.rule == CompanyRule.INVESTOR]
    values["vc_aid_given_fen", year] = sum(one.amount_fen or 0 for one in aided)
    values.update({("vc_aid_year", one.year): 1 for one in aided})
    values.update({("relieved_year", one.year): 1 for one in case.earlier if one.rule == CompanyRule.RENT_RELIEF})
    for one in case.earlier:
        if one.rule == CompanyRule.REVENUE:
            values["revenue_given_fen", one.year] = max(one.amount_fen or 0, values.get(("revenue_given_fen", one.year), 0))
    return Figures(values, year, by_applicant=case.figures.by_applicant)


def _conditions(rule: CompanyRule, figures: Figures, book: Book, clause: Clause) -> tuple[list[Finding], Amount]:
    if rule in BY_PERSON:
        return [to_judge(f"{rule}.person", clause, required="由人判断", details=(BY_PERSON[rule],))], (None, None)
    return JUDGES[rule](figures, book, clause)
