"""Every deed of the room by everybody: the pages refuse whom the table does not name, whatever is sent. The states are `test_machine`'s."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceSlot
from enterprises.capstones.types import LinkPurpose, PlanMode, ReviewKind, RoundKind, Side, Stage, SupervisorRole
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db
from trainhub.organisations.models import Organisation
from trainhub.programmes.models import Cohort, Programme

TIMES = {"today": TODAY, "now": NOW}
SCHOOL = "head university admin"
FIRM = "coordinator admin"
DEEDS = {
    SCHOOL: """/{capstone}/supervisors/board /{capstone}/supervisors /{capstone}/third /{capstone}/moderation /{capstone}/moderation/settle
        /{capstone}/finish /{capstone}/certificate /{capstone}/appeal/decide /{capstone}/archive /{capstone}/withdraw /{capstone}/reviews
        /{capstone}/send-back /{capstone}/conclude /{capstone}/guidance/{entry}/confirm-for
        /{capstone}/extensions /{capstone}/place /{capstone}/topic /reviews/{review}/cancel /defences/{group}/drop /defences/{group}/secretary
        /rounds/{round}/open /rounds/{round}/close /rounds/{round}/plan /rounds/{round}/publish /rounds/{round}/days /rounds/{round}/drop /supervisor-plans/{plan}/apply
        {cohort}/board/plan {cohort}/assign {cohort}/judging/cross {cohort}/judging/groups {cohort}/judging/timetable {cohort}/rounds
        {cohort}/windows {cohort}/conflicts {cohort}/certify {cohort}/concluding /rubrics/{version} /conflicts/{conflict}/lift /topics/{topic}/school
        /topics/{topic}/evidence/judge /topics/{topic}/withdraw-by-school /links/{link}/code""",
    f"coordinator {SCHOOL}": "/{capstone}/links /links/{link}/revoke",
    "school mentor": "/{capstone}/grade",
    "school": "/{capstone}/stage /{capstone}/papers/{paper}/return /{capstone}/papers/{paper}/similarity",
    "student": "/{capstone}/appeal /{capstone}/accept /{capstone}/wishes/school /{capstone}/guidance/{entry}/confirm",
    f"student {SCHOOL}": "/{capstone}/anonymous",
    "student school mentor": "/{capstone}/guidance /{capstone}/papers /{capstone}/papers/{paper}/comments",
    "reviewer": "/reviews/{review}",
    "secretary": "/defences/slots/{slot}",
    FIRM: "/topics/{topic}/enterprise /topics/{topic}/withdraw /topics/{topic}/evidence /enterprises/{firm}/leave",
    "university department admin": "/spot-checks/items/{item}/experts /spot-checks/items/{item}/anonymous /spot-checks/{check}/void /spot-checks/opinions/{opinion}/take-back",
    "reader": "/spot-checks/opinions/{opinion}",
}
"""Who may, by what: one line a kind of person, the addresses below /capstones."""
ASIDE = ("reviewer", "secretary", "reader", "auditor")


@pytest.fixture
def places(session: Session) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What the addresses name, and everybody with role and scope."""
    found, done = make.case(), make.graded(80, 80)
    operations.finish(capstone=done.capstone, by=SYSTEM, **TIMES)
    programme, key = found.programme, found.capstone.id
    cohort, student = session.get_one(Cohort, found.student.cohort_id), found.by("student")
    version = ground.version(programme, from_cohort_year=cohort.year)
    reviewer, secretary, panel = make.signer(), make.signer(), [ground.person() for _n in range(3)]
    report = operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=make.pdf(), by=student, now=NOW)
    entry = operations.log_guidance(capstone=found.capstone, role=SupervisorRole.SCHOOL, on=TODAY, content="讨论", by=found.by("school"), **TIMES)
    make.submit(found)
    review = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    group = operations.form_group(
        cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:], secretary=secretary,
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    slot = DefenceSlot(group_id=group.id, capstone_id=key, starts_minute=540, scores={})
    session.add(slot)
    session.flush()
    university = session.get_one(Organisation, done.student.university_id)
    done.capstone.finished_on = date(2025, 6, 14)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item = queries.spot_items(check.id)[0][0]
    readers = [make.expert() for _n in range(3)]
    operations.send_to_experts(item=item, people=readers, by=SYSTEM, **TIMES)
    names = {
        "capstone": key, "review": review.id, "group": group.id, "slot": slot.id, "paper": report.id, "entry": entry.id, "version": version.id,
        "link": operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=NOW)[0].id,
        "round": operations.create_choices(
            cohort=cohort, kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW
        ).id,
        "plan": operations.ask_for_plan(cohort=cohort, mode=PlanMode.FILL, by=SYSTEM, now=NOW).id,
        "conflict": operations.record_conflict(person=panel[0], student=found.student, reason="亲属", by=SYSTEM, now=NOW).id,
        "topic": make.topic(programme=programme, enterprise=found.enterprise, is_approved=False, proposing_side=Side.ENTERPRISE).id,
        "item": item.id, "check": check.id, "opinion": queries.opinions_of(item.id)[0][0].id, "firm": found.enterprise.code,
        "cohort": f"/cohorts/{session.get_one(Programme, programme.id).code}/{cohort.year}",
    }  # fmt: skip
    school, firm, other = found.student.university_id, found.enterprise.id, ground.programme()
    assert found.school is not None
    assert found.field is not None
    everybody: dict[str, dict[str, Any]] = {
        "student": {"role": Role.STUDENT, "organisation_id": school, "person_id": found.who.id},
        "school": {"role": Role.SCHOOL_SUPERVISOR, "organisation_id": school, "person_id": found.school.id},
        "mentor": {"role": Role.MENTOR, "organisation_id": firm, "person_id": found.field.id},
        "head": {"role": Role.PROGRAMME_ADMIN, "programme_id": programme.id},
        "university": {"role": Role.UNIVERSITY_ADMIN, "organisation_id": school},
        "coordinator": {"role": Role.ENTERPRISE_COORDINATOR, "organisation_id": firm},
        "admin": {"role": Role.SYSTEM_ADMIN},
        "department": {"role": Role.DEPT_EDU},
        "reviewer": {"role": Role.LECTURER, "organisation_id": school, "person_id": reviewer.id},
        "secretary": {"role": Role.LECTURER, "organisation_id": school, "person_id": secretary.id},
        "reader": {"role": Role.EXPERT, "organisation_id": school, "person_id": readers[0].id},
        "auditor": {"role": Role.AUDITOR},
        "another student": {"role": Role.STUDENT, "organisation_id": school, "person_id": done.who.id},
        "another mentor": {"role": Role.MENTOR, "organisation_id": done.enterprise.id, "person_id": make.mentor(done.enterprise).person_id},
        "another head": {"role": Role.PROGRAMME_ADMIN, "programme_id": other.id},
        "another firm": {"role": Role.ENTERPRISE_COORDINATOR, "organisation_id": done.enterprise.id},
    }
    names["sent"] = {"topic_id": names["topic"], "student_id": found.student.id, "person_id": panel[0].id}  # whom a form has to name
    names["item_school"] = done.student.university_id
    session.commit()
    return names, everybody


def test_every_deed_is_refused_to_who_is_not_named(app: Flask, session: Session, as_role: Callable[..., FlaskClient], places: Any) -> None:
    """Who is named is neither refused nor told that there is nothing: what nobody finds would be refused to nobody.

    Each deed is undone before the next: what one drops the next still finds.
    """
    names, everybody = places
    wrong = []
    clients = {who: as_role(scope.pop("role"), **scope) for who, scope in everybody.items()}
    clients["university"] = as_role(Role.UNIVERSITY_ADMIN, organisation_id=everybody["university"]["organisation_id"])
    item_school = as_role(Role.UNIVERSITY_ADMIN, organisation_id=names["item_school"])
    session.commit()
    bind = db.engines[None]
    assert isinstance(bind, sa.Connection)  # the one that the test rolls back
    for allowed, addresses in DEEDS.items():
        for address in addresses.split():
            for who, client in clients.items():
                if "{capstone}" not in address and who in ASIDE and who not in allowed.split():
                    continue  # the guards are the same; who stands that far from a capstone is asked for everything done to one
                asking = item_school if who == "university" and address.startswith("/spot-checks/") else client
                undone = bind.begin_nested()
                status = asking.post("/capstones" + address.format(**names), data=names["sent"]).status_code
                session.rollback()  # whatever looked at the request from outside
                undone.rollback()
                if (status in (403, 404) or status >= 500) if who in allowed.split() else status not in (403, 404):
                    wrong.append(f"{who} {address}: {status}")
    assert wrong == []


def test_the_table_names_every_deed(app: Flask) -> None:
    """Whoever adds a deed on something of the room says here who may do it; what belongs to oneself (choices, suggestions) is elsewhere."""
    named = {"/capstones" + address.format(**dict.fromkeys(_fields(address), "<>")) for addresses in DEEDS.values() for address in addresses.split()}
    own = (
        "/capstones/<>/third-grade",
        "/capstones/choices",
        "/capstones/topics/suggest",
        "/capstones/topics",
        "/capstones/topics/<>/revise",
        "/capstones/link/<>",
        "/capstones/link/<>/identity",
        "/capstones/spot-checks",
        # Tables are handed in by every head; each row is asked for its own programme (`test_tables.py`).
        *(f"/capstones/{what}/import{key}" for what in ("places", "defences") for key in ("", "/<>")),
    )
    missing = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("capstones.") and "POST" in (rule.methods or ()):
            plain = _plain(rule.rule)
            if plain not in named and plain not in own and not plain.startswith("/capstones/choices/"):
                missing.append(plain)
    assert missing == []


def _fields(address: str) -> list[str]:
    return [part.split("}")[0] for part in address.split("{")[1:]]


def _plain(rule: str) -> str:
    """A rule with its variables as the table writes them."""
    import re

    rule = rule.replace("/cohorts/<code>/<int:year>", "<>")
    rule = re.sub(r"<any\(([a-z]+),[^>]*>", r"\1", rule)
    return re.sub(r"<[^>]*>", "<>", rule)
