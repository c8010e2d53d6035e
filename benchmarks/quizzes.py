"""How many attempts a second a course can hand in: a quiz of 20 questions through the whole WSGI app, on SQLite.

    python benchmarks/quizzes.py [--learners 120] [--processes 1 2] [--database sqlite:///...]

Makes an instance in a temporary folder with one run, a quiz of 20 questions of ten kinds, and learners who are signed in. Each learner starts an
attempt, saves once while writing and hands in; the three kinds of request are timed apart, each over all learners, first by one process, then by
two that write to the same database. `cpu_ms` is the processor time of one request, which other work on the machine does not change much. A hand-in is graded, goes into the learner's log and progress, and is audited, before it is answered.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SECRET = "a secret of the benchmark, long enough to be taken"
QUESTIONS = 20


def app_of(folder: Path, database: str) -> Any:
    """The app of the instance; forms need no token here, everything else is as in production."""
    from trainhub.app import create_app
    from trainhub.config import Settings

    app = create_app(Settings(instance=folder, database_url=database or f"sqlite:///{folder / 'b.sqlite3'}", secret_key=SECRET, is_testing=True))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def prepare(folder: Path, database: str, learners: int, rounds: int) -> tuple[int, list[str]]:
    """A run with a quiz, and learners with their cookies. Returns the quiz and the cookies."""
    from courses.catalogue import queries as catalogue
    from courses.catalogue.operations import content, offerings
    from courses.catalogue.types import BlockKind
    from courses.learning.operations import enrolling
    from tests.factories import courses as make
    from tests.factories import ground
    from tests.factories.identity import signed_in_client
    from trainhub.kernel import clock, keys
    from trainhub.kernel.access import SYSTEM, Role
    from trainhub.kernel.db import Base, db, session, transaction
    from trainhub.kernel.initialise import load_reference

    keys.make(folder, SECRET)
    app = app_of(folder, database)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
        with transaction():
            run = make.run()
            unit = make.unit(run)
            quiz = content.add_block(unit=unit, kind=BlockKind.QUIZ, title="测验", is_graded=True, settings={}, by=SYSTEM, now=clock.now())
            _questions(run, quiz)
            whole = catalogue.run_by_id(run.id)
            assert whole is not None
            offerings.publish_run(run=whole, by=SYSTEM, now=clock.now())
            people = [ground.person() for _n in range(learners * rounds)]
            for person in people:
                enrolling.enrol(run=run, person_id=person.id, by=SYSTEM, now=clock.now(), is_approved=True)
            quiz_id, ids = quiz.id, [person.id for person in people]
        cookies = []
        for person_id in ids:
            client = signed_in_client(app, Role.TRAINEE, person_id=person_id)
            cookies.append(client.get_cookie("trainhub").value)
            session().rollback()
    return quiz_id, cookies


def _questions(run: Any, quiz: Any) -> None:
    """Twenty questions of ten kinds, two of each."""
    from courses.assessment import notation
    from courses.assessment.operations import bank
    from courses.assessment.types import QuestionKind
    from trainhub.kernel import clock
    from trainhub.kernel.access import SYSTEM

    kinds: list[tuple[QuestionKind, str, dict[str, str], dict[str, Any]]] = [
        (QuestionKind.SINGLE, "单选", {"options": "* 甲\n乙\n丙\n丁"}, {}),
        (QuestionKind.MULTIPLE, "多选", {"options": "* 甲\n* 乙\n丙\n丁"}, {}),
        (QuestionKind.TRUE_FALSE, "判断", {"options": "* 正确\n错误"}, {}),
        (QuestionKind.CLOZE, "[[1]] 和 [[2]]", {"blanks": "1: 甲\n2: =3"}, {}),
        (QuestionKind.TEXT, "短答", {"answers": "甲*"}, {}),
        (QuestionKind.NUMERIC, "数值", {"answers": "3.14", "units": "m = 1"}, {"tolerance": "1%"}),
        (QuestionKind.FORMULA, "{x}", {"variables": "x: 1 ~ 9"}, {"expression": "x^2"}),
        (QuestionKind.MATCHING, "匹配", {"pairs": "甲 => 1\n乙 => 2"}, {}),
        (QuestionKind.ORDERING, "排序", {"items": "甲\n乙\n丙"}, {}),
        (QuestionKind.SINGLE, "单选二", {"options": "甲\n* 乙"}, {}),
    ]
    for n in range(QUESTIONS):
        kind, stem, texts, flags = kinds[n % len(kinds)]
        data = {**notation.read(kind, texts), **flags}
        row = bank.save_question(course_id=run.course_id, kind=kind, stem=f"{stem} {n}", data=data, by=SYSTEM, now=clock.now())
        bank.add_item(block=quiz, question=row, by=SYSTEM, now=clock.now())


def answers() -> dict[str, str]:
    """What a learner's form says: every question answered."""
    form: dict[str, str] = {}
    for n in range(1, QUESTIONS + 1):
        fields: list[dict[str, str]] = [
            {"": "a"}, {"": "a"}, {"": "a"}, {"-b-1": "甲", "-b-2": "3"}, {"": "甲乙"}, {"": "3.14 m"}, {"": "16"}, {"-p-a": "a", "-p-b": "b"},
            {"-r-a": "1", "-r-b": "2", "-r-c": "3"}, {"": "b"},
        ]  # fmt: skip
        form[f"q{n}-shown"] = "1"
        form |= {f"q{n}{name}": value for name, value in fields[(n - 1) % 10].items()}
    return form


def work(job: tuple[str, str, int, list[str], str, Any]) -> list[dict[str, list[float]]]:
    """One process: its learners start, save, hand in; the seconds of each request."""
    folder, database, quiz_id, cookies, _name, barrier = job
    app = app_of(Path(folder), database)
    clients, form = [], answers()
    for cookie in cookies:
        client = app.test_client()
        client.set_cookie("trainhub", cookie)
        clients.append(client)
    clients[0].get("/learning")
    where: list[str] = []
    found: dict[str, list[float]] = {"start": [], "save": [], "submit": []}
    whole: dict[str, list[float]] = {}
    for step in found:
        barrier.wait()
        began, used = time.perf_counter(), time.process_time()
        for n, client in enumerate(clients):
            at = time.perf_counter()
            if step == "start":
                answer = client.post(f"/learning/blocks/{quiz_id}/attempts", data={"agreed": "1"})
                where.append(answer.headers["Location"])
            else:
                answer = client.post(f"{where[n]}/{step}", data=form, headers={"Accept": "application/json"} if step == "save" else {})
            found[step].append(time.perf_counter() - at)
            if answer.status_code not in (200, 303):
                raise RuntimeError(f"{step}: {answer.status_code}")
        whole[step] = [time.perf_counter() - began, time.process_time() - used]
        barrier.wait()
    return [found, whole]


def measure(learners: int, processes: list[int], database: str) -> dict[str, Any]:
    """Every round with learners of its own."""
    result: dict[str, Any] = {"questions": QUESTIONS, "learners": learners, "python": sys.version.split()[0]}
    with tempfile.TemporaryDirectory() as folder:
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            quiz_id, cookies = pool.apply(prepare, (Path(folder), database, learners, len(processes)))
        for turn, count in enumerate(processes):
            mine = cookies[turn * learners : (turn + 1) * learners]
            with context.Manager() as manager, context.Pool(count) as pool:
                barrier = manager.Barrier(count)
                jobs = [(folder, database, quiz_id, mine[n::count], f"p{n}", barrier) for n in range(count)]
                parts = pool.map(work, jobs, chunksize=1)
            figures = {}
            for step in ("start", "save", "submit"):
                each = sorted(second for part in parts for second in part[0][step])
                figures[step] = {
                    "per_second": round(learners / max(part[1][step][0] for part in parts), 1),
                    "p50_ms": round(statistics.median(each) * 1000, 1),
                    "p95_ms": round(each[int(len(each) * 0.95) - 1] * 1000, 1),
                    "cpu_ms": round(sum(part[1][step][1] for part in parts) / learners * 1000, 1),
                }
            result[f"processes_{count}"] = figures
    return result


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--learners", type=int, default=120)
    arguments.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--database", default="")
    asked = arguments.parse_args()
    print(json.dumps(measure(asked.learners, asked.processes, asked.database), ensure_ascii=False, indent=1))
