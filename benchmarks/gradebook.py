"""The gradebook of a run with 10,000 learners and 30 columns: the page, exports, a table taken back, totals handed down.

    python benchmarks/gradebook.py [--learners 10000] [--columns 30] [--database postgresql://...]

Makes an instance in a temporary folder (rows are inserted directly: the operations are not what is measured), asks for pages
over HTTP in the same process, and prints one JSON object. `p50_ms` is the median of 15 pages over the whole range, `queries`
what one page costs; rates are rows a second of wall-clock time.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

PASSWORD = "a benchmark's Password 1"
MANUAL = 6
"""So many of the columns are filled by hand; the rest are graded blocks."""


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--learners", type=int, default=10_000)
    arguments.add_argument("--columns", type=int, default=30)
    arguments.add_argument("--database", default="")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), asked.learners, asked.columns, asked.database), ensure_ascii=False, indent=1))


def measure(folder: Path, learners: int, columns: int, database: str) -> dict[str, Any]:
    """One run in a new instance."""
    import sqlalchemy as sa

    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import jobs, keys
    from trainhub.kernel.db import Base, db, transaction
    from trainhub.kernel.initialise import load_reference

    secret = "a secret of the benchmark, long enough to be taken"
    keys.make(folder, secret)
    app = create_app(Settings(instance=folder, database_url=database or f"sqlite:///{folder / 'b.sqlite3'}", secret_key=secret, is_testing=True))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
            run_id = furnish(learners, columns)
        statements: list[str] = []
        sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _k, statement, *_r: statements.append(statement))
        client = app.test_client()
        assert client.post("/login", data={"username": "lecturer", "password": PASSWORD}).status_code == 303
        url = f"/teaching/runs/{run_id}/gradebook"

        def page(query: str) -> float:
            started = time.perf_counter()
            assert client.get(f"{url}?{query}").status_code == 200
            return (time.perf_counter() - started) * 1000

        page("page=1")
        statements.clear()
        page("page=1")
        queries = len(statements)
        pages = [page(f"page={1 + n * max(1, learners // 20 // 15)}") for n in range(15)]
        large = [page(f"page={1 + n * 5}&size=100") for n in range(7)]
        found: dict[str, Any] = {
            "learners": learners,
            "columns": columns,
            "database": db.engine.dialect.name,
            "page_20": {"p50_ms": round(statistics.median(pages), 1), "queries": queries},
            "page_100": {"p50_ms": round(statistics.median(large), 1)},
        }
        for form in ("csv", "xlsx"):
            started = time.perf_counter()
            answer = client.get(f"{url}.{form}")
            body = answer.data
            seconds = time.perf_counter() - started
            found[f"export_{form}"] = {"rows_per_second": round(learners / seconds), "seconds": round(seconds, 2), "mb": round(len(body) / 1e6, 2)}
            if form == "csv":
                table = body
        started = time.perf_counter()
        assert client.post(f"{url}/import", data={"file": (io.BytesIO(table), "grades.csv")}).status_code == 303
        jobs.run_all()  # more than intakes.AT_ONCE lines are taken by a job
        seconds = time.perf_counter() - started
        found["import_unchanged"] = {"rows_per_second": round(learners / seconds), "seconds": round(seconds, 2)}
        started = time.perf_counter()
        assert client.get(f"{url}/statistics").status_code == 200
        found["statistics_seconds"] = round(time.perf_counter() - started, 2)
        found["hand_down"] = handed_down(learners)
        return found


def handed_down(learners: int) -> dict[str, Any]:
    """Totals for everybody, as the worker computes them after a change of weights."""
    from courses.gradebook.tasks import hand_down_marks
    from trainhub.kernel.jobs import Running

    started = time.perf_counter()
    done = hand_down_marks(Running(0, {}, None))
    seconds = time.perf_counter() - started
    return {**done, "seconds": round(seconds, 1), "rows_per_second": round(learners / seconds)}


def furnish(learners: int, columns: int) -> int:
    """A run with its learners, results and gradebook; returns its id."""
    from courses.catalogue.operations import content, offerings
    from courses.catalogue.queries import run_by_id
    from courses.catalogue.types import BlockKind, StaffRole
    from courses.gradebook import queries
    from courses.gradebook.models import Grade
    from courses.gradebook.operations import books
    from courses.gradebook.types import GradeKind
    from courses.learning import operations as learning
    from courses.learning.models import BlockProgress, Enrolment
    from courses.learning.types import EnrolmentState
    from trainhub.identity import operations as identity
    from trainhub.kernel import clock
    from trainhub.kernel.access import SYSTEM, Role
    from trainhub.kernel.db import session
    from trainhub.organisations import operations as organisations
    from trainhub.organisations.types import OrganisationKind
    from trainhub.people import operations as people
    from trainhub.people.models import Person

    now, dice = clock.now(), random.Random(7)
    given: dict[str, Any] = {"by": SYSTEM, "now": now}
    owner = organisations.register(code="U-1", kind=OrganisationKind.UNIVERSITY, name="大学", region_code="350100", **given)
    organisations.verify(organisation=owner, **given)
    lecturer = people.register_person(name="陈讲师", is_demo=True, **given)
    account = identity.create_account(person=lecturer, display_name="陈讲师", username="lecturer", password=PASSWORD, **given)
    identity.grant_role(account=account, role=Role.LECTURER, organisation_id=owner.id, today=clock.today(), **given)
    course = offerings.create_course(owner=owner, code="C-1", title="课程", **given)
    run = offerings.create_run(course=course, code="R1", starts_on=date(2026, 3, 1), staff=[(lecturer.id, StaffRole.LEAD)], **given)
    section = content.add_section(run=run, title="第一章", **given)
    unit = content.add_unit(section=section, title="第一单元", **given)
    blocks = [
        content.add_block(unit=unit, kind=BlockKind.QUIZ, title=f"测验 {n + 1}", is_graded=True, **given).id for n in range(max(1, columns - MANUAL))
    ]
    current = session()
    current.expire_all()
    whole = run_by_id(run.id)
    assert whole is not None
    offerings.publish_run(run=whole, **given)
    names = [dice.choice("林陈黄张吴李王郑") + "".join(dice.choices("伟芳娜敏静丽强磊军洋勇艳", k=2)) for _n in range(learners)]
    template = {column.key: getattr(lecturer, column.key) for column in Person.__table__.columns if column.key != "id"}
    blank = {key: None for key in template if key.startswith("id_") and Person.__table__.columns[key].nullable}
    current.execute(Person.__table__.insert(), [{**template, **blank, "name": name, "pinyin": f"x{n:06d}"} for n, name in enumerate(names)])
    persons = [row[0] for row in current.execute(Person.__table__.select().with_only_columns(Person.id).where(Person.pinyin.like("x%")))]
    seat = {"run_id": run.id, "state": EnrolmentState.ACTIVE, "asked_at": now, "enrolled_at": now, "progress_x1000": 0, "note": "", "version": 1}
    current.execute(Enrolment.__table__.insert(), [{**seat, "person_id": person} for person in persons])
    enrolments = [row[0] for row in current.execute(Enrolment.__table__.select().with_only_columns(Enrolment.id))]
    for block in blocks:
        # The last block is not done by anybody: totals are measured, not completions with their certificates.
        done = {
            "block_id": block,
            "is_done": block != blocks[-1],
            "share_x1000": 0,
            "waits_for_grade": False,
            "done_at": now if block != blocks[-1] else None,
        }
        current.execute(
            BlockProgress.__table__.insert(), [{**done, "enrolment_id": key, "score_x10": dice.randrange(400, 1001)} for key in enrolments]
        )
    current.flush()
    current.expire_all()
    whole = run_by_id(run.id)
    assert whole is not None
    book = books.make(run=whole, **given)
    category = queries.categories_of(book.id)[0].id
    flags: dict[str, Any] = {"is_extra": False, "is_hidden": False, "is_locked": False}
    for n in range(min(MANUAL, columns - 1)):
        facts: dict[str, Any] = {"title": f"手工 {n + 1}", "category_id": category, "max_x10": 200, "weight_x10": 10}
        column = books.save_column(book=book, column_id=None, **facts, **flags, **given)
        grade = {"column_id": column.id, "kind": GradeKind.MANUAL, "reason": "", "changed_at": now, "version": 1}
        current.execute(Grade.__table__.insert(), [{**grade, "enrolment_id": key, "points_x10": dice.randrange(100, 201)} for key in enrolments])
    learning.ask_for_marks(run_id=run.id, now=now)
    return run.id


if __name__ == "__main__":
    main()
