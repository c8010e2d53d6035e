"""What programs call by codes is told in words: permissions, details of the audit log, places."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from trainhub.kernel import audit_details, permission_words
from trainhub.kernel.access import Role, permission_table
from trainhub.organisations.places import in_english, place


def test_every_permission_has_words(app: Flask) -> None:
    with app.app_context():
        assert [str(can) for can in permission_table(app) if permission_words.in_words(str(can)) == str(can)] == []
        assert permission_words.in_words("people:student:list") == "学生：查看列表"
        assert permission_words.in_words("people:student:fly") == "people:student:fly"


def test_details_are_a_list_with_names(app: Flask) -> None:
    data = {
        "reason": "缺勤",
        "score_x10": 875,
        "planned_fen": 123_456,
        "is_same": True,
        "note": "",
        "nothing": None,
        "ids": list(range(1, 15)),
        "moved": {"student.person_id": [3, 4]},
        "odd_thing": "x",
    }
    with app.app_context():
        assert audit_details.details(data) == [
            ("理由", "缺勤"),
            ("成绩", "87.5"),
            ("计划", "¥1,234.56"),
            ("同一人", "是"),
            ("编号", "1、2、3、4、5、6、7、8、9、10、11、12 等 14 项"),
            ("归并的记录 · student · person id", "3、4"),
            ("odd thing", "x"),
        ]


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("福建省", "Fujian"),
        ("福州市", "Fuzhou"),
        ("平潭综合实验区", "Pingtan"),
        ("鼓楼区", "Gulou District"),
        ("马尾区", "Mawei District"),
        ("闽侯县", "Minhou County"),
        ("永安市", "Yong'an City"),
        ("境外", "境外"),
    ],
)
def test_places_in_english(name: str, english: str) -> None:
    assert in_english(name) == english


def test_a_place_is_shown_in_the_language_of_the_reader(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert place("鼓楼区") == "Gulou District"
        assert place(None) == ""
    with app.test_request_context("/"):
        assert place("鼓楼区") == "鼓楼区"


def test_the_pages_show_words_and_the_raw_form_on_demand(as_role: Callable[..., FlaskClient]) -> None:
    client = as_role(Role.SYSTEM_ADMIN)
    page = client.get("/audit").get_data(as_text=True)
    assert page.count("<summary>JSON</summary>") >= page.count('<dl class="details">') > 0 or "没有符合条件的记录" in page
    assert "学生：查看列表" in client.get("/permissions").get_data(as_text=True)
    assert "Fuzhou" in client.get("/organisations/?lang=en").get_data(as_text=True)
