"""How ready a programme was when it handed in its reports: what the experts of the visit read, kept as it was found (002:213-217).

What stands today is the programme's; beside it whoever reads the programme sees what changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enterprises.placements.labels import TAGS
from enterprises.placements.types import LogTag
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_, _, in_language
from trainhub.oversight.evaluation import behind, catalogue, readiness
from trainhub.oversight.evaluation.behind import Behind
from trainhub.oversight.evaluation.sentences import FOUND
from trainhub.oversight.evaluation.store import queries
from trainhub.oversight.evaluation.store.models import FrozenReadiness
from trainhub.oversight.evaluation.types import AccreditationStanding, Assessment, Case, Criterion, Group, RequirementAnswer, SpecialResult, Verdict
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.policy.findings import Finding, Status, as_dicts, finding_from_dict
from trainhub.programmes.models import Programme

OF_LOGS = "6.10"
"""The criterion about what students did in enterprises: their weekly logs tell."""
OF_ITEMS = "6.11"
"""The criterion about what was carried out of the plan: a row of an item says of how many."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer of the day of a submission, with who and what stood behind each finding. `is_kept`: as it was found then;
    an application of before that was kept is judged anew for its day."""

    application_id: int
    on: date
    at: datetime
    answer: Assessment
    behind: Mapping[str, Behind]
    raw: Mapping[str, Finding]
    """What the data alone said about each criterion: on this a verdict rests."""
    is_kept: bool = True

    @property
    def findings(self) -> dict[str, Finding]:
        """The 64 by their code."""
        return {finding.code: finding for finding in self.answer.findings}


def plain(answer: Assessment, case: Case, logs: Sequence[tuple[LogTag, int, int]] = ()) -> dict[str, Any]:
    """The columns of `FrozenReadiness`, in the official terms. `logs`: what students wrote about in their weekly logs (6.10)."""
    group = answer.group
    with in_language("zh"):
        tables = _tables(case)
        written = [(str(TAGS[tag]), some, everybody) for tag, some, everybody in logs if everybody]
    if written:
        heads = [N_("周志中的内容"), {"label": N_("写过的学生"), "num": True}, {"label": N_("有周志的学生"), "num": True}]
        tables[OF_LOGS] = Behind(heads, written, len(written))
    return {
        "requirements": {str(one.requirement.no): one.status.value for one in answer.answers},
        "findings": as_dicts(answer.findings),
        "raw": as_dicts(readiness.raw_of(case, readiness.parameters(answer.on)).values()),
        "behind": {code: {"columns": list(one.columns), "rows": [list(row) for row in one.rows], "all": one.all} for code, one in tables.items()},
        "group": {
            "cohort_years": list(group.cohort_years),
            "is_finished": group.is_finished,
            "size": group.size,
            "withdrawn": list(group.withdrawn),
            "left": list(group.left),
            "joined": list(group.joined),
            "graduations": list(group.graduations),
        },
        "special_result": answer.special_result.value if answer.special_result else "",
        "accreditation": answer.accreditation.value if answer.accreditation else "",
        "verdict": answer.verdict.value if answer.verdict else "",
        "reapply_from": answer.reapply_from,
    }


def of_application(application: Application, programme: Programme) -> Submitted | None:
    """What was found when the reports of an application were handed in; None before."""
    if application.submitted_at is None:
        return None
    row = queries.frozen_readiness(application.id)
    if row is not None:
        return _restored(row, programme)
    on = local(application.submitted_at).date()
    answer, case = readiness.look(programme, on)
    return Submitted(application.id, on, application.submitted_at, answer, _tables(case), raw_on(programme, on, case), is_kept=False)


def raw_on(programme: Programme, on: date, case: Case | None = None) -> dict[str, Finding]:
    """What the data alone say about each criterion on a day."""
    return readiness.raw_of(case if case is not None else readiness.look(programme, on)[1], readiness.parameters(on))


def _tables(case: Case) -> dict[str, Behind]:
    return {code: found for code in catalogue.criteria() if (found := behind.behind(case, code)) is not None}


def _restored(row: FrozenReadiness, programme: Programme) -> Submitted:
    findings = {one["code"]: finding_from_dict(one) for one in row.findings}

    def of(criteria: tuple[Criterion, ...]) -> tuple[Finding, ...]:
        return tuple(findings[one.code] for one in criteria if one.code in findings)

    group = row.group
    answer = Assessment(
        on=row.on,
        group=Group(
            tuple(group["cohort_years"]),
            group["is_finished"],
            group["size"],
            tuple(group["withdrawn"]),
            tuple(group["left"]),
            tuple(group["joined"]),
            tuple(group.get("graduations", ())),  # what was frozen before knows none
        ),
        answers=tuple(
            RequirementAnswer(one, Status(row.requirements[str(one.no)]), of(one.criteria))
            for one in catalogue.requirements()
            if str(one.no) in row.requirements
        ),
        special_result=SpecialResult(row.special_result) if row.special_result else None,
        accreditation=AccreditationStanding(row.accreditation) if row.accreditation else None,
        verdict=Verdict(row.verdict) if row.verdict else None,
        reapply_from=row.reapply_from,
        judgements={},
    )
    raw = {one["code"]: finding_from_dict(one) for one in row.raw} if row.raw is not None else raw_on(programme, row.on)
    return Submitted(
        row.application_id, row.on, row.frozen_at, answer, {code: _told(one, is_worded=code == OF_ITEMS) for code, one in row.behind.items()}, raw
    )


OURS = frozenset(["是", "否", "免予选送", "已完成", "进行中", "已计划", "必修", "选修"])
"""Cells that the platform words; every other one is a name or a number, as it was entered."""


RESULT = 2
"""The column of 6.11 that says what was done; those before it name the item and its place in the plan."""


def _in_words(head: Mapping[str, Any], part: str) -> str:
    word = str(head[part])
    return _(word)


def _told(kept: Mapping[str, Any], *, is_worded: bool = False) -> Behind:
    """A kept table in the reader's language: its heads and the words that are ours; `is_worded`: sentences too stand among its cells."""
    columns = [{**one, "label": _in_words(one, "label")} if isinstance(one, dict) else _(one) for one in kept["columns"]]
    told = FOUND.told if is_worded else str

    def cell_told(at: int, cell: Any) -> Any:
        if not isinstance(cell, str):
            return cell
        return _(cell) if cell in OURS else told(cell) if at == RESULT else cell

    rows = [[cell_told(at, cell) for at, cell in enumerate(line)] for line in kept["rows"]]
    return Behind(columns, rows, kept["all"])


def changes(before: Assessment, after: Assessment) -> list[tuple[Finding, Finding]]:
    """(at the submission, now) of every criterion that is answered otherwise, or whose facts are others."""
    now = {finding.code: finding for finding in after.findings}
    return [(one, now[one.code]) for one in before.findings if one.code in now and _said(one) != _said(now[one.code])]


def _said(finding: Finding) -> tuple[Any, ...]:
    told = finding.as_dict()
    facts = told["details"] if told["found"] is None else ()
    return told["status"], told["found"], told["required"], facts
