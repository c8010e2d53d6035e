"""Who may be given anything: whose credit is good (FJ-31, 000:817), and who is in use. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from enterprises.awards.types import GOOD, BaseCase, Rule
from trainhub.policy.findings import Finding, Status, no_data
from trainhub.policy.types import Clause

BLACKLISTED = frozenset({"blacklisted", "失信", "黑名单", "严重失信"})


def is_looked_up(status: str) -> bool:
    """Whether a status is what a look-up says; any other word is what somebody typed, and nothing is known."""
    return status.strip() == GOOD or status.strip() in BLACKLISTED


def credit(rule: Rule, statuses: Iterable[tuple[str, str]], clause: Clause) -> Finding:
    """None of (name, credit status) is on the blacklist (FJ-31, 000:817); what was not looked up is shown, not held against anybody."""
    known = [(name, status.strip()) for name, status in statuses]
    bad = tuple(name for name, status in known if status in BLACKLISTED)
    unknown = tuple(f"{name}：尚未查询信用状况" for name, status in known if not is_looked_up(status))
    return Finding(f"{rule}.credit", Status.NOT_MET if bad else Status.MET, "不在失信名单", bad or "未见失信记录", clause, details=unknown)


def base_credit(case: BaseCase, rule: Rule, clause: Clause) -> Finding:
    """`credit` of a base and its hosts; where nobody stands behind it there is nobody whose credit could be known."""
    if not case.credits:
        return no_data(f"{rule}.credit", clause, required="不在失信名单", details=("没有统一社会信用代码，也没有依托单位，无从核查信用。",))
    return credit(rule, case.credits, clause)


def in_use(rule: Rule, closed: Sequence[str], clause: Clause) -> Finding:
    """Nothing is given to who was taken out of use (停用), named in `closed`."""
    return Finding(f"{rule}.open", Status.NOT_MET if closed else Status.MET, "在用", tuple(closed) or "在用", clause)


def closed_of(case: BaseCase) -> list[str]:
    """Who of a base was taken out of use so that nothing may be given to it: the base itself, its lead, or every one of its hosts."""
    gone = [host.name for host in case.hosts if host.is_closed and (host.is_lead or not case.standing)]
    return [*([case.name] if case.is_closed else []), *dict.fromkeys(gone)]
