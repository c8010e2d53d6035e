"""Two sessions on one round at once: a plan is started once, and published once."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from sqlalchemy import func, select

from enterprises.placements import operations, queries
from enterprises.placements.models import Placement, Round
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Job

NOW = make.NOW


def test_a_plan_that_two_start_at_once_is_one_job_and_published_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        term = make.term(university=university, starts_on=date(2026, 4, 6), weeks=32)
        make.mentor(enterprise=enterprise)
        position = make.position(enterprise=enterprise, terms=[term], seats=2)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        operations.save_preferences(round=round, student=student, position_ids=[position.id], by=SYSTEM, now=NOW)
        operations.close_round(round=round, by=SYSTEM, now=NOW)
        key, after = round.id, make.at(round.closes_on + timedelta(days=1))

    def the_round() -> Round:
        found = queries.round_(key)
        assert found is not None
        return found

    def ask() -> object:
        return operations.ask_for_plan(round=the_round(), by=SYSTEM, now=after)

    assert together(committed, ask, ask) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Job).where(Job.task == "placements.plan")) == 1
    with committed.app_context(), transaction():
        operations.plan_round(round=the_round(), by=SYSTEM, now=after)

    def publish() -> object:
        return operations.publish_round(round=the_round(), by=SYSTEM, now=after)

    assert together(committed, publish, publish) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Placement).where(Placement.round_id == key)) == 1
