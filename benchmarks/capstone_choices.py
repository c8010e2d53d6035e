"""Choice rounds of capstones: students and teams with ranked topics, solved exactly; prints CPU seconds. `python benchmarks/capstone_choices.py --help`."""

from __future__ import annotations

import argparse
import json
import random
import time

from enterprises.capstones.planner.choices import Unit, allocate


def generate(students: int, topics: int, seats: float, seed: int) -> tuple[list[Unit], dict[int, int]]:
    """A round in which some topics are wanted much more than others, one unit in eight is a team of two, and one student in ten chose nothing."""
    dice = random.Random(seed)
    room = dict.fromkeys(range(1, topics + 1), 0)
    for _place in range(int(students * seats)):
        room[dice.randint(1, topics)] += 1
    units, left, key = [], students, 0
    while left > 0:
        key, size = key + 1, 2 if left > 1 and dice.random() < 0.125 else 1
        left -= size
        wanted = [] if dice.random() < 0.1 else list(dict.fromkeys(int(topics * dice.random() ** 2) + 1 for _n in range(5)))
        units.append(Unit(key, size, {topic: rank for rank, topic in enumerate(wanted, start=1)}))
    return units, room


def main() -> None:
    """Run and print, one JSON object a case."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--students", type=int, nargs="+", default=[120, 400, 1200])
    arguments.add_argument("--seats", type=float, default=1.1, help="seats per student")
    arguments.add_argument("--seed", type=int, default=7)
    asked = arguments.parse_args()
    for students in asked.students:
        units, room = generate(students, max(students // 4, 2), asked.seats, asked.seed)
        begun = time.process_time()
        found = allocate(units, room, seed=asked.seed)
        print(
            json.dumps(
                {
                    "students": students,
                    "topics": len(room),
                    "placed": found.students,
                    "participants": found.participants,
                    "rank_cost": found.rank_cost,
                    "cpu_seconds": round(time.process_time() - begun, 2),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
