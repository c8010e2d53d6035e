"""An office looks at somebody and their document: from then on what they do counts."""

from __future__ import annotations

from datetime import datetime

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed
from trainhub.kernel.i18n import _
from trainhub.people import queries
from trainhub.people.models import Person
from trainhub.people.operations.errors import BadPerson
from trainhub.people.operations.persons import change_person, check_reason, open_number


def identify_person(*, person: Person, basis: str, by: Identity, now: datetime) -> bool:
    """Keep that somebody looked at a person and their document; a number that the holder had typed is proven by it. `basis`: what was looked at,
    without a number; the audit log keeps it. Verified already: False, nothing changed (a number
    they typed since is proven by who registers it).

    Raises BadPerson: merged into another row, a number that is another row's (a claim decides), neither a number nor a birth date to look at, no basis;
    NotAllowed for oneself.
    """
    session().refresh(person, with_for_update={"of": Person})
    if queries.is_same_human(by.person_id, person.id):
        raise NotAllowed(_("不能核实自己的身份，请由他人办理。"))
    if person.merged_into_id is not None:
        raise BadPerson(_("这条记录已合并到另一条记录，请在保留的记录上办理。"))
    if person.is_verified:
        return False
    if person.id_number_hash is None and person.number_by_holder:
        said = _("此人填写的证件号码没有登记在这条记录名下：请先办理“待核实的注册”，或由学校、人社部门登记证件号码。")
        raise BadPerson(said, code="number_waits")
    if person.id_number_hash is None and person.birth_on is None:
        raise BadPerson(_("此人没有登记证件号码，也没有出生日期，无从核对。请先补录证件号码。"), code="nothing_to_look_at")
    check_reason(basis, open_number(person))
    change_person(person=person, is_verified=True, by=by, now=now)
    audit.record(by=by, did="people.person.identified", on=person, data={"reason": basis.strip()[:500]})
    return True
