"""The search over everything the reader may see."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trainhub.kernel import clock, pinyin
from trainhub.kernel.access import acting, signed_in
from trainhub.kernel.i18n import _
from trainhub.kernel.nav import navigation
from trainhub.oversight.search import queries, rules
from trainhub.oversight.search.types import Group, Hit

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@signed_in
def index() -> Any:
    """Grouped results; too little to search for says so."""
    identity = acting()
    assert identity is not None
    text = rules.asked(request.args.get("q", ""))
    is_enough = rules.is_enough(text)
    found: list[Group] = []
    if is_enough:
        pages = _pages(text)
        found = ([pages] if pages.total else []) + queries.groups(identity, text, rules.as_pinyin(text), clock.today())
    return render_template("trainhub/search/index.html", text=text, is_enough=is_enough, groups=found, total=sum(group.total for group in found))


def _pages(text: str) -> Group:
    """The pages of the reader's navigation whose name or reading contains the words."""
    wanted = rules.as_pinyin(text).casefold()
    hits = [
        Hit(entry["label"], entry["url"], section["label"])
        for section in navigation()
        for entry in section["entries"]
        if wanted in entry["label"].casefold() or wanted in pinyin.of_text(entry["label"])
    ]
    return Group("pages", _("页面"), len(hits), hits[: queries.SHOWN])
