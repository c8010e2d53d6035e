"""A command of ours in a process of its own, with what it costs: CPU seconds, wall seconds and peak memory, start and imports included."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def run(*arguments: str) -> dict[str, Any]:
    """The answer of `trainhub ARGUMENTS --json` and its costs; ends the benchmark when it is refused."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", "from trainhub.cli import run; run()", *arguments, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(json.dumps(answer, ensure_ascii=False))
    costs = {"cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2), "wall_seconds": round(time.perf_counter() - begun, 2)}
    return {**costs, "peak_mb": round(usage.ru_maxrss / 1024), **answer}


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, header: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])
