"""The first page: for visitors what this is, for each role what to do next."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from trainhub.kernel.access import acting, public

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def index() -> Any:
    """The landing page, or the reader's own first page."""
    identity = acting()
    if identity is None or identity.account_id is None:
        return render_template("trainhub/home/landing.html")
    return render_template("trainhub/home/index.html")
