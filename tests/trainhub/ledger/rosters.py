"""Rosters for tests: invented people with numbers whose check digits are right."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from stdnum.cn import ric

HEADER = ("name", "id_type", "id_number", "category", "county_code", "base_code", "course", "hours", "completed_on", "counted")


def resident(serial: int, birth: date = date(1990, 5, 17), prefix: str = "350102") -> str:
    """A resident number that passes its check digit."""
    body = f"{prefix}{birth:%Y%m%d}{serial:03d}"
    return body + ric.calc_check_digit(body + "0")


def row(serial: int = 1, **values: Any) -> dict[str, str]:
    """One row of a roster, with sensible values."""
    cells: dict[str, Any] = {
        "name": f"林学员{serial}",
        "id_type": "resident_id",
        "id_number": resident(serial % 1000, date(1970 + serial // 1000 % 30, 1 + serial // 30000 % 12, 17)),
        "category": "founder",
        "county_code": "350102",
        "base_code": "B-01",
        "course": "电子商务运营",
        "hours": "16",
        "completed_on": "2016-03-01",
        "counted": "yes",
    }
    return {key: str(value) for key, value in (cells | values).items()}


def write(path: Path, rows: Iterable[dict[str, str]], *, header: Sequence[str] = HEADER, encoding: str = "utf-8") -> Path:
    """A CSV file of the rows."""
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    """A written CSV file, its mark left out."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))
