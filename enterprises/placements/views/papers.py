"""Papers of a placement: added by school, enterprise and student, read by everybody who sees the placement."""

from __future__ import annotations

from typing import Any

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.models import Placement, PlacementPaper
from enterprises.placements.types import PaperKind, PlacementState
from enterprises.placements.views.shared import act, blueprint, load_placement
from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send


def keep_paper(placement: Placement, kind: PaperKind, upload: Any, note: str = "") -> None:
    """Keep an upload as a paper, if there is one."""
    if not upload:
        return
    kept = files.keep(upload.stream, name=upload.filename, kind="placement_paper", by=who(), now=clock.now(), allowed=sniff.EVIDENCE)
    operations.add_paper(placement=placement, kind=kind, file=kept, note=note, by=who(), now=clock.now())


def paper_form(placement: Placement) -> forms.PaperForm | None:
    """The form for another paper, for those who sign; None for everybody else."""
    if placement.state is PlacementState.WITHDRAWN or not may(who(), Can.PLACEMENT_SIGN, queries.subject_of_placement(placement)):
        return None
    form = forms.PaperForm(formdata=None).apart("paper")
    form.kind.choices = [(kind.value, label) for kind, label in labels.PAPER_KINDS.items()]
    return form


@blueprint.post("/<int:placement_id>/papers")
@guard(Can.PLACEMENT_SIGN, load=load_placement, subject=queries.subject_of_placement)
def add_paper(placement: Placement) -> Any:
    """Add a paper."""
    form = forms.PaperForm()
    form.kind.choices = [(kind.value, label) for kind, label in labels.PAPER_KINDS.items()]

    def run() -> dict[str, Any]:
        keep_paper(placement, form.kind.data, form.file.data, form.note.data or "")
        return {"placement_id": placement.id}

    return act(form, _("材料已保存。"), "placements.show", run)


def load_paper(paper_id: int) -> tuple[Placement, PlacementPaper]:
    """A paper with its placement."""
    row = queries.paper(paper_id)
    if row is None:
        raise NotFound(_("没有这份材料。"))
    return load_placement(row.placement_id), row


@blueprint.get("/papers/<int:paper_id>")
@guard(Can.PLACEMENT_VIEW, load=load_paper, subject=lambda pair: queries.subject_of_placement(pair[0]))
def show_paper(pair: tuple[Placement, PlacementPaper]) -> Any:
    """The paper itself."""
    return send(session().get_one(files.StoredFile, pair[1].file_id))
