"""Two who press at once on the pages of templates: one is told in words, nobody sees an error page."""

from __future__ import annotations

from flask import Flask

from tests.factories import ground
from tests.factories.certificates import WRITER
from tests.factories.parallel import together
from trainhub.certificates import queries
from trainhub.certificates.operations import templates
from trainhub.certificates.types import Kind, TemplateState
from trainhub.kernel.db import transaction
from trainhub.organisations import queries as organisations


def _start() -> None:
    templates.start(code="spring", kind=Kind.TRAINING, owner=None, by=WRITER, now=ground.NOW)


def _next() -> None:
    templates.next_version(template=queries.template_versions("spring")[0], by=WRITER, now=ground.NOW)


def test_a_code_is_taken_by_one(committed: Flask) -> None:
    assert together(committed, _start, _start) == ["", "bad_template"]
    with committed.app_context():
        assert [one.edition for one in queries.template_versions("spring")] == [1]


def test_a_next_version_is_begun_by_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        _start()
        queries.template_versions("spring")[0].state = TemplateState.APPROVED
    assert together(committed, _next, _next) == ["", "bad_template"]
    with committed.app_context():
        assert [one.edition for one in queries.template_versions("spring")] == [2, 1]


def test_the_first_choice_of_a_template_is_made_by_both(committed: Flask) -> None:
    with committed.app_context(), transaction():
        issuer_id = ground.university().id

    def choose() -> None:
        issuer = organisations.by_id(issuer_id)
        assert issuer is not None
        templates.choose(issuer=issuer, kind=Kind.TRAINING, template="training", by=WRITER, now=ground.NOW)

    assert together(committed, choose, choose) == ["", ""]
    with committed.app_context():
        row = queries.issuer_template(issuer_id, Kind.TRAINING)
        assert row is not None
        assert row.template == "training"
