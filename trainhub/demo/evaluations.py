"""The demo's programmes as the evaluation sees them: one meets every computed criterion, one fails 5.2, 7.2 and 9.8, one is under way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from enterprises.placements import queries as placements
from enterprises.placements.operations import planitems, plansigning
from trainhub.demo import evaluation_cases
from trainhub.demo.elective import add_elective
from trainhub.demo.evaluation_data import complete_programme, failing_programme, plan_of
from trainhub.demo.ground import FOREIGN_EVERY
from trainhub.demo.world import World
from trainhub.oversight.evaluation.operations import support
from trainhub.oversight.evaluation.register_types import CentreRole
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import ProgrammeVersion

PLAN = (("认识实习与安全教育", 40, 0), ("生产实习", 80, 0), ("岗位实践", 120, 2), ("企业毕业设计", 100, 2))
"""Items of the enterprise training plan: title, weeks in tenths, which base; 34 weeks together."""


def build(world: World) -> None:
    """Plans for all three programmes, then what the evaluation reads."""
    calendar, graduated = world.calendar, world.calendar.graduated
    items: dict[int, list[int]] = {}

    def in_enterprises(version: ProgrammeVersion) -> None:
        items[version.programme_id] = [
            planitems.add_plan_item(
                version=version,
                title=title,
                weeks_x10=weeks,
                base_id=world.bases[base].id,
                assessment="企业导师与学校教师共同评定",
                by=world.by,
                now=calendar.at(-1500),
            ).id
            for title, weeks, base in PLAN
        ]
        signed: dict[str, Any] = {"version": version, "by": world.by, "now": calendar.at(-1500)}
        for enterprise_id in placements.plan_enterprises(version.id):
            plansigning.sign_plan_as_enterprise(enterprise_id=enterprise_id, signed_name="总工程师", **signed)
        plansigning.sign_plan(signed_name="教学院长", signed_on=calendar.plus(-1500), **signed)

    for place, programme in enumerate(world.programmes):
        version = plan_of(
            programme=programme,
            label=f"{graduated} 版",
            from_cohort_year=graduated,
            by=world.by,
            today=calendar.plus(-1500),
            now=calendar.at(-1500),
            complete=in_enterprises,
        )
        world.versions[place] = version
        for entry in (graduated, calendar.final_entry, calendar.final_entry + 1):
            cohort = world.cohorts[place, entry]
            programmes.change_cohort(cohort=cohort, by=world.by, now=calendar.at(-1), version=version, graduated_on=cohort.graduated_on)
    everybody = [student for (place, _entry), made in world.students.items() if place == 0 for student in made]
    complete_programme(
        programme=world.programmes[0],
        cohort=world.cohorts[0, graduated],
        by=world.by,
        today=world.day,
        now=world.now,
        foreign=everybody[::FOREIGN_EVERY],
        plan_item_ids=items[world.programmes[0].id],
        judged_before=timedelta(days=60),
    )
    failing_programme(
        programme=world.programmes[1],
        cohort=world.cohorts[1, graduated],
        by=world.by,
        today=world.day,
        now=world.now,
        plan_item_ids=items[world.programmes[1].id],
    )
    for place in (0, 1):
        add_elective(programme=world.programmes[place], cohort=world.cohorts[place, graduated], by=world.by, today=world.day, now=world.now)
    _teams(world)
    evaluation_cases.build(world)


def _teams(world: World) -> None:
    """Who guides at the centre of the two programmes that were judged: all three kinds, one came this year, one left."""
    firm, plus = world.enterprises[0].name, world.calendar.plus
    team = (
        ("陈教研（演示）", CentreRole.FACULTY, "示范大学", "副教授", -1400, None),
        ("林实验（演示）", CentreRole.FACULTY, "示范大学", "实验师", -900, -120),
        ("黄工艺（演示）", CentreRole.TECHNICIAN, firm, "高级工程师", -1400, None),
        ("郑设备（演示）", CentreRole.TECHNICIAN, firm, "工程师", -700, None),
        ("吴质量（演示）", CentreRole.TECHNICIAN, firm, "工程师", -150, None),
        ("许培训（演示）", CentreRole.MANAGER, firm, "培训主管", -1400, None),
    )
    for programme in world.programmes[:2]:
        for name, role, unit, post, since, until in team:
            support.add_centre_mentor(
                programme=programme,
                base=world.bases[0],
                name=name,
                role=role,
                unit=unit,
                post=post,
                since=plus(since),
                until=plus(until) if until is not None else None,
                by=world.by,
                now=world.now,
            )
