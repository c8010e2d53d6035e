"""The list of programmes, each judged on the same day: a line of the page, and the whole list as a file.

A programme is judged in some sixty statements whatever the number of its students, so a page waits for some of them (`AT_ONCE`); a longer
list is a file that a job makes, and a page shows fewer (`PAGE`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import N_, _, listed
from trainhub.kernel.made_tables import Made
from trainhub.kernel.sheets.types import Column
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import catalogue, labels, readiness
from trainhub.oversight.evaluation.types import Assessment, CriterionKind
from trainhub.policy.findings import Status
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import ProgrammeFilter, ProgrammeRow

AT_ONCE = 20
"""So many programmes are judged while somebody waits."""
PAGE = 10
"""So many stand on a page: it is opened more often than the file is asked for."""
NAME = N_("专业评价")
COLUMNS = (
    Column("code", "专业点代码"),
    Column("name", "专业名称"),
    Column("university", "学校"),
    Column("met", "达到的可计算要点"),
    Column("computed", "可计算要点"),
    Column("failing", "未达到"),
    Column("judged", "专家判断"),
    Column("accreditation", "认证"),
    Column("verdict", "结论"),
)
CODES = ("code",)


@dataclass(frozen=True, slots=True)
class Standing:
    """One programme of the list: how many criteria are met, judged, open."""

    row: ProgrammeRow
    answer: Assessment
    met: int
    computed: int
    judged: int
    failing: list[str]


def wanted(by: Identity, chosen: Mapping[str, str]) -> organisations.Statement:
    """The 卓越计划 programmes that the reader sees, as `chosen` (q, sort) filters and sorts them."""
    return programmes.listing(by, ProgrammeFilter(text=chosen.get("q", "").strip()[:60], is_petoe=True), chosen.get("sort") or "code")


def standing(row: ProgrammeRow, on: date) -> Standing:
    """A programme judged on a day. Raises NotInForce before the scheme existed."""
    programme = programmes.by_id(row.id)
    assert programme is not None
    return of_answer(row, readiness.assess(programme, on))


def of_answer(row: ProgrammeRow, answer: Assessment) -> Standing:
    """The same of an answer."""
    criteria = catalogue.criteria()
    computed = [f for f in answer.findings if criteria[f.code].kind is CriterionKind.COMPUTED]
    return Standing(
        row=row,
        answer=answer,
        met=sum(f.met for f in computed),
        computed=len(computed),
        judged=sum(code in answer.judgements for code, c in criteria.items() if c.kind is CriterionKind.JUDGED),
        failing=[f.code for f in computed if f.status is Status.NOT_MET],
    )


def line(one: Standing) -> tuple[Any, ...]:
    """A line of the file."""
    return (
        one.row.code, one.row.name, one.row.university, one.met, one.computed, listed(one.failing), one.judged,
        str(labels.ACCREDITATIONS[one.answer.accreditation]) if one.answer.accreditation else _("未登记"),
        str(labels.VERDICTS[one.answer.verdict]) if one.answer.verdict else _("未定"),
    )  # fmt: skip


def made(by: Identity, chosen: Mapping[str, str], on: date) -> Made:
    """The file of the whole list: judged programme by programme while it is written."""
    rows = [programmes.as_row(item) for item in programmes.rows_of(wanted(by, chosen))]

    def lines() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            yield line(standing(row, on))

    return Made(COLUMNS, lines(), len(rows), CODES)


def programme_of(row: ProgrammeRow) -> Programme:
    """The programme of a line."""
    found = programmes.by_id(row.id)
    assert found is not None
    return found
