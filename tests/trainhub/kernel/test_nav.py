"""The navigation marks where the reader is: one entry, whatever page it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from lxml import html

from trainhub.kernel.access import Role


@pytest.mark.parametrize(
    ("address", "marked"),
    [
        ("/placements/progress", "学习周数"),  # another section has an entry of the same feature
        ("/placements/rounds?state=open", "实习轮次"),
        ("/organisations/", "机构"),
        ("/account/tokens", "我的账户"),  # no entry of its own: the one whose address begins it
    ],
)
def test_one_entry_is_marked(as_role: Callable[..., FlaskClient], address: str, marked: str) -> None:
    page = html.document_fromstring(as_role(Role.SYSTEM_ADMIN, Role.UNIVERSITY_ADMIN).get(address).get_data(as_text=True))
    found = page.xpath("//a[contains(@class, 'nav-link-item') and @aria-current='page']")
    assert {" ".join(one.text_content().split()) for one in found} == {marked}  # beside the page and in the menu of a phone


def test_the_first_page_is_marked_on_itself_alone(as_role: Callable[..., FlaskClient]) -> None:
    client = as_role(Role.SYSTEM_ADMIN)
    marked = "//a[contains(@class, 'nav-link-item') and @aria-current='page']"
    assert html.document_fromstring(client.get("/").text).xpath(marked)
    assert html.document_fromstring(client.get("/help").text).xpath(marked) == []  # the handbook has no entry
