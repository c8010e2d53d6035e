"""How numbers are compared with what a sentence asks: 超过…以上, 达到…以上. Pure."""

from __future__ import annotations

from trainhub.policy.findings import Finding, at_least, no_data, to_judge
from trainhub.policy.types import Parameter


def over(code: str, found: int | None, parameter: Parameter, *, boundary: Parameter) -> Finding:
    """超过 N 以上: more than N is met, less is not, exactly N goes to a person (own.awards.boundary_to_judge)."""
    if found is None:
        return no_data(code, parameter.clause, parameter=parameter, details=("基地资料中没有这个数字。",))
    if found == parameter.number and boundary.flag:
        return to_judge(code, parameter.clause, found=found, parameter=parameter, details=("“超过…以上”恰好相等，由人判断。",))
    return at_least(code, found, parameter, strictly=True)


def not_less(code: str, found: int | None, parameter: Parameter) -> Finding:
    """达到 N 以上: N itself is enough."""
    if found is None:
        return no_data(code, parameter.clause, parameter=parameter, details=("基地资料中没有这个数字。",))
    return at_least(code, found, parameter)
