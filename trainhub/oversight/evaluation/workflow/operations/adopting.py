"""A report that the system drew becomes the supplementary report of an application."""

from __future__ import annotations

from datetime import datetime

from trainhub.kernel import files
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.store.models import ReportDrawing
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import CaseDocument
from trainhub.oversight.evaluation.workflow.operations import papers
from trainhub.oversight.evaluation.workflow.types import DocumentKind


def hand_in_report(*, drawing: ReportDrawing, by: Identity, now: datetime) -> CaseDocument | None:
    """Hand in what was drawn for an application; nothing for one that only somebody reads.

    The application may have moved on meanwhile: then it is refused as by hand. Raises BadDocument.
    """
    row = queries.application(drawing.application_id) if drawing.application_id is not None else None
    if row is None or drawing.file_id is None:
        return None
    return papers.hand_in_kept(
        application=row,
        kind=DocumentKind.SUPPLEMENTARY_REPORT,
        stored=session().get_one(files.StoredFile, drawing.file_id),
        by=by,
        now=now,
    )
