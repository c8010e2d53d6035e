"""Rules of teaching: who leads too many of the designated courses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from courses.teaching.types import OfferingRow


def over_cap(rows: Iterable[OfferingRow], cap: int) -> dict[int, list[OfferingRow]]:
    """By lecturer: the designated courses of a cohort beyond the cap that no written reason excuses (PETOE-5.4, 002:487)."""
    designated = [row for row in rows if row.is_designated and row.lead_teacher_id is not None]
    counts = Counter((row.cohort_id, row.lead_teacher_id) for row in designated if not row.waiver)
    found: dict[int, list[OfferingRow]] = {}
    for row in designated:
        if row.lead_teacher_id is not None and counts[row.cohort_id, row.lead_teacher_id] > cap and not row.waiver:
            found.setdefault(row.lead_teacher_id, []).append(row)
    return found
