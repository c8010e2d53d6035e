"""What follows when an enterprise or a base is taken out of use, or an enterprise takes nobody in a year after all: its offers go back with the
reason, and everybody concerned is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from enterprises.placements import labels, queries
from enterprises.placements.models import Placement, Position, Term
from enterprises.placements.operations._support import WrongState, tell
from enterprises.placements.operations.approving import return_position
from enterprises.placements.types import SeatDecision
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_, _, in_language
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind


def unit_closed(*, organisation: Organisation, reason: str, by: Identity, now: datetime) -> None:
    """An enterprise or a base is taken out of use: its offers go back with the reason; who wished for them, and the schools, are told.

    Placements stay as they are, so that nobody loses a place without a decision: one that has not begun cannot start (`demand_open`), of one that
    runs nobody there confirms days. Student, mentor and heads are told; the school moves the student, ends the placement or withdraws it.
    """
    if organisation.kind not in (OrganisationKind.ENTERPRISE, OrganisationKind.BASE):
        return
    with in_language("zh"):  # stands with the offers, whichever language who closes it reads
        why = _("“%(name)s”已停用：%(reason)s", name=organisation.name, reason=reason.strip())
    _give_back(organisation, why, f"closed:{local(now).date().isoformat()}", by, now)
    _tell_placed(organisation, queries.going_at_unit(organisation.id), now)


def enterprise_declined(enterprise_id: int, year: int, *, by: Identity, now: datetime) -> None:
    """An enterprise says that it takes nobody in a year: what it offers in terms of that year goes back; placements stay, they were promised."""
    enterprise = organisations.by_id(enterprise_id)
    assert enterprise is not None
    with in_language("zh"):
        why = _("企业表明 %(year)s 年不接收实习学生。", year=year)
    _give_back(enterprise, why, f"declined:{year}:{now.isoformat()}", by, now, year=year)


def demand_open(placement: Placement) -> None:
    """A placement does not begin where enterprise or base are out of use. Raises WrongState."""
    gone = queries.gone_hosts([placement]).get(placement.id)
    if gone in labels.CLOSED_UNITS:
        raise WrongState(_("%(why)s，不能开始实习，请更换单位或撤销安排。", why=labels.GONE[gone]), code="host_closed")


def why_not_open(position: Position, term: Term) -> str:
    """Why nobody may be placed at a position in a term, in words, when `queries.is_open` says so."""
    gone = queries.gone_among([(position.enterprise_id, position.base_id)]).get((position.enterprise_id, position.base_id))
    if gone is not None:
        return _("%(why)s，岗位“%(title)s”现在不能安排学生。", why=labels.GONE[gone], title=position.title)
    if queries.has_declined(position.enterprise_id, term.starts_on.year):
        return _("企业已表明 %(year)s 年不接收实习学生，岗位“%(title)s”不能安排学生。", year=term.starts_on.year, title=position.title)
    seats = queries.seats_of(position.id, term.id)
    if seats is None or not seats.seats:
        return _("岗位“%(title)s”在“%(term)s”没有提供席位。", title=position.title, term=term.title)
    return _("岗位“%(title)s”尚未通过审核。", title=position.title)


def _give_back(unit: Organisation, why: str, key: str, by: Identity, now: datetime, *, year: int | None = None) -> None:
    """Give back what a unit offers in terms that are not over (that begin in a year), with the reason, and tell schools and programmes how many
    offers were theirs; who ranked them is told by `return_position`. What went back before, or is over, stays as it is."""
    today, offered = local(now).date(), queries.offers_of_unit(unit.id)
    seats = queries.seats_of_positions([position.id for position in offered])
    known = queries.terms_by_ids({row.term_id for rows in seats.values() for row in rows})
    terms = {term.id: term.university_id for term in known if term.ends_on >= today and year in (None, term.starts_on.year)}
    rounds = queries.rounds_over(*terms)
    schools, programmes = Counter[int](), Counter[int]()
    for position in offered:
        wanted = {row.term_id for row in seats[position.id] if row.term_id in terms and row.seats and row.decision is not SeatDecision.RETURNED}
        if not wanted:
            continue
        return_position(position=position, reason=why, by=by, now=now, term_ids=wanted, tells_heads=False)
        schools.update({terms[term_id] for term_id in wanted})
        programmes.update({round_.programme_id for round_ in rounds if wanted & set(round_.term_ids)})
    told = [(count, identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=one)) for one, count in schools.items()]
    told += [(count, identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=one)) for one, count in programmes.items()]
    for count, accounts in told:  # who answers for both is told the school's number
        notify(
            account_ids=accounts,
            kind="placements.offers_gone",
            message=N_("“%(name)s”不再接收学生，%(n)d 个实习岗位已退回，理由：%(reason)s"),
            values={"name": unit.name, "n": count, "reason": why},
            url="/placements/positions",
            unique_key=f"unit:{unit.id}:{key}",
            now=now,
        )


def _tell_placed(unit: Organisation, going: Sequence[Placement], now: datetime) -> None:
    today: date = local(now).date()
    for row in going:
        tell(
            [queries.person_of_student(row.student_id), queries.person_of_mentor(row.mentor_id)],
            kind="placements.host_closed",
            message=N_("“%(name)s”已停用，那里的一项实习安排须由学校处理，请与学校联系。"),
            url=f"/placements/{row.id}",
            key=f"placement:{row.id}:closed:{unit.id}:{today.isoformat()}",
            now=now,
            name=unit.name,
        )
    counts: dict[tuple[int, int], int] = {}
    for row in going:
        student = queries.student(row.student_id)
        counts[student.programme_id, student.university_id] = counts.get((student.programme_id, student.university_id), 0) + 1
    for (programme_id, university_id), count in sorted(counts.items()):
        notify(
            account_ids={
                *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=programme_id),
                *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=university_id),
            },
            kind="placements.hosts_closed",
            message=N_("“%(name)s”已停用，有 %(n)d 项实习安排在那里，请更换单位、提前结束或撤销。"),
            values={"name": unit.name, "n": count},
            url="/placements/?state=going",
            unique_key=f"unit:{unit.id}:closed:{today.isoformat()}:{programme_id}",
            now=now,
        )
