"""Which builder makes which kind, whether it is of one organisation, and how often it is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from flask_babel.speaklater import LazyString

from trainhub.kernel.i18n import _l
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.reports.building import enterprises, graduates, province, talent
from trainhub.oversight.reports.types import Asked, Document, ReportKind
from trainhub.oversight.surveys.types import SurveyKind


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a kind of report is made. `of`: the kind of organisation it is about, None: the province. `every`: (parameter, months a unit).
    `counts`: what is written down in the audit log about the things it counts, by the beginning of the code. `survey`: whose answers it tells."""

    build: Callable[[Asked], Document]
    of: OrganisationKind | None = None
    every: tuple[str, int] | None = None
    counts: tuple[str, ...] = ()
    survey: SurveyKind | None = None


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
    ReportKind.TALENT: Recipe(talent.status, every=("own.reports.talent_every_months", 1), counts=(*SURVEY, "talents."), survey=SurveyKind.DEMAND),
    ReportKind.DEMAND: Recipe(talent.demand, every=("own.reports.demand_every_months", 1), counts=SURVEY, survey=SurveyKind.DEMAND),
    ReportKind.OUTCOME: Recipe(graduates.outcome, every=("own.reports.outcome_every_months", 1), counts=SURVEY, survey=SurveyKind.GRADUATES),
    ReportKind.UNIVERSITY: Recipe(province.university, counts=GROUND),
    ReportKind.QUALITY: Recipe(province.quality, every=("own.reports.quality_every_years", 12), counts=GROUND),
    ReportKind.SCORECARD: Recipe(province.scorecard, of=OrganisationKind.BASE, counts=GROUND),
}


CHANGES: dict[int, tuple[date, LazyString]] = {
    2: (
        date(2026, 11, 30),
        _l(
            "培训人次和培训人员改按目标的口径统计；学生评价按已结束的半年成组公布；质量报告列出由各地上报的目标；"
            "填报薪酬的企业不足最少企业数时不公布平均月薪；各专业未应答人数很少时隐去应答人数；需求预测报告的学历层次表加列填报企业数。"
        ),
    ),
    3: (
        date(2026, 11, 30),
        _l("开放课程只计已发布的各期课程，选课人次只计已录取的学习者；草稿、待审核、候补和未录取的不再计入。"),
    ),
}
"""By version, since when reports are made by it, and what it changed. A change that moves figures, heads or sections of reports is a new version."""


def build(asked: Asked) -> Document:
    """Make the document that was asked for. Reads only."""
    return replace(RECIPES[asked.kind].build(asked), recipe=max(CHANGES))


def changes_since(recipe: int) -> list[tuple[date, str]]:
    """What changed in the way of counting after a version, with its day: where a recount differs it may be by this."""
    return [(day, str(words)) for version, (day, words) in sorted(CHANGES.items()) if version > recipe]
