"""Both matrices as pages: shown with their gaps, and edited in a grid (SUP-1, 002:295; M2.3, 002:401)."""

from __future__ import annotations

from typing import Any

from flask import request

from courses.standards import operations as standard_operations
from courses.standards.types import TargetKind
from trainhub.kernel import clock
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, keys_of, whole
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import attaining, labels
from trainhub.oversight.evaluation.documents import matrices
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import plans
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page
from trainhub.programmes import operations as programme_operations
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
        points=attaining.of_points(version_id, reached),
        practice=attaining.of_items(version_id, reached),
        kinds=TargetKind,
        sources=labels.MARK_SOURCES,
        thresholds=attaining.thresholds(clock.today()),
    )


def edited(sent: Any, opened: Any, stands: Any) -> bool:
    """Whether somebody changed a row or cell of a grid that showed `opened` (None: the sender does not say).

    What somebody else changed meanwhile in another place stays; in the same place it is not overwritten. Raises Stale.
    """
    if opened is None:
        return bool(sent != stands)
    if sent != opened and stands not in (opened, sent):
        raise Stale(_("这条记录刚被其他人修改过，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。"))
    return sent != opened and bool(sent != stands)


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
    with transaction():
        changed = 0
        for requirement in programmes.requirements_of(version.id):
            codes = request.form.getlist(f"r-{requirement.id}")
            opened = shown_in(f"was-{requirement.id}", set(codes))
            row = programmes.requirement_by_id(requirement.id)
            if row is not None and edited(set(codes), opened, set(requirement.standards)):
                programme_operations.set_standards(requirement=row, codes=codes, by=who(), now=clock.now())
                changed += 1
    return done(_("已保存，%(n)s 条毕业要求有改动。", n=changed), "evaluation.coverage", code=programme.code, version=version.id)


@blueprint.post("/<code>/attainment")
@guard(Can.EDIT_REGISTER, load=load, subject=on_programme)
def save_attainment(programme: Programme) -> Any:
    """Save the grid of M2.3: which objectives and plan items carry the points of one requirement, and how strongly."""
    version = _checked(programme)
    found = matrices.of_version(version.id)
    shown = set(keys_of(request.form.getlist("point")))
    points = [point for requirement in found.requirements for point in requirement.points if point.id in shown]
    changed, opened = 0, _opened_weights()
    with transaction():
        for point in points:
            for one in found.carriers:
                name = f"{point.id}-{one.kind.value}-{one.target_id}"
                wanted = request.form.get(f"w-{name}")
                if wanted is None:
                    continue  # what came in after the grid was opened
                weight = int(wanted) if wanted in ("1", "2", "3") else 0
                stands = found.weights.get((point.id, one.kind, one.target_id), 0)
                if edited(weight, None if opened is None else opened.get(name, 0), stands):
                    _set(point.id, one.kind, one.target_id, weight)
                    changed += 1
    return done(_("已保存，改动 %(n)s 处。", n=changed), "evaluation.attainment", code=programme.code, version=version.id)


def _opened_weights() -> dict[str, int] | None:
    """The weights that the grid showed when it was opened, by cell; None when the form does not say."""
    text = request.form.get("was")
    if text is None:
        return None
    cells = (one.partition(":") for one in text.split())
    return {name: int(weight) for name, _colon, weight in cells if is_key(weight)}


def _set(point_id: int, kind: TargetKind, target_id: int, weight: int) -> None:
    by: dict[str, Any] = {"by": who(), "now": clock.now()}
    if weight == 0:
        standard_operations.uncover_point(point_id=point_id, kind=kind, target_id=target_id, **by)
    else:
        standard_operations.cover_point(point_id=point_id, kind=kind, target_id=target_id, weight=weight, **by)
