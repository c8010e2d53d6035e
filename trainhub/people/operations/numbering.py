"""The number of a person's identity document: added to who has none, corrected when a slip was registered, shown whole for one look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity, demand
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import keyring
from trainhub.people import queries, rules
from trainhub.people.models import FormerNumber, Person
from trainhub.people.operations.claiming import hand_over, tell_proved, yield_claims
from trainhub.people.operations.errors import BadPerson, NumberTaken
from trainhub.people.operations.identifying import settle_identity
from trainhub.people.operations.persons import check_guardian, check_reason, checked, open_number, put_number, seal_number
from trainhub.people.permissions import Can
from trainhub.people.types import NAMED, Gender, IdCheck, Identified, IdType, NationalityKind


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
    _check_may_have(person, check, now, by_holder=by_holder)
    key = queries.hash_of(id_type, check.number)
    yielded, before = {} if by_holder else yield_claims([key], by=by, now=now, but=person.id), _wrong(person, key)
    _write(person, id_type, check, by_holder=by_holder, by=by, now=now)
    hand_over(yielded, by=by, now=now)
    _remember(person, before, now)
    audit.record(by=by, did="people.number.given", on=person, data={"id_mask": person.id_mask})
    if not by_holder:
        tell_proved(person.id, by=by, now=now)
    return person


def _check_may_have(person: Person, check: IdCheck, now: datetime, *, by_holder: bool) -> None:
    if person.merged_into_id is not None:
        raise BadPerson(_("这条记录已合并到另一条记录，请在保留的记录上办理。"))
    if person.id_number_hash is not None and (by_holder or not person.number_by_holder):
        raise BadPerson(_("%(name)s 已登记证件号码 %(mask)s，不能更换。", name=person.name, mask=person.id_mask), field="id_number")
    followed = person.number_by_holder and not by_holder  # what followed from a number that the holder typed is no fact against an office
    if check.birth_on is not None and person.birth_on not in (None, check.birth_on) and not followed:
        raise BadPerson(_("身份证号码中的出生日期 %(found)s 与已登记的不一致，请核对。", found=check.birth_on), field="id_number")
    check_guardian(person, check.birth_on, now, field="id_number")


def say_number(*, person: Person, id_type: IdType, number: str, by: Identity, now: datetime) -> str:
    """Keep what a holder says of themselves, whoever stands under the number; returns its keyed hash. Nobody else has it: it is theirs as a claim
    (`give_number`). Somebody has it, or it was corrected for somebody of the name: the row shows its mask and what follows from it just the same, and
    does not hold it, so that neither the answer nor the own pages tell a stranger whether the number is known. Raises BadPerson.
    """
    check = checked(id_type, number)
    key = queries.hash_of(id_type, check.number)
    is_free = not any(rules.same_name(former, person.name) for former in queries.corrected([key]).get(key, ()))
    if is_free:
        try:
            give_number(person=person, id_type=id_type, number=number, by=by, now=now, by_holder=True)
        except NumberTaken:
            is_free = False
    if not is_free:
        _check_may_have(person, check, now, by_holder=True)
        person.id_type, person.id_mask, person.number_by_holder = id_type, rules.mask_number(id_type, check.number), True
        _follow(person, check)
        session().flush()
        audit.record(by=by, did="people.number.given", on=person, data={"id_mask": person.id_mask})
    return key


def facts_of_number(person: Person) -> dict[str, Any]:
    """What of a row follows from a number, as it stands: kept before somebody says one of themselves, to be put back by `unsay_number`."""
    birth_on = person.birth_on.isoformat() if person.birth_on is not None else None
    return {"birth_on": birth_on, "gender": person.gender.value, "nationality_kind": person.nationality_kind.value}


def unsay_number(person: Person, before: Mapping[str, Any] | None = None) -> None:
    """Take from a row the mask of a number that it never held, and what followed from it (`before`: as it stood, see `facts_of_number`)."""
    if person.id_number_hash is None and person.number_by_holder:
        person.id_type, person.id_mask, person.number_by_holder = None, "", False
        if before is not None:
            person.birth_on = date.fromisoformat(before["birth_on"]) if before["birth_on"] else None
            person.gender, person.nationality_kind = Gender(before["gender"]), NationalityKind(before["nationality_kind"])
        session().flush()


def _follow(person: Person, check: IdCheck) -> None:
    """Take over what a number says; of somebody an office looked at, what they type themselves says nothing."""
    if person.is_verified and person.number_by_holder:
        return
    person.birth_on = check.birth_on or person.birth_on
    person.gender = check.gender if check.gender is not Gender.UNKNOWN else person.gender
    person.nationality_kind = check.nationality_kind


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
    tell_proved(person.id, by=by, now=now)
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
            person.number_by_holder, person.number_given_at = by_holder, now
            settle_identity(person, how=Identified.NUMBER, by=by, now=now)
            _follow(person, check)
            session().flush()
    except IntegrityError:
        held = queries.persons_by_hash([sealed.hash]).get(sealed.hash)
        holder = held or next(iter(queries.claimants([sealed.hash])), None)
        if holder is None:
            raise
        raise _taken(holder) from None
