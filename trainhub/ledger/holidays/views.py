"""Pages of public holidays: what was entered year by year and from which notice, entering, withdrawing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from trainhub.kernel import clock, downloads
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.forms import Form, Text, given
from trainhub.kernel.frames import submit
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.numbers import is_key, keys_of
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.ledger import labels
from trainhub.ledger.holidays import imports, operations, queries
from trainhub.ledger.permissions import Can
from trainhub.ledger.types import HolidayKind

blueprint = Blueprint("holidays", __name__, url_prefix="/holidays")
add_pages(blueprint, imports.SPEC, can=Can.HOLIDAY_EDIT, path="/import", back="holidays.index")


class HolidayForm(Form):
    """A span of days of a notice."""

    since = DateField(_l("开始日期"), [InputRequired()])
    until = DateField(_l("结束日期"), [Optional()], description=_l("只有一天时可不填。"))
    kind = SelectField(_l("类别"), choices=[SelectChoice(kind.value, label) for kind, label in labels.HOLIDAY_KINDS.items()])
    name = Text(_l("节日"), [InputRequired(), Length(max=60)])
    document = Text(_l("依据文件"), [InputRequired(), Length(max=200)], description=_l("国务院办公厅当年通知的名称与文号。"))


def _year(years: list[int]) -> int:
    text = request.args.get("year", "")
    if is_key(text) and len(text) == 4:
        return int(text)
    this = clock.today().year
    return this if this in years or not years else years[0]


def _page(form: HolidayForm, status: int = 200) -> Any:
    years = queries.years()
    year, today = _year(years), clock.today()
    page = render_template(
        "trainhub/ledger/holidays.html",
        rows=queries.listing(year),
        year=year,
        years=years,
        missing=[one for one in (today.year, today.year + 1) if one not in years],
        form=form,
        labels=labels,
        weekdays=[_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")],
        switches={kind: queries.is_switched_on(is_vocational=kind, on=today) for kind in queries.RULES},
        rules=queries.RULES,
        may_edit=may(who(), Can.HOLIDAY_EDIT),
    )
    return page, status


@blueprint.get("/")
@guard(Can.HOLIDAY_LIST)
def index() -> Any:
    """What stands for a year, and what was withdrawn."""
    return _page(HolidayForm())


COLUMNS = (
    Column("since", "开始日期"),
    Column("until", "结束日期"),
    Column("kind", "类别"),
    Column("name", "节日"),
    Column("document", "依据文件"),
    Column("entered_by", "录入人"),
)


@blueprint.get("/export.<form>")
@guard(Can.HOLIDAY_LIST)
def export(form: str) -> Any:
    """Everything that stands, as a file that the import reads."""
    kinds = {HolidayKind.OFF: "放假", HolidayKind.ON: "调休上班"}
    days: dict[str, list[Any]] = {}
    for row, entered, _closed in queries.listing(with_closed=False):
        days.setdefault(entered or "", []).append(row)
    rows = sorted(
        (span.first, span.last, kinds[span.kind], span.name, span.document, who_entered)
        for who_entered, some in days.items()
        for span in queries.spans_of(some)
    )
    return downloads.table(rows, COLUMNS, name=_("放假安排"), form=form)


@blueprint.post("/")
@guard(Can.HOLIDAY_EDIT)
def add() -> Any:
    """Enter the days of a notice."""
    form = HolidayForm()

    def work() -> int:
        made = operations.enter(
            since=given(form.since.data),
            until=form.until.data or given(form.since.data),
            kind=HolidayKind(form.kind.data),
            name=form.name.data or "",
            document=form.document.data or "",
            by=who(),
            now=clock.now(),
        )
        return len(made)

    def then(count: int | None) -> Any:
        said = _("已登记 %(n)d 天。", n=count) if count else _("这些日子已经登记过，没有重复登记。")
        return done(said, "holidays.index", year=given(form.since.data).year)

    return submit(form, work, again=lambda status: _page(form, status), then=then)


@blueprint.post("/close")
@guard(Can.HOLIDAY_EDIT)
def close() -> Any:
    """Withdraw days that are wrong."""
    ids = keys_of(request.form.getlist("day"))
    if not ids:
        raise operations.BadHoliday(_("请先勾选要撤下的日子。"), field="day")
    year = request.form.get("year", "")
    with transaction():
        count = operations.close(ids=ids, reason=request.form.get("reason", ""), by=who(), now=clock.now())
    return done(_("已撤下 %(n)d 天，原记录保留在列表中。", n=count), "holidays.index", **({"year": year} if is_key(year) else {}))
