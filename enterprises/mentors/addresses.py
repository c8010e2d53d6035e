"""Who vouches that an address is its mentor's: a school that asked the mentor, an office that entered it, the holder of a proven account.

What an enterprise's coordinator typed proves nothing: it may be a second telephone of the own. A link that is sent there asks for a code of the school
as one that is handed over does (`proving`); after somebody has vouched once, links to that address ask for none. Another address starts anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from enterprises.mentors import proof_queries
from enterprises.mentors.accounts import hosted_by
from enterprises.mentors.address_queries import addresses_of, digest_of, is_mentor, vouched_of
from enterprises.mentors.models import Mentor, MentorAddress
from enterprises.permissions import SCHOOL
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import NotAllowed, NotFound, Refused, Stale
from trainhub.kernel.i18n import _
from trainhub.people import operations as people_operations
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.people.queries import is_own_address, of_human


class BadAddress(Refused):
    """Nobody can vouch for this address."""

    code = "bad_address"


def is_of_mine(person: Person, by: Identity) -> bool:
    """Whether a mentor guides students of `by`'s programmes and schools: theirs to vouch for, and to see the addresses of."""
    return by.has(*SCHOOL) and proof_queries.signs_for(person.id, by)


def against_vouching(person: Person, by: Identity) -> NotAllowed | None:
    """Why `by` does not vouch for a mentor's addresses: no head of a school whose students the mentor guides, of the mentor's enterprise, or the mentor."""
    if not is_of_mine(person, by):
        return NotAllowed(_("联系方式由该指导教师所指导学生的专业或学校管理人员核实；企业联系人不能核实。"))
    if people.is_same_human(by.person_id, person.id) or hosted_by([person.id], by):
        return NotAllowed(_("你就是%(name)s本人，或也是其所在企业的联系人、中心负责人，须由学校的另一人核实。", name=person.name))
    return None


def vouch(*, mentor: Mentor, digest: str, how: str, by: Identity, now: datetime) -> MentorAddress:
    """A head says, with how it was checked, that an address of the file is the mentor's own. A repeat changes nothing.

    Raises NotAllowed (`against_vouching`), Stale for an address that was changed meanwhile, BadAddress without words or for one that stands for
    somebody else too.
    """
    person = session().get_one(Person, mentor.person_id)
    if (refused := against_vouching(person, by)) is not None:
        raise refused
    found = next((address for _channel, address in addresses_of(person) if digest_of(address) == digest), None)
    if found is None:
        raise Stale(_("这个联系方式刚被更改，请核对新的联系方式。"))
    known = vouched_of(person.id).get(digest)
    if known is not None:
        return known
    if not is_own_address(person, found):
        message = _("%(name)s的这个联系方式在系统中也登记在别人名下，不能作为本人的联系方式。请先更正，再核实。", name=person.name)
        raise BadAddress(message, field="how")
    if not 0 < len(how.strip()) <= 200:
        raise BadAddress(_("请写明怎样向本人核实的，最多 200 字（如：当面、打学校已有的电话）。"), field="how")
    return _keep(mentor.person_id, digest, how.strip(), by, now)


def _keep(person_id: int, digest: str, how: str, by: Identity, now: datetime) -> MentorAddress:
    row = MentorAddress(person_id=person_id, digest=digest, how=how, vouched_by_id=by.account_id, vouched_at=now)
    add_once(row, lambda: Stale(_("刚有人核实了这个联系方式，请刷新后再看。")))
    audit.record(by=by, did="mentors.address.vouched", on=("person", str(person_id)), data={"reason": how})
    return row


def vouch_for(*, chosen: Collection[tuple[int, str]], how: str, by: Identity, now: datetime) -> int:
    """The same for many mentors at once, each with a digest; how many addresses. All or none: raises what `vouch` raises, and NotFound."""
    for mentor_id, digest in sorted(chosen):  # two who vouch at once wait in one order
        mentor = session().get(Mentor, mentor_id)
        if mentor is None:
            raise NotFound(_("没有这位企业指导教师。"))
        vouch(mentor=mentor, digest=digest, how=how, by=by, now=now)
    return len(chosen)


def withdraw(*, mentor: Mentor, digest: str, reason: str, by: Identity, now: datetime) -> bool:
    """A head takes back, with a reason, that an address is the mentor's own, whoever vouched for it: links to it, those on their way too, ask for a code
    again. The audit keeps both. False when nobody vouches for it any more.

    Raises NotAllowed (`against_vouching`), BadAddress without a reason.
    """
    person = session().get_one(Person, mentor.person_id)
    if (refused := against_vouching(person, by)) is not None:
        raise refused
    if not 0 < len(reason.strip()) <= 200:
        raise BadAddress(_("请写明撤回核实的理由，最多 200 字。"), field="reason")
    of_them = of_human(MentorAddress.person_id, person.id)
    known = session().scalars(select(MentorAddress).where(of_them, MentorAddress.digest == digest).with_for_update()).all()
    for row in known:  # each row of a human who was merged
        data = {
            "reason": reason.strip(),
            "how": row.how,
            "vouched_by": row.vouched_by_id,
            "vouched_at": row.vouched_at.isoformat(),
            "digest": row.digest,
        }
        session().delete(row)
        audit.record(by=by, did="mentors.address.withdrawn", on=("person", str(row.person_id)), data=data)
    session().flush()
    return bool(known)


def forget(person_ids: Sequence[int]) -> None:
    """Addresses that are erased are vouched for no more (`people.types.FORGOTTEN`); the audit keeps that they were."""
    gone = delete(MentorAddress).where(MentorAddress.person_id.in_(person_ids))
    session().execute(gone.execution_options(synchronize_session="fetch"))


def follow_person(person: Person, before: Mapping[str, Any], by: Identity, now: datetime) -> None:
    """An address that an office enters, or the holder of a proven account, is vouched for by it; see `people.types.CHANGED`.

    Not one that the enterprise's side enters, whatever else the same account may do.
    """
    changed: Collection[str] = {"email", "phone"} & before.keys()
    if not changed or not is_mentor(person.id):
        return
    if by.account_id is not None and people.is_same_human(by.person_id, person.id):
        if proof_queries.is_unproven(by):
            return
    elif not people_operations.vouches(by) or hosted_by([person.id], by):
        return
    known = vouched_of(person.id)
    for name in sorted(changed):
        address = getattr(person, name)
        if address and digest_of(address) not in known:
            _keep(person.id, digest_of(address), "", by, now)
