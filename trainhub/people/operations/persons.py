"""One row per human: register, change, reveal a number, decide about two who look the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit, pinyin
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import keyring
from trainhub.kernel.sheets.parsers import parse_country, parse_email, parse_phone
from trainhub.organisations import queries as organisations
from trainhub.people import labels, queries, rules
from trainhub.people.models import Person, PersonPair
from trainhub.people.operations.claiming import hand_over, tell_proved, vouches, yield_claims
from trainhub.people.operations.days import birth_told
from trainhub.people.operations.errors import BadPerson, NameDiffers, NumberCorrected, NumberTaken
from trainhub.people.operations.guardians import guardian_first
from trainhub.people.operations.identifying import settle_identity
from trainhub.people.operations.merging import note_decision
from trainhub.people.types import CHANGED, DECIDES_KIND, Gender, IdCheck, Identified, IdType, NationalityKind, PairDecision, SealedNumber


def checked(id_type: IdType, number: str) -> IdCheck:
    """Check a number; raises BadPerson (field id_number, code id_<problem>) in words."""
    found = rules.check_number(id_type, number)
    if found.problem is not None:
        raise BadPerson(str(labels.ID_PROBLEMS[found.problem]), field="id_number", code=f"id_{found.problem.value}")
    return found


def seal_number(id_type: IdType, number: str) -> SealedNumber:
    """A checked number as it is stored: keyed hash, ciphertext, mask. For bulk imports; others use `register_person`."""
    return SealedNumber(id_type, queries.hash_of(id_type, number), keyring().encrypt(number), rules.mask_number(id_type, number))


def register_person(
    *,
    name: str,
    by: Identity,
    now: datetime,
    id_type: IdType | None = None,
    id_number: str | None = None,
    birth_on: date | None = None,
    gender: Gender = Gender.UNKNOWN,
    nationality: str = "CN",
    nationality_kind: NationalityKind | None = None,
    phone: str = "",
    email: str = "",
    county_code: str | None = None,
    is_verified: bool = False,
    is_demo: bool = False,
    number_by_holder: bool = False,
) -> Person:
    """The person with these facts. A known number with the same name is the known person, returned unchanged; one that somebody only said of
    themselves is nobody's yet (`claiming`), but whoever only hosts people is led to who said it. With `number_by_holder` nobody but the person says it:
    then a number that anybody has is refused (NumberTaken).

    Raises NameDiffers when the number is known under another name, NumberCorrected when it was corrected for somebody of this name, BadPerson when
    a fact is impossible (wrong check digit, a birth date that the number contradicts, an unknown county). The same name and birth date under another number is
    accepted; `queries.possible_same` shows such pairs for review.
    """
    name, check = _named(name, id_type, id_number)
    proves, yielded = not number_by_holder and vouches(by), dict[str, Person]()
    if check is not None and id_type is not None:
        known = queries.person_by_number(id_type, check.number, claimed=not proves)
        if known is not None and number_by_holder:
            raise _has_number(known)
        if known is not None:
            return _read_again(_same_or_refuse(known, name), id_type, check.number, now)
        key = queries.hash_of(id_type, check.number)
        _refuse_former(name, key, queries.corrected([key]))
        if proves:
            yielded = yield_claims([key], by=by, now=now)
    row = _row(
        name,
        check,
        id_type,
        now=now,
        resolve=organisations.resolve_county,
        birth_on=birth_on,
        gender=gender,
        nationality=nationality,
        nationality_kind=nationality_kind,
        phone=phone,
        email=email,
        county_code=county_code,
        is_verified=is_verified,
        is_demo=is_demo,
    )
    row.number_by_holder = number_by_holder and row.id_number_hash is not None
    settle_identity(row, how=_how(row), by=by, now=now)
    for is_last in (False, True):
        try:
            with session().begin_nested():
                session().add(row)
                session().flush()
            break
        except IntegrityError:  # somebody else registered the same number in this moment, or claimed it
            if check is None or id_type is None:
                raise
            known = queries.person_by_number(id_type, check.number, claimed=not proves)
            if known is not None and number_by_holder:
                raise _has_number(known) from None
            if known is not None:
                hand_over(yielded, by=by, now=now)
                return _same_or_refuse(known, name)
            if is_last or not proves:
                raise
            yielded |= yield_claims([queries.hash_of(id_type, check.number)], by=by, now=now)
    hand_over(yielded, by=by, now=now)
    _note_registered(row, by)
    return row


def register_persons(wanted: Sequence[Mapping[str, Any]], *, by: Identity, now: datetime) -> list[Person]:
    """`register_person` for many at once, each with the facts it takes: the same answers in the same order, with few statements.

    Raises as it does, for the first that is refused.
    """
    book = organisations.county_book()
    named = [_named(one["name"], one.get("id_type"), one.get("id_number")) for one in wanted]
    keys = [queries.hash_of(one["id_type"], check.number) if check is not None else None for one, (_name, check) in zip(wanted, named, strict=True)]
    proves, rows, new = vouches(by), list[Person](), list[Person]()
    holders = queries.persons_by_hash((key for key in keys if key is not None), claimed=not proves)
    corrected = queries.corrected(key for key in keys if key is not None and key not in holders)
    for one, (name, check), key in zip(wanted, named, keys, strict=True):
        if key is not None and check is not None and key in holders:
            rows.append(_read_again(_same_or_refuse(queries.who_stayed(holders[key]), name), one["id_type"], check.number, now))
            continue
        _refuse_former(name, key, corrected)
        facts = {fact: value for fact, value in one.items() if fact not in ("name", "id_type", "id_number")}
        row = _row(name, check, one.get("id_type"), now=now, resolve=book.resolve, **facts)
        settle_identity(row, how=_how(row), by=by, now=now)
        rows.append(row)
        new.append(row)
        if key is not None:
            holders[key] = row
    yielded = yield_claims((row.id_number_hash for row in new if row.id_number_hash is not None), by=by, now=now) if proves else {}
    try:
        with session().begin_nested():
            session().add_all(new)
            session().flush()
    except IntegrityError:  # somebody else registered one of the numbers in this moment
        rows = [register_person(by=by, now=now, **one) for one in wanted]
        hand_over(yielded, by=by, now=now)
        return rows
    hand_over(yielded, by=by, now=now)
    for row in new:
        _note_registered(row, by)
    return rows


def _refuse_former(name: str, key: str | None, corrected: Mapping[str, Sequence[str]]) -> None:
    if any(rules.same_name(former, name) for former in corrected.get(key or "", ())):
        raise NumberCorrected(str(labels.NUMBER_CORRECTED), field="id_number")


def _how(row: Person) -> Identified:
    return Identified.DOCUMENT if row.id_number_hash is None or row.number_by_holder else Identified.NUMBER


def _note_registered(row: Person, by: Identity) -> None:
    audit.record(by=by, did="people.person.registered", on=row, data={"id_mask": row.id_mask})


def _named(name: str, id_type: IdType | None, id_number: str | None) -> tuple[str, IdCheck | None]:
    """A name as it is kept, and its number if there is one. Raises BadPerson."""
    name = rules.normalise_name(name)
    if not name:
        raise BadPerson(_("请填写姓名。"), field="name")
    if not id_number or not id_number.strip():
        return name, None
    if id_type is None:
        raise BadPerson(_("填写了证件号码，请同时选择证件类型。"), field="id_type")
    return name, checked(id_type, id_number)


def _row(
    name: str,
    check: IdCheck | None,
    id_type: IdType | None,
    *,
    now: datetime,
    resolve: Callable[[str, date], str | None],
    birth_on: date | None = None,
    gender: Gender = Gender.UNKNOWN,
    nationality: str = "CN",
    nationality_kind: NationalityKind | None = None,
    phone: str = "",
    email: str = "",
    county_code: str | None = None,
    is_verified: bool = False,
    is_demo: bool = False,
) -> Person:
    """A person nobody knows yet, not added to anything. Raises BadPerson when a fact is impossible."""
    if check is not None:
        if check.birth_on is not None and birth_on not in (None, check.birth_on):
            raise BadPerson(
                _("出生日期 %(given)s 与身份证号码中的 %(found)s 不一致，请核对。", given=birth_on, found=check.birth_on), field="birth_on"
            )
        birth_on = check.birth_on or birth_on
        _check_birth(check.birth_on, now, field="id_number")
        gender = check.gender if check.gender is not Gender.UNKNOWN else gender
        nationality_kind = nationality_kind or check.nationality_kind
    _check_birth(birth_on, now, field="birth_on")
    if county_code and resolve(county_code, now.date()) is None:
        raise BadPerson(_("没有代码为 %(code)s 的县（市、区）。", code=county_code), field="county_code")
    _check_characters(name)
    _check_contacts({"nationality": nationality, "phone": phone.strip(), "email": email.strip()})
    nationality = nationality or "CN"
    row = Person(
        name=name,
        pinyin=pinyin.of_name(name),
        birth_on=birth_on,
        gender=gender,
        nationality=nationality,
        nationality_kind=nationality_kind or rules.kind_of_nationality(nationality),
        phone=phone.strip(),
        email=email.strip(),
        county_code=county_code or None,
        is_verified=is_verified,
        is_demo=is_demo,
        created_at=now,
    )
    if check is not None and id_type is not None:
        put_number(row, seal_number(id_type, check.number))
    return row


CONTACTS = {"nationality": parse_country, "phone": parse_phone, "email": parse_email}


def _check_contacts(fields: Mapping[str, Any]) -> None:
    """A slip in a number or address is told where it can be mended; an empty one is none."""
    for field, parse in CONTACTS.items():
        if fields.get(field):
            try:
                parse(fields[field])
            except ValueError as wrong:
                raise BadPerson(str(wrong), field=field) from wrong


def put_number(row: Person, sealed: SealedNumber) -> None:
    """Let a row hold a sealed number."""
    row.id_type, row.id_number_hash = sealed.id_type, sealed.hash
    row.id_number_encrypted, row.id_mask = sealed.encrypted, sealed.mask


def _has_number(holder: Person) -> NumberTaken:
    return NumberTaken(_("证件号码 %(mask)s 已有登记。", mask=holder.id_mask), field="id_number")


def _same_or_refuse(known: Person, name: str) -> Person:
    if not rules.same_name(known.name, name):
        raise NameDiffers(
            _("证件号码 %(mask)s 已登记在另一个姓名下，与“%(name)s”不一致。请核对姓名和号码。", mask=known.id_mask, name=name), field="name"
        )
    return known


def _read_again(known: Person, id_type: IdType, number: str, now: datetime) -> Person:
    """A number that had served its time comes back with its holder; one that is readable counts its time anew, once a month to spare lists the writing."""
    if known.id_number_encrypted is not None and known.id_number_encrypted != b"" and now - (known.number_given_at or known.created_at) > GIVEN_ANEW:
        known.number_given_at = now
        session().flush()
    if known.id_number_encrypted == b"":
        known.number_given_at = now
        known.id_number_encrypted = seal_number(id_type, number).encrypted
        session().flush()
    return known


def _check_characters(name: str) -> None:
    if told := labels.name_told(name):
        raise BadPerson(told, field="name")


GIVEN_ANEW = timedelta(days=30)
EDITABLE = frozenset(["name", "birth_on", "gender", "nationality", "nationality_kind", "phone", "email", "county_code", "is_verified"])


def change_person(*, person: Person, by: Identity, now: datetime, version: int | None = None, reason: str = "", **fields: Any) -> list[str]:
    """Change facts of a person; returns the names of the changed fields. The kind of nationality follows the nationality where no number decides it;
    said otherwise it needs a `reason`, which the audit log keeps: the evaluation counts foreigners by it.

    Raises Stale and BadPerson.
    """
    check_version(person, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_person() got unexpected fields {unknown}")
    fields = {key: value.strip() if type(value) is str else value for key, value in fields.items()}  # a member of an enum stays one
    if "name" in fields:
        fields["name"] = rules.normalise_name(fields["name"])
        if not fields["name"]:
            raise BadPerson(_("请填写姓名。"), field="name")
        if fields["name"] != person.name:
            _check_characters(fields["name"])
    if fields.get("county_code") and organisations.resolve_county(fields["county_code"], now.date()) is None:
        raise BadPerson(_("没有代码为 %(code)s 的县（市、区）。", code=fields["county_code"]), field="county_code")
    if "county_code" in fields:
        fields["county_code"] = fields["county_code"] or None
    has_card = person.id_type is IdType.RESIDENT_ID and person.id_number_hash is not None  # a mask alone is a claim, which decides nothing
    if "birth_on" in fields and has_card and fields["birth_on"] != person.birth_on:
        raise BadPerson(_("出生日期由身份证号码确定，不能单独修改。"), field="birth_on")
    if "gender" in fields and has_card and fields["gender"] != person.gender:
        raise BadPerson(_("性别由身份证号码确定，不能单独修改。"), field="gender")
    check_guardian(person, fields.get("birth_on"), now, field="birth_on")
    _settle_kind(person, fields, reason)
    is_proven = False
    if fields.get("is_verified") and not person.is_verified and person.number_by_holder:
        if person.id_number_hash is None:  # a mask alone: the number is another row's, and whether both are one human is a claim
            person.id_type, person.id_mask = None, ""
        person.number_by_holder = False  # whoever verified the person looked at the document
        is_proven = person.id_number_hash is not None
    changed = [key for key, value in fields.items() if getattr(person, key) != value]
    _check_contacts({key: fields[key] for key in changed})
    before = {key: getattr(person, key) for key in changed}
    for key in changed:
        setattr(person, key, fields[key])
    settle_identity(person, how=Identified.DOCUMENT, by=by, now=now)
    if changed:
        if "name" in changed:
            person.pinyin = pinyin.of_name(person.name)
        session().flush()
        audit.record(
            by=by,
            did="people.person.changed",
            on=person,
            data={"fields": sorted(changed)} | ({"reason": reason.strip()[:500]} if "nationality_kind" in changed and reason.strip() else {}),
        )
        for tell in current_app.extensions.get(CHANGED, ()):
            tell(person, before, by, now)
    if is_proven:
        tell_proved(person.id, by=by, now=now)
    return changed


def _settle_kind(person: Person, fields: dict[str, Any], reason: str) -> None:
    """Let the kind of nationality follow a nationality, or look at one that is said. Raises BadPerson."""
    nationality, said = fields.get("nationality", person.nationality), fields.get("nationality_kind", person.nationality_kind)
    if said is person.nationality_kind:
        if nationality != person.nationality and person.id_type not in DECIDES_KIND and not rules.nationality_agrees(nationality, said):
            fields["nationality_kind"] = rules.kind_of_nationality(nationality)
        return
    if not rules.nationality_agrees(nationality, said):
        raise BadPerson(
            _("国籍类别与国籍不一致：国籍为 CN 的是中国内地或港澳台，HK、MO、TW 的是港澳台，其他国籍的是外国。"), field="nationality_kind"
        )
    check_reason(reason, open_number(person))


def check_reason(reason: str, *numbers: str) -> None:
    """Raise BadPerson unless a reason for a correction says something, and no number: the audit log keeps it for good."""
    if len(reason.strip()) < 4:
        raise BadPerson(_("请写明更正的依据（至少 4 个字），依据会记入审计日志。"), field="reason")
    if rules.has_number(reason, *numbers):
        raise BadPerson(_("依据会长期保存在审计日志中，请不要写证件号码。"), field="reason")


def open_number(person: Person) -> str:
    """The number of a person for a comparison within the house; empty where there is none or it has served its time."""
    return keyring().decrypt(person.id_number_encrypted) if person.id_number_encrypted else ""


def check_guardian(person: Person, birth_on: date | None, now: datetime, *, field: str) -> None:
    """Raise BadPerson when a birth date is to come, or (guardian_needed) would make a child of a student whose guardian is not registered."""
    _check_birth(birth_on, now, field=field)
    if said := guardian_first(person, birth_on, local(now).date()):
        raise BadPerson(said, field=field, code="guardian_needed")


def _check_birth(birth_on: date | None, now: datetime, *, field: str) -> None:
    if said := birth_told(birth_on, local(now).date()):
        raise BadPerson(said, field=field)


def decide_pair(*, first: Person, second: Person, decision: PairDecision, reason: str, by: Identity, now: datetime) -> PersonPair:
    """Decide whether two persons are one, see `merging`. Deciding again replaces the decision: a mistaken merging is taken back.

    Raises BadPerson for one person twice and without a reason.
    """
    if first.id == second.id:
        raise BadPerson(_("请选择两名不同的人员。"))
    if not reason.strip():
        raise BadPerson(_("请写明判定的依据。"), field="reason")
    return note_decision(first_id=first.id, second_id=second.id, decision=decision, reason=reason, by=by, now=now)
