"""The number of a document is given where none is, corrected with a reason, and one's own is added; nobody's number stands in the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.keys import keyring
from trainhub.people import operations, queries
from trainhub.people.models import Person
from trainhub.people.types import Gender, IdType, NationalityKind
from trainhub.programmes.models import Programme

As = Callable[..., FlaskClient]


def resident(day: int = 1) -> str:
    """A number of somebody born in 1999."""
    return ground.resident_id(date(1999, 1, day))


def correct(who: Person, number: str, id_type: IdType = IdType.RESIDENT_ID, reason: str = "已核对证件原件") -> bool:
    """A correction by the system."""
    return operations.correct_number(person=who, id_type=id_type, number=number, reason=reason, by=SYSTEM, now=NOW)


def test_a_slip_is_corrected_with_all_that_follows_from_the_number(session: Session) -> None:
    wrong, right = resident(1), ground.resident_id(date(1998, 2, 3), order=12)
    who = ground.person("林一", id_type=IdType.RESIDENT_ID, id_number=wrong)
    session.info["audit"] = []
    assert correct(who, right.lower())
    assert (who.birth_on, who.gender, keyring().decrypt(who.id_number_encrypted or b"")) == (date(1998, 2, 3), Gender.FEMALE, right)
    assert queries.person_by_number(IdType.RESIDENT_ID, right) is who
    assert queries.person_by_number(IdType.RESIDENT_ID, wrong) is None, "it is free for its holder"
    assert not correct(who, right), "the same again changes nothing"
    (event,) = session.info["audit"]
    assert (event.did, event.data) == ("people.number.corrected", {"reason": "已核对证件原件"})
    assert correct(who, "E12345678", IdType.PASSPORT)
    assert (who.id_type, who.birth_on, who.nationality_kind) == (IdType.PASSPORT, date(1998, 2, 3), NationalityKind.FOREIGN)


def test_what_a_correction_refuses(session: Session) -> None:
    held, gone = resident(5), ground.person("单一", id_type=None)
    holder = ground.person("单一", id_type=IdType.RESIDENT_ID, id_number=held)
    who = ground.person("林一", id_type=IdType.RESIDENT_ID, id_number=resident())
    gone.merged_into_id = holder.id
    session.flush()
    fine = resident(9)
    for whose, number, reason, field in (
        (who, fine, "核 对", "reason"),
        (who, fine, f"应为 {fine}", "reason"),
        (who, fine, f"应为 {fine[:6]} {fine[6:14]} {fine[14:].lower()}", "reason"),
        (who, fine, f"应为{'.'.join(fine)}", "reason"),
        (who, fine, f"原为{resident()[:10]}-{resident()[10:]}", "reason"),
        (who, fine, f"与{held}混淆", "reason"),
        (who, "350102199901011234", "已核对证件原件", "id_number"),
        (gone, fine, "已核对证件原件", None),
    ):
        with pytest.raises(operations.BadPerson) as refused:
            correct(whose, number, reason=reason)
        assert refused.value.field == field
    with pytest.raises(operations.NumberTaken) as taken:
        correct(who, held)
    assert taken.value.holder_id == holder.id
    with pytest.raises(operations.BadPerson):
        operations.give_number(person=gone, id_type=IdType.RESIDENT_ID, number=fine, by=SYSTEM, now=NOW)


def test_what_follows_from_a_resident_card_is_not_changed_alone(session: Session) -> None:
    card = ground.person(id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(date(1999, 1, 1), order=12))
    none = ground.person(id_type=None)
    for field, value in (("birth_on", date(1999, 1, 2)), ("gender", Gender.MALE)):
        with pytest.raises(operations.BadPerson) as refused:
            operations.change_person(person=card, by=SYSTEM, now=NOW, **{field: value})
        assert refused.value.field == field
        operations.change_person(person=none, by=SYSTEM, now=NOW, **{field: value})
        assert getattr(none, field) == value
    with pytest.raises(operations.BadPerson):
        operations.change_person(person=none, by=SYSTEM, now=NOW, birth_on=date(2026, 3, 3))
    operations.change_person(person=none, by=SYSTEM, now=NOW, birth_on=date(2026, 3, 2))
    operations.change_person(person=card, by=SYSTEM, now=NOW, gender=card.gender, birth_on=card.birth_on, nationality="VN")
    assert card.nationality == "VN"


def test_the_page_gives_corrects_and_leads_to_the_merging(as_role: As, session: Session) -> None:
    wrong, right, held = resident(1), resident(2), resident(3)
    who, empty = ground.person("林一", id_type=IdType.RESIDENT_ID, id_number=wrong), ground.person("林二", id_type=None)
    holder = ground.person("林二", id_type=IdType.RESIDENT_ID, id_number=held)
    keys = who.id, empty.id, holder.id
    session.commit()
    admin, reader = as_role(Role.SYSTEM_ADMIN), as_role(Role.AUDITOR)
    at = [f"/people/persons/{key}/document" for key in keys]
    pages = [admin.get(f"/people/persons/{key}").text for key in keys[:2]]
    assert [
        ("更正证件号码" in page, "登记证件号码" in page.replace("单位登记证件号码", ""), path in page) for page, path in zip(pages, at, strict=False)
    ] == [
        (True, False, True),
        (False, True, True),
    ]
    assert (reader.get(at[0]).status_code, at[0] in reader.get(f"/people/persons/{keys[0]}").text) == (403, False)

    assert admin.post(at[0], data={"id_type": "resident_id", "id_number": right, "reason": ""}).status_code == 422
    version = str(session.get_one(Person, keys[0]).version)
    session.commit()
    data = {"id_type": "resident_id", "id_number": right, "reason": "已核对证件原件", "version": version}
    assert admin.post(at[0], data=data).status_code == 303
    assert admin.post(at[0], data={**data, "id_number": resident(4)}).status_code == 409, "somebody else corrected it meanwhile"

    refused = admin.post(at[1], data={"id_type": "resident_id", "id_number": held})
    assert refused.status_code == 422
    assert f"/people/same/{keys[1]}/{keys[2]}" in refused.text
    assert admin.post(at[1], data={"id_type": "resident_id", "id_number": resident(6)}).status_code == 303
    session.expire_all()
    assert session.get_one(Person, keys[0]).id_mask == right[:4] + "*" * 10 + right[-4:]
    assert session.get_one(Person, keys[1]).birth_on == date(1999, 1, 6)
    logged = json.dumps([event.data for event in session.scalars(select(AuditEvent))])
    assert not [number for number in (wrong, right, held) if number in logged]


def test_birth_date_gender_and_nationality_are_corrected_where_no_card_says_them(as_role: As, session: Session) -> None:
    passport = ground.person("陈一", id_type=IdType.PASSPORT, id_number="E76543210", nationality="CN")
    card = ground.person("陈二", id_type=IdType.RESIDENT_ID, id_number=resident())
    ids = passport.id, card.id
    session.commit()
    admin = as_role(Role.SYSTEM_ADMIN)
    pages = [admin.get(f"/people/persons/{key}/edit").text for key in ids]
    assert [('name="birth_on"' in page, 'name="gender"' in page, 'name="nationality"' in page) for page in pages] == [
        (True,) * 3,
        (False, False, True),
    ]
    data = {
        "name": "陈一",
        "birth_on": "2001-02-03",
        "gender": "female",
        "nationality": "vn",
        "version": str(session.get_one(Person, ids[0]).version),
    }
    session.commit()
    assert admin.post(f"/people/persons/{ids[0]}/edit", data=data).status_code == 303
    session.expire_all()
    row = session.get_one(Person, ids[0])
    assert (row.birth_on, row.gender, row.nationality) == (date(2001, 2, 3), Gender.FEMALE, "VN")
    event = session.scalars(select(AuditEvent).where(AuditEvent.did == "people.person.changed").order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert event.data == {"fields": ["birth_on", "gender", "nationality"]}
    session.commit()
    slip = admin.post(f"/people/persons/{ids[0]}/edit", data={**data, "nationality": "ZZ", "version": str(row.version)})
    assert slip.status_code == 422


def kind(who: Person, **facts: Any) -> NationalityKind:
    """What a person's kind of nationality is after a change."""
    operations.change_person(person=who, by=SYSTEM, now=NOW, **facts)
    return who.nationality_kind


def test_the_kind_of_nationality_is_corrected_with_a_reason(session: Session) -> None:
    """Foreign teachers are counted by it (evaluation), so who a passport made a foreigner by mistake is none."""
    china, islands, foreign = NationalityKind
    passport, none = ground.person(id_type=IdType.PASSPORT, id_number="E76543210", nationality="CN"), ground.person(id_type=None)
    assert passport.nationality_kind is foreign
    for who, facts, field in (
        (passport, {"nationality_kind": china, "reason": "核对"}, "reason"),
        (passport, {"nationality_kind": china, "reason": "护照 E7654 3210 为中国护照"}, "reason"),
        (none, {"nationality_kind": foreign, "reason": "已核对护照"}, "nationality_kind"),
        (none, {"nationality_kind": islands, "nationality": "VN", "reason": "已核对护照"}, "nationality_kind"),
    ):
        with pytest.raises(operations.BadPerson) as refused:
            kind(who, **facts)
        assert refused.value.field == field
    session.info["audit"] = []
    assert kind(passport, nationality_kind=china, reason="中国护照，已核对原件") is china
    (event,) = session.info["audit"]
    assert event.data == {"fields": ["nationality_kind"], "reason": "中国护照，已核对原件"}
    assert kind(none, nationality_kind=islands, reason="已核对居住证") is islands
    assert kind(none, nationality="VN", nationality_kind=foreign, reason="已核对护照") is foreign


def test_the_kind_follows_a_nationality_that_no_number_decides(session: Session) -> None:
    china, islands, foreign = NationalityKind
    none = ground.person(id_type=None)
    assert [kind(none, nationality=code) for code in ("VN", "CN", "HK", "TW", "CN", "VN")] == [foreign, china, islands, islands, islands, foreign]
    permit = ground.person(id_type=IdType.MAINLAND_PERMIT_HK_MO, id_number="H12345678")
    assert kind(permit, nationality="GB") is islands
    assert kind(ground.person(), nationality="VN") is china


def test_the_page_corrects_the_kind_where_no_number_decides_it(as_role: As, session: Session) -> None:
    ids = [ground.person("陈一", id_type=None).id, ground.person("陈二").id]
    session.commit()
    admin = as_role(Role.SYSTEM_ADMIN)
    assert ['name="nationality_kind"' in admin.get(f"/people/persons/{key}/edit").text for key in ids] == [True, False]
    data = {"name": "陈一", "gender": "unknown", "nationality": "CN", "nationality_kind": "hk_mo_tw", "version": "1"}
    refused = admin.post(f"/people/persons/{ids[0]}/edit", data=data)
    assert (refused.status_code, "依据" in refused.text) == (422, True)
    assert admin.post(f"/people/persons/{ids[0]}/edit", data={**data, "reason": "已核对居住证"}).status_code == 303
    session.expire_all()
    assert session.get_one(Person, ids[0]).nationality_kind is NationalityKind.HK_MO_TW


def test_a_child_is_enrolled_on_the_page_with_a_guardian(as_role: As, session: Session) -> None:
    cohort = ground.cohort(year=2023)
    programme = session.get_one(Programme, cohort.programme_id)
    programme_id, university_id = programme.id, programme.university_id
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    born = date(clock.today().year - 13, 1, 1)
    data = {
        "name": "小林", "id_type": "resident_id", "id_number": ground.resident_id(born), "programme_id": str(programme_id),
        "cohort_year": "2023", "student_no": "2023-9", "enrolled_on": "2023-09-01",
    }  # fmt: skip
    refused = client.post("/people/students/new", data=data)
    assert (refused.status_code, 'name="guardian_name"' in refused.text) == (422, True)
    assert client.post("/people/students/new", data={**data, "guardian_name": "林父", "guardian_phone": "13800000000"}).status_code == 303
    row = queries.students_by_no([(university_id, "2023-9")]).get((university_id, "2023-9"))
    assert row is not None
    assert (row.guardian_name, row.guardian_phone) == ("林父", "13800000000")
