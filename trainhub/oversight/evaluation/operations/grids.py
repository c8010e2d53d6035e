"""What is saved of the grids of a plan: both matrices and the clauses of the industry standard.

Two editors of one grid come one after the other (the plan is held first, then what stands is read), and keep each other's changes; what
both changed differently is refused. `sent` is what the grid holds, `opened` what it showed; without that, all that is sent counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from courses.standards import operations as standards
from courses.standards import queries as standard_queries
from courses.standards.types import TargetKind
from trainhub.kernel.access import Identity
from trainhub.kernel.db import lock, session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _
from trainhub.programmes import operations as programme_operations
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import ProgrammeVersion

Cell = tuple[int, TargetKind, int]
"""An indicator point and what carries it."""


def edited(sent: Any, opened: Any, stands: Any) -> bool:
    """Whether somebody changed a row or cell of a grid that showed `opened` (None: the sender does not say).

    What somebody else changed meanwhile in another place stays; in the same place it is not overwritten. Raises Stale.
    """
    if opened is None:
        return bool(sent != stands)
    if sent != opened and stands not in (opened, sent):
        raise Stale(_("这条记录刚被其他人修改过，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。"))
    return sent != opened and bool(sent != stands)


def _hold(version: ProgrammeVersion) -> None:
    lock(ProgrammeVersion, version.id)
    session().refresh(version)


def set_weights(*, version: ProgrammeVersion, sent: Mapping[Cell, int], opened: Mapping[Cell, int] | None, by: Identity, now: datetime) -> int:
    """Say how strongly what carries which point (M2.3): 3 to 1, 0 not at all; returns how many cells changed. Raises Stale."""
    _hold(version)
    stands = {(one.point_id, one.kind, one.target_id): one.weight for one in standard_queries.covers_of_version(version.id)}
    changed = 0
    for cell, weight in sent.items():
        if not edited(weight, None if opened is None else opened.get(cell, 0), stands.get(cell, 0)):
            continue
        point_id, kind, target_id = cell
        where: dict[str, Any] = {"point_id": point_id, "kind": kind, "target_id": target_id, "by": by, "now": now}
        if weight == 0:
            standards.uncover_point(**where)
        else:
            standards.cover_point(weight=weight, **where)
        changed += 1
    return changed


def set_coverage(
    *, version: ProgrammeVersion, sent: Mapping[int, tuple[Collection[str], Collection[str] | None]], by: Identity, now: datetime
) -> int:
    """Say which standards each requirement covers (SUP-1), by requirement (sent, opened); returns how many rows changed. Raises Stale."""
    _hold(version)
    changed = 0
    for requirement in programmes.requirements_of(version.id):
        if requirement.id not in sent:
            continue
        codes, opened = sent[requirement.id]
        row = programmes.requirement_by_id(requirement.id)
        if row is not None and edited(set(codes), None if opened is None else set(opened), set(requirement.standards)):
            programme_operations.set_standards(requirement=row, codes=codes, by=by, now=now)
            changed += 1
    return changed


def set_clauses(*, version: ProgrammeVersion, sent: Mapping[int, tuple[Collection[int], Collection[int] | None]], by: Identity, now: datetime) -> int:
    """Say which requirements answer each clause of the industry standard, by clause (sent, opened); returns how many answers changed. Raises Stale."""
    _hold(version)
    school = standard_queries.school_standard(version.id)
    if school is None or school.industry_standard_id is None:
        return 0
    mapped, changed = standard_queries.industry_map_of(school), 0
    for clause in standard_queries.clauses_of(school.industry_standard_id):
        if clause.id not in sent:
            continue
        wanted, opened = sent[clause.id]
        stands = mapped.get(clause.id, set())
        if not edited(set(wanted), None if opened is None else set(opened), stands):
            continue
        for one in programmes.requirements_of(version.id):
            if (one.id in wanted) is (one.id in stands):
                continue
            requirement = programmes.requirement_by_id(one.id)
            assert requirement is not None
            verb = standards.map_clause if one.id in wanted else standards.unmap_clause
            verb(requirement=requirement, clause=clause, by=by, now=now)
            changed += 1
    return changed
