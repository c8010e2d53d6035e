"""The answer of `courses import --json`, as the contract words it."""

from __future__ import annotations

from typing import Any

from courses.interop.types import CourseDoc


def import_report(doc: CourseDoc) -> dict[str, Any]:
    """The contract's object: numbers of definitions found, what could not be taken over, and warnings."""
    counts = doc.counts
    return {
        "course": doc.code,
        "chapters": counts.chapters,
        "sequentials": counts.sequentials,
        "verticals": counts.verticals,
        "problems": counts.problems,
        "videos": counts.videos,
        "html": counts.html,
        "discussions": counts.discussions,
        "other": dict(counts.other),
        "unsupported": [{"block": row.block, "reason": row.reason} for row in doc.unsupported],
        "warnings": list(doc.warnings),
    }
