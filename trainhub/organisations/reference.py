"""Reference rows: divisions with those abolished, and the institutions of the province. Loading them again changes nothing."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from trainhub.kernel import pinyin
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation, Region, RegionAlias
from trainhub.organisations.places import in_english
from trainhub.organisations.types import OrganisationKind, OrganisationState, RegionLevel

_KINDS = {"本科": OrganisationKind.UNIVERSITY, "专科": OrganisationKind.VOCATIONAL_SCHOOL}


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def load(folder: Path, *, now: datetime) -> dict[str, int]:
    """Load what is missing from the seeds; rows that are there stay as they are (an institution may have been edited)."""
    loaded = {
        "region": _add(Region, "code", _regions(folder)),
        "region_alias": _add(RegionAlias, "code", _aliases(folder)),
        "organisation": _add(Organisation, "code", _institutions(folder, now), finish=_with_pinyin),
    }
    session().flush()
    return loaded


def _add(model: Any, key: str, rows: list[dict[str, Any]], finish: Any = None) -> int:
    known = set(session().scalars(select(getattr(model, key))))
    missing = [row for row in rows if row[key] not in known]
    if finish is not None:
        missing = [finish(row) for row in missing]
    if missing:
        session().execute(insert(model), missing)
    return len(missing)


def _with_pinyin(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"pinyin": pinyin.of_text(row["name"])}


def _regions(folder: Path) -> list[dict[str, Any]]:
    """平潭 is a county of 福州 by its code and reports beside the nine cities: its reporting code is its own."""
    units = {row["code"]: row for row in json.loads((folder / "prefectures.json").read_text(encoding="utf-8"))}
    rows = []
    for row in _read(folder / "divisions.csv"):
        unit = units.get(row["code"])
        is_own = unit is not None
        level = RegionLevel(row["level"])
        rows.append(
            {
                "code": row["code"],
                "name": unit["zh"] if unit else row["name"],
                "name_en": unit["en"] if unit else in_english(row["name"]),
                "level": level,
                "parent_code": row["parent_code"] or None,
                "reporting_code": None if level is RegionLevel.PROVINCE else (row["code"] if is_own else row["parent_code"]),
                "is_reported_separately": bool(unit and unit["reports_separately"]),
            }
        )
    order = list(RegionLevel)
    return sorted(rows, key=lambda row: (order.index(row["level"]), row["code"]))


def _aliases(folder: Path) -> list[dict[str, Any]]:
    return [
        {"code": row["code"], "name": row["name"], "until": date(int(row["last_year"]), 12, 31), "successor_code": row["successor_code"]}
        for row in _read(folder / "abolished_divisions.csv")
    ]


def _institutions(folder: Path, now: datetime) -> list[dict[str, Any]]:
    """Institutions stand in the ministry's list, so they are verified."""
    return [
        {
            "code": row["code"],
            "kind": _KINDS[row["level"]],
            "state": OrganisationState.VERIFIED,
            "name": row["name"],
            "region_code": row["prefecture_code"],
            "level": row["level"],
            "supervising_department": row["supervising_department"],
            "ownership": row["ownership"],
            "version": 1,
            "created_at": now,
        }
        for row in _read(folder / "institutions.csv")
    ]
