"""How fast the pages of courses are when there are many: p50 of a page, its queries, rows a second of an export.

    python benchmarks/course_pages.py [--courses 1000] [--learners 10000] [--units 20] [--database sqlite:///...]

Makes an instance in a temporary folder with that many courses, and one run with that many learners and units of one
text, half of them read. Pages are asked for through the app in this process (no network), each 30 times after one to warm
up; queries are counted at the driver. Prints one JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402
from flask import Flask  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402

from courses.analytics import operations as analytics  # noqa: E402
from courses.catalogue.models import Course, Run  # noqa: E402
from courses.learning.models import BlockProgress, Enrolment, LearningEvent  # noqa: E402
from courses.learning.operations import checking  # noqa: E402
from tests.factories import courses as make  # noqa: E402
from tests.factories import ground  # noqa: E402
from tests.factories.identity import signed_in_client  # noqa: E402
from trainhub.app import create_app  # noqa: E402
from trainhub.config import Settings  # noqa: E402
from trainhub.kernel import clock, keys  # noqa: E402
from trainhub.kernel.access import Role  # noqa: E402
from trainhub.kernel.db import Base, db, session, transaction  # noqa: E402
from trainhub.kernel.initialise import load_reference  # noqa: E402
from trainhub.kernel.pinyin import of_name, of_text  # noqa: E402
from trainhub.people.models import Person  # noqa: E402

SECRET = "a secret for benchmarks only, long enough to be taken"
SURNAMES, GIVEN = "林陈黄张吴李王郑蔡刘杨许谢曾苏", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
TOPICS, KINDS = ("工业互联网", "机器视觉", "数控加工", "跨境电商", "智慧云服务", "新材料", "轨道交通"), ("基础", "实务", "入门", "进阶", "案例")
TURNS = 30


def _insert(table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    found = list(rows)
    for start in range(0, len(found), 5000):
        session().execute(sa.insert(table), found[start : start + 5000])


def fill(courses: int, learners: int, units: int) -> tuple[int, str, int, int]:
    """Rows by plain inserts; returns the large run, the code of its course, its lecturer and one of its learners."""
    rng, now = random.Random(7), datetime.now(UTC)
    with transaction():
        owners = [ground.university(name=f"第{n}工业大学").id for n in range(20)]
        first = make.course(ground.university(), title="大规模课程")
        lead = ground.person()
        run = make.run(first, lead=lead)
        texts = [make.text(make.unit(run, title=f"第{n}单元")) for n in range(units)]
        run = make.publish(run)
        run_id, code, lead_id, block_ids = run.id, first.code, lead.id, [block.id for block in texts]
    with transaction():
        titles = [f"{rng.choice(TOPICS)}{rng.choice(KINDS)} {n}" for n in range(courses - 1)]
        shared = {"language": "zh", "family": "professional", "education_type": "degree", "hours_x10": 160, "credits_x10": 10, "created_at": now}
        _insert(
            Course,
            (
                {**shared, "code": f"B-{n}", "title": title, "pinyin": of_text(title), "owner_id": rng.choice(owners), "summary": "介绍" * 20}
                for n, title in enumerate(titles)
            ),
        )
        ids = list(session().scalars(sa.select(Course.id).where(Course.code.startswith("B-"))))
        _insert(
            Run,
            (
                {
                    "course_id": key,
                    "code": f"R{turn}",
                    "starts_on": date(2026, 3, 1) + timedelta(days=rng.randrange(200)),
                    "quota": 100,
                    "taken": rng.randrange(101),
                    "mode": "open",
                    "state": "published",
                    "goal_category": "worker",
                    "pass_mark_x10": 600,
                    "created_at": now,
                }
                for key in ids
                for turn in range(2)
            ),
        )
        names = [rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=2)) for _ in range(learners)]
        _insert(
            Person, ({"name": name, "pinyin": of_name(name), "gender": "unknown", "nationality_kind": "china", "created_at": now} for name in names)
        )
        people = list(session().scalars(sa.select(Person.id).order_by(Person.id.desc()).limit(learners)))
        _insert(
            Enrolment,
            (
                {
                    "run_id": run_id,
                    "person_id": key,
                    "state": "active",
                    "asked_at": now - timedelta(days=40),
                    "enrolled_at": now - timedelta(days=40),
                    "progress_x1000": 1000 // units * (n % units),
                    "last_active_at": now - timedelta(days=n % 40) if n % units else None,
                }
                for n, key in enumerate(people)
            ),
        )
        session().execute(sa.update(Run).where(Run.id == run_id).values(taken=learners))
        enrolments = list(session().scalars(sa.select(Enrolment.id).where(Enrolment.run_id == run_id).order_by(Enrolment.person_id.desc())))
        at = now - timedelta(days=39)
        done = [
            (key, block, at + timedelta(minutes=9 * step)) for n, key in enumerate(enrolments) for step, block in enumerate(block_ids[: n % units])
        ]
        _insert(BlockProgress, ({"enrolment_id": e, "block_id": b, "is_done": True, "done_at": t} for e, b, t in done))
        _insert(LearningEvent, ({"enrolment_id": e, "block_id": b, "kind": "marked_done", "data": {}, "at": t} for e, b, t in done))
    return run_id, code, lead_id, people[7]


def page(client: FlaskClient, url: str) -> dict[str, Any]:
    """The median of a page in milliseconds, and how many queries it asks."""
    statements = 0

    def note(*_anything: Any) -> None:
        nonlocal statements
        statements += 1

    seconds = []
    sa.event.listen(db.engine, "before_cursor_execute", note)
    for turn in range(TURNS + 1):
        statements, started = 0, time.perf_counter()
        answer = client.get(url)
        size = len(answer.data)
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 200, (url, answer.status_code)
        if turn == 0:
            seconds.clear()
    sa.event.remove(db.engine, "before_cursor_execute", note)
    return {
        "page": url.split("?")[0],
        "query": url.partition("?")[2],
        "p50_ms": round(statistics.median(seconds) * 1000, 1),
        "queries": statements,
        "kb": size // 1024,
    }


def timed(name: str, rows: int, work: Any) -> dict[str, Any]:
    """Seconds of one large piece of work, and rows a second."""
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return {"work": name, "rows": rows, "seconds": round(seconds, 2), "rows_per_second": round(rows / seconds)}


def measure(app: Flask, courses: int, learners: int, units: int) -> Iterable[dict[str, Any]]:
    """Every figure."""
    with app.app_context():
        run_id, code, lead_id, learner_id = fill(courses, learners, units)
        visitor = app.test_client()
        teacher = signed_in_client(app, Role.LECTURER, organisation_id=None, person_id=lead_id)
        learner = signed_in_client(app, Role.TRAINEE, person_id=learner_id)
        yield page(visitor, f"/courses/{code}")
        for query in ("", "?q=jqsj", "?q=机器视觉&open=1&seats=1&order=title", "?page=40"):
            yield page(visitor, f"/courses{query}")
        yield page(learner, f"/learning/runs/{run_id}/progress")
        yield page(learner, f"/learning/runs/{run_id}/forum")
        yield page(learner, "/learning/calendar")
        base = f"/teaching/runs/{run_id}"
        for query in ("", f"?page={learners // 20}", "?q=chen"):
            yield page(teacher, f"{base}/learners{query}")
        for form in ("csv", "xlsx"):
            yield timed(f"export of participants ({form})", learners, lambda form=form: teacher.get(f"{base}/learners.{form}").data)
        with transaction():
            events = session().scalar(sa.select(sa.func.count()).select_from(LearningEvent)) or 0
            yield timed("summary of a run (events)", events, lambda: analytics.summarise(run_id=run_id, now=clock.now()))
        yield page(teacher, f"{base}/analytics")
        yield page(teacher, f"{base}/analytics/risk")
        found: list[checking.Checked] = []
        yield timed("recomputed from the log (events)", events, lambda: found.append(checking.check(run_ids=[run_id], now=clock.now())))
        yield {"recomputed": found[0].enrolments, "differ": len(found[0].differ)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--courses", type=int, default=1000)
    parser.add_argument("--learners", type=int, default=10_000)
    parser.add_argument("--units", type=int, default=20)
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        keys.make(place, SECRET)
        made = create_app(Settings(instance=place, database_url=asked.database or f"sqlite:///{place / 'bench.sqlite3'}", secret_key=SECRET))
        with made.app_context():
            Base.metadata.create_all(db.engine)
            with transaction():
                load_reference()
        for figure in measure(made, asked.courses, asked.learners, asked.units):
            print(json.dumps(figure, ensure_ascii=False), flush=True)
