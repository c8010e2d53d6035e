"""Builds the demo province, part by part, in the order in which it could have happened. Doing it again changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from trainhub.config import DEMO_MARK
from trainhub.demo import (
    accounts,
    certified,
    classroom,
    courses,
    coursework,
    evaluations,
    funding,
    ground,
    holidays,
    notices,
    practice,
    projects,
    province,
    trainees,
)
from trainhub.demo.calendar import Calendar
from trainhub.demo.invented import UNIVERSITIES
from trainhub.demo.world import World
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.commands import progress
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.folders import private_folder
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

PARTS: tuple[tuple[str, Callable[[World], None]], ...] = (
    ("机构、专业与人员", ground.build),
    ("账户", accounts.build),
    ("放假安排", holidays.build),
    ("课程与学习", courses.build),
    ("讨论、公告与学情", classroom.build),
    ("基地、导师与实习", practice.build),
    ("毕业设计与奖励", projects.build),
    ("指导教师证明", certified.build),
    ("专业评价", evaluations.build),
    ("作业、成绩与学分认定", coursework.build),
    ("奖补与资金", funding.build),
    ("调查、人才库与报告", province.build),
    ("通知", notices.build),
)


class NotADemo(Refused):
    """The instance holds data of its own."""

    code = "not_a_demo"


def mark_of(instance: Path) -> dict[str, Any]:
    """What the instance remembers of its demo; empty when it has none."""
    path = instance / DEMO_MARK
    return dict(json.loads(path.read_text())) if path.exists() else {}


def put_mark(instance: Path, *, day: date, scale: int, is_built: bool) -> None:
    """Remember that this instance is a demo, its day and its size."""
    private_folder(instance)
    part = instance / (DEMO_MARK + ".part")
    part.write_text(json.dumps({"today": day.isoformat(), "scale": scale, "is_built": is_built}))
    part.replace(instance / DEMO_MARK)


def refuse_foreign_data(connection: sa.Connection, *, is_ours: bool) -> None:
    """A demo is built only into a database that is empty but for reference data, whatever lies in the folder.

    Loading reference data is done by the system itself; whatever somebody did, by a page or a command, is in the audit log under their name.
    `is_ours`: the demo's own people have begun to act here.
    """
    tables = set(sa.inspect(connection).get_table_names())
    asked = []
    if Person.__tablename__ in tables:
        asked.append(select(Person.id).where(Person.is_demo.is_(False)))
    if audit.AuditEvent.__tablename__ in tables and not is_ours:
        event = audit.AuditEvent
        asked.append(select(event.id).where(sa.or_(event.account_id.is_not(None), event.actor != SYSTEM.name)))
    if any(connection.scalar(one.limit(1)) is not None for one in asked):
        raise NotADemo(
            "本实例已有自己的数据，不能在其中生成演示数据。请另设一个实例目录（TRAINHUB_INSTANCE）和空的数据库（TRAINHUB_DATABASE_URL）再执行 trainhub demo。"
        )


def stands_in(connection: sa.Connection) -> bool:
    """Whether the province stands in a database that may not be migrated yet, or not even made."""
    if not sa.inspect(connection).has_table(Organisation.__tablename__):
        return False
    return connection.scalar(select(Organisation.id).where(Organisation.code == UNIVERSITIES[0][0]).limit(1)) is not None


def is_begun() -> bool:
    """Whether the province itself stands; then only the roster may be missing (a build that was killed)."""
    return organisations.by_code(UNIVERSITIES[0][0]) is not None


def build(day: date, scale: int) -> dict[str, Any]:
    """Build the province in one transaction, then import its roster; returns seconds by part. Raises NotADemo."""
    world = World(Calendar(day), scale)
    seconds: dict[str, float] = {}
    with transaction() as current:
        refuse_foreign_data(current.connection(), is_ours=is_begun())
        if not is_begun():
            world.made["person_of"] = lambda person_id: current.get(Person, person_id)
            for number, (label, part) in enumerate(PARTS):
                progress(number, len(PARTS) + 1, label)
                started = time.perf_counter()
                part(world)
                current.flush()
                seconds[label] = round(time.perf_counter() - started, 2)
    started = time.perf_counter()
    progress(len(PARTS), len(PARTS) + 1, "培训学员与目标")
    trainees.build(world.calendar, scale)
    funding.after_roster(world.calendar)
    province.make_reports(world.calendar)
    seconds["培训学员与目标"] = round(time.perf_counter() - started, 2)
    progress(len(PARTS) + 1, len(PARTS) + 1, "演示数据")
    return seconds
