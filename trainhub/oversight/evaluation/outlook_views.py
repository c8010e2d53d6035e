"""Pages that look back and ahead: changes over time, cohorts side by side, a simulation, what a change of rules would do."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from flask import render_template, request

from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, keys_of
from trainhub.oversight.evaluation import catalogue, labels, readiness, simulation
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import judgements, training
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.rules import whole
from trainhub.oversight.evaluation.simulation import Assumptions
from trainhub.oversight.evaluation.store import queries as store
from trainhub.oversight.evaluation.store.models import ReadinessDay
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.views import asked_day, blueprint, load, on_programme, page
from trainhub.oversight.evaluation.wording import shown
from trainhub.policy.book import book
from trainhub.policy.findings import Status
from trainhub.policy.types import USE_LABELS, PolicyError
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import ProgrammeFilter

MOST_COHORTS = 5
MOST_CHANGES = 24
"""So many changes of the last two years are listed; how many came before is said."""
MOST_PROGRAMMES = 20
"""So many programmes are judged twice for one page of the preview."""
SINCE = date(2015, 1, 1)
"""From when teachers count for the target: the year of the study that names it; the documents give no first day."""


def _compared(programme: Programme, today: date) -> tuple[list[int], list[int]]:
    """(the years of the cohorts in which somebody is of the 卓越计划, those that are compared), oldest first: the ones asked for, else the judged
    ones, the newest of them first, then those that still study."""
    members = members_of(programme.id, today)
    years = {one.cohort_year for one in (*members.belonging, *members.judged)}
    asked = [year for year in dict.fromkeys(keys_of(request.args.getlist("year"))) if year in years]
    judged = set(members.group.cohort_years)
    order = asked or sorted(years, key=lambda year: (year not in judged, -year))
    return sorted(years), sorted(order[:MOST_COHORTS])


@blueprint.get("/<code>/history")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def history(programme: Programme) -> Any:
    """The days remembered with what changed between them, and the cohorts of the 卓越计划 side by side on the computed criteria."""
    today = clock.today()
    days = store.days_of(programme.id, since=today - timedelta(days=740))
    lines: list[dict[str, Any]] = []
    kept: list[ReadinessDay] = []
    for day in days:  # a day on which nothing changed tells nothing: the first, the last and the changes stay
        if not kept or kept[-1].statuses != day.statuses or day is days[-1]:
            kept.append(day)
    for day in kept[-MOST_CHANGES:]:
        counts = {status: sum(found == status.value for found in day.statuses.values()) for status in Status}
        lines.append({"day": day, "counts": counts, "changes": []})
    for before, after in pairwise(lines):
        after["changes"] = [
            (code, Status(before["day"].statuses.get(code, "no_data")), Status(status))
            for code in catalogue.criteria()  # in their order: 2.1 before 10.1, however the statuses were stored
            if (status := after["day"].statuses.get(code)) is not None and before["day"].statuses.get(code, "no_data") != status
        ]
    p = readiness.parameters(today)
    columns: list[dict[str, Any]] = []
    cohorts = {row.year: row for row in programmes.cohorts_of(programme.id)}
    years, chosen = _compared(programme, today)
    for year in chosen:
        case = case_of(programme, today, (year,))
        columns.append({"cohort": cohorts[year], "case": case, "found": whole.findings(case, catalogue.criteria(), p)})
    criteria = [c for c in catalogue.criteria().values() if c.kind is CriterionKind.COMPUTED]
    return page(
        "history",
        programme,
        "history",
        lines=list(reversed(lines)),
        columns=columns,
        years=years,
        most=MOST_COHORTS,
        left_out=max(len(kept) - MOST_CHANGES, 0),
        criteria=criteria,
        shown=shown,
        statuses=Status,
        decisions=judgements.decisions_of(programme.id),
    )


@blueprint.get("/<code>/simulate")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def simulate(programme: Programme) -> Any:
    """ "If these students finish, if this lecturer's years are verified": the verdict that would follow. Nothing is saved."""
    on = asked_day()
    wanted = Assumptions(
        students=frozenset(request.args.getlist("student")),
        student_ids=frozenset(keys_of(request.args.getlist("student"))),
        everybody="everybody" in request.args,
        lecturers=frozenset(keys_of(request.args.getlist("lecturer"))),
        experienced=frozenset(keys_of(request.args.getlist("experienced"))),
        abroad=frozenset(keys_of(request.args.getlist("abroad"))),
        judged=frozenset(request.args.getlist("judged")),
        is_accredited="accredited" in request.args,
    )
    try:
        now, then, choices = simulation.look(programme, on, wanted)
    except PolicyError as none:
        raise Refused(str(none), field="on") from none
    changed = [(code, status, then.statuses[code]) for code, status in now.statuses.items() if then.statuses[code] is not status]
    return page(
        "simulate",
        programme,
        "simulate",
        on=on,
        wanted=wanted,
        now=now,
        then=then,
        choices=choices,
        changed=changed,
        criteria=catalogue.criteria(),
    )


@blueprint.get("/rules")
@guard(Can.PREVIEW)
def preview_rules() -> Any:
    """What a change of rules would do to each programme before it takes effect: those already in the book, or one to think about."""
    on = asked_day()
    try:
        numbers = simulation.changeable(on)
    except PolicyError as none:
        raise Refused(str(none), field="on") from none
    key, text = request.args.get("key", ""), request.args.get("value", "").strip()
    changes = simulation.announced(on)
    asked = None
    if key or text:
        if key not in numbers:
            raise Refused(_("请选择一个参数。"), field="key")
        most = simulation.most_of(numbers[key])
        if not is_key(text) or len(text) > 6 or int(text) > most:
            raise Refused(_("请填写 0 到 %(most)s 之间的整数。", most=most), field="value")
        asked = simulation.suppose(key, int(text), on)
        changes = [asked]
    number, _size = paging.wanted()
    found = paging.paginate(programmes.listing(who(), ProgrammeFilter(is_petoe=True)), number=number, size=MOST_PROGRAMMES, scalars=False)
    rows = [programmes.as_row(row) for row in found.items]
    mine = programmes.by_ids([row.id for row in rows])
    effects = simulation.effects(mine, changes, on) if changes else []
    return render_template(
        "trainhub/evaluation/rules.html",
        on=on,
        numbers=numbers,
        changes=changes,
        asked=asked,
        effects=effects,
        uses=USE_LABELS,
        universities={row.id: row.university for row in rows},
        labels=labels,
        page=found,
    )


@blueprint.get("/teacher-training")
@guard(Can.PREVIEW)
def teacher_training() -> Any:
    """How many full-time and part-time teachers were trained, against the target of the documents (RESEARCH-5.2b, 002:167)."""
    on = asked_day()
    try:
        target = book().at("research.teachers_target", on=on)
        deadline = book().at("research.teachers_deadline", on=on)
        coverage = book().at("research.online_training_percent", on=on)
    except PolicyError as none:
        raise Refused(str(none), field="on") from none
    until = min(on, deadline.value) if isinstance(deadline.value, date) else on
    return render_template(
        "trainhub/evaluation/teacher_training.html",
        on=on,
        target=target,
        deadline=deadline,
        coverage=coverage,
        found=training.trained_teachers(SINCE, until),
        later=training.trained_teachers(SINCE, on) if until < on else None,
    )
