"""Of which types a base is, and since when: entered, its day corrected, taken off again when it was a mistake."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.bases import labels, queries
from enterprises.bases.models import BaseTyping
from enterprises.bases.operations.errors import BadBase
from enterprises.bases.types import BaseType
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold, session
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation


def hold_base(base_id: int) -> None:
    """Let what is decided by the figures, types and steps of a base wait until they are written, and them for a decision of the moment."""
    session().refresh(session().get_one(Organisation, base_id), ["version"], with_for_update={"of": Organisation})


def add_type(*, base: Organisation, type: BaseType, since: date, by: Identity, now: datetime) -> BaseTyping:
    """Say that a base is of a type since a day; it may be of several. A type it has already is told by its right day from now on.

    Raises BadBase: no profile, a day that is still to come, one after a department's first step for the type.
    """
    if queries.profile(base.id) is None:
        raise BadBase(_("“%(name)s”还没有建立基地档案。", name=base.name))
    if since > local(now).date():
        raise BadBase(_("起始日期不能晚于今天；到那天再登记。"), field="since")
    hold_base(base.id)
    hold(f"base-types:{base.id}")  # two who enter the same at once enter it once
    known = session().get(BaseTyping, (base.id, type), with_for_update=True)
    if known is None:
        known = BaseTyping(base_id=base.id, type=type, since=since)
        session().add(known)
        session().flush()
        audit.record(by=by, did="bases.type.added", on=("base", str(base.id)), data={"type": type.value, "since": since})
    elif known.since != since:
        first = min((row.on for row in queries.acceptances_of(base.id) if row.type is type), default=None)
        if first is not None and since > first:
            said = _("“%(type)s”已于%(day)s认定或验收，起始日期不能晚于这一天。", type=str(labels.BASE_TYPES[type]), day=first.isoformat())
            raise BadBase(said, field="since")
        told = {"type": type.value, "before": known.since, "since": since}
        known.since = since
        session().flush()
        audit.record(by=by, did="bases.type.corrected", on=("base", str(base.id)), data=told)
    return known


def remove_type(*, base: Organisation, type: BaseType, by: Identity) -> None:
    """Take off a type that was entered by mistake; one that is not there is gone already. Raises BadBase after a department's step for it."""
    hold_base(base.id)
    known = session().get(BaseTyping, (base.id, type), with_for_update=True)
    if known is None:
        return
    if any(row.type is type for row in queries.acceptances_of(base.id)):
        raise BadBase(_("“%(type)s”已有主管部门的认定或验收记录，不能取消；不再是这种基地的，由主管部门撤销。", type=str(labels.BASE_TYPES[type])))
    audit.record(by=by, did="bases.type.removed", on=("base", str(base.id)), data={"type": type.value, "since": known.since})
    session().delete(known)
    session().flush()
