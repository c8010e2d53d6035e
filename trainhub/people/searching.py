"""Full identity numbers do not belong in addresses: browsers, proxies and logs keep them. They are looked for by POST."""

from __future__ import annotations

from typing import Any

from flask import Flask, flash, redirect, request, url_for

from trainhub.kernel.i18n import _
from trainhub.people import rules

ANYTHING = ("search.index",)
"""Where certificates are looked for, too, whose numbers may look like that of a resident card that was mistyped."""
PAGES = ("people.persons", "people.export_persons", "people.same", "people.students", "people.teachers", *ANYTHING)


def init_app(app: Flask) -> None:
    """Look at what every request asks for."""
    app.before_request(_refuse_number)


def _refuse_number() -> Any:
    """A number in the address of a list is taken out of it, with words about where to look for it instead."""
    if request.endpoint not in PAGES or request.method not in ("GET", "HEAD"):
        return None
    if not rules.is_resident_number(request.args.get("q", ""), mistyped=request.endpoint not in ANYTHING):
        return None
    flash(_("完整证件号码不能放在网址里查找：网址会留在浏览器历史和日志中。有权限的人员请在“人员”页面的“按证件号码查找”中输入。"), "warning")
    rest: dict[str, Any] = {key: value for key, value in request.args.items() if key != "q"}
    endpoint = "people.persons" if request.endpoint == "people.export_persons" else str(request.endpoint)
    values = {} if request.endpoint == "people.export_persons" else dict(request.view_args or {})
    return redirect(url_for(endpoint, **values, **rest), 303)
