"""Pages over many placements: the time line, seats and demand, an enterprise at a glance; the tables T1 and T4 as files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from enterprises.bases import labels as base_labels
from enterprises.bases import queries as bases
from enterprises.mentors import queries as mentors
from enterprises.permissions import Can
from enterprises.placements import labels, operations, queries, rules
from enterprises.placements.models import Term
from enterprises.placements.types import Light, OfferState, StudentProgress
from enterprises.placements.views.shared import blueprint, day_of
from trainhub.identity import queries as identities
from trainhub.kernel import clock, downloads, paging, sending
from trainhub.kernel.access import Role, guard, signed_in, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Job, JobState
from trainhub.kernel.made_tables import KEPT
from trainhub.organisations import queries as organisations
from trainhub.policy.book import book

SPAN = timedelta(days=364)
WIDTH, ROW, TOP, LEFT = 1000, 26, 30, 170
"""Of the drawing, in its own units: the whole width, the height of a line, the heads, and the names."""
FORMS = ("xlsx", "csv")


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
@guard(Can.SEATS_LIST)
def seats_map() -> Any:
    """Seats and demand by city and by major, for the terms of a year from a day on, of the schools the reader answers for or oversees."""
    since = day_of("since", clock.today())
    terms = queries.seat_terms(who(), since, since + SPAN)
    ids = [term.id for term, _school in terms]
    cities: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("positions", "seats", "taken", "wishes", "first"), 0))
    for row in queries.seats_by_county(ids, queries.rounds_wished(who(), ids)):
        city = cities[rules.city_of(row.county_code)]
        for name in city:
            city[name] += int(getattr(row, name) or 0)
    names = dict(organisations.prefecture_choices())
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
        majors=(majors := _by_major(terms)),
        schools=len({row["university_id"] for row in majors}),
        terms=ids,
        since=since,
        until=since + SPAN,
        sees_students=who().has(*queries.WEEKS_ROLES),
    )


def _by_major(terms: Sequence[tuple[Term, str]]) -> list[dict[str, Any]]:
    """By school and major: what is free in each of the school's terms, and the weeks that its students lack beyond what is placed (days that no insurance
    covers yet are: they want a policy, and no other place)."""
    today = clock.today()
    required, per_week = (book().at(key, on=today).number for key in ("own.weeks.days_required", "own.weeks.days_per_week"))
    needs: dict[tuple[int, str], list[StudentProgress]] = defaultdict(list)
    lights = frozenset({Light.YELLOW, Light.NOT_PLANNED, Light.RED})
    for one in queries.whole_progress(queries.progress_rows(who(), on=today), on=today, lights=lights):
        if one.credited_days + one.to_come + one.uninsured < required:
            needs[one.university_id, one.major_code].append(one)
    free = queries.free_by_majors([term.id for term, _school in terms])
    rows = []
    for university_id, school, code, name in queries.majors_known(who()):
        own = [term for term, _school in terms if term.university_id == university_id]
        open_in = [sum(count for majors, count in free[term.id].items() if not majors or code in majors) for term in own]
        spans = [((term.starts_on, term.ends_on), term.weeks) for term in own]
        students = needs[university_id, code]
        lacking = [-((one.credited_days + one.to_come + one.uninsured - required) // per_week) for one in students]
        in_time = [
            min(weeks, -(-(one.still_open - one.uninsured) // per_week)) for one, weeks in zip(students, lacking, strict=True)
        ]  # no seat mends what is beyond
        asked = [(weeks, [rules.weeks_open(*span, one.open_in) for span in spans]) for one, weeks in zip(students, in_time, strict=True)]
        rows.append(
            {
                "university_id": university_id,
                "code": code,
                "name": name,
                "school": school,
                "terms": [(term.title, count) for term, count in zip(own, open_in, strict=True)],
                "own": sum(count for term in own for majors, count in free[term.id].items() if code in majors),
                "wanted": len(lacking),
                "weeks": sum(lacking),
                "short": rules.weeks_short(asked, open_in),
                "late": sum(lacking) - sum(in_time),
            }
        )
    return rows


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
    loads = queries.loads_of_mentors([key for key, _name, _one in pool], today, today, today=today)
    limits = {key: found.load_limit for key, _name, _one in pool if (found := mentors.by_id(key)) is not None}
    waiting = queries.waiting_by_mentor(ids)
    accounts = identities.accounts_of_persons({person for *_rest, person in waiting})
    return render_template(
        "enterprises/placements/enterprise.html",
        enterprises=[row for key in ids if (row := organisations.by_id(key)) is not None],
        interest={key: bases.interest(key, today.year) for key in ids},
        year=today.year,
        offers=queries.offers_by_state(ids),
        present=queries.present_at(ids, today),
        waiting=[(key, name, days, placement, person not in accounts) for key, name, days, placement, person in waiting],
        pool=[(key, name, loads.get(key, 0), limits[key]) for key, name, _one in pool],
        most=most,
        plans=paging.slice_wanted(queries.plans_at(ids), key="plans"),
        States=OfferState,
        labels=labels,
        base_labels=base_labels,
    )


# -- T1 and T4 ----------------------------------------------------------------------------------------------------------
def _table(key: str, form: str) -> Any:
    """A small table at once; a large one from the page where a job makes it."""
    one, today = operations.TABLES[key], clock.today()
    if form in FORMS and one.size(who(), today) > one.at_once:
        return redirect(url_for("placements.table_page", table=key, form=form), 303)
    return downloads.table(one.rows(who(), today), one.columns, name=_(one.name), form=form, codes=one.codes)


@blueprint.get("/t1.<form>")
@guard(Can.WEEKS_LIST)
def table_1(form: str) -> Any:
    """T1 近三年学生实际进入企业实践基地的情况."""
    return _table("t1", form)


@blueprint.get("/t4.<form>")
@guard(Can.WEEKS_LIST)
def table_4(form: str) -> Any:
    """T4 与企业合作建立实践基地的情况."""
    return _table("t4", form)


def _known(key: str) -> operations.Table:
    """The table of an address."""
    if key not in operations.TABLES:
        raise NotFound(_("没有这张表。"))
    return operations.TABLES[key]


def _told(job: Job | None) -> dict[str, Any] | None:
    """How far the reader's job is."""
    if job is None:
        return None
    if job.state is JobState.DONE:
        return {
            "state": "succeeded",
            "percent": 100,
            "text": _("共 %(n)s 行，%(days)s 天内可以下载。", n=(job.result or {}).get("rows", 0), days=KEPT.days),
        }
    if job.state is JobState.FAILED:
        return {"state": "failed", "percent": 0, "text": _("没有完成，请重新生成。")}
    if job.state is JobState.QUEUED:
        return {"state": job.state.value, "percent": 0, "text": _("已排队，即将开始。")}
    if not job.total_count:
        return {"state": job.state.value, "percent": 0, "text": _("正在汇集数据。")}
    text = _("已写 %(n)s / %(m)s 行", n=job.done_count, m=job.total_count)
    return {"state": job.state.value, "percent": min(100, round(100 * job.done_count / job.total_count)), "text": text}


def _context(key: str) -> dict[str, Any]:
    job = operations.table_job(key, who())
    return {"key": key, "name": _(_known(key).name), "made": job, "job": _told(job)}


@blueprint.get("/tables/<table>")
@guard(Can.WEEKS_LIST)
def table_page(table: str) -> Any:
    """How large a table is, the button that lets a job make it, and how far that is."""
    one = _known(table)
    form = request.args.get("form", "xlsx")
    size = one.size(who(), clock.today())
    return render_template("enterprises/placements/table.html", size=size, form=form if form in FORMS else "xlsx", forms=FORMS, **_context(table))


@blueprint.get("/tables/<table>/state")
@guard(Can.WEEKS_LIST)
def table_state(table: str) -> Any:
    """The bar alone, asked for again and again."""
    return Response(render_template("enterprises/placements/_table.html", **_context(table)))


@blueprint.post("/tables/<table>")
@guard(Can.WEEKS_LIST)
def ask_for_table(table: str) -> Any:
    """Let a job make it."""
    form = request.form.get("form", "xlsx")
    if form not in FORMS:
        raise NotFound(_("只能导出为 csv 或 xlsx。"))
    _known(table)
    with transaction():
        operations.ask_for_table(table=table, form=form, by=who())
    return redirect(url_for("placements.table_page", table=table, form=form), 303)


@blueprint.get("/tables/<table>/file")
@guard(Can.WEEKS_LIST)
def table_file(table: str) -> Any:
    """What the reader's own job made."""
    _known(table)
    job = operations.table_job(table, who())
    kept = operations.file_of(job, clock.now()) if job is not None else None
    if kept is None:
        raise NotFound(_("这张表还没有生成。"))
    return sending.send(kept, as_download=True)
