"""Both matrices as pages: shown with their gaps, and edited in a grid (SUP-1, 002:295; M2.3, 002:401)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request

from courses.standards.types import TargetKind
from trainhub.kernel import clock
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, keys_of, whole
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import attaining, labels
from trainhub.oversight.evaluation.documents import matrices
from trainhub.oversight.evaluation.operations import grids
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import plans
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme, ProgrammeVersion
from trainhub.programmes.types import VersionState


def version_of(programme: Programme) -> ProgrammeVersion | None:
    """The plan of the address, else that of the judged cohort, else the one of the year."""
    wanted = request.args.get("version", type=whole)
    if wanted is not None:
        found = next((row for row in programmes.versions_of(programme.id) if row.id == wanted), None)
        if found is not None:
            return found
    on = clock.today()
    return programmes.version_by_id(plans.newest(programme.id, members_of(programme.id, on), on)) or programmes.version_for(programme.id, on.year)


def _matrix_page(programme: Programme, template: str, **more: Any) -> str:
    version = version_of(programme)
    found = matrices.of_version(version.id if version is not None else 0)
    return page(
        template,
        programme,
        template,
        version=version,
        versions=programmes.versions_of(programme.id),
        matrix=found,
        breaks=found.breaks(),
        is_editing="edit" in request.args,
        may_edit=version is not None and may(who(), Can.EDIT_REGISTER, on_programme(programme)),
        strength=matrices.STRENGTH,
        **more,
    )


@blueprint.get("/<code>/coverage")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def coverage(programme: Programme) -> Any:
    """SUP-1: graduation requirements by the 11 general standards, with the breaks of the path (002:295)."""
    return _matrix_page(programme, "coverage")


@blueprint.get("/<code>/attainment")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def attainment(programme: Programme) -> Any:
    """M2.3: indicator points by courses and plan items, with delivery and assessment; gaps and orphans shown (002:401)."""
    version = version_of(programme)
    version_id = version.id if version is not None else 0
    whom = attaining.whom_of(programme.id, version_id, clock.today())
    reached = attaining.of_targets(version_id, clock.today(), whom.student_ids)
    return _matrix_page(
        programme,
        "attainment",
        reached=reached,
        whom=whom,
        points=attaining.of_points(version_id, reached, len(whom.student_ids)),
        practice=attaining.of_items(version_id, reached),
        kinds=TargetKind,
        sources=labels.MARK_SOURCES,
        thresholds=attaining.thresholds(clock.today()),
    )


def shown_in(name: str, sent: set[str]) -> set[str] | None:
    """What a row of a grid held when it was opened; None when the form does not say. A row that came in later was not edited."""
    text = request.form.get(name)
    if text is None:
        return sent if any(key.startswith("was-") for key in request.form) else None
    return set(text.split())


def _checked(programme: Programme) -> ProgrammeVersion:
    version = version_of(programme)
    if version is None:
        raise Refused(_("还没有培养方案，请先新建。"))
    return version


@blueprint.post("/<code>/coverage")
@guard(Can.EDIT_REGISTER, load=load, subject=on_programme)
def save_coverage(programme: Programme) -> Any:
    """Save the whole grid of SUP-1: which standards each requirement covers. Only a draft can change."""
    version = _checked(programme)
    if version.state is not VersionState.DRAFT:
        raise Refused(_("这版培养方案已发布，毕业要求与通用标准的对应关系不再改动；请以它为底稿新建一版。"))
    sent = {}
    for requirement in programmes.requirements_of(version.id):
        codes = set(request.form.getlist(f"r-{requirement.id}"))
        sent[requirement.id] = (codes, shown_in(f"was-{requirement.id}", codes))
    with transaction():
        changed = grids.set_coverage(version=version, sent=sent, by=who(), now=clock.now())
    return done(_("已保存，%(n)s 条毕业要求有改动。", n=changed), "evaluation.coverage", code=programme.code, version=version.id)


@blueprint.post("/<code>/attainment")
@guard(Can.EDIT_REGISTER, load=load, subject=on_programme)
def save_attainment(programme: Programme) -> Any:
    """Save the grid of M2.3: which objectives and plan items carry the points of one requirement, and how strongly."""
    version = _checked(programme)
    found = matrices.of_version(version.id)
    shown = set(keys_of(request.form.getlist("point")))
    points = [point for requirement in found.requirements for point in requirement.points if point.id in shown]
    sent = {}
    for point in points:
        for one in found.carriers:  # one that came in after the grid was opened is not in the form
            wanted = request.form.get(f"w-{point.id}-{one.kind.value}-{one.target_id}")
            if wanted is not None:
                sent[point.id, one.kind, one.target_id] = int(wanted) if wanted in ("1", "2", "3") else 0
    with transaction():
        changed = grids.set_weights(version=version, sent=sent, opened=_opened_weights(sent), by=who(), now=clock.now())
    return done(_("已保存，改动 %(n)s 处。", n=changed), "evaluation.attainment", code=programme.code, version=version.id)


def _opened_weights(sent: Iterable[grids.Cell]) -> dict[grids.Cell, int] | None:
    """The weights that the grid showed when it was opened, of the cells that are sent; None when the form does not say."""
    text = request.form.get("was")
    if text is None:
        return None
    cells = (one.partition(":") for one in text.split())
    shown = {name: int(weight) for name, _colon, weight in cells if is_key(weight)}
    return {(point, kind, target): shown.get(f"{point}-{kind.value}-{target}", 0) for point, kind, target in sent}
