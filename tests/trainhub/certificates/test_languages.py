"""Who reads English is told in English what a certificate is called and why it waits; what was written for good stays official."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, certificate
from tests.factories.identity import account
from trainhub.certificates import operations, queries, verifying
from trainhub.certificates.layouts.filling import fill
from trainhub.certificates.models import CertificateTemplate
from trainhub.certificates.operations import batches, templates
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import in_language
from trainhub.notifications.models import Notice
from trainhub.notifications.operations import text_of
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]
ONE, TWO = Identity(1, None, "甲", ()), Identity(2, None, "乙", ())
TITLE, ENGLISH = "学院结业证书", "College Certificate of Completion"


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _own(code: str, owner: Organisation | None = None, *, kind: Kind = Kind.COMPLETION) -> CertificateTemplate:
    """An approved template with titles of its own."""
    row = templates.start(code=code, kind=kind, owner=owner, by=ONE, now=ground.NOW)
    body = json.loads(row.body) | {"title": TITLE, "title_en": ENGLISH}
    templates.save(template=row, body=json.dumps(body), version=row.version, by=ONE)
    templates.submit(template=row, by=ONE, now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=TWO, now=ground.NOW)
    return row


def test_titles_of_templates_are_in_the_readers_language(session: Session, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        _own("college_completion", here)
        templates.choose(issuer=here, kind=Kind.COMPLETION, template="college_completion", by=ONE, now=ground.NOW)
        made = certificate(issuer=here)
        batch = batches.prepare(
            title="一期",
            kind=Kind.COMPLETION,
            source=BatchSource.SELECTION,
            issuer=here,
            rows=[Wanted(ground.person().id, FACTS[Kind.COMPLETION])],
            by=ONE,
            now=ground.NOW,
        )
        waits = certificate(issuer=here, facts={"course": ""})
    pages = (
        "/certificates/templates/defaults",
        "/certificates/batches/import",
        f"/certificates/batches/{batch.id}",
        f"/certificates/{made.number}",
        f"/certificates/{made.number}/change/correct",
        f"/certificates/{waits.number}",
    )
    head = as_role(Role.SYSTEM_ADMIN)
    for path in pages:
        english, chinese = head.get(f"{path}?lang=en"), head.get(f"{path}?lang=zh")
        assert (english.status_code, chinese.status_code) == (200, 200)
        assert ENGLISH in english.text, path
        assert TITLE not in english.text, path
        assert TITLE in chinese.text, path
    built_in = head.get(f"/certificates/{waits.number}?lang=en").text
    assert "Certificate of Completion</option>" in built_in
    assert "结业证书" not in built_in


def test_a_field_without_an_english_name_is_called_by_its_chinese_one(session: Session, as_role: AsRole) -> None:
    """A value without a word tells nobody what it is."""
    with transaction():
        row = templates.start(code="college_completion", kind=Kind.COMPLETION, owner=None, by=ONE, now=ground.NOW)
        body = json.loads(row.body)
        for one in body["fields"]:
            one["label_en"] = ""
        templates.save(template=row, body=json.dumps(body), version=row.version, by=ONE)
        templates.submit(template=row, by=ONE, now=ground.NOW)
        templates.decide(template=row, is_approved=True, reason="", by=TWO, now=ground.NOW)
        made = certificate(template="college_completion")
        batch = operations.prepare_correction(certificate=made, facts={"hours": 40}, **REASON)
    assert ("hours", "学时", "32") in verifying.public_facts(made, english=True)
    head = as_role(Role.SYSTEM_ADMIN)
    for path in (f"/certificates/{made.number}", f"/certificates/batches/{batch.id}"):
        assert "学时" in head.get(f"{path}?lang=en").text, path
    layout = queries.layout_of("college_completion")
    assert fill(layout, "{course}", {}, "en")[0] == "[missing: 课程]"


def test_the_editor_calls_the_fields_in_the_readers_language(session: Session, as_role: AsRole) -> None:
    with transaction():
        row = templates.start(code="draft_training", kind=Kind.TRAINING, owner=None, by=ONE, now=ground.NOW)
        body = json.loads(row.body)
        body["elements"] = [one for one in body["elements"] if "{base}" not in one.get("text", "")]
        templates.save(template=row, body=json.dumps(body), version=row.version, by=ONE)
    page = as_role(Role.SYSTEM_ADMIN).get(f"/certificates/templates/{row.id}?lang=en").text
    tools = page.partition('id="layout-field"')[2].partition("</select>")[0]
    assert "Training base" in tools
    assert "培训基地" not in tools
    assert "培训基地" not in page.partition("<main")[2].partition('class="layout-editor')[0], "nor does the warning of what is not printed"


def test_a_notice_calls_the_certificate_in_the_readers_language(session: Session) -> None:
    issuer, who = ground.university(), ground.person()
    account(person=who)
    _own("college_completion", issuer)
    certificate(issuer=issuer, who=who, template="college_completion")
    notice = session.scalars(sa.select(Notice)).one()
    assert TITLE in text_of(notice.message, notice.values)
    with in_language("en"):
        assert ENGLISH in text_of(notice.message, notice.values)
        assert TITLE not in text_of(notice.message, notice.values)


@pytest.mark.parametrize(("language", "mark"), [("zh", "；"), ("en", "; ")])
def test_two_reasons_are_parted_as_the_language_parts_them(session: Session, language: str, mark: str) -> None:
    if not fonts.available():
        pytest.skip("the document fonts are not installed: make setup")
    who = ground.person("王某")
    who.name = "王\U00033479"
    made = certificate(Kind.PLACEMENT, who=who, facts={"mentor": ""})
    with in_language(language):
        told = operations.why_it_waits(made)
    assert [one for one in ("；", "; ") if one in told] == [mark]
    assert ("（" in told) is (language == "zh")


def test_who_holds_many_from_own_templates_is_asked_for_them_together(session: Session, as_role: AsRole, count_queries: list[str]) -> None:
    with transaction():
        here, who = ground.university(), ground.person()
        for number in range(4):
            _own(f"own_{'abcd'[number]}", here)
        certificate(issuer=here, who=who, template="own_a")
    client = as_role(Role.TRAINEE, person_id=who.id)

    def asked() -> int:
        session.rollback()
        session.expunge_all()
        count_queries.clear()
        assert client.get("/certificates/mine").status_code == 200
        return len(count_queries)

    asked()
    one = asked()
    with transaction():
        for number in range(29):
            certificate(issuer=here, who=who, template=f"own_{'abcd'[number % 4]}")
    assert asked() == one


def test_a_portion_from_an_own_template_asks_as_often_for_many_holders_as_for_one(session: Session, count_queries: list[str]) -> None:
    issuer, asked = ground.university(), []
    _own("own_training", issuer, kind=Kind.TRAINING)
    for size in (1, 1, 5):  # the first gives the issuer its unit
        persons = [ground.person() for _one in range(size)]
        for one in persons:
            account(person=one)
        batch = batches.prepare(
            title="一期",
            kind=Kind.TRAINING,
            template="own_training",
            source=BatchSource.SELECTION,
            issuer=issuer,
            rows=[Wanted(one.id, FACTS[Kind.TRAINING]) for one in persons],
            by=ONE,
            now=ground.NOW,
        )
        batches.decide(batch=batch, is_approved=True, reason="", by=TWO, today=ground.NOW.date(), now=ground.NOW)
        session.expire_all()
        count_queries.clear()
        batches.issue_portion(batch=batch, by=SYSTEM, today=ground.NOW.date(), now=ground.NOW)
        asked.append(sum(one.startswith("SELECT") for one in count_queries))
    assert asked[1] == asked[2]


def test_the_defaults_of_many_issuers_are_asked_for_together(session: Session, as_role: AsRole, count_queries: list[str]) -> None:
    asked, head = [], as_role(Role.SYSTEM_ADMIN)
    with transaction():
        _own("own_common")
    for size in (1, 0, 5):
        with transaction():
            for _one in range(size):
                templates.choose(issuer=ground.university(), kind=Kind.COMPLETION, template="own_common", by=ONE, now=ground.NOW)
        session.expunge_all()
        count_queries.clear()
        assert head.get("/certificates/templates/defaults").text.count(">own_common<") >= len(asked)
        asked.append(len(count_queries))
    assert asked[1] == asked[2]
