"""The form of a refused second editor: what was typed stays, what is now stands beside it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from flask import Flask, g
from wtforms import BooleanField, DateField, DateTimeLocalField, IntegerField, SelectField
from wtforms.validators import InputRequired

from tests.factories.identity import signed_in_client
from trainhub.kernel.access import Role
from trainhub.kernel.clock import SHANGHAI
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.fields import OnePerson
from trainhub.kernel.forms import Checks, Form, LongText, Text


class Facts(Form):
    """A field of every kind."""

    name = Text("名称")
    note = LongText("说明")
    size = IntegerField("人数")
    kind = SelectField("类型", choices=lambda: [("a", "甲"), ("b", "乙")])
    days = Checks("星期", choices=lambda: [("1", "一"), ("2", "二")])
    is_open = BooleanField("开放")
    since = DateField("起")
    at = DateTimeLocalField("时刻", format="%Y-%m-%dT%H:%M")
    elsewhere = Text("不在行里")


@dataclass
class Row:
    """A row as somebody else has just saved it."""

    version: int = 3
    name: str = "新名"
    note: str = ""
    size: int = 5
    kind: str = "b"
    days: tuple[str, ...] = ("1", "2")
    is_open: bool = True
    since: date | None = date(2026, 3, 1)
    at: datetime = datetime(2026, 3, 1, 8, 30, tzinfo=SHANGHAI)


SAME = {
    "name": "新名",
    "note": "",
    "size": "5",
    "kind": "b",
    "days": ["1", "2"],
    "is_open": "y",
    "since": "2026-03-01",
    "at": "2026-03-01T08:30",
    "elsewhere": "随便",
}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, {}),
        ({"name": "旧名"}, {"name": "新名"}),
        ({"note": "写了"}, {"note": "（空）"}),
        ({"size": "4"}, {"size": "5"}),
        ({"kind": "a"}, {"kind": "乙"}),
        ({"days": ["2"]}, {"days": "一、二"}),
        ({"is_open": ""}, {"is_open": "是"}),
        ({"since": ""}, {"since": "2026-03-01"}),
        ({"at": "2026-03-01T09:30"}, {"at": "2026-03-01 08:30"}),
    ],
)
def test_the_current_value_stands_beside_what_differs(app: Flask, typed: dict[str, object], said: dict[str, str]) -> None:
    with app.test_request_context(method="POST", data={**SAME, **typed, "version": "2"}):
        form = Facts(obj=Row())
        form.refuse(Stale("刚被其他人修改过"))
        assert {name: field.now_says for name, field in form._fields.items() if hasattr(field, "now_says")} == said
        assert form.form_errors[0].startswith("这条记录刚被其他人修改过，你的修改还没有保存")
        assert str(form.version()) == '<input id="version" name="version" type="hidden" value="3">'
        assert form.name.data == typed.get("name", "新名")


def test_a_field_that_the_page_leaves_out_stands_beside_nothing(app: Flask) -> None:
    with app.test_request_context(method="POST", data={**SAME, "name": "旧名", "version": "2"}):
        form = Facts(obj=Row())
        del form.size
        form.refuse(Stale("刚被其他人修改过"))
        assert form.name.now_says == "新名"


class Named(Form):
    """A name that must be there, and one that may be."""

    name = Text("名称", [InputRequired("请填写名称。")])
    note = LongText("说明", [InputRequired()])
    other = Text("别名")


@pytest.mark.parametrize("blank", ["", " ", "\u3000\t", "\n"])
def test_blanks_are_no_text_where_one_is_required(app: Flask, blank: str) -> None:
    with app.test_request_context(method="POST", data={"name": blank, "note": blank, "other": blank}):
        form = Named()
        assert not form.validate()
        assert (form.name.errors, len(form.note.errors), form.other.errors) == (["请填写名称。"], 1, [])


def test_other_refusals_show_nothing_more(app: Flask) -> None:
    with app.test_request_context(method="POST", data={**SAME, "name": "旧名", "version": "3"}):
        form = Facts(obj=Row())
        form.refuse(Refused("这样不行", field="name"))
        assert (form.name.errors, hasattr(form.name, "now_says"), g.refused.status) == (["这样不行"], False, 422)


@pytest.mark.parametrize(
    ("language", "title", "says"),
    [
        ("zh", "文件太大", "上传的内容有 4 MB，超过 2 MB 的上限，没有保存"),
        ("en", "The file is too large", "The upload has 4 MB, more than the limit of 2 MB; nothing was saved"),
    ],
)
def test_too_large_is_a_page_of_ours_in_both_languages(app: Flask, monkeypatch: pytest.MonkeyPatch, language: str, title: str, says: str) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 2 * 1024 * 1024)
    client = signed_in_client(app, Role.SYSTEM_ADMIN)
    file = {"file": (io.BytesIO(b"x" * (3 * 1024 * 1024)), "a.csv")}
    answer = client.post(f"/organisations/import?lang={language}", data=file, headers={"Referer": "http://localhost/organisations/import"})
    assert (answer.status_code, answer.mimetype) == (413, "text/html")
    assert f"<h1>{title}</h1>" in answer.text
    assert says in answer.text
    assert 'rel="stylesheet"' in answer.text
    assert 'href="/organisations/import"' in answer.text
    assert re.search("<code>[0-9a-f]{8}</code>", answer.text)


def test_too_large_says_the_limit_and_leads_back_to_the_form(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 2 * 1024 * 1024)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    client = signed_in_client(app, Role.SYSTEM_ADMIN)
    here = {"Referer": "http://localhost/organisations/import?x=1"}
    answer = client.post("/organisations/import", data={"file": (io.BytesIO(b"x" * (3 * 1024 * 1024)), "a.csv")}, headers=here)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 413
    assert "上传的内容有 4 MB，超过 2 MB 的上限" in page
    assert "同一次提交的文字也没有收到" in page  # the browser sends a form as a whole: what was typed is refused with the file
    assert 'href="/organisations/import?x=1"' in page
    assert 'href="/login"' not in page
    away = client.post("/organisations/import", headers={"Referer": "https://example.org//evil"}).get_data(as_text=True)
    assert ("安全校验未通过" in away, "evil" in away) == (True, False)


class Naming(Form):
    """Somebody is named for something."""

    mentor = OnePerson("指导教师", choices=lambda: [(7, "陈师傅"), (9, "林师傅")])


@pytest.mark.parametrize(
    ("sent", "named"), [({"mentor": ""}, None), ({}, None), ({"mentor": "8"}, None), ({"mentor": "x"}, None), ({"mentor": "9"}, 9)]
)
def test_nobody_is_named_before_somebody_is_chosen(app: Flask, sent: dict[str, str], named: int | None) -> None:
    """A browser would take the first of a list by itself."""
    with app.test_request_context(method="POST", data=sent):
        form = Naming()
        assert (form.validate(), form.mentor.data if named else None) == (named is not None, named)
        assert named is not None or [str(one) for one in form.mentor.errors]
        assert ("请选择" in form.mentor()) == (named is None)
    with app.test_request_context():
        assert re.findall(r'<option selected value="(.*?)"', Naming().mentor()) == [""]


def test_who_was_named_and_is_not_offered_any_more_is_followed_by_nobody_else(app: Flask) -> None:
    """A mentor whose office is over: the page names nobody in their place by itself."""
    with app.test_request_context():
        form = Naming(data={"mentor": 5})
        assert re.findall(r'<option( selected)? value="(.*?)"', form.mentor()) == [("", ""), ("", "7"), ("", "9")]
