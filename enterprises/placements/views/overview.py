"""Pages over many placements: the time line, seats and demand, an enterprise at a glance; the tables T1 and T4 as files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from flask import render_template, request

from enterprises.bases import labels as base_labels
from enterprises.bases import queries as bases
from enterprises.mentors import queries as mentors
from enterprises.permissions import Can
from enterprises.placements import labels, queries, rules
from enterprises.placements.types import Light, OfferState
from enterprises.placements.views.shared import blueprint, day_of
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Role, guard, signed_in, who
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets.types import Column
from trainhub.organisations import queries as organisations
from trainhub.policy.book import book

SPAN = timedelta(days=364)
WIDTH, ROW, TOP, LEFT = 1000, 26, 30, 170
"""Of the drawing, in its own units: the whole width, the height of a line, the heads, and the names."""


@blueprint.get("/timeline")
@guard(Can.PLACEMENT_LIST)
def timeline() -> Any:
    """Terms and people over a year, drawn on the server."""
    today, (number, size) = clock.today(), paging.wanted()
    since = day_of("since", today - timedelta(days=120))
    since = since.replace(day=1)
    until = since + SPAN
    page = paging.paginate(
        queries.line_students(who(), since=since, until=until, text=request.args.get("q", "")[:100]), number=number, size=size, scalars=False
    )
    bars = queries.line_bars(who(), [row.id for row in page.items], since=since, until=until)
    at = rules.scale(since, until, left=LEFT, right=WIDTH)
    return render_template(
        "enterprises/placements/timeline.html",
        page=page,
        bars=bars,
        since=since,
        until=until,
        before=since - timedelta(days=182),
        after=since + timedelta(days=182),
        months=[(day, at(day)) for day in rules.months_of(since, until)],
        terms=queries.terms_between(since, until, {row.university_id for row in queries.students_by_ids([row.id for row in page.items])}),
        at=at,
        today=today,
        size={"width": WIDTH, "row": ROW, "top": TOP, "left": LEFT, "height": TOP + ROW * len(page.items) + 6},
        one_day=timedelta(days=1),
        labels=labels,
        asked=request.args.to_dict(),
    )


@blueprint.get("/seats")
@guard(Can.POSITION_LIST)
def seats_map() -> Any:
    """Seats and demand by city and by major, for the terms of a year from a day on."""
    today = clock.today()
    since = day_of("since", today)
    terms = queries.terms_between(since, since + SPAN)
    ids = [term.id for term in terms]
    cities: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("positions", "seats", "taken", "wishes", "first"), 0))
    for row in queries.seats_by_county(ids):
        city = cities[rules.city_of(row.county_code)]
        for name in city:
            city[name] += int(getattr(row, name) or 0)
    names = dict(organisations.prefecture_choices())
    wanted: dict[str, int] = defaultdict(int)
    lights = frozenset({Light.YELLOW, Light.NOT_PLANNED, Light.RED})
    majors = dict(queries.majors_known())
    for one in queries.whole_progress(queries.progress_rows(who(), on=today), on=today, lights=lights):
        wanted[one.major_code] += 1
    free = queries.free_by_majors(ids)
    rows = [
        {
            "code": code,
            "name": name,
            "open": sum(count for accepted, count in free if not accepted or code in accepted),
            "own": sum(count for accepted, count in free if code in accepted),
            "wanted": wanted.get(code, 0),
        }
        for code, name in majors.items()
    ]
    most = max((city["seats"] - city["taken"] for city in cities.values()), default=0)
    return render_template(
        "enterprises/placements/seats.html",
        cities=[
            (code, names.get(code, _("未登记地点")), cities[code]) for code in [*names, *[c for c in cities if c not in names]] if code in cities
        ],
        tiles=[
            {
                "label": name if name.isascii() else name[:2],
                "code": code if code == "350128" else code[:4],
                "text": cities[code]["seats"] - cities[code]["taken"] if code in cities else 0,
                "level": rules.shade(cities[code]["seats"] - cities[code]["taken"] if code in cities else 0, most),
            }
            for code, name in names.items()
        ],
        majors=rows,
        terms=terms,
        since=since,
        until=since + SPAN,
        sees_students=who().has(*queries.WEEKS_ROLES),
    )


@blueprint.get("/enterprise")
@signed_in
def enterprise() -> Any:
    """An enterprise at a glance: interest, offers, students, mentors, days that wait."""
    ids = sorted(who().organisation_ids(Role.ENTERPRISE_COORDINATOR))
    if not ids:
        raise NotFound(_("这个页面是给企业联系人的。"))
    today = clock.today()
    most = book().at("own.placement.students_per_mentor_max", on=today).number
    pool = [(key, name, one) for one in ids for key, name in mentors.choices(one, today)]
    loads = queries.loads_of_mentors([key for key, _name, _one in pool], today, today)
    limits = {key: found.load_limit for key, _name, _one in pool if (found := mentors.by_id(key)) is not None}
    return render_template(
        "enterprises/placements/enterprise.html",
        enterprises=[row for key in ids if (row := organisations.by_id(key)) is not None],
        interest={key: bases.interest(key, today.year) for key in ids},
        year=today.year,
        offers=queries.offers_by_state(ids),
        present=queries.present_at(ids, today),
        waiting=queries.waiting_by_mentor(ids),
        pool=[(key, name, loads.get(key, 0), limits[key]) for key, name, _one in pool],
        most=most,
        States=OfferState,
        labels=labels,
        base_labels=base_labels,
    )


# -- T1 and T4 ----------------------------------------------------------------------------------------------------------
T1 = (
    Column("school_year", "学年"),
    Column("class", "年级/班级"),
    Column("is_petoe", "是否卓越计划"),
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("programme", "专业"),
    Column("where", "基地/企业"),
    Column("items", "企业培养方案环节"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("weeks", "认定周数"),
    Column("weeks_sum", "累计周数"),
    Column("mentor", "企业指导教师"),
    Column("score", "考核结果"),
)
T4 = (
    Column("code", "基地代码"),
    Column("base", "基地名称"),
    Column("types", "类型"),
    Column("hosts", "合作企业"),
    Column("since", "协议开始"),
    Column("until", "协议截止"),
    Column("items", "承担环节"),
    Column("capacity", "可接纳人数/期"),
    Column("students", "近三年接纳学生数"),
    Column("leaders", "双方负责人"),
    Column("school_mentors", "校内导师数"),
    Column("mentors", "企业指导教师数"),
    Column("school_invested", "学校投入（元）"),
    Column("enterprise_invested", "企业投入（元）"),
)


def window(on: date) -> date:
    """The first day of the last three academic years."""
    first = on.year if on.month >= 9 else on.year - 1
    return date(first - 2, 9, 1)


@blueprint.get("/t1.<form>")
@guard(Can.WEEKS_LIST)
def table_1(form: str) -> Any:
    """T1 近三年学生实际进入企业实践基地的情况."""
    today = clock.today()
    rows = (
        (
            row["school_year"], row["class"], _("是") if row["is_petoe"] else _("否"), row["student_no"], row["name"], row["programme"], row["where"],
            listed(row["items"]), row["starts_on"], row["ends_on"], row["weeks"], row["weeks_sum"], row["mentor"], row["score"],
        )
        for row in queries.table_1(who(), since=window(today), on=today)
    )  # fmt: skip
    return downloads.table(rows, T1, name=_("近三年学生实际进入企业实践基地的情况"), form=form, codes=["student_no"])


@blueprint.get("/t4.<form>")
@guard(Can.WEEKS_LIST)
def table_4(form: str) -> Any:
    """T4 与企业合作建立实践基地的情况."""
    today = clock.today()
    rows = (
        (
            row["base"].code, row["base"].name, listed(base_labels.BASE_TYPES[one] for one in row["types"]), listed(row["hosts"]),
            *(row["agreement"] or (None, None)), listed(row["items"]), row["capacity"], row["students"], listed(row["leaders"]), row["school_mentors"], row["mentors"], *row["invested"],
        )
        for row in queries.table_4(who(), since=window(today), on=today)
    )  # fmt: skip
    return downloads.table(rows, T4, name=_("与企业合作建立实践基地的情况"), form=form, codes=["code"])
