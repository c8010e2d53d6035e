"""Telephones and login names that were copied out of a contact card or a page of Windows come wrapped in marks of direction."""

from __future__ import annotations

import pytest
from flask import Flask

from courses.assessment import passwords
from courses.assessment.forms import QuizForm
from trainhub.identity.forms import LoginForm
from trainhub.kernel.forms import CodeText, Form, Text
from trainhub.people.forms import PersonPart

CARD = "\u202a13800138000\u202c"


class BothForm(Form):
    """A field of a code and one of a name."""

    code = CodeText("代码")
    name = Text("名称")


@pytest.mark.parametrize(
    ("typed", "taken"), [(CARD, "13800138000"), ("\u2066lin@example.edu.cn\u2069", "lin@example.edu.cn"), (" \u202aA-1\u202c ", "A-1")]
)
def test_marks_of_direction_are_taken_off_a_number(app: Flask, typed: str, taken: str) -> None:
    with app.test_request_context(method="POST", data={"code": typed, "name": "林晓"}):
        form = BothForm(meta={"csrf": False})
        assert form.validate(), form.errors
        assert form.code.data == taken


def test_a_name_is_refused_with_them_and_a_code_with_other_controls(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"code": "A\x001", "name": "林\u202e晓"}):
        form = BothForm(meta={"csrf": False})
        assert not form.validate()
        assert set(form.errors) == {"code", "name"}


@pytest.mark.parametrize(("form", "field"), [(LoginForm, "username"), (PersonPart, "phone"), (PersonPart, "email"), (PersonPart, "id_number")])
def test_fields_of_logins_and_contacts_are_such(app: Flask, form: type[Form], field: str) -> None:
    with app.test_request_context():
        assert isinstance(getattr(form(meta={"csrf": False}), field), CodeText)


@pytest.mark.parametrize("typed", ["芯片2026", "芯片\u200b2026", "\u200e芯片2026 ", "芯片2026\u3000", "\u202a芯片2026\u202c"])
def test_a_password_is_right_with_and_without_what_nobody_sees(app: Flask, typed: str) -> None:
    with app.app_context():
        for stored in (passwords.sealed("芯片2026"), passwords.sealed("芯片\u200b2026"), "\u200e芯片2026"):
            assert passwords.is_right(stored, typed)
        assert not passwords.is_right(passwords.sealed("芯片2026"), "芯片2027")
        assert passwords.is_right(passwords.sealed("é"), "e\u0301")
        assert not passwords.is_right(passwords.sealed("芯片"), "\u200b")


def test_a_password_that_stands_with_a_hidden_sign_stays_as_it_is_stored(app: Flask) -> None:
    with app.app_context():
        stored = passwords.sealed("芯片\u200b2026")
        assert passwords.sealed("芯片2026", stored) == stored


def test_the_form_of_a_quiz_takes_a_password_wrapped_in_marks(app: Flask) -> None:
    with app.test_request_context():
        assert isinstance(QuizForm(meta={"csrf": False}).password, CodeText)
