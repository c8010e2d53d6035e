"""The team of the practice centre and what a year costs: facts beside two criteria that a person judges (PETOE-6.4, 10.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import func, or_, select

from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.oversight.evaluation.models import BudgetNeed, CentreMentor
from trainhub.oversight.evaluation.register_types import BudgetPurpose, CentreRole
from trainhub.policy.book import book

YEAR = timedelta(days=365)
ROLES = {CentreRole.FACULTY: "高校教师", CentreRole.TECHNICIAN: "企业专业技术人员", CentreRole.MANAGER: "企业管理人员"}


def centre_mentors(programme_id: int) -> list[tuple[CentreMentor, str]]:
    """(entry, name of the base): who is there now first, then by centre and name."""
    statement = (
        select(CentreMentor, Organisation.name)
        .join(Organisation, Organisation.id == CentreMentor.base_id)
        .where(CentreMentor.programme_id == programme_id)
        .order_by(CentreMentor.until.is_not(None), Organisation.name, CentreMentor.role, CentreMentor.since, CentreMentor.id)
    )
    return [(row, name) for row, name in session().execute(statement)]


def centre_mentor(programme_id: int, base_id: int, name: str, role: CentreRole, since: date) -> CentreMentor | None:
    """The entry of somebody at a centre from a day."""
    return session().scalar(
        select(CentreMentor).where(
            CentreMentor.programme_id == programme_id,
            CentreMentor.base_id == base_id,
            CentreMentor.name == name,
            CentreMentor.role == role,
            CentreMentor.since == since,
        )
    )


def faculty_at(programme_id: int, on: date) -> dict[int, int]:
    """By centre: how many teachers of the school are in its team on a day. One query."""
    row = CentreMentor
    statement = select(row.base_id, func.count()).where(
        row.programme_id == programme_id, row.role == CentreRole.FACULTY, row.since <= on, or_(row.until.is_(None), row.until >= on)
    )
    return {int(key): int(number) for key, number in session().execute(statement.group_by(row.base_id))}


def needs(programme_id: int) -> list[BudgetNeed]:
    """What the years cost, the latest first."""
    statement = select(BudgetNeed).where(BudgetNeed.programme_id == programme_id)
    return list(session().scalars(statement.order_by(BudgetNeed.year.desc(), BudgetNeed.purpose)))


def need(programme_id: int, year: int, purpose: BudgetPurpose) -> BudgetNeed | None:
    """What a purpose costs in a year."""
    return session().scalar(select(BudgetNeed).where(BudgetNeed.programme_id == programme_id, BudgetNeed.year == year, BudgetNeed.purpose == purpose))


def team_text(programme_id: int, on: date) -> str:
    """Who is in the team on a day by kind, whether all three kinds are there, and how stable it is (002:513). One query; empty: nobody."""
    rows = list(
        session().scalars(
            select(CentreMentor).where(
                CentreMentor.programme_id == programme_id,
                CentreMentor.since <= on,
                or_(CentreMentor.until.is_(None), CentreMentor.until >= on - YEAR),
            )
        )
    )
    there = [row for row in rows if row.until is None or row.until >= on]
    if not there:
        return ""
    kinds = Counter(row.role for row in there)
    lacks = [one for one in book().at("petoe.centre_mentor_kinds", on=on).items if not kinds[CentreRole(str(one))]]
    stays = sum(row.since <= on - YEAR for row in there)
    return (
        f"中心指导教师队伍 {len(there)} 人；{'；'.join(f'{name} {kinds[role]} 人' for role, name in ROLES.items())}；"
        f"{'三类人员不齐全' if lacks else '三类人员齐全'}；在队满一年 {stays} 人，近一年加入 {len(there) - stays} 人、离开 {len(rows) - len(there)} 人"
    )


def need_text(programme_id: int, on: date, given: Mapping[tuple[int, BudgetPurpose], int]) -> str:
    """Whether the money from all sources (`given`: by year and purpose) is what the latest year entered needs (002:627). One query."""
    rows = (
        session()
        .execute(
            select(BudgetNeed.purpose, BudgetNeed.year, BudgetNeed.need_fen).where(
                BudgetNeed.programme_id == programme_id,
                BudgetNeed.year
                == select(func.max(BudgetNeed.year)).where(BudgetNeed.programme_id == programme_id, BudgetNeed.year <= on.year).scalar_subquery(),
            )
        )
        .all()
    )
    if not rows:
        return ""
    year = rows[0].year
    planned_for = {row.purpose: given.get((year, row.purpose), 0) for row in rows}
    planned = sum(fen for (of_year, _purpose), fen in given.items() if of_year == year)
    needed = sum(int(row.need_fen) for row in rows)
    short = sum(planned_for[row.purpose] < row.need_fen for row in rows)
    return (
        f"{year} 年度需要 {needed // 100:,} 元，各渠道预算 {planned // 100:,} 元（{'满足' if planned >= needed else '不足'}）；"
        f"填报需要的用途 {len(rows)} 项，其中预算不足 {short} 项"
    )
