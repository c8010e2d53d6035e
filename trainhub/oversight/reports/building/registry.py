"""Which builder makes which kind, whether it is of one organisation, and how often it is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.reports.building import enterprises, graduates, province, talent
from trainhub.oversight.reports.types import Asked, Document, ReportKind


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a kind of report is made. `of`: the kind of organisation it is about, None: the province. `every`: (parameter, months a unit).
    `counts`: what is written down in the audit log about the things it counts, by the beginning of the code."""

    build: Callable[[Asked], Document]
    of: OrganisationKind | None = None
    every: tuple[str, int] | None = None
    counts: tuple[str, ...] = ()


NAMES = ("organisations.organisation.", "programmes.programme.")
FIELD = (
    *NAMES,
    "people.employment.",
    "courses.teaching.secondment_",
    "courses.teaching.appointed",
    "courses.teaching.closed",
    "mentors.mentor.",
    "capstones.capstone.",
    "capstones.supervisor.",
)
SURVEY = (*NAMES, "surveys.", "people.student.", "programmes.cohort.")
GROUND = (*FIELD, "people.student.", "programmes.cohort.", "courses.course.", "courses.run.", "certificates.certificate.", "goals.", "awards.award.")
RECIPES: dict[ReportKind, Recipe] = {
    ReportKind.CONTRIBUTION: Recipe(enterprises.contribution, every=("own.reports.contribution_every_months", 1), counts=FIELD),
    ReportKind.CSR: Recipe(enterprises.csr, of=OrganisationKind.ENTERPRISE, counts=FIELD),
    ReportKind.TALENT: Recipe(talent.status, every=("own.reports.talent_every_months", 1), counts=(*SURVEY, "talents.")),
    ReportKind.DEMAND: Recipe(talent.demand, every=("own.reports.demand_every_months", 1), counts=SURVEY),
    ReportKind.OUTCOME: Recipe(graduates.outcome, every=("own.reports.outcome_every_months", 1), counts=SURVEY),
    ReportKind.UNIVERSITY: Recipe(province.university, counts=GROUND),
    ReportKind.QUALITY: Recipe(province.quality, every=("own.reports.quality_every_years", 12), counts=GROUND),
    ReportKind.SCORECARD: Recipe(province.scorecard, of=OrganisationKind.BASE, counts=GROUND),
}


def build(asked: Asked) -> Document:
    """Make the document that was asked for. Reads only."""
    return RECIPES[asked.kind].build(asked)
