"""Files that hold whole telephone numbers: who took one, of how many, is in the audit log, as it is of whole identity numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainhub.kernel import audit
from trainhub.kernel.access import Identity

HIDDEN = "*"
"""What stands in a masked number."""


def note_phones(rows: Iterable[Mapping[str, Any]], *, columns: Sequence[str], did: str, on: str, by: Identity, file_name: str) -> int:
    """Note an export in the audit log where a row holds a whole number in one of the columns; masks alone are nothing to note. Returns how many do."""
    shown = sum(any(row.get(name) and HIDDEN not in str(row[name]) for name in columns) for row in rows)
    if shown:
        audit.record(by=by, did=did, on=(on, "*"), data={"rows": shown, "file": file_name})
    return shown
