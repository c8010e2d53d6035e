"""Papers kept with a placement: the insurance policy, a consent, the record of the safety training."""

from __future__ import annotations

from datetime import datetime

from enterprises.placements import queries
from enterprises.placements.models import Placement, PlacementPaper
from enterprises.placements.operations._support import WrongState
from enterprises.placements.types import PaperKind, PlacementState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _


def add_paper(*, placement: Placement, kind: PaperKind, file: StoredFile, by: Identity, now: datetime, note: str = "") -> PlacementPaper:
    """Keep a paper; the same content again is the known one. A newer one stands beside the older, nothing is overwritten.

    Raises WrongState for a placement that was withdrawn.
    """
    if placement.state is PlacementState.WITHDRAWN:
        raise WrongState(_("这项安排已撤销。"))
    for row, kept in queries.papers_with_files(placement.id):
        if row.kind is kind and kept.sha256 == file.sha256:
            return row
    made = PlacementPaper(
        placement_id=placement.id,
        kind=kind,
        file_id=file.id,
        note=note.strip()[:200],
        added_by=by.name[:120],
        added_by_id=by.account_id,
        created_at=now,
    )
    session().add(made)
    session().flush()
    audit.record(
        by=by, did="placements.paper.added", on=placement, data={"kind": kind.value, "file": file.name, "sha256": file.sha256, "note": made.note}
    )
    return made
