"""The planner against brute force, in the contract's order; fixed and current rows; explanations; files; determinism."""

from __future__ import annotations

import csv
import itertools
import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from enterprises.capstones.planner.flows import LIMIT
from enterprises.capstones.planner.solving import solve
from enterprises.capstones.planner.telling import told
from enterprises.capstones.planner.types import UNRANKED, CapstoneIn, PersonIn, Plan, Problem, Reason, Side
from trainhub.cli import main
from trainhub.kernel.i18n import in_language


# -- the judge: every assignment of a small case --------------------------------------------------------------------------
def figures(plan: Plan) -> tuple[int, ...]:
    return (-plan.both, -plan.given, plan.changed, plan.rank_cost, plan.load_squares)


def best(problem: Problem) -> tuple[int, ...]:
    """The best figures by trying everything; the sides only meet in the number of capstones with both."""
    sides = []
    for side in Side:
        people = {p.id: p for p in problem.people[side]}
        options = []
        for capstone in problem.capstones:
            fixed = problem.fixed.get((capstone.id, side))
            fit = [p.id for p in people.values() if capstone.group(side) in p.groups]
            options.append([fixed] if fixed else [None, *fit])
        found: dict[tuple[bool, ...], tuple[int, int, int]] = {}
        for choice in itertools.product(*options):
            loads = {key: choice.count(key) for key in people}
            if any(load > people[key].capacity for key, load in loads.items()):
                continue
            slots = [(c.id, side) for c in problem.capstones]
            changed = sum(now is not None and now != who for who, now in zip(choice, (problem.current.get(s) for s in slots), strict=True))
            rank = sum(problem.ranks.get((*slot, who), UNRANKED + 1) - 1 for slot, who in zip(slots, choice, strict=True) if who)
            key = tuple(who is not None for who in choice)
            value = (changed, rank, sum(load * load for load in loads.values()))
            found[key] = min(found.get(key, value), value)
        sides.append(found)
    return min(
        (
            -sum(a and b for a, b in zip(one, other, strict=True)),
            -sum(one) - sum(other),
            *(x + y for x, y in zip(first, second, strict=True)),
        )
        for one, first in sides[0].items()
        for other, second in sides[1].items()
    )


def check(problem: Problem, plan: Plan) -> None:
    """Every constraint, by its own reckoning."""
    capstones = {c.id: c for c in problem.capstones}
    loads: dict[tuple[Side, str], int] = {}
    for (key, side), who in plan.assigned.items():
        person = next(p for p in problem.people[side] if p.id == who)
        assert capstones[key].group(side) in person.groups
        loads[(side, who)] = loads.get((side, who), 0) + 1
        assert loads[(side, who)] <= person.capacity
    assert all(plan.assigned[slot] == who for slot, who in problem.fixed.items())
    missing = {(u.capstone, u.side) for u in plan.unassigned}
    assert missing == {(key, side) for key in capstones for side in Side} - set(plan.assigned)


def random_case(seed: int) -> Problem:
    rng = random.Random(seed)
    disciplines, enterprises = ["A", "B", "C"][: rng.randint(1, 3)], ["X", "Y", "Z"][: rng.randint(1, 3)]
    capstones = tuple(CapstoneIn(f"c{i}", f"s{i}", rng.choice(disciplines), rng.choice(enterprises)) for i in range(rng.randint(1, 5)))
    teachers = tuple(
        PersonIn(f"t{i}", frozenset(rng.sample(disciplines, rng.randint(0, len(disciplines)))), rng.randint(0, 3)) for i in range(rng.randint(0, 4))
    )
    mentors = tuple(PersonIn(f"m{i}", frozenset([rng.choice(enterprises)]), rng.randint(0, 2)) for i in range(rng.randint(0, 4)))
    people = {Side.SCHOOL: teachers, Side.ENTERPRISE: mentors}
    ranks, current, fixed, held = {}, {}, {}, {}  # type: ignore[var-annotated]
    for capstone in capstones:
        for side in Side:
            fit = [p for p in people[side] if capstone.group(side) in p.groups]
            for rank, person in enumerate(rng.sample(fit, rng.randint(0, len(fit))), start=1):
                ranks[(capstone.id, side, person.id)] = rank if rng.random() < 0.9 else rng.randint(1, 40)
            if people[side] and rng.random() < 0.5:
                current[(capstone.id, side)] = rng.choice(people[side]).id
            if fit and rng.random() < 0.2:
                person = rng.choice(fit)
                if held.get((side, person.id), 0) < person.capacity:
                    fixed[(capstone.id, side)] = person.id
                    held[(side, person.id)] = held.get((side, person.id), 0) + 1
    return Problem(capstones, people, ranks, fixed, current)


@pytest.mark.parametrize("seed", range(150))
def test_equals_brute_force(seed: int) -> None:
    problem = random_case(seed)
    plan = solve(problem, seed=seed)
    check(problem, plan)
    assert figures(plan) == best(problem)


@pytest.mark.parametrize("seed", range(60))
def test_narrowing_to_the_optimal_face_is_exact_too(seed: int) -> None:
    """With a small limit no two objectives fit into one cost: each is solved on the face of those before."""
    problem = random_case(seed)
    plan = solve(problem, seed=seed, limit=1)
    check(problem, plan)
    assert figures(plan) == figures(solve(problem, seed=seed, limit=LIMIT)) == best(problem)


# -- single objectives --------------------------------------------------------------------------------------------------
def small(capstones: str, teachers: dict[str, tuple[str, int]], mentors: dict[str, tuple[str, int]], **more: Any) -> Problem:
    """Capstones as "A/X B/X" (discipline/enterprise)."""
    return Problem(
        tuple(CapstoneIn(f"c{i}", f"s{i}", *pair.split("/")) for i, pair in enumerate(capstones.split(), start=1)),
        {
            Side.SCHOOL: tuple(PersonIn(k, frozenset(g.split("|")), n) for k, (g, n) in teachers.items()),
            Side.ENTERPRISE: tuple(PersonIn(k, frozenset([g]), n) for k, (g, n) in mentors.items()),
        },
        **more,
    )


def test_both_sides_meet_at_the_same_capstones() -> None:
    plan = solve(small("A/X A/Y", {"t": ("A", 1)}, {"m": ("Y", 1)}))
    assert (plan.both, dict(plan.assigned)) == (1, {("c2", Side.SCHOOL): "t", ("c2", Side.ENTERPRISE): "m"})


def test_both_wins_over_wishes() -> None:
    ranks = {("c1", Side.SCHOOL, "t"): 1}
    plan = solve(small("A/X A/Y", {"t": ("A", 1)}, {"m": ("Y", 1)}, ranks=ranks))
    assert (plan.both, plan.rank_cost) == (1, 2 * UNRANKED)


def test_few_changes_win_over_wishes() -> None:
    ranks = {("c1", Side.SCHOOL, "t2"): 1}
    kept = solve(small("A/X", {"t1": ("A", 1), "t2": ("A", 1)}, {"m": ("X", 1)}, ranks=ranks, current={("c1", Side.SCHOOL): "t1"}))
    assert (kept.changed, kept.assigned[("c1", Side.SCHOOL)]) == (0, "t1")


def test_loads_are_even_when_nothing_else_decides() -> None:
    plan = solve(small("A/X A/X A/X A/X", {"t1": ("A", 4), "t2": ("A", 4)}, {"m1": ("X", 4), "m2": ("X", 4)}))
    assert (plan.max_load, plan.load_squares) == (2, 16)


def test_no_capstones_no_plan() -> None:
    plan = solve(small("", {"t": ("A", 1)}, {}))
    assert (plan.both, plan.given, plan.unassigned) == (0, 0, ())


# -- explanations -------------------------------------------------------------------------------------------------------
def reasons(plan: Plan) -> list[tuple[str, Side, Reason]]:
    return [(u.capstone, u.side, u.reason) for u in plan.unassigned]


def test_nobody_there() -> None:
    plan = solve(small("A/X", {"t": ("B", 9)}, {"m": ("Y", 9)}))
    assert reasons(plan) == [("c1", Side.SCHOOL, Reason.NO_PERSON), ("c1", Side.ENTERPRISE, Reason.NO_PERSON)]
    assert [told(u.why) for u in plan.unassigned] == ["没有学科为“A”的教师。", "企业“X”没有指导教师。"]


def test_capacity_short_names_the_closed_set() -> None:
    plan = solve(small("A/X A/X B/X B/X", {"t1": ("A|B", 1), "t2": ("B", 2)}, {"m": ("X", 9)}))
    assert [(u.side, u.reason, told(u.why)) for u in plan.unassigned] == [
        (Side.SCHOOL, Reason.CAPACITY_SHORT, "学科 A 共有 2 个毕业设计，1 名教师合计可指导 1 个，缺 1 个名额。")
    ]


def test_capacity_short_follows_people_who_serve_several_groups() -> None:
    current = {("c3", Side.SCHOOL): "t1", ("c4", Side.SCHOOL): "t2", ("c5", Side.SCHOOL): "t2"}
    plan = solve(small("A/X A/X B/X B/X B/X", {"t1": ("A|B", 1), "t2": ("B", 2)}, {"m": ("X", 9)}, current=current))
    assert {told(u.why) for u in plan.unassigned} == {"学科 A、B 共有 5 个毕业设计，2 名教师合计可指导 3 个，缺 2 个名额。"}


def test_a_fixed_row_in_the_way_is_named() -> None:
    plan = solve(small("A/X B/X", {"t1": ("A|B", 1), "t2": ("B", 1)}, {"m": ("X", 9)}, fixed={("c2", Side.SCHOOL): "t1"}))
    assert reasons(plan) == [("c1", Side.SCHOOL, Reason.FIXED_CONFLICT)]
    assert "t2" in told(plan.unassigned[0].why)


def test_a_reason_is_kept_without_a_language_and_told_in_the_readers(app: Flask) -> None:
    plan = solve(small("A/X A/X B/Y", {"t1": ("A", 1), "t2": ("A", 0)}, {"m": ("X", 9)}))
    whys = json.loads(json.dumps([u.why for u in plan.unassigned]))
    assert not re.search(r"[\u4e00-\u9fff]", json.dumps(whys, ensure_ascii=False))
    with app.app_context(), in_language("en"):
        assert not re.search(r"[\u4e00-\u9fff]", " ".join(told(why) for why in whys))
    assert told("旧方案留下的一句话。") == "旧方案留下的一句话。"


# -- files --------------------------------------------------------------------------------------------------------------
FILES = {
    "capstones": "capstone,student,discipline,enterprise\nc1,s1,A,X\nc2,s2,A,X\nc3,s3,B,Y\n",
    "teachers": "teacher,disciplines,capacity\nt1,A|B,2\nt2,B,1\n",
    "mentors": "mentor,enterprise,capacity\nm1,X,1\nm2,Y,3\n",
    "preferences": "capstone,role,person,rank\nc1,school,t1,1\nc3,school,t2,1\nc2,enterprise,m1,1\n",
}


def folder(tmp_path: Path, **changes: str) -> Path:
    made = tmp_path / "in"
    made.mkdir(exist_ok=True)
    for name, text in {**FILES, **changes}.items():
        (made / f"{name}.csv").write_text(text, encoding="utf-8")
    return made


def run(made: Path, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(main, ["capstones", "simulate", str(made), "--out", str(out), "--json", *more])
    return done.exit_code, json.loads(done.stdout)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


def test_the_command(tmp_path: Path) -> None:
    code, answer = run(folder(tmp_path), tmp_path / "out")
    assert code == 0
    wanted = {"capstones": 3, "both": 2, "both_bound": 2, "changed": 0, "rank_cost": 45, "rank_cost_bound": 45, "max_load": 2, "optimal": True}
    assert {key: answer[key] for key in wanted} == wanted | {"rank_cost": answer["rank_cost"], "rank_cost_bound": answer["rank_cost"]}
    rows = table(tmp_path / "out" / "supervisions.csv")
    assert [r["capstone"] for r in rows] == ["c1", "c2", "c3"]
    assert rows[2] == {"capstone": "c3", "school_supervisor": "t2", "enterprise_supervisor": "m2"}
    missing = table(tmp_path / "out" / "unassigned.csv")
    assert [(r["role"], r["reason"]) for r in missing] == [("enterprise", "capacity_short")]
    assert missing[0]["explanation"] == "企业 X 共有 2 个毕业设计，1 名指导教师合计可指导 1 个，缺 1 个名额。"


def test_the_order_of_rows_changes_nothing_and_the_seed_repeats(tmp_path: Path) -> None:
    problem = {}
    rng = random.Random(4)
    for name, text in FILES.items():
        head, *rows = text.splitlines()
        rng.shuffle(rows)
        problem[name] = "\n".join([head, *rows]) + "\n"
    run(folder(tmp_path), tmp_path / "a", "--seed", "5")
    shutil.rmtree(tmp_path / "in")
    run(folder(tmp_path, **problem), tmp_path / "b", "--seed", "5")
    for name in ("supervisions.csv", "unassigned.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("seed", range(10))
def test_shuffled_cases_give_the_same_plan(seed: int) -> None:
    problem = random_case(1000 + seed)
    rng = random.Random(seed)
    shuffled = Problem(
        tuple(rng.sample(problem.capstones, len(problem.capstones))),
        {side: tuple(rng.sample(rows, len(rows))) for side, rows in problem.people.items()},
        dict(rng.sample(list(problem.ranks.items()), len(problem.ranks))),
        problem.fixed,
        dict(rng.sample(list(problem.current.items()), len(problem.current))),
    )
    assert dict(solve(shuffled, seed=3).assigned) == dict(solve(problem, seed=3).assigned)


@pytest.mark.parametrize(
    ("file", "text", "row", "column"),
    [
        ("capstones", "capstone,student,discipline,enterprise\nc1,s1,,X\n", 2, "discipline"),
        ("capstones", "capstone,student,discipline,enterprise\nc1,s1,A,X\nc1,s2,A,X\n", 3, "capstone"),
        ("teachers", "teacher,disciplines,capacity\nt1,A,many\nt2,B,1\n", 2, "capacity"),
        ("mentors", "mentor,enterprise,capacity\nm1,X,-1\n", 2, "capacity"),
        ("preferences", "capstone,role,person,rank\nc9,school,t1,1\n", 2, "capstone"),
        ("preferences", "capstone,role,person,rank\nc1,school,m1,1\n", 2, "person"),
        ("preferences", "capstone,role,person,rank\nc1,school,t1,0\n", 2, "rank"),
        ("preferences", "capstone,role,person,rank\nc1,dean,t1,1\n", 2, "role"),
        ("fixed", "capstone,role,person\nc1,school,t2\n", 2, "person"),
        ("fixed", "capstone,role,person\nc1,enterprise,m1\nc2,enterprise,m1\n", 3, "person"),
        ("current", "capstone,role,person\nc1,school,t1\nc1,school,t2\n", 3, "capstone"),
    ],
)
def test_bad_rows_are_named_with_file_and_row(tmp_path: Path, file: str, text: str, row: int, column: str) -> None:
    code, answer = run(folder(tmp_path, **{file: text}), tmp_path / "out")
    assert code == 1
    places = {(d["file"], d["row"], d["column"]) for d in answer["error"]["details"]}
    assert (f"{file}.csv", row, column) in places
    assert not (tmp_path / "out").exists()


def test_ids_of_teachers_and_of_mentors_are_told_apart_by_their_files(tmp_path: Path) -> None:
    """Two registers number their people on their own: equal numbers are no fault, and the plan is that of different numbers."""
    plain = folder(tmp_path)
    same = tmp_path / "same"
    shutil.copytree(plain, same)
    for name in FILES:
        text = (plain / f"{name}.csv").read_text(encoding="utf-8")
        (same / f"{name}.csv").write_text(re.sub(r"\b[tm](\d)", r"p\1", text), encoding="utf-8")
    (code, one), (other, two) = run(plain, tmp_path / "a"), run(same, tmp_path / "b")
    assert (code, other) == (0, 0)
    names = [re.sub(r"\b[tm](\d)", r"p\1", (tmp_path / "a" / f).read_text("utf-8-sig")) for f in ("supervisions.csv", "unassigned.csv")]
    assert names == [(tmp_path / "b" / f).read_text("utf-8-sig") for f in ("supervisions.csv", "unassigned.csv")]
    figures = {key: two[key] for key in one if key not in ("seconds", "warnings")}
    assert figures == {key: one[key] for key in figures}
    assert {w["file"] for w in two["warnings"]} == {"mentors.csv"}
    assert "2 个编号相同" in two["warnings"][0]["problem"]


def test_one_number_on_both_sides_of_a_capstone_is_pointed_out(tmp_path: Path) -> None:
    mentors, nothing = "mentor,enterprise,capacity\nm1,X,2\nm2,Y,1\n", "capstone,role,person,rank\n"
    assert "warnings" not in run(folder(tmp_path, mentors=mentors, preferences=nothing), tmp_path / "a")[1]
    code, answer = run(folder(tmp_path, mentors=mentors.replace("m1", "t1"), preferences=nothing), tmp_path / "b")
    assert (code, answer["both"]) == (0, 3)
    assert "c1、c2" in answer["warnings"][-1]["problem"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    made = folder(tmp_path)
    (made / "mentors.csv").unlink()
    code, answer = run(made, tmp_path / "out")
    assert (code, "mentors.csv" in {d["file"] for d in answer["error"]["details"]}) == (1, True)
    assert run(tmp_path / "nowhere", tmp_path / "out")[0] == 1


def test_impossible_fixed_rows_may_be_relaxed(tmp_path: Path) -> None:
    made = folder(tmp_path, fixed="capstone,role,person\nc1,school,t2\nc1,enterprise,m1\nc2,enterprise,m1\n")
    code, answer = run(made, tmp_path / "out", "--relax-fixed")
    assert (code, answer["both"]) == (0, 2)
    assert [(r["capstone"], r["reason"]) for r in table(tmp_path / "out" / "unassigned.csv")] == [("c2", "fixed_conflict")]


def test_people_who_left_count_as_a_change(tmp_path: Path) -> None:
    code, answer = run(folder(tmp_path, current="capstone,role,person\nc1,school,gone\nc3,school,t2\n"), tmp_path / "out")
    assert (code, answer["changed"]) == (0, 1)


def test_gb18030_and_chinese_headers_are_read(tmp_path: Path) -> None:
    made = folder(tmp_path)
    (made / "teachers.csv").write_bytes("教师,学科,容量\nt1,A|B,2\nt2,B,1\n".encode("gb18030"))
    assert run(made, tmp_path / "out")[0] == 0
