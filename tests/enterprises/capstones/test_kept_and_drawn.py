"""Guidance is credited to whoever gave it, the archive is compared with what the store holds, rounds are drawn by a secret seed, lost places are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, ChoiceRound, Conflict, DefenceSlot, StageWindow, Team, TeamMember
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.planner.choices import Unit, allocate
from enterprises.capstones.queries import archive
from enterprises.capstones.types import CapstoneState, RoundKind, SupervisorRole, Verdict, WindowStage
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from tests.factories.parallel import together
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
SCHOOL, ENTERPRISE = SupervisorRole


def test_m83_credits_a_mentor_with_the_own_guidance(session: Session) -> None:
    found = make.case()
    make.guide(found)
    make.mentor(found.enterprise, who=(after := ground.person()))
    operations.assign_supervisor(capstone=found.capstone, role=ENTERPRISE, person=after, reason="离职", by=SYSTEM, **TIMES)
    row = queries.mentors_table(found.student.cohort_id, TODAY)[0]
    assert (row["mentor"], row["guidances"]) == (after.name, 0)


def test_guidance_at_the_enterprise_before_is_none_at_the_one_after(session: Session) -> None:
    found = make.case()
    make.guide(found)
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs[ENTERPRISE] == 8
    topic = make.topic(programme=found.programme, enterprise=(other := ground.enterprise()))
    operations.change_topic(capstone=found.capstone, topic=topic, reason="离开", by=SYSTEM, **TIMES)
    make.mentor(other, who=(after := ground.person()))
    operations.assign_supervisor(capstone=found.capstone, role=ENTERPRISE, person=after, by=SYSTEM, **TIMES)
    facts = queries.facts_of([found.capstone.id], TODAY)[found.capstone.id]
    assert (facts.logs.get(ENTERPRISE, 0), facts.logs[SCHOOL]) == (0, 8)


@pytest.mark.parametrize(("days", "is_refused"), [(-1, False), (0, False), (1, True)])
def test_no_guidance_is_dated_after_the_end(session: Session, days: int, is_refused: bool) -> None:
    found = make.case()
    on = make.END + timedelta(days=days)
    log = {"capstone": found.capstone, "role": SCHOOL, "content": "讨论", "by": found.by("school"), "now": NOW}
    if not is_refused:
        assert operations.log_guidance(on=on, today=on, **log).on == on
        return
    with pytest.raises(CapstoneRefused, match="结束日期") as no:
        operations.log_guidance(on=on, today=on, **log)
    assert no.value.field == "on"


def test_guidance_before_the_own_term_is_none(session: Session) -> None:
    """One is not credited with what was done before one was appointed; a term before counts."""
    found = make.case()
    assert found.teacher is not None
    ground.teacher(of=found.programme, who=(after := ground.person()))
    said = {"role": SCHOOL, "reason": "更换", "by": SYSTEM, "now": NOW}
    first, last = make.START + timedelta(days=30), make.START + timedelta(days=60)
    operations.assign_supervisor(capstone=found.capstone, person=after, today=first, **said)
    log = {"capstone": found.capstone, "role": SCHOOL, "content": "讨论", "today": TODAY, "now": NOW}
    for days, is_refused in ((29, True), (30, False), (31, False)):
        on = make.START + timedelta(days=days)
        if is_refused:
            with pytest.raises(CapstoneRefused, match="担任") as no:
                operations.log_guidance(on=on, by=make.as_person(after), **log)
            assert (no.value.field, no.value.code) == ("on", "before_term")
            continue
        row = operations.log_guidance(on=on, by=make.as_person(after), **log)
        operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW)
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs == {SCHOOL: 2}
    row.on = first - timedelta(days=1)  # as it was taken before this was refused
    session.flush()
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs == {SCHOOL: 1}
    operations.assign_supervisor(capstone=found.capstone, person=session.get_one(Person, found.teacher.person_id), today=last, **said)
    assert operations.log_guidance(on=make.START, by=found.by("school"), **log).on == make.START  # the own first term


# -- the archive --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["", "altered", "gone"])
def test_the_archive_is_compared_with_what_the_store_holds(session: Session, as_role: Callable[..., FlaskClient], what: str) -> None:
    import obstore

    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.accept_result(capstone=found.capstone, by=found.by("student"), **TIMES)
    operations.archive(capstone=found.capstone, by=SYSTEM, **TIMES)
    path = files.path_of(archive.files_of(found.capstone)[-1].file.sha256)
    if what == "altered":
        obstore.put(files.store(), path, make.PDF[:-1] + b"X")
    if what == "gone":
        obstore.delete(files.store(), path)
    key, programme_id = found.capstone.id, found.programme.id
    session.commit()
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/capstones/{key}/files").text
    assert ("材料不一致" in page, "保存的一致" in page) == (bool(what), not what)


def test_a_file_that_is_gone_is_told_on_a_page_and_in_the_log(
    session: Session, as_role: Callable[..., FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    import obstore

    found = make.handed_in()
    paper, file = queries.papers_of(found.capstone.id)[0]
    file.name, url, programme_id = "论文终稿.pdf", f"/capstones/{found.capstone.id}/papers/{paper.id}", found.programme.id
    row, digest = file.id, file.sha256
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert head.get(url).status_code == 200
    obstore.delete(files.store(), files.path_of(digest))
    answer = head.get(url)
    assert (answer.status_code, "论文终稿.pdf" in answer.text, "从备份恢复" in answer.text) == (404, True, True)
    assert f"stored file {row} " in caplog.text


def test_what_a_panel_signed_is_open_to_the_student_from_publication_on(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    panel = [ground.person() for _n in range(3)]
    group = operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30,
        chair=panel[0], members=panel[1:], secretary=make.signer(), by=SYSTEM, now=NOW,
    )  # fmt: skip
    slot = DefenceSlot(
        group_id=group.id, capstone_id=found.capstone.id, starts_minute=540, scores={}, verdict=Verdict.PASS, recorded_at=NOW, file_id=make.pdf(),
    )  # fmt: skip
    session.add(slot)
    session.flush()
    key, at, who, programme_id = found.capstone.id, slot.id, found.who.id, found.programme.id
    session.commit()
    student, head = as_role(Role.STUDENT, person_id=who), as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    url = f"/capstones/{key}/defences/{at}/file"
    assert (student.get(url).status_code, head.get(url).status_code) == (403, 200)
    assert [url in student.get(page).text for page in (f"/capstones/{key}", f"/capstones/{key}/files")] == [False, False]
    session.get_one(Capstone, key).state = CapstoneState.PASSED
    session.get_one(Capstone, key).finished_on = TODAY
    session.commit()
    assert student.get(url).status_code == 200


# -- the lottery ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [2, 3, 5])
def test_everybody_wins_the_lottery_about_as_often(many: int) -> None:
    units = [Unit(key, 1, {1: 1}) for key in range(1, many + 1)]
    wins = Counter(next(iter(allocate(units, {1: 1}, seed=seed).given)) for seed in range(60 * many))
    assert all(30 < wins[unit.id] < 90 for unit in units)


def _round(cohort: Cohort) -> ChoiceRound:
    days = {"opens_on": TODAY, "closes_on": TODAY, "starts_on": TODAY, "ends_on": TODAY + timedelta(days=90)}
    return operations.create_choices(cohort=cohort, kind=RoundKind.FIRST, by=SYSTEM, now=NOW, **days)


def test_each_round_has_a_seed_of_its_own(session: Session) -> None:
    seeds = {_round(session.get_one(Cohort, ground.student(ground.programme()).cohort_id)).seed for _n in range(3)}
    assert len(seeds) == 3
    assert 1 not in seeds


# -- places -------------------------------------------------------------------------------------------------------------------------


def test_a_student_whose_published_place_is_taken_away_is_told(session: Session) -> None:
    first = make.case()
    second = make.case(programme=first.programme, enterprise=first.enterprise)
    second.student.cohort_id = first.student.cohort_id
    cohort = session.get_one(Cohort, first.student.cohort_id)
    accounts = [identity.account(person=found.who) for found in (first, second)]
    panel = [ground.person() for _n in range(3)]
    for found in (first, second):
        make.submit(found)
    operations.form_group(
        cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:],
        secretary=make.signer(), by=SYSTEM, now=NOW,
    )  # fmt: skip
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    operations.publish_timetable(cohort=cohort, by=SYSTEM, now=NOW)
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    operations.publish_timetable(cohort=cohort, by=SYSTEM, now=NOW)
    assert [len(make.told(one.id, "capstones.defence")) for one in accounts] == [1, 1]
    for one in panel[:2]:  # the panel is near the second student: no place is left
        operations.record_conflict(person=one, student=second.student, reason="亲属", by=SYSTEM, now=NOW)
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    assert session.scalar(select(DefenceSlot.id).where(DefenceSlot.capstone_id == second.capstone.id)) is None
    assert [len(make.told(one.id, "capstones.defence")) for one in accounts] == [1, 2]
    assert "已取消" in make.told(accounts[1].id, "capstones.defence")[-1]


# -- twice at once --------------------------------------------------------------------------------------------------------------


def _team(key: int, student: Student, name: str, invited: Student) -> int:
    round, by = current().get_one(ChoiceRound, key), make.as_person(current().get_one(Person, student.person_id))
    team = operations.form_team(round=round, leader=student, name=name, by=by, now=NOW)
    operations.ask_into_team(team=team, student=invited, by=by, now=NOW)
    return team.id


@pytest.mark.database
def test_who_joins_two_teams_at_once_is_in_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        programme = ground.programme()
        first, second, third = (ground.student(programme) for _n in range(3))
        for one in (second, third):
            one.cohort_id = first.cohort_id
        current().flush()
        make.topic(programme=programme, seats=3, team_most=3)
        round = _round(current().get_one(Cohort, first.cohort_id))
        operations.open_choices(round=round, by=SYSTEM, now=NOW)
        teams = [_team(round.id, one, name, third) for one, name in ((first, "甲"), (second, "乙"))]
        by, key = make.as_person(current().get_one(Person, third.person_id)), third.id

    def join(team: int) -> Callable[[], object]:
        return lambda: operations.join_team(team=current().get_one(Team, team), student=current().get_one(Student, key), by=by, now=NOW)

    assert sorted(together(committed, join(teams[0]), join(teams[1])))[0] == ""
    with committed.app_context():
        joined = select(TeamMember.team_id).where(TeamMember.student_id == key, TeamMember.accepted_at.is_not(None))
        assert len(current().scalars(joined).all()) == 1


@pytest.mark.database
def test_windows_conflicts_and_rounds_that_are_sent_twice_at_once_are_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found = make.case()
        cohort_id, student_id, person_id = found.student.cohort_id, found.student.id, ground.person().id
    days = {WindowStage.THESIS: (TODAY, TODAY + timedelta(days=9))}

    def windows() -> object:
        return operations.set_windows(cohort=current().get_one(Cohort, cohort_id), windows=days, by=SYSTEM, now=NOW)

    def conflict() -> object:
        of = {"person": current().get_one(Person, person_id), "student": current().get_one(Student, student_id)}
        return operations.record_conflict(reason="舅舅", by=SYSTEM, now=NOW, **of)

    def round() -> object:
        return _round(current().get_one(Cohort, cohort_id))

    assert together(committed, windows, windows) == ["", ""]
    assert together(committed, conflict, conflict) == ["", ""]
    assert sorted(together(committed, round, round)) != ["", ""]
    with committed.app_context():
        for table, mine in ((StageWindow, StageWindow.cohort_id == cohort_id), (Conflict, Conflict.student_id == student_id)):
            assert len(current().scalars(select(table).where(mine)).all()) == 1
        assert len(current().scalars(select(ChoiceRound).where(ChoiceRound.cohort_id == cohort_id)).all()) == 1
