"""Bases that meet (or miss) the conditions of awards, and awards through operations."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from enterprises.awards import operations, steps
from enterprises.awards.models import Award
from enterprises.awards.types import GOOD, RuleCode, StepKind
from enterprises.bases import operations as bases
from enterprises.bases.types import AcceptanceStep, BaseType
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import HostSide, OrganisationKind

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def as_role(role: Role) -> Identity:
    """Somebody who holds a role everywhere."""
    return Identity(account_id=None, person_id=None, name=str(role), grants=(Grant(role),))


EDU, HR, ST, FIN = (as_role(role) for role in (Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST, Role.DEPT_FIN))


def leading(**given: Any) -> Organisation:
    """A leading internet enterprise whose credit was looked up."""
    given.setdefault("credit_status", GOOD)
    return company(is_internet_enterprise=True, is_leading_internet=True, **given)


def company(*, credit_status: str = GOOD, **given: Any) -> Organisation:
    """An enterprise, by default one whose credit was looked up."""
    row = ground.enterprise(**given)
    row.credit_status = credit_status
    return row


@remembered
def base(*types: BaseType, hosts: tuple[Any, ...] | None = None, **figures: Any) -> Organisation:
    """A base of these types with its file; by default co-built by a leading enterprise and a university."""
    if hosts is None:
        hosts = ((leading(), HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL))
    row = ground.base(*hosts)
    bases.open_base(base=row, by=SYSTEM, now=NOW, **figures)
    for kind in types or (BaseType.PRACTICE_BASE,):
        bases.add_type(base=row, type=kind, since=date(2015, 1, 1), by=SYSTEM, now=NOW)
    return row


def institute() -> Organisation:
    """A research institute."""
    return ground.organisation(OrganisationKind.RESEARCH_INSTITUTE)


def accept(row: Organisation, kind: BaseType = BaseType.PRACTICE_BASE, *, steps: int = 2, on: date = date(2026, 1, 5), by: Identity = SYSTEM) -> None:
    """The department's recognition and acceptance, recorded with the base."""
    for step in list(AcceptanceStep)[:steps]:
        bases.record_acceptance(base=row, type=kind, step=step, on=on, by=by, now=NOW)


@remembered
def apply(row: Organisation | None = None, rule: RuleCode = RuleCode.PRACTICE_BASE) -> Award:
    """An application, of a practice base made for it unless told otherwise; so it is below."""
    return operations.apply(base=row or base(), rule=rule, statement="申请", by=SYSTEM, today=TODAY, now=NOW)


def checked(made: Award, *, is_positive: bool = True) -> Award:
    """The prefecture's check."""
    steps.record(award=made, kind=StepKind.CHECK, on=TODAY, is_positive=is_positive, text="初审意见", by=SYSTEM, today=TODAY, now=NOW)
    return made


def examined(made: Award) -> Award:
    """The prefecture's check and the department's inspection, both positive."""
    for kind in (StepKind.CHECK, StepKind.INSPECTION):
        steps.record(award=made, kind=kind, on=TODAY, is_positive=True, text="符合要求", by=SYSTEM, today=TODAY, now=NOW)
    return made


@remembered
def accepted(row: Organisation | None = None, rule: RuleCode = RuleCode.PRACTICE_BASE) -> Award:
    """An application that was recognised and accepted."""
    made = examined(apply(row, rule))
    operations.recognise(award=made, on=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    return operations.accept(award=made, on=TODAY, by=SYSTEM, today=TODAY, now=NOW)


@remembered
def decided(row: Organisation | None = None, rule: RuleCode = RuleCode.PRACTICE_BASE, amount_fen: int | None = 60_000_000, **given: Any) -> Award:
    """An award that was decided."""
    return operations.decide(
        award=accepted(row, rule), amount_fen=amount_fen, minutes="厅务会纪要（2026）3号", by=SYSTEM, today=TODAY, now=NOW, **given
    )
