"""`goals report`, the kept facts and `trainees export`, on rosters that went through the import."""

from __future__ import annotations

import random
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.trainhub.ledger.conftest import bases, command  # noqa: F401 - fixtures
from tests.trainhub.ledger.rosters import read, resident, row, write
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import PossibleDuplicate, TrainingRecord
from trainhub.oversight.goals import operations, queries, reporting
from trainhub.oversight.goals.models import Goal, GoalFact, GoalPerson
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.operations.retaining import forget_numbers
from trainhub.people.types import PairDecision

Command = Callable[..., dict[str, Any]]
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("bases")
UNITS = ["350100", "350200", "350300", "350400", "350500", "350600", "350700", "350800", "350900", "350128"]


def load(command: Command, tmp_path: Path, *rows: dict[str, str]) -> None:
    result = command("trainees", "import", write(tmp_path / f"{random.random()}.csv", rows))
    assert (result["exit_code"], result["rejected"]) == (0, 0)


def report(command: Command, *args: str) -> dict[str, Any]:
    found = command("goals", "report", *args)
    assert found.pop("exit_code") == 0
    return found


def test_an_empty_goal_has_all_its_fields(command: Command) -> None:
    assert report(command, "--on", "2016-12-31") == {
        "goal": "fj-400k",
        "target": 400_000,
        "deadline": "2017-12-31",
        "on": "2016-12-31",
        "persons": 0,
        "enrolments": 0,
        "share": 0.0,
        "by_prefecture": dict.fromkeys(UNITS, 0),
        "by_category": {"founder": 0, "worker": 0},
        "by_month": {},
        "by_base": {},
        "forecast": {"on_deadline": 0, "reaches_on": None, "low": 0, "high": 0},
    }


def test_a_person_counts_once_where_they_were_first(command: Command, tmp_path: Path) -> None:
    load(
        command,
        tmp_path,
        row(1, completed_on="2016-05-01", county_code="350203", base_code="B-02", category="worker"),
        row(1, completed_on="2016-03-01", county_code="350128"),
        row(1, completed_on="2016-03-01", county_code="350102", course="同日后登记"),
        row(2, completed_on="2016-03-31", county_code="350102"),
        row(3, completed_on="2015-01-01", counted="no"),
    )
    found = report(command, "--on", "2017-12-31")
    assert (found["persons"], found["enrolments"], found["share"]) == (2, 4, 0.000005)
    assert {code: n for code, n in found["by_prefecture"].items() if n} == {"350128": 1, "350100": 1}
    assert (found["by_category"], found["by_month"], found["by_base"]) == ({"founder": 2, "worker": 0}, {"2016-03": 2}, {"B-01": 2})


@pytest.mark.parametrize(("day", "persons"), [("2014-12-31", 0), ("2015-01-01", 1), ("2017-12-31", 1), ("2018-01-01", 0)])
def test_the_span_of_the_goal(command: Command, tmp_path: Path, day: str, persons: int) -> None:
    load(command, tmp_path, row(1, completed_on=day))
    assert report(command)["persons"] == persons


def test_on_cuts_the_figures(command: Command, tmp_path: Path) -> None:
    load(command, tmp_path, row(1, completed_on="2016-03-01"), row(2, completed_on="2016-03-02"))
    assert [report(command, "--on", day)["persons"] for day in ("2016-02-29", "2016-03-01", "2016-03-02")] == [0, 1, 2]
    assert report(command, "--on", "2009-01-01")["persons"] == 0


def test_a_cancelled_record_does_not_count(command: Command, session: Session, tmp_path: Path) -> None:
    load(command, tmp_path, row(1, completed_on="2016-03-01"), row(1, completed_on="2016-04-01", county_code="350203"))
    first = session.scalars(select(TrainingRecord.id).order_by(TrainingRecord.completed_on)).first()
    with transaction():
        _row, is_new = ledger.cancel_record(record_id=first or 0, reason="重复登记", by=SYSTEM, now=NOW)
        assert is_new
        assert not ledger.cancel_record(record_id=first or 0, reason="又一次", by=SYSTEM, now=NOW)[1]
    found = report(command)
    assert (found["persons"], found["enrolments"], found["by_prefecture"]["350200"]) == (1, 1, 1)


def test_persons_decided_to_be_the_same_count_once_and_may_part_again(command: Command, session: Session, tmp_path: Path) -> None:
    load(command, tmp_path, *(row(n, id_number=resident(n), name="林一", completed_on=f"2016-03-0{n}") for n in (1, 2, 3)))
    assert report(command)["persons"] == 3
    pairs = list(session.scalars(select(PossibleDuplicate.id).order_by(PossibleDuplicate.person_id, PossibleDuplicate.other_person_id)))
    persons = []
    for pair, is_same in ((pairs[0], True), (pairs[2], True), (pairs[1], True), (pairs[0], False), (pairs[1], False)):
        with transaction():
            ledger.decide_duplicate(duplicate_id=pair, is_same=is_same, note="换发证件", by=SYSTEM, now=NOW + timedelta(minutes=len(persons)))
        persons.append(report(command)["persons"])
    assert persons == [2, 1, 1, 1, 2]


@pytest.mark.database
def test_a_completion_under_two_numbers_of_one_human_counts_once(command: Command, session: Session, tmp_path: Path) -> None:
    goal = queries.by_code("fj-400k")
    assert goal is not None

    def figures() -> tuple[int, ...]:
        with transaction():
            operations.refresh(goal=goal, now=NOW)
        found = report(command)
        assert queries.kept_totals(goal) == (found["enrolments"], found["persons"])
        return found["persons"], found["enrolments"]

    load(command, tmp_path, *(row(n, id_number=resident(n), name="林一") for n in (1, 2)))
    assert figures() == (2, 2)
    pair = session.scalars(select(PossibleDuplicate.id)).one()
    with transaction():
        ledger.decide_duplicate(duplicate_id=pair, is_same=True, note="核对", by=SYSTEM, now=NOW)
    assert figures() == (1, 1)
    later = datetime(2100, 1, 1, tzinfo=UTC)
    assert reporting.report(goal, on=date(2017, 12, 31), known_at=later)["enrolments"] == 1
    load(command, tmp_path, row(1, id_number=resident(1), name="林一", completed_on="2016-04-01"))
    again = write(tmp_path / "again.csv", [row(2, id_number=resident(2), name="林一", completed_on="2016-04-01")])
    assert [command("trainees", "import", again, *dry)["duplicates"] for dry in (["--dry-run"], [])] == [1, 1]
    assert figures() == (1, 2)
    with transaction():
        ledger.decide_duplicate(duplicate_id=pair, is_same=False, note="核对", by=SYSTEM, now=NOW + timedelta(minutes=1))
    assert figures() == (2, 3)


@pytest.mark.database
def test_the_queue_sees_what_was_decided_on_the_page_of_a_person(command: Command, session: Session, tmp_path: Path) -> None:
    """Merged from the queue, parted on the person's page, merged from the queue again: the last word holds, and it is no repetition."""
    load(command, tmp_path, *(row(n, id_number=resident(n), name="林一", completed_on=f"2016-03-0{n}") for n in (1, 2)))
    pair = session.scalars(select(PossibleDuplicate.id)).one()
    keys = session.execute(select(PossibleDuplicate.person_id, PossibleDuplicate.other_person_id)).one()
    one, two = (session.get_one(Person, key) for key in keys)
    decided: dict[str, Any] = {"by": SYSTEM, "now": NOW}
    assert ledger.decide_duplicate(duplicate_id=pair, is_same=True, note="核对", **decided)[1] is True
    assert ledger.decide_duplicate(duplicate_id=pair, is_same=True, note="核对", **decided)[1] is False
    people.decide_pair(first=one, second=two, decision=PairDecision.DIFFERENT, reason="两个人", **decided)
    session.commit()
    assert report(command)["persons"] == 2
    assert ledger.decide_duplicate(duplicate_id=pair, is_same=True, note="核对", **decided)[1] is True
    session.commit()
    assert report(command)["persons"] == 1


def test_unknown_and_reported_goals(command: Command) -> None:
    assert command("goals", "report", "--goal", "nothing")["error"]["code"] == "unknown_goal"
    said = command("goals", "report", "--goal", "cn-teachers-10k")
    assert (said["target"], said["reported"], said["towards"], said["figures"]) == (10_000, 0, 0, {})


def test_the_reference_goals_are_there_once(session: Session) -> None:
    found = {goal.code: (goal.target, goal.starts_on, goal.deadline) for goal in queries.listing()}
    assert found == {
        "fj-400k": (400_000, date(2015, 1, 1), date(2017, 12, 31)),
        "cn-teachers-10k": (10_000, date(2015, 1, 1), date(2025, 12, 31)),
        "cn-skill-projects-100": (100, date(2017, 8, 13), date(2020, 12, 31)),
        "fj-zones": (9, date(2015, 1, 1), date(2017, 12, 31)),
    }


def facts(session: Session, goal: Goal) -> tuple[set[Any], set[Any]]:
    kept = session.execute(
        select(GoalFact.on, GoalFact.prefecture, GoalFact.organisation_id, GoalFact.category, GoalFact.persons, GoalFact.enrolments).where(
            GoalFact.goal_id == goal.id
        )
    )
    people = session.execute(
        select(GoalPerson.person_id, GoalPerson.record_id, GoalPerson.on, GoalPerson.prefecture).where(GoalPerson.goal_id == goal.id)
    )
    return {tuple(r) for r in kept}, {tuple(r) for r in people}


def test_refreshing_step_by_step_gives_what_a_rebuild_gives(command: Command, session: Session, tmp_path: Path) -> None:
    rng = random.Random(5)
    goal = queries.by_code("fj-400k")
    assert goal is not None
    for step in range(6):
        rows = [
            row(
                n := rng.randrange(25),
                id_number=resident(n),
                name="林一" if n < 4 else f"林{n}",
                county_code=rng.choice(["350102", "350128", "350203"]),
                base_code=rng.choice(["B-01", "B-02"]),
                completed_on=str(date(2016, 1, 1) + timedelta(days=rng.randrange(20))),
                counted=rng.choice(["yes", "yes", "no"]),
                course=f"课{rng.randrange(3)}",
            )
            for _ in range(15)
        ]
        load(command, tmp_path, *rows)
        with transaction():
            for record_id in rng.sample(list(session.scalars(select(TrainingRecord.id).where(TrainingRecord.cancelled_at.is_(None)))), 3):
                ledger.cancel_record(record_id=record_id, reason="更正", by=SYSTEM, now=NOW)
        if step == 3:
            pair = session.scalars(select(PossibleDuplicate.id).order_by(PossibleDuplicate.id)).first()
            with transaction():
                ledger.decide_duplicate(duplicate_id=pair or 0, is_same=True, note="核对", by=SYSTEM, now=NOW)
        goal = queries.by_code("fj-400k")
        assert goal is not None
        with transaction():
            assert operations.refresh(goal=goal, now=NOW)
            assert not operations.refresh(goal=goal, now=NOW)
        stepwise = facts(session, goal)
        direct = {(c.on, c.prefecture, c.organisation_id, c.category, c.persons, c.enrolments) for c in queries.counted(goal)}
        assert stepwise[0] == direct
        with transaction():
            operations.rebuild(goal=goal, now=NOW)
        assert facts(session, goal) == stepwise
        assert sum(fact[4] for fact in direct) == report(command)["persons"] == len(stepwise[1])


def test_a_count_that_does_not_agree_is_rebuilt(command: Command, session: Session, tmp_path: Path) -> None:
    load(command, tmp_path, row(1), row(2))
    goal = queries.by_code("fj-400k")
    assert goal is not None
    with transaction():
        operations.refresh(goal=goal, now=NOW)
        goal.last_record_id += 1  # as if a record had become visible after the refresh that passed its id
    load(command, tmp_path, row(3), row(4))
    with transaction():
        operations.refresh(goal=goal, now=NOW)
    assert queries.kept_totals(goal) == (4, 4)


def test_a_snapshot_stays_as_it_was_given_out(command: Command, session: Session, tmp_path: Path) -> None:
    load(command, tmp_path, row(1))
    goal = queries.by_code("fj-400k")
    assert goal is not None
    with pytest.raises(operations.ReasonNeeded):
        operations.take_snapshot(goal=goal, on=date(2016, 12, 31), reason=" ", by=SYSTEM, now=NOW)
    with transaction():
        operations.take_snapshot(goal=goal, on=date(2016, 12, 31), reason="中期评估", by=SYSTEM, now=NOW)
    load(command, tmp_path, row(2))
    [kept] = queries.snapshots_of(goal.id)
    assert (kept.persons, kept.report["persons"], report(command)["persons"]) == (1, 1, 2)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_importing_an_export_accepts_nothing(command: Command, session: Session, tmp_path: Path, suffix: str) -> None:
    rows = [
        row(1, hours="7.5"),
        row(2, county_code="350182", completed_on="2016-12-31", course="'甲" if suffix == ".csv" else "甲，“乙”"),
        row(3, id_type="passport", id_number="E12345678", name="Müller, Anna", counted="no"),
        row(4, completed_on="2018-05-01", category="worker"),
    ]
    load(command, tmp_path, *rows)
    file = tmp_path / f"out{suffix}"
    assert command("trainees", "export", file)["rows"] == 4
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    result = command("trainees", "import", file)
    assert (result["rows"], result["accepted"], result["new_persons"], result["duplicates"], result["rejected"]) == (4, 0, 0, 4, 0)
    assert "warnings" not in result
    assert session.scalars(select(AuditEvent).where(AuditEvent.did == "ledger.roster.exported")).one().data["rows"] == 4


def test_whoever_lost_the_number_by_age_is_exported_and_imported_again_all_the_same(command: Command, session: Session, tmp_path: Path) -> None:
    load(command, tmp_path, row(1), row(2))
    old = session.scalars(select(Person).where(Person.name == "林学员1")).one()
    forget_numbers([old.id])
    session.commit()
    file = tmp_path / "out.csv"
    assert command("trainees", "export", file) == {"rows": 2, "file": str(file), "exit_code": 0}
    lines = read(file)
    assert [line["id_number"] for line in lines] == [f"已抹去#{old.id}", row(2)["id_number"]]
    again = command("trainees", "import", file)
    assert (again["rows"], again["accepted"], again["new_persons"], again["duplicates"], again["rejected"]) == (2, 0, 0, 2, 0)
    # What stands for the number names nobody else: another name, a person who kept the number, and nobody at all are refused.
    kept = session.scalars(select(Person.id).where(Person.name == "林学员2")).one()
    wrong = [lines[0] | {"name": "别人"}, lines[0] | {"id_number": f"已抹去#{kept}"}, lines[0] | {"id_number": "已抹去#999999"}]
    result = command("trainees", "import", write(tmp_path / "wrong.csv", [*wrong, lines[0] | {"course": "后来的课程"}]))
    assert (result["rows"], result["accepted"], result["new_persons"], result["rejected"]) == (4, 1, 0, 3)


def test_an_export_of_a_goal_holds_what_it_counts(command: Command, tmp_path: Path) -> None:
    load(command, tmp_path, row(1), row(2, counted="no"), row(3, completed_on="2018-01-01"))
    assert command("trainees", "export", "--goal", "fj-400k", tmp_path / "g.csv")["rows"] == 1
    assert [line["name"] for line in read(tmp_path / "g.csv")] == ["林学员1"]
