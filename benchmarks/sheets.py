"""How fast tables are read and written: `python benchmarks/sheets.py [ROWS]` (default 200,000 rows of the trainee roster).

Prints one JSON object; seconds are wall-clock, `cpu` is processor time, `peak_mb` the memory of the whole process so far.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from trainhub.kernel.sheets.parsers import parse_bool, parse_code, parse_date, parse_decimal, parse_enum, parse_text
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.kernel.sheets.writing import Sheet, write_csv, write_xlsx

ROSTER = Schema(
    [
        Field("name", "姓名", parse_text(most=50), required=True),
        Field("id_type", "证件类型", parse_enum({"resident_id": "resident_id"}), required=True),
        Field("id_number", "证件号码", parse_code, required=True, is_code=True),
        Field("category", "类别", parse_enum({"founder": "founder", "创业": "founder", "worker": "worker", "从业": "worker"})),
        Field("county_code", "所属县区代码", parse_code, is_code=True),
        Field("base_code", "培训机构代码", parse_code, is_code=True),
        Field("course", "课程", parse_text()),
        Field("hours", "学时", parse_decimal),
        Field("completed_on", "完成日期", parse_date),
        Field("counted", "是否计入", parse_bool),
    ]
)


def rows(count: int) -> Iterator[list[Any]]:
    for i in range(count):
        day = f"2016-{i % 12 + 1:02d}-{i % 28 + 1:02d}"
        yield [f"学员{i % 7919}", "resident_id", f"350102{i:012d}", "创业", "350102", f"B{i % 40:03d}", "互联网营销", 40, day, "是"]


def measured(work: Callable[[], int]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    count = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": count, "seconds": round(wall, 2), "cpu": round(cpu, 2), "peak_mb": round(peak)}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    codes = [one.name for one in ROSTER.fields if one.is_code]

    def write(path: Path) -> int:
        with path.open("wb") as target:
            if path.suffix == ".csv":
                return write_csv(rows(count), ROSTER.columns, target)
            return write_xlsx([Sheet("名单", ROSTER.columns, rows(count), codes)], target)

    def read(path: Path, typed: bool) -> int:
        with read_table(path, ROSTER.columns) as table:
            found = ROSTER.parse(table) if typed else table.rows()
            return sum(1 for row in found if row.is_good)

    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".csv", ".xlsx"):
            path = Path(folder) / f"roster{suffix}"
            result[f"write{suffix}"] = measured(lambda p=path: write(p))  # type: ignore[misc]
            result[f"read{suffix}"] = measured(lambda p=path: read(p, False))  # type: ignore[misc]
            result[f"parse{suffix}"] = measured(lambda p=path: read(p, True))  # type: ignore[misc]
            result[f"megabytes{suffix}"] = round(path.stat().st_size / 1e6, 1)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
