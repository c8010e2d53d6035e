"""Each kind of thing is held against the pages beside its own addresses, and against no others."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.catalogue.operations import offerings
from courses.paths import operations as paths
from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel import addresses
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.addresses import Kind
from trainhub.kernel.errors import Refused

NOT_CHOSEN = {"/V/<number>/", "/open/"}
"""Addresses with a code that nobody makes up: that of a certificate, and of a data set of ours."""


def test_every_address_with_a_code_belongs_to_a_kind(app: Flask) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules()]
    before = {rule[: rule.index("<code>")] for rule in rules if "<code>" in rule and not rule.startswith("/api/")}
    listed = [one for kind in Kind for one in kind.value]
    assert len(listed) == len(set(listed))
    assert set(listed) == before - NOT_CHOSEN


@pytest.mark.parametrize(
    ("kind", "code", "is_page"),
    [
        (Kind.COURSE, "new", True),
        (Kind.COURSE, "rules", False),
        (Kind.PATH, "New", True),
        (Kind.PATH, "rules", False),
        (Kind.PATH, "lists", False),
        (Kind.GOAL, "new", True),
        (Kind.GOAL, "packages", False),
        (Kind.PROGRAMME, "rules", True),
        (Kind.PROGRAMME, "mine", True),
        (Kind.PROGRAMME, "findings", False),
        (Kind.ORGANISATION, "findings", True),
        (Kind.ORGANISATION, "import", True),
        (Kind.ORGANISATION, "export.csv", True),
        (Kind.ORGANISATION, "mine", True),
        (Kind.ORGANISATION, "rules", False),
        (Kind.ORGANISATION, "", False),
    ],
)
def test_a_word_is_a_page_of_its_kind_alone(app: Flask, kind: Kind, code: str, is_page: bool) -> None:
    with app.app_context():
        assert addresses.is_page(code, kind) is is_page


def test_no_course_is_made_where_the_empty_form_stands(session: Session) -> None:
    university = ground.university()
    for code in ("new", "NEW"):
        with pytest.raises(Refused, match="页面自己用的地址") as refused:
            offerings.create_course(code=code, title="入门", owner=university, by=SYSTEM, now=NOW)
        assert refused.value.field == "code"
    assert offerings.create_course(code="rules", title="规则", owner=university, by=SYSTEM, now=NOW).code == "rules"


def test_a_path_may_be_called_what_is_a_page_of_something_else(session: Session) -> None:
    assert paths.create(code="rules", title="入门", owner=ground.university(), by=SYSTEM, now=NOW).code == "rules"
