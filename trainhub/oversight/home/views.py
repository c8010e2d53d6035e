"""The first page: for visitors what this is, for each role what to do next; help, and the sheet of components."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template, request
from wtforms import BooleanField, DateField, FileField, IntegerField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from trainhub.kernel import clock
from trainhub.kernel.access import acting, public
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.paging import Page
from trainhub.oversight.home import helping, landing, page

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def index() -> Any:
    """The landing page, or the reader's own first page."""
    identity = acting()
    if identity is None or identity.account_id is None:
        return render_template(
            "trainhub/home/landing.html",
            sums=landing.sums(clock.now()),
            courses=landing.open_courses(clock.today()),
            password=landing.DEMO_PASSWORD,
            accounts=landing.DEMO_ACCOUNTS if current_app.config["SETTINGS"].is_demo else (),
        )
    today = clock.today()
    return render_template("trainhub/home/index.html", home=page.of(identity, today), today=today)


@blueprint.get("/help")
@public
def help_page() -> Any:
    """How to do things, by role; one's own roles first, and what belongs to the page named by `at`."""
    query = " ".join(request.args.get("q", "").split())[:100]
    return render_template("trainhub/home/help.html", book=helping.book(acting(), query, request.args.get("at", "")))


class SampleForm(Form):
    """The form of the sheet of components."""

    name = Text("名称")
    starts_on = DateField("开始日期")
    seats = IntegerField("名额")
    base = SelectField("基地", choices=[SelectChoice("1", "示例基地")])
    kind = RadioField("方式", choices=[SelectChoice("a", "学生填报志愿"), SelectChoice("b", "学校统一安排")])
    topics = SelectMultipleField("主题", choices=[SelectChoice("t1", "先进制造"), SelectChoice("t2", "人工智能")])
    note = LongText("说明")
    sheet = FileField("名单")
    agree = BooleanField("已核对")


@blueprint.get("/styleguide")
@public
def styleguide() -> Any:
    """Every component with sample content."""
    form = SampleForm(formdata=None, meta={"csrf": False})
    sample: Page[Any] = Page(items=[], number=2, size=20, total=319)
    return render_template("trainhub/styleguide.html", form=form, page=sample, asked=request.args.to_dict())
