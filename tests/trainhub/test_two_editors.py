"""Two people open the same form: the second to save is told, and nothing of the first is overwritten (issue FOUNDATION, bad input)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.catalogue import authoring_queries as authored
from courses.catalogue.models import RunGroup, Unit
from courses.catalogue.operations import groups, team
from courses.catalogue.types import Access, Condition, ConditionKind
from enterprises.capstones.models import Capstone
from enterprises.mentors import queries as mentors
from enterprises.subsidies import queries as subsidies
from tests.factories import capstones, ground
from tests.factories import courses as make
from tests.factories import enterprises as field
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people import operations as people
from trainhub.people import queries as persons
from trainhub.people.models import Employment
from trainhub.people.types import IdType
from trainhub.programmes import queries as programmes

As = Callable[..., FlaskClient]
NOW = datetime.fromisoformat("2026-05-20T02:00:00+00:00")


def opened(client: FlaskClient, address: str) -> dict[str, str]:
    """The hidden fields of the last form of a page, as the browser would send them back."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    form = answer.text.split("</main>")[0].rsplit("<form", 1)[1].split("</form>")[0]
    found = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', form)]
    return {one["name"]: one.get("value", "") for one in found if one.get("name") not in (None, "csrf_token")}


def test_the_end_of_a_verified_span_of_work(as_role: As, session: Session) -> None:
    teacher = ground.teacher()
    work = ground.employment(session.get_one(type(ground.person()), teacher.person_id), since=date(2010, 1, 1), until=None)
    key, work_id, university = teacher.id, work.id, teacher.university_id
    session.commit()
    client, at = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university), f"/people/teachers/{key}/employment/{work_id}"
    first, second = opened(client, at), opened(client, at)
    assert client.post(at, data={**first, "until": "2016-12-31"}).status_code == 303
    told = client.post(at, data={**second, "until": "2015-12-31"})
    assert told.status_code == 409
    assert "2016-12-31" in told.text
    assert session.get_one(Employment, work_id, populate_existing=True).until == date(2016, 12, 31)
    again = {**opened(client, at), "until": "2015-12-31"}
    assert client.post(at, data=again).status_code == 303


def test_a_conclusion_of_accreditation(as_role: As, session: Session) -> None:
    programme = ground.programme()
    code, university = programme.code, programme.university_id
    session.commit()
    client, at = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university), f"/programmes/{code}/accreditation"
    first, second = opened(client, at), opened(client, at)
    entered = {"result": "passed", "concluded_on": "2025-06-01", "valid_years": "6"}
    assert client.post(at, data={**first, **entered}).status_code == 303
    told = client.post(at, data={**second, **entered, "result": "failed", "valid_years": ""})
    assert told.status_code == 409
    assert "已登记的结论：2025-06-01 通过认证" in told.text
    (row,) = programmes.accreditations_of(programme.id)
    assert (row.result.value, row.valid_years) == ("passed", 6)


def test_the_topic_of_a_capstone(as_role: As, session: Session) -> None:
    found = capstones.case()
    topics = [capstones.topic(programme=found.programme) for _n in range(2)]
    key, ids, programme = found.capstone.id, [one.id for one in topics], found.programme.id
    session.commit()
    client, at = as_role(Role.PROGRAMME_ADMIN, programme_id=programme), f"/capstones/{key}/topic"
    first, second = opened(client, at), opened(client, at)
    assert client.post(at, data={**first, "topic_id": ids[0], "reason": "企业退出"}).status_code == 303
    told = client.post(at, data={**second, "topic_id": ids[1], "reason": "企业退出"})
    assert told.status_code == 409
    assert "刚被其他人修改过" in told.text
    assert session.get_one(Capstone, key, populate_existing=True).topic_id == ids[0]
    once_more = dict(re.findall(r'name="(version)" value="(\d+)"', told.text))
    assert client.post(at, data={**once_more, "topic_id": ids[1], "reason": "企业退出"}).status_code == 303


def test_the_courses_asked_for_before_a_course(as_role: As, session: Session) -> None:
    university = ground.university()
    course, *others = [make.course(university) for _n in range(3)]
    wanted = [one.id for one in others]
    code, owner = course.code, course.owner_id
    session.commit()
    client, at = as_role(Role.UNIVERSITY_ADMIN, organisation_id=owner), f"/teaching/courses/{code}/edit"
    second = opened(client, at)
    team.set_prerequisites(course=course, required_ids=wanted[:1], by=SYSTEM, now=NOW)
    session.commit()
    facts = {"code": code, "owner_id": owner, "title": course.title, "family": "professional", "education_type": "continuing", "hours": "16"}
    told = client.post(at, data={**second, **facts, "language": "zh", "prerequisites": wanted[1:]})
    assert "刚被其他人修改过" in told.text
    assert [row.id for row in authored.prerequisites_of(course.id)] == wanted[:1]


def test_the_members_and_the_name_of_a_group(as_role: As, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    one, two = ground.person(), ground.person()
    for person in (one, two):
        make.enrolment(run, person)
    group = groups.add_group(run=run, name="红组", set_name="", by=SYSTEM, now=NOW)
    key = group.id
    session.commit()
    client, at = as_role(Role.LECTURER, organisation_id=make.loaded(run).course.owner_id, person_id=lead.id), f"/teaching/groups/{key}"
    first, second = opened(client, at), opened(client, at)
    assert client.post(at, data={**first, "name": "赤组", "member": [one.id]}).status_code == 303
    # the second has a page on which nobody is ticked and the old name stands: both stay as the first left them
    assert client.post(at, data={**second, "name": "红组", "member": [two.id]}).status_code == 303
    session.expire_all()
    assert session.get_one(RunGroup, key).name == "赤组"
    assert sorted(authored.members_of([key])[key]) == sorted([one.id, two.id])
    told = client.post(at, data={**second, "name": "绯组", "member": [two.id]})
    assert told.status_code == 409
    assert "赤组" in told.text
    assert client.post(at, data={**opened(client, at), "was": [one.id, two.id], "name": "赤组", "member": [two.id]}).status_code == 303
    assert authored.members_of([key])[key] == [two.id]


def test_a_rate_of_subsidies(as_role: As, session: Session) -> None:
    client, at = as_role(Role.DEPT_HR), "/subsidies/rates"
    first, second = opened(client, at), opened(client, at)
    rate = {"amount": "300", "since": "2026-01-01", "source": "闽人社〔2026〕1 号", "category": "", "course": "电商"}
    assert client.post(at, data={**first, **rate}).status_code == 303
    assert client.post(at, data={**second, **rate, "course": "另一门"}).status_code == 303  # nobody entered one for that course
    third = opened(client, at)
    assert client.post(at, data={**opened(client, at), **rate, "amount": "350"}).status_code == 303
    told = client.post(at, data={**third, **rate, "amount": "200"})
    assert told.status_code == 409
    assert sorted(one.amount_fen for one in subsidies.rates() if one.course == "电商") == [30000, 35000]


def test_a_mentor_registered_by_two(as_role: As, session: Session) -> None:
    enterprise = ground.enterprise()
    number = ground.resident_id(date(1980, 1, 1))
    person = ground.person("王工", id_type=IdType.RESIDENT_ID, id_number=number)
    people.add_employment(person=person, organisation=enterprise, post="工程师", since=date(2020, 1, 1), by=SYSTEM, now=NOW)
    mentor = field.mentor(enterprise=enterprise, person=person, until=date(2027, 12, 31))
    key, works = mentor.id, len(persons.employment_of(person.id))
    session.commit()
    client = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    sent = {**opened(client, "/mentors/new"), "name": "王工", "id_type": "resident_id", "id_number": number, "enterprise_id": enterprise.id}
    answer = client.post(
        "/mentors/new", data={**sent, "since": "2026-01-01", "until": "2026-06-30", "post": "组长", "load_limit": "5", "years_experience": "3"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/mentors/{key}")
    assert "原来的登记没有改动" in client.get(f"/mentors/{key}").text
    session.expire_all()
    stands = mentors.by_id(key)
    assert stands is not None
    assert (stands.until, len(persons.employment_of(person.id))) == (date(2027, 12, 31), works)


def test_a_form_that_is_sent_twice_is_not_told_as_the_change_of_somebody_else(as_role: As, session: Session) -> None:
    teacher = ground.teacher()
    work = ground.employment(session.get_one(type(ground.person()), teacher.person_id), since=date(2010, 1, 1), until=None)
    key, work_id, university = teacher.id, work.id, teacher.university_id
    session.commit()
    client, at = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university), f"/people/teachers/{key}/employment/{work_id}"
    form = {**opened(client, at), "until": "2016-12-31"}
    assert client.post(at, data=form).status_code == 303
    told = client.post(at, data=form)
    assert told.status_code == 409
    assert "你刚才已经提交并保存过" in told.text
    assert "其他人" not in told.text
    assert "其他人" in client.post(at, data={**form, "submission_key": "another-form-of-somebody"}).text


def test_the_conditions_of_a_part(as_role: As, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    keys = [groups.add_group(run=run, name=name, by=SYSTEM, now=NOW).key for name in ("红组", "蓝组", "绿组")]
    unit = make.unit(run, access=Access(tuple(Condition(ConditionKind.GROUP, key) for key in keys)).plain())
    unit_id = unit.id
    session.commit()
    client, at = as_role(Role.LECTURER, organisation_id=make.loaded(run).course.owner_id, person_id=lead.id), f"/teaching/unit/{unit_id}/access"
    session.commit()

    def pressed(page: str, label: str) -> list[dict[str, str]]:
        """What each button of a page with this label sends."""
        forms = [form.split("</form>")[0] for form in page.split("<form")[1:] if label in form.split("</form>")[0]]
        return [dict(re.findall(r'<(?:input|button)[^>]* name="(?!csrf)(\w+)" value="([^"]*)"', form)) for form in forms]

    page = client.get(at).text
    first, second, _third = pressed(page, "去掉")
    assert client.post(at, data=first).status_code == 303
    told = client.post(at, data=second)
    assert (told.status_code, "刚被其他人修改过" in told.text) == (409, True)
    assert client.post(at, data={**pressed(page, "任一条件")[0], "match": "any"}).status_code == 409
    session.expire_all()
    stored = Access.of(session.get_one(Unit, unit_id).access)
    assert ([one.key for one in stored.conditions], stored.any_suffices) == (keys[1:], False)
    assert client.post(at, data=pressed(client.get(at).text, "去掉")[0]).status_code == 303
    session.expire_all()
    assert [one.key for one in Access.of(session.get_one(Unit, unit_id).access).conditions] == keys[2:]
