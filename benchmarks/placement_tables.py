"""T1 of the self-report at real size: every student of a university with three placements and the confirmed days of 32 weeks.

    python benchmarks/placement_tables.py [--students 6000] [--database postgresql://...]

Makes an instance in a temporary folder (rows are inserted directly: the operations are not what is measured), makes the table as a job
does, as CSV, and prints one JSON object: rows, CPU and wall-clock seconds, and by how much the peak of memory grew.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TERMS = ((date(2025, 3, 3), 12), (date(2025, 9, 1), 12), (date(2026, 3, 2), 8))


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--students", type=int, default=6_000)
    arguments.add_argument("--database", default="")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), asked.students, asked.database), ensure_ascii=False, indent=1))


def measure(folder: Path, students: int, database: str) -> dict[str, Any]:
    """One run in a new instance."""
    from enterprises.placements import operations, queries
    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import downloads, keys
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import Base, db, transaction
    from trainhub.kernel.initialise import load_reference

    secret = "a secret of the benchmark, long enough to be taken"
    keys.make(folder, secret)
    app = create_app(Settings(instance=folder, database_url=database or f"sqlite:///{folder / 'b.sqlite3'}", secret_key=secret, is_testing=True))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
            days = furnish(students)
        today, one = date(2026, 11, 20), operations.TABLES["t1"]
        peak, cpu, wall = _peak(anew=True), time.process_time(), time.perf_counter()
        rows = downloads.write(str(folder / "t1.csv"), one.rows(SYSTEM, today), one.columns, codes=one.codes)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        assert rows == one.size(SYSTEM, today) == 3 * students
        first = queries.table_1(SYSTEM, since=date(2024, 9, 1), on=today)[:3]
        assert [row["weeks_sum"] for row in first] == [12, 24, 32]
        return {
            "students": students,
            "confirmed_days": days,
            "rows": rows,
            "database": db.engine.dialect.name,
            "cpu_seconds": round(spent[0], 1),
            "wall_seconds": round(spent[1], 1),
            "peak_grew_mb": round(_peak() - peak),
        }


def _peak(*, anew: bool = False) -> float:
    """The peak of memory in MB, on Linux; `anew` begins it at what is held now."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in told.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def furnish(students: int) -> int:
    """The university with its students, placements and days; how many days."""
    from enterprises.placements.models import Placement, Position, Term
    from enterprises.placements.types import PlacementState
    from trainhub.kernel import clock
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import session
    from trainhub.ledger.models import ConfirmedDay
    from trainhub.organisations import operations as organisations
    from trainhub.organisations.types import OrganisationKind
    from trainhub.people import operations as people
    from trainhub.people.models import Person, PetoeSpan, Student
    from trainhub.programmes import operations as programmes
    from trainhub.programmes.types import DegreeLevel

    now, dice, current = clock.now(), random.Random(7), session()
    given: dict[str, Any] = {"by": SYSTEM, "now": now}
    university = organisations.register(code="U-1", kind=OrganisationKind.UNIVERSITY, name="大学", region_code="350100", **given)
    organisations.verify(organisation=university, **given)
    firms = [
        organisations.register(code=f"E-{n}", kind=OrganisationKind.ENTERPRISE, name=f"企业 {n}", region_code="350100", **given) for n in range(40)
    ]
    major = {"code": "P-1", "major_code": "080202", "name": "机械设计制造及其自动化", "degree_level": DegreeLevel.BACHELOR}
    programme = programmes.create_programme(university=university, **major, **given)
    cohort = programmes.create_cohort(programme=programme, year=2023, starts_on=date(2023, 9, 1), **given)
    person = people.register_person(name="林示例", is_demo=True, **given)
    student = people.add_student(
        person=person, programme=programme, cohort=cohort, student_no="S", enrolled_on=date(2023, 9, 1), petoe_since=date(2023, 9, 1), **given
    )
    terms = [
        Term(
            university_id=university.id, code=f"T{n}", title=f"学期 {n}", starts_on=first, ends_on=first + timedelta(days=7 * weeks - 1), weeks=weeks
        )
        for n, (first, weeks) in enumerate(TERMS)
    ]
    positions = [Position(code=f"POS-{n}", enterprise_id=firm.id, title="岗位", majors=[], skills=[], created_at=now) for n, firm in enumerate(firms)]
    current.add_all([*terms, *positions])
    current.flush()

    def copies(model: Any, row: Any, changes: list[dict[str, Any]]) -> None:
        same = {column.key: getattr(row, column.key) for column in model.__mapper__.column_attrs if column.key != "id"}
        current.execute(
            model.__mapper__.local_table.insert(),
            [{model.__mapper__.attrs[k].columns[0].name: v for k, v in (same | one).items()} for one in changes],
        )

    copies(Person, person, [{"name": f"学生{n}", "pinyin": f"x{n:06d}"} for n in range(students - 1)])
    ids = sorted(current.scalars(Person.__table__.select().with_only_columns(Person.id).where(Person.pinyin.like("x%"))))
    copies(Student, student, [{"person_id": key, "student_no": f"S{n:06d}"} for n, key in enumerate(ids)])
    keys = sorted(current.scalars(Student.__table__.select().with_only_columns(Student.id)))
    span = current.scalars(PetoeSpan.__table__.select().with_only_columns(PetoeSpan.id)).first()
    copies(PetoeSpan, current.get_one(PetoeSpan, span), [{"student_id": key} for key in keys[1:]])
    seats = {(key, n): dice.randrange(len(firms)) for key in keys for n in range(len(terms))}
    row = Placement(
        student_id=keys[0],
        position_id=positions[0].id,
        term_id=terms[0].id,
        enterprise_id=firms[0].id,
        state=PlacementState.FINISHED,
        starts_on=terms[0].starts_on,
        ends_on=terms[0].ends_on,
        created_at=now,
        mentor_score_x10=850,
    )
    current.add(row)
    current.flush()
    copies(
        Placement,
        row,
        [
            {
                "student_id": key,
                "position_id": positions[seats[key, n]].id,
                "term_id": term.id,
                "enterprise_id": firms[seats[key, n]].id,
                "starts_on": term.starts_on,
                "ends_on": term.ends_on,
            }
            for key in keys
            for n, term in enumerate(terms)
            if (key, n) != (keys[0], 0)  # the row that the others are copies of
        ],
    )
    placed = list(
        current.execute(
            Placement.__table__.select().with_only_columns(
                Placement.id, Placement.student_id, Placement.enterprise_id, Placement.starts_on, Placement.ends_on
            )
        )
    )
    count = 0
    for start in range(0, len(placed), 2_000):
        days = [
            {
                "student_id": one.student_id,
                "enterprise_id": one.enterprise_id,
                "on_day": day,
                "source_id": one.id,
                "confirmed_at": now,
                "withdrawal_reason": "",
            }
            for one in placed[start : start + 2_000]
            for day in (one.starts_on + timedelta(days=n) for n in range((one.ends_on - one.starts_on).days + 1))
            if day.weekday() < 5
        ]
        current.execute(ConfirmedDay.__table__.insert(), days)
        count += len(days)
    current.flush()
    current.expire_all()
    return count


if __name__ == "__main__":
    main()
