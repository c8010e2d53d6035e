"""Findings: what a rule says about the facts, with the number it asked for and the clause it stands on.

A rule is handed values and parameters and returns a `Finding`; several findings are put together with `all_of` and
`any_of`. A decision stores its findings (`as_dict`), so a later amendment never rewrites what was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NoReturn

from trainhub.policy.types import Clause, Parameter, Value


class Status(StrEnum):
    """The four answers. `judge`: computed as far as possible, a person decides. `no_data`: nothing to compute from."""

    MET = "met"
    NOT_MET = "not_met"
    JUDGE = "judge"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question of one rule.

    `code` names the question ("7.2", "FJ-16b.acceptance"). `found` and `required` are never None when the answer is met or
    not met. `denominator` says of whom or of how many a share is a share. `details` are lines for the person who wants to
    know why. `parameter` is the key of the number that was applied, empty for a pure judgement.
    """

    code: str
    status: Status
    required: Value | None
    found: Value | None
    clause: Clause
    denominator: int | str | None = None
    details: tuple[str, ...] = ()
    unit: str = ""
    parameter: str = ""

    def __post_init__(self) -> None:
        if not self.code:
            raise ValueError("a finding needs a code")
        if self.status in (Status.MET, Status.NOT_MET) and (self.found is None or self.required is None):
            raise ValueError(f"{self.code}: found and required are needed for {self.status.value}")

    def __bool__(self) -> NoReturn:
        raise TypeError("ask .met: a finding has four answers, not two")

    @property
    def met(self) -> bool:
        """True only for `met`: what a person still has to judge, or what has no data, is not met."""
        return self.status is Status.MET

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `finding_from_dict` restores it. `clause` is the short citation, `source` the whole clause."""
        return {
            "code": self.code,
            "status": self.status.value,
            "met": self.met,
            "required": _plain(self.required),
            "found": _plain(self.found),
            "unit": self.unit,
            "clause": self.clause.cite,
            "source": self.clause.as_dict(),
            "denominator": self.denominator,
            "details": list(self.details),
            "parameter": self.parameter,
        }


def _plain(value: Value | None) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def finding_from_dict(data: Mapping[str, Any]) -> Finding:
    """A stored finding as it was decided. Dates come back as ISO text, lists as tuples."""

    def back(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    return Finding(
        code=data["code"],
        status=Status(data["status"]),
        required=back(data["required"]),
        found=back(data["found"]),
        clause=Clause(**data["source"]),
        denominator=data["denominator"],
        details=tuple(data["details"]),
        unit=data["unit"],
        parameter=data["parameter"],
    )


def decided(
    code: str,
    is_met: bool,
    *,
    found: Value,
    parameter: Parameter,
    required: Value | None = None,
    denominator: int | str | None = None,
    details: Sequence[str] = (),
) -> Finding:
    """Met or not met as the rule says; `required` defaults to the parameter's value."""
    return Finding(
        code=code,
        status=Status.MET if is_met else Status.NOT_MET,
        required=parameter.value if required is None else required,
        found=found,
        clause=parameter.clause,
        denominator=denominator,
        details=tuple(details),
        unit=parameter.unit,
        parameter=parameter.key,
    )


def to_judge(
    code: str,
    clause: Clause,
    *,
    found: Value | None = None,
    required: Value | None = None,
    denominator: int | str | None = None,
    details: Sequence[str] = (),
    parameter: Parameter | None = None,
) -> Finding:
    """A person decides: the evidence is there, or the number lies in the range where the words are soft."""
    return Finding(
        code=code,
        status=Status.JUDGE,
        required=required if required is not None or parameter is None else parameter.value,
        found=found,
        clause=clause,
        denominator=denominator,
        details=tuple(details),
        unit=parameter.unit if parameter else "",
        parameter=parameter.key if parameter else "",
    )


def no_data(code: str, clause: Clause, *, required: Value | None = None, details: Sequence[str] = (), parameter: Parameter | None = None) -> Finding:
    """There is nothing to compute from; `details` say what is missing."""
    return Finding(
        code=code,
        status=Status.NO_DATA,
        required=required if required is not None or parameter is None else parameter.value,
        found=None,
        clause=clause,
        details=tuple(details),
        unit=parameter.unit if parameter else "",
        parameter=parameter.key if parameter else "",
    )


def at_least(
    code: str,
    found: int,
    parameter: Parameter,
    *,
    strictly: bool = False,
    denominator: int | str | None = None,
    details: Sequence[str] = (),
) -> Finding:
    """`found >= parameter` (不少于, 以上), or `found > parameter` with `strictly` (超过)."""
    is_met = found > parameter.number if strictly else found >= parameter.number
    return decided(code, is_met, found=found, parameter=parameter, denominator=denominator, details=details)


def at_most(code: str, found: int, parameter: Parameter, *, denominator: int | str | None = None, details: Sequence[str] = ()) -> Finding:
    """`found <= parameter` (不超过, 最高)."""
    return decided(code, found <= parameter.number, found=found, parameter=parameter, denominator=denominator, details=details)


def share_at_least(
    code: str,
    part: int,
    whole: int,
    parameter: Parameter,
    *,
    tolerance: Parameter | None = None,
    strictly: bool = False,
    denominator: int | str | None = None,
    details: Sequence[str] = (),
) -> Finding:
    """`part / whole >= parameter` percent in whole numbers: part * 100 >= percent * whole, no rounding (PETOE-9.1, 9.8).

    `tolerance` (percentage points, 左右): inside it a person decides. `whole` 0 is no data. `found` is text such as
    "24/100 (24.0%)" because a rounded number could contradict the answer. `denominator` defaults to `whole`.
    """
    if part < 0 or whole < 0 or part > whole:
        raise ValueError(f"{code}: {part} of {whole} is not a share")
    if whole == 0:
        return no_data(code, parameter.clause, details=details or ("没有可统计的对象。",), parameter=parameter)
    found = f"{part}/{whole} ({part * 1000 // whole / 10:.1f}%)"
    named = whole if denominator is None else denominator
    asked = parameter.number * whole
    if part * 100 > asked or (part * 100 == asked and not strictly):
        return decided(code, True, found=found, parameter=parameter, denominator=named, details=details)
    if tolerance is not None and part * 100 >= (parameter.number - tolerance.number) * whole:
        return to_judge(code, parameter.clause, found=found, parameter=parameter, denominator=named, details=details)
    return decided(code, False, found=found, parameter=parameter, denominator=named, details=details)


def all_of(findings: Iterable[Finding]) -> Status:
    """The verdict when every finding has to be met: not met wins over no data, no data over judge; nothing is no data."""
    statuses = {finding.status for finding in findings}
    for status in (Status.NOT_MET, Status.NO_DATA, Status.JUDGE, Status.MET):
        if status in statuses:
            return status
    return Status.NO_DATA


def any_of(findings: Iterable[Finding], needed: int) -> Status:
    """The verdict when any `needed` of the findings suffice (PETOE-9: any 3 of 9).

    Met when enough are met; judge when persons could still make it enough; no data when data could; else not met.
    """
    statuses = [finding.status for finding in findings]
    if not statuses:
        return Status.NO_DATA
    reachable = 0
    for status in (Status.MET, Status.JUDGE, Status.NO_DATA):
        reachable += statuses.count(status)
        if reachable >= needed:
            return status
    return Status.NOT_MET


def missing(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are not met, in the order given: empty means eligible."""
    return tuple(finding for finding in findings if not finding.met)


def as_dicts(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """What a decision stores and what the commands print."""
    return [finding.as_dict() for finding in findings]
