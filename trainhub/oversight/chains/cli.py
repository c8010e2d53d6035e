"""Commands of the chains: check a programme, issue its certificates, bring certificates in line with the records."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge, operator, progress
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.policy.findings import as_dicts

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("chains", cls=Group)
def chains() -> None:
    """培养链条：课程、企业学习、毕业设计 / the chain of course, placement and capstone."""


def _found(programme: str, cohort: int | None, on: date) -> tuple[Any, list[Any]]:
    from trainhub.oversight.chains import queries
    from trainhub.programmes import queries as programmes

    row = programmes.by_code(programme)
    if row is None:
        raise NotFound(_("没有代码为 %(code)s 的专业：用 trainhub programmes list 查看代码。", code=programme), code="no_programme")
    chosen = programmes.cohort_of(row.id, cohort) if cohort is not None else None
    if cohort is not None and chosen is None:
        raise NotFound(_("专业 %(code)s 没有 %(year)d 级。", code=programme, year=cohort), code="no_cohort")
    return row, queries.chains_of_programme(row, on=on, cohort_id=chosen.id if chosen else None)


@edge("check")
@click.option("--programme", required=True, help="专业代码 / code of the programme")
@click.option("--cohort", type=int, default=None, help="只看某一级 / only the cohort of this year")
@click.option("--on", type=DAY, default=None, help="按某日的规则，默认今天 / judge by the rules of this day (default: today)")
def check(programme: str, cohort: int | None, on: datetime | None) -> dict[str, Any]:
    """检查一个专业每名学生的培养链条 / judge the chain of every student of a programme.

    Example: trainhub chains check --programme FZU-080901 --json
    """
    day = on.date() if on else clock.today()
    row, found = _found(programme, cohort, day)
    students = [
        {
            "student": one.student_no,
            "complete": one.is_complete,
            "certificate": one.certificate_number,
            "findings": as_dicts(one.findings),
        }
        for one in found
    ]
    return {"programme": row.code, "on": day.isoformat(), "students": students, "complete": sum(one.is_complete for one in found)}


@edge("issue")
@click.option("--programme", required=True, help="专业代码 / code of the programme")
@click.option("--cohort", type=int, default=None, help="只看某一级 / only the cohort of this year")
@click.option("--dry-run", is_flag=True, help="只统计，不签发 / count only, issue nothing")
def issue(programme: str, cohort: int | None, dry_run: bool) -> dict[str, Any]:
    """为三项齐全的学生签发培养证书 / issue the programme certificates of whole chains.

    Example: trainhub chains issue --programme FZU-080901 --cohort 2022 --json
    """
    from dataclasses import asdict

    from trainhub.kernel.db import transaction
    from trainhub.oversight.chains import operations

    today = clock.today()
    if dry_run:
        row, found = _found(programme, cohort, today)
        whole = [one for one in found if one.is_complete]
        known = sum(one.certificate_number is not None for one in whole)
        counts = {"issued": len(whole) - known, "known": known, "waiting": 0, "incomplete": len(found) - len(whole)}
        return {"programme": row.code, "dry_run": True, **counts}
    with transaction():
        row, found = _found(programme, cohort, today)
        result = operations.issue(programme=row, chains=found, by=operator(), today=today, now=clock.now())
        return {"programme": row.code, "dry_run": False, **asdict(result)}


@edge("sweep")
@click.option("--programme", default=None, help="只核对一个专业，默认全部 / only the programme of this code (default: all)")
@click.option("--dry-run", is_flag=True, help="只统计，不改变 / count only, change nothing")
def sweep(programme: str | None, dry_run: bool) -> dict[str, Any]:
    """核对培养链条：补签发、暂停或更正培养证书 / bring programme certificates in line with the records: issue, suspend, correct.

    A worker does so once a day by itself.

    Example: trainhub chains sweep --dry-run --json
    Example: trainhub chains sweep --programme FZU-080901 --json
    """
    from trainhub.kernel.db import session
    from trainhub.oversight.chains import tasks
    from trainhub.programmes import queries as programmes

    codes = [programme] if programme is not None else sorted(programmes.all_by_code())
    if programme is not None and programmes.by_code(programme) is None:
        raise NotFound(_("没有代码为 %(code)s 的专业：用 trainhub programmes list 查看代码。", code=programme), code="no_programme")
    session().rollback()
    found = tasks.sweep_programmes(codes, is_dry=dry_run, tell=lambda done, total: progress(done, total, "chains"))
    return {"programmes": len(codes), "dry_run": dry_run, **found}


chains.add_command(check)
chains.add_command(sweep)
chains.add_command(issue)
