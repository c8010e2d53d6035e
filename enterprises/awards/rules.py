"""The nine incentives of the ten measures that attach to a base, computed from dated parameters (000:745, 783, 793, 833).

Pure: a `BaseCase` and the parameters of the day in, findings with their clause out. 超过 is strict, and where the words
contradict each other (超过20户以上) equality goes to a person (requirements.md 8.2, 24).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from enterprises.awards.conditions import not_less, over
from enterprises.awards.recipients import BLACKLISTED, base_credit, closed_of, credit, in_use
from enterprises.awards.specs import SPECS, Spec, terms_of
from enterprises.awards.types import (
    OF_BASES,
    TRANSITIONS,
    Action,
    AmountKind,
    AwardState,
    BaseCase,
    EarlierAward,
    Entitlement,
    Rule,
    RuleCode,
    Verdict,
)
from trainhub.policy.findings import Finding, Status, all_of, no_data, to_judge
from trainhub.policy.types import Clause, Parameter

INSTITUTES = frozenset({"research_institute", "university", "vocational_school", "technical_school"})
"""科研院所（校）: institutes and schools (000:745; requirements.md 8.1, 9)."""
FORMS = {"training_institution": "training_institution", "joint_practice_base": "practice_base"}
"""Form of FJ-16b -> base type that stands for it."""
Book = Mapping[str, Parameter]
"""The parameters above as they hold on the day asked for."""


# -- conditions ---------------------------------------------------------------------------------------------------------
def _types(case: BaseCase, spec: Spec) -> Finding:
    """The base carries a type the rule speaks of."""
    found = tuple(sorted(case.types & set(spec.types)))
    return Finding(
        code=f"{spec.rule}.type",
        status=Status.MET if found else Status.NOT_MET,
        required=spec.types,
        found=found or tuple(sorted(case.types)),
        clause=spec.clause,
    )


def _leading(case: BaseCase, rule: Rule, clause: Clause) -> Finding:
    """A leading internet enterprise stands behind the base (龙头企业; the documents do not define it, it is marked by hand)."""
    found = tuple(host.name for host in case.standing if host.is_leading_internet and host.kind == "enterprise")
    return Finding(f"{rule}.leading", Status.MET if found else Status.NOT_MET, ("互联网龙头企业",), found, clause)


def _credit(case: BaseCase, rule: Rule, clause: Clause) -> Finding:
    return base_credit(case, rule, clause)


def _steps(case: BaseCase, types: Iterable[str], departments: Iterable[str], on: date) -> tuple[date | None, date | None]:
    """(recognised on, accepted on) as they stand on a day, of the type that went furthest; a revocation takes both back."""
    best: tuple[date | None, date | None] = (None, None)
    able = {name.lower() for name in departments}
    for kind in types:
        recognised: date | None = None
        accepted: date | None = None
        for row in sorted((r for r in case.acceptances if r.type == kind and r.on <= on), key=lambda r: r.on):
            if row.department.lower() not in able:
                continue
            if row.step == "recognised":
                recognised = row.on
            elif row.step == "accepted" and recognised is not None:
                accepted = row.on
            elif row.step == "revoked":
                recognised = accepted = None
        best = max(best, (recognised, accepted), key=lambda pair: (pair[0] is not None, pair[1] is not None))
    return best


def _step(rule: Rule, name: str, on: date | None, department: str, clause: Clause) -> Finding:
    return Finding(f"{rule}.{name}", Status.MET if on else Status.NOT_MET, department, on if on else "尚未办理", clause)


def _once(case: BaseCase, spec: Spec, book: Book, parameter: str = "fj.highest_only") -> Finding:
    """Never awarded before under this rule (一次性)."""
    terms = terms_of(spec.rule.value, book)
    return once(spec.rule, [a for a in case.earlier if a.rule == spec.rule.value and terms.is_one_off], book[parameter].clause)


def _beside(case: BaseCase, rule: RuleCode, group: str, book: Book) -> list[Finding]:
    """What was given of the overlap group (不得重复享受, 000:833): which incentives overlap is our reading, so a person judges whether this is the same
    thing, and the decision refuses it while it stands in the group (`operations.deciding`)."""
    given = [a for a in case.earlier if a.overlap_group == group and a.rule != rule.value]
    if not given or not book["fj.highest_only"].flag:
        return []
    found = tuple(f"{a.rule}（{a.decided_on.isoformat() if a.decided_on else '日期不详'}）" for a in given)
    details = ("同一事项就高享受：较高的一项决定之前先撤销较低的；确属另一事项的，决定时写明理由，改入另一重叠组。",)
    return [to_judge(f"{rule}.group", book["fj.highest_only"].clause, found=found, required="不是同一事项", details=details)]


def once(rule: Rule, given: Iterable[EarlierAward], clause: Clause) -> Finding:
    """Nothing was given that stands in the way; what was given is named with its day."""
    found = tuple(f"{a.rule}（{a.decided_on.isoformat() if a.decided_on else '日期不详'}）" for a in given)
    return Finding(f"{rule}.once", Status.NOT_MET if found else Status.MET, "未曾获得", found or "未曾获得", clause)


# -- the rules ----------------------------------------------------------------------------------------------------------


def _practice_base(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-16b, 000:745: a leading internet firm sets up a training institution, or co-builds a practice base with an institute or
    school; recognised and accepted by 省教育厅; once. Of two forms the one nearer to its aim is answered."""
    acceptor = book["fj.base_award_acceptor"]
    allowed = [form for form in FORMS if form in book["fj.base_award_forms"].items and form in book["own.awards.forms_eligible"].items]
    carried = [form for form in allowed if FORMS[form] in case.types]
    form_finding = Finding(
        f"{spec.rule}.form",
        Status.MET if carried else Status.NOT_MET,
        tuple(allowed),
        tuple(carried) or tuple(sorted(case.types)),
        book["fj.base_award_forms"].clause,
        parameter="fj.base_award_forms",
    )

    def answer(form: str) -> list[Finding]:
        parts = [form_finding, _leading(case, spec.rule, spec.clause)]
        if form == "joint_practice_base":
            partners = tuple(host.name for host in case.standing if host.kind in INSTITUTES)
            parts.append(Finding(f"{spec.rule}.partner", Status.MET if partners else Status.NOT_MET, ("科研院所或学校",), partners, spec.clause))
        recognised, accepted = _steps(case, [FORMS[form]], [acceptor.text], on)
        return [
            *parts,
            _step(spec.rule, "recognised", recognised, "省教育厅认定", acceptor.clause),
            _step(spec.rule, "accepted", accepted, "省教育厅验收", acceptor.clause),
            _once(case, spec, book, "fj.base_award_once"),
            _credit(case, spec.rule, book["fj.credit_platform_deadline"].clause),
        ]

    return min((answer(form) for form in carried or allowed[-1:] or ["joint_practice_base"]), key=lambda parts: sum(not f.met for f in parts))


def place(is_in_fujian: bool | None, code: str, clause: Clause, unknown: str) -> Finding:
    """The measures are of Fujian; None: no region is registered, which `unknown` says."""
    if is_in_fujian is None:
        return no_data(code, clause, required="福建省", details=(unknown,))
    return Finding(code, Status.MET if is_in_fujian else Status.NOT_MET, "福建省", "福建省" if is_in_fujian else "省外", clause)


def _place(case: BaseCase, code: str, clause: Clause) -> Finding:
    return place(case.is_in_fujian, code, clause, "基地没有登记所在地区。")


def _leading_firm_base(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-24a, 000:783: a leading firm's training or start-up base in Fujian "may be rewarded by reference": a person decides."""
    return [
        _types(case, spec),
        _leading(case, spec.rule, spec.clause),
        _place(case, f"{spec.rule}.place", spec.clause),
        to_judge(f"{spec.rule}.reference", spec.clause, required="可参照有关支持政策", details=("原文没有金额和标准，由人决定参照哪一项。",)),
        _once(case, spec, book),
        _credit(case, spec.rule, book["fj.credit_platform_deadline"].clause),
    ]


def _zone(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-26a, 000:793: recognised by 省发改委、商务厅、数字办; no money. Their recognition is recorded by 省科技厅 or the system."""
    recognised, _accepted = _steps(case, spec.types, (*book["fj.zone_recognisers"].items, *spec.departments), on)
    step = _step(spec.rule, "recognised", recognised, "省发改委、商务厅、数字办认定", book["fj.zone_recognisers"].clause)
    return [_types(case, spec), step, *_end(case, spec, book)]


def _incubator(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    recogniser = book["fj.incubator_recogniser"]
    recognised, _accepted = _steps(case, spec.types, [recogniser.text], on)
    return [_types(case, spec), _step(spec.rule, "recognised", recognised, "省科技厅认定", recogniser.clause)]


def _area(spec: Spec, found: int | None) -> Finding:
    code = f"{spec.rule}.area"
    if found is None:
        return no_data(code, spec.clause, required=1, details=("基地资料中没有这个面积。",))
    return Finding(code, Status.MET if found > 0 else Status.NOT_MET, 1, found, spec.clause, unit="m2")


def _incubator_new(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-26b, 000:793: new floor area, once per area: at most a million in all."""
    return [*_incubator(case, spec, book, on), _area(spec, case.area_new_m2), *_by_area(case, spec, book, "新的新建面积")]


def _incubator_extended(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-26b, 000:793: extended floor area; no total cap is stated and none is invented (requirements.md 8.2, 25)."""
    return [*_incubator(case, spec, book, on), _area(spec, case.area_extended_m2), *_by_area(case, spec, book, "新的扩建面积")]


def _by_area(case: BaseCase, spec: Spec, book: Book, required: str) -> list[Finding]:
    """What was given for the area before counts: nothing is left of it, or a person looks whether what is more is a new one."""
    end, given = _end(case, spec, book), _given(case, spec)
    _low, left = amounts(case, RuleCode(spec.rule), book)
    if given and left is not None and left <= 0:
        end[0] = once(spec.rule, given, end[0].clause)
    return [*end, *_again(case, spec, required, end[0].clause)]


def _incubator_national(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-26b, 000:793: the national standard is not in the documents: a person judges."""
    standard = to_judge(f"{spec.rule}.standard", spec.clause, required="国家科技企业孵化器标准", details=("标准不在文件中，由省科技厅判断。",))
    return [*_incubator(case, spec, book, on), standard, *_end(case, spec, book)]


def _incubation_base(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-26c, 000:793: 民营互联网创业孵化基地或高校毕业生创业孵化基地 of more than 20 start-ups; exactly 20 goes to a person, and so does which kind it is:
    no register says it."""
    entities = over(
        f"{spec.rule}.entities", case.startup_entities, book["fj.incubation_entities_over"], boundary=book["own.awards.boundary_to_judge"]
    )
    kinds, details = "民营互联网创业孵化基地或高校毕业生创业孵化基地", ("平台没有登记基地属于哪一种，由人核对并写明。",)
    kind = to_judge(f"{spec.rule}.kind", spec.clause, required=kinds, details=details)
    return [_types(case, spec), kind, entities, *_end(case, spec, book)]


def _rural_park(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-26d, 000:793: 100 workers or more (达到)."""
    return [_types(case, spec), not_less(f"{spec.rule}.workers", case.workers, book["fj.rural_park_workers_min"]), *_end(case, spec, book)]


def _software_park(case: BaseCase, spec: Spec, book: Book, on: date) -> list[Finding]:
    """FJ-26e, 000:793: a public platform or new product that supports transformation: only words, a person judges."""
    judged = to_judge(f"{spec.rule}.platform", spec.clause, required="转型支撑平台", details=("“适当经费支持”没有数字，由省经信委决定。",))
    end = _end(case, spec, book)
    return [_types(case, spec), judged, *end, *_again(case, spec, "新的平台或新产品", end[0].clause)]


def _given(case: BaseCase, spec: Spec) -> list[EarlierAward]:
    return [one for one in case.earlier if one.rule == spec.rule.value]


def _again(case: BaseCase, spec: Spec, required: str, clause: Clause) -> list[Finding]:
    """What a rule that is not said to be one-off gave before is shown, and a person judges whether this is another thing
    (不得重复享受, 000:833)."""
    found = tuple(f"{one.rule}（{one.decided_on.isoformat() if one.decided_on else '日期不详'}）" for one in _given(case, spec))
    if not found:
        return []
    details = ("以前已获得过；原文没有说只给一次，但同一事项不得重复享受，由人核对。",)
    return [to_judge(f"{spec.rule}.again", clause, found=found, required=required, details=details)]


def _end(case: BaseCase, spec: Spec, book: Book) -> list[Finding]:
    return [_once(case, spec, book), _credit(case, spec.rule, book["fj.credit_platform_deadline"].clause)]


JUDGES: dict[RuleCode, Callable[[BaseCase, Spec, Book, date], list[Finding]]] = {
    RuleCode.PRACTICE_BASE: _practice_base,
    RuleCode.LEADING_FIRM_BASE: _leading_firm_base,
    RuleCode.INTERNET_ZONE: _zone,
    RuleCode.INCUBATOR_NEW: _incubator_new,
    RuleCode.INCUBATOR_EXTENDED: _incubator_extended,
    RuleCode.INCUBATOR_NATIONAL: _incubator_national,
    RuleCode.INCUBATION_BASE: _incubation_base,
    RuleCode.RURAL_PARK: _rural_park,
    RuleCode.SOFTWARE_PARK_PLATFORM: _software_park,
}


def amounts(case: BaseCase, rule: RuleCode, book: Book) -> tuple[int | None, int | None]:
    """(lowest, highest) amount in fen; None where the sentence states none. Never more than its cap."""
    given = sum(one.amount_fen or 0 for one in case.earlier if one.rule == rule.value)
    match rule:
        case RuleCode.PRACTICE_BASE:
            return book["fj.base_award_min_fen"].number, book["fj.base_award_max_fen"].number
        case RuleCode.INCUBATOR_NEW:
            if not case.area_new_m2:
                return None, book["fj.incubator_new_cap_fen"].number
            exact = min(case.area_new_m2 * book["fj.incubator_new_fen_per_m2"].number, book["fj.incubator_new_cap_fen"].number)
            left = max(0, exact - given)
            return left, left
        case RuleCode.INCUBATOR_EXTENDED:
            if not case.area_extended_m2:
                return None, None
            return None, max(0, case.area_extended_m2 * book["fj.incubator_ext_fen_per_m2"].number - given)
        case RuleCode.INCUBATION_BASE:
            return None, book["fj.incubation_award_max_fen"].number
        case RuleCode.RURAL_PARK:
            fixed = book["fj.rural_park_award_fen"].number
            return fixed, fixed
        case _:
            return None, None


def judge(case: BaseCase, rule: RuleCode, book: Book, on: date) -> Entitlement:
    """The answer of one rule for one base on a day."""
    spec = SPECS[rule]
    own = JUDGES[rule](case, spec, book, on)
    code = f"{rule}.place"  # the measures are of Fujian for Fujian; one rule says so itself, of the others it is told where it fails
    if not case.is_in_fujian and all(one.code != code for one in own):
        own = [*own, _place(case, code, spec.clause)]
    terms = terms_of(rule.value, book)
    findings = (*own, *_beside(case, rule, terms.overlap_group, book), in_use(rule, closed_of(case), spec.clause))
    low, high = amounts(case, rule, book)
    return Entitlement(
        rule, _verdict(case, spec, findings), findings, low, high, spec.amount, terms.payer, terms.overlap_group, is_one_off=terms.is_one_off
    )


def _verdict(case: BaseCase, spec: Spec, findings: Sequence[Finding]) -> Verdict:
    return verdict_of(findings) if case.types & set(spec.types) else Verdict.NOT_OF_TYPE


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """What the findings come to, of something the rule speaks of."""
    if any(f.code.endswith(".once") and not f.met for f in findings):
        return Verdict.AWARDED
    status = all_of(findings)
    return {Status.MET: Verdict.ELIGIBLE, Status.JUDGE: Verdict.TO_JUDGE}.get(status, Verdict.MISSING)


def judge_all(case: BaseCase, book: Book, on: date) -> list[Entitlement]:
    """Every rule of a base in the order of the documents; what yields to a higher one of its overlap group says so."""
    return highest_of([judge(case, rule, book, on) for rule in RuleCode])


def highest_of(entitlements: Sequence[Entitlement]) -> list[Entitlement]:
    """Mark those that yield (就高, 不得重复享受; FJ-E1, 000:833): of the eligible ones of a group only the highest is taken.

    An amount that is not stated is lower than any that is; of equal ones the first stands.
    """
    marked = []
    for place, one in enumerate(entitlements):
        rivals = [
            other.rule.value
            for at, other in enumerate(entitlements)
            if at != place
            and one.is_eligible
            and other.is_eligible
            and other.overlap_group == one.overlap_group
            and (-(other.amount_max_fen or 0), at) < (-(one.amount_max_fen or 0), place)
        ]
        marked.append(replace(one, yields_to=tuple(rivals)))
    return marked


def overtakes(answer: Entitlement, earlier: Iterable[EarlierAward]) -> bool:
    """Whether what was given stands in the way only as something lower of the same group: the higher may be applied for beside it
    (就高, 000:833), and takes its place when it is decided."""
    blocking = [one for one in earlier if one.rule == answer.rule.value or one.overlap_group == answer.overlap_group]
    return bool(blocking) and all(one.rule != answer.rule.value and (one.amount_fen or 0) < (answer.amount_max_fen or 0) for one in blocking)


# -- the decision -------------------------------------------------------------------------------------------------------


def is_in_range(amount_fen: int | None, low: int | None, high: int | None, kind: AmountKind) -> bool:
    """Whether an amount may be decided: the bounds belong to the range; without money there is none."""
    if kind is AmountKind.NO_MONEY:
        return amount_fen is None
    if amount_fen is None or amount_fen <= 0:
        return False
    return (low is None or amount_fen >= low) and (high is None or amount_fen <= high)


def needs_conference(amount_fen: int | None, limit: Parameter) -> bool:
    """Whether the joint conference has to agree (FJ-34, 000:829; own.awards.joint_conference_from_fen): from the limit on."""
    return amount_fen is not None and amount_fen >= limit.number


def may_follow(state: AwardState, action: Action, rule: str) -> bool:
    """Whether an action may happen in a state (`TRANSITIONS`) under a rule."""
    step = TRANSITIONS[action]
    before = step.before if step.of_companies is None or rule in OF_BASES else step.of_companies
    return state in before


__all__ = [
    "BLACKLISTED",
    "amounts",
    "base_credit",
    "closed_of",
    "credit",
    "highest_of",
    "in_use",
    "is_in_range",
    "judge",
    "judge_all",
    "may_follow",
    "needs_conference",
    "not_less",
    "once",
    "over",
    "overtakes",
    "place",
    "verdict_of",
]
