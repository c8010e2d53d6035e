"""Which builder makes which kind, whether it is of one organisation, and how often it is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.reports.building import enterprises, graduates, province, talent
from trainhub.oversight.reports.types import Asked, Document, ReportKind


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a kind of report is made. `of`: the kind of organisation it is about, None: the province. `every`: (parameter, months a unit)."""

    build: Callable[[Asked], Document]
    of: OrganisationKind | None = None
    every: tuple[str, int] | None = None


RECIPES: dict[ReportKind, Recipe] = {
    ReportKind.CONTRIBUTION: Recipe(enterprises.contribution, every=("own.reports.contribution_every_months", 1)),
    ReportKind.CSR: Recipe(enterprises.csr, of=OrganisationKind.ENTERPRISE),
    ReportKind.TALENT: Recipe(talent.status, every=("own.reports.talent_every_months", 1)),
    ReportKind.DEMAND: Recipe(talent.demand, every=("own.reports.demand_every_months", 1)),
    ReportKind.OUTCOME: Recipe(graduates.outcome, every=("own.reports.outcome_every_months", 1)),
    ReportKind.UNIVERSITY: Recipe(province.university),
    ReportKind.QUALITY: Recipe(province.quality, every=("own.reports.quality_every_years", 12)),
    ReportKind.SCORECARD: Recipe(province.scorecard, of=OrganisationKind.BASE),
}


def build(asked: Asked) -> Document:
    """Make the document that was asked for. Reads only."""
    return RECIPES[asked.kind].build(asked)
