"""The number of a person's identity document: added to who has none, corrected when a slip was registered, shown whole for one look."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity, demand
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import keyring
from trainhub.people import queries
from trainhub.people.models import FormerNumber, Person
from trainhub.people.operations.claiming import hand_over, yield_claims
from trainhub.people.operations.identifying import settle_identity
from trainhub.people.operations.persons import BadPerson, NumberTaken, check_guardian, check_reason, checked, open_number, put_number, seal_number
from trainhub.people.permissions import Can
from trainhub.people.types import NAMED, Gender, IdCheck, Identified, IdType


def give_number(*, person: Person, id_type: IdType, number: str, by: Identity, now: datetime, by_holder: bool = False) -> Person:
    """Add the number of an identity document to a person who has none. The same number again changes nothing. What an office says takes the place
    of what the holder said alone (`by_holder`), their own and anybody else's.

    Raises NumberTaken when it belongs to somebody else (then the two are decided about as a pair), BadPerson.
    """
    check = checked(id_type, number)
    known = queries.person_by_number(id_type, check.number, claimed=by_holder)
    if known is not None and known.id == person.id:
        return person
    if known is not None:
        raise _taken(known)
    if person.merged_into_id is not None:
        raise BadPerson(_("这条记录已合并到另一条记录，请在保留的记录上办理。"))
    if person.id_number_hash is not None and (by_holder or not person.number_by_holder):
        raise BadPerson(_("%(name)s 已登记证件号码 %(mask)s，不能更换。", name=person.name, mask=person.id_mask), field="id_number")
    if check.birth_on is not None and person.birth_on not in (None, check.birth_on):
        raise BadPerson(_("身份证号码中的出生日期 %(found)s 与已登记的不一致，请核对。", found=check.birth_on), field="id_number")
    check_guardian(person, check.birth_on, now, field="id_number")
    key = queries.hash_of(id_type, check.number)
    yielded, before = {} if by_holder else yield_claims([key], by=by, now=now, but=person.id), _wrong(person, key)
    _write(person, id_type, check, by_holder=by_holder, by=by, now=now)
    hand_over(yielded, by=by, now=now)
    _remember(person, before, now)
    audit.record(by=by, did="people.number.given", on=person, data={"id_mask": person.id_mask})
    return person


def correct_number(*, person: Person, id_type: IdType, number: str, reason: str, by: Identity, now: datetime, version: int | None = None) -> bool:
    """Replace a number that was registered wrongly (PIPL-46); returns whether anything changed. Birth date, gender and kind of nationality follow
    from the new one. The audit log keeps that it was done, by whom and why: no number, not even masked.

    Raises Stale; BadPerson without a reason, for a number that cannot be one, and for who was merged into somebody else; NumberTaken when it belongs
    to another row: whether the two are one human is decided as a pair.
    """
    check_version(person, version)
    reason = reason.strip()
    check_reason(reason, open_number(person))
    if person.merged_into_id is not None:
        raise BadPerson(_("这条记录已合并到另一条记录，请在保留的记录上办理。"))
    check = checked(id_type, number)
    check_reason(reason, check.number)
    key = queries.hash_of(id_type, check.number)
    if key == person.id_number_hash and not person.number_by_holder:
        return False
    holder = queries.persons_by_hash([key]).get(key)
    if holder is not None:
        raise _taken(holder)
    check_guardian(person, check.birth_on, now, field="id_number")
    before = _wrong(person, key)
    yielded = yield_claims([key], by=by, now=now, but=person.id)
    _write(person, id_type, check, by=by, now=now)
    hand_over(yielded, by=by, now=now)
    _remember(person, before, now)
    audit.record(by=by, did="people.number.corrected", on=person, data={"reason": reason[:500]})
    return True


def reveal_number(*, person: Person, by: Identity, reason: str, now: datetime) -> str:
    """The full number, for one look: needs `people:number:reveal` over the person, a reason, and leaves an audit event.

    Raises NotAllowed, BadPerson (no number, no reason).
    """
    demand(by, Can.NUMBER_REVEAL, queries.subject_of_person(person))
    if len(reason.strip()) < 4:
        raise BadPerson(_("请写明查看证件号码全文的理由（至少 4 个字），理由会记入审计日志。"), field="reason")
    if person.id_number_encrypted is None:
        raise BadPerson(_("%(name)s 没有登记证件号码。", name=person.name))
    if not person.id_number_encrypted:
        raise BadPerson(
            _("%(name)s 的证件号码保存期限已满，号码已抹去，只留比对值。再次培训登记时会重新填入。", name=person.name), code="number_erased"
        )
    audit.record(by=by, did="people.number.revealed", on=person, data={"id_mask": person.id_mask, "reason": reason.strip()})
    return keyring().decrypt(person.id_number_encrypted)


def _wrong(person: Person, key: str) -> str | None:
    """The number that was theirs by mistake once another is written: not what a stranger typed, unless a list named them by it."""
    if person.id_number_hash == key:
        return None
    is_named = not person.number_by_holder or any(ask(person.id) for ask in current_app.extensions.get(NAMED, ()))
    return person.id_number_hash if is_named else None


def _remember(person: Person, before: str | None, now: datetime) -> None:
    """Know the number that was wrong, in a file that still holds it; one that has become right is wrong no longer."""
    back = queries.former(person.id, person.id_number_hash or "")
    if back is not None:
        session().delete(back)
    if before is not None and queries.former(person.id, before) is None:
        session().add(FormerNumber(person_id=person.id, number_hash=before, corrected_at=now))
    session().flush()


def _taken(holder: Person) -> NumberTaken:
    taken = NumberTaken(_("证件号码 %(mask)s 已属于另一名人员，请到“疑似同一人”中核对。", mask=holder.id_mask), field="id_number")
    taken.holder_id = holder.id
    return taken


def _write(person: Person, id_type: IdType, check: IdCheck, *, by: Identity, now: datetime, by_holder: bool = False) -> None:
    """Keep a number with what follows from it. Raises NumberTaken when somebody else brought it in this moment."""
    sealed = seal_number(id_type, check.number)
    try:
        with session().begin_nested():
            put_number(person, sealed)
            person.number_by_holder = by_holder
            settle_identity(person, how=Identified.NUMBER, by=by, now=now)
            person.birth_on = check.birth_on or person.birth_on
            person.gender = check.gender if check.gender is not Gender.UNKNOWN else person.gender
            person.nationality_kind = check.nationality_kind
            session().flush()
    except IntegrityError:
        held = queries.persons_by_hash([sealed.hash]).get(sealed.hash)
        holder = held or next(iter(queries.claimants([sealed.hash])), None)
        if holder is None:
            raise
        raise _taken(holder) from None
