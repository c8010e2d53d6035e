"""What a visitor sees of the installation: sums that name nobody, kept for some minutes, and courses that are open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from courses.catalogue import queries as catalogue
from courses.catalogue.types import CourseCard, CourseFilter
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _l
from trainhub.kernel.kept import for_minutes
from trainhub.oversight.goals import rules
from trainhub.oversight.home.queries import province
from trainhub.policy.book import book

COURSES = 3
DEMO_PASSWORD = "demo-2026"  # noqa: S105 - published with the demo
DEMO_ACCOUNTS = (
    ("student", _l("学生")),
    ("trainee", _l("学员")),
    ("lecturer", _l("主讲教师")),
    ("mentor", _l("企业指导教师")),
    ("supervisor", _l("校内导师")),
    ("enterprise", _l("企业联系人与中心负责人")),
    ("programme", _l("专业负责人")),
    ("prefecture", _l("设区市经办人")),
    ("province", _l("省教育厅与省人社厅")),
    ("expert", _l("评价专家")),
    ("admin", _l("系统管理员")),
)
"""The accounts of a demo installation, shown to visitors of a demo only; `trainhub.demo.accounts` makes them."""


def sums(now: datetime) -> province.Sums:
    """The public sums, counted at most once in five minutes by a process (always anew in tests); of trained persons rounded down as open data is, so that
    the figure of now beside that of before tells of nobody."""
    return for_minutes("landing", now, lambda: _published(now))


def _published(now: datetime) -> province.Sums:
    found, step = province.sums(), book().at("own.reports.small_cell_min", on=local(now).date()).number
    return replace(found, persons=rules.coarse(found.persons, step))


def open_courses(today: date) -> list[CourseCard]:
    """The latest courses of the catalogue, each by the run that one can enter today."""
    rows = session().execute(catalogue.catalogue(CourseFilter(today=today)).limit(COURSES))
    return [catalogue.as_card(row) for row in rows]
