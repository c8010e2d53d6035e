"""One-time links of mentors without an account: made by either side, proven by a code of the school, and the page they open."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as cookie

from enterprises.mentors import proving
from enterprises.mentors import queries as mentors
from enterprises.mentors.address_queries import asks_code
from enterprises.permissions import Can
from enterprises.placements import forms, operations, queries
from enterprises.placements.models import MentorLink, Placement
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.views.placing import both_sides
from enterprises.placements.views.shared import blueprint, load_placement
from trainhub.kernel import clock
from trainhub.kernel.access import acting, guard, public, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import decimal_of, is_key

ANSWERED = "mentor_link"
"""The id of the link whose holder has said in this browser who he is; who only found the address is asked and learns nothing."""


def _link_page(placement: Placement, **what: Any) -> str:
    return render_template(
        "enterprises/placements/mentor_link.html",
        placement=placement,
        name=mentors.name_of(placement.mentor_id or 0),
        **{"link": "", "code": "", "channel": None, "asks_code": False, **what},
    )


def _demand_sent() -> None:
    if not forms.PlainForm().validate_on_submit():
        raise Refused(_("请重新打开页面后再提交。"))


@blueprint.post("/<int:placement_id>/mentor-link")
@guard(Can.PLACEMENT_RUN, load=load_placement, subject=both_sides)
def make_mentor_link(placement: Placement) -> Any:
    """Make a one-time link for the mentor of a placement and send it; only the enterprise's coordinator sees one that could not be sent."""
    mentor = mentors.by_id(placement.mentor_id) if placement.mentor_id else None
    if mentor is None:
        raise Refused(_("这项实习还没有企业指导教师。"))
    _demand_sent()
    university_id = queries.student(placement.student_id).university_id
    with transaction():
        token = operations.make_mentor_link(mentor=mentor, by=who(), now=clock.now(), university_id=university_id)
        days, grades = operations.asked_by(token, today=clock.today())
        channel = operations.send_link(mentor=mentor, token=token, days=days, grades=grades, placement=placement, now=clock.now())
        if channel is None:
            operations.hand_over(token=token, placement=placement, by=who(), now=clock.now())
    # What reached the mentor is for nobody else to see; otherwise the enterprise hands it on.
    is_open = channel is not None and operations.opens_one_school(token)
    return _link_page(placement, channel=channel, asks_code=is_open, link="" if channel is not None else operations.link_address(token))


def load_link(placement_id: int, link_id: int) -> tuple[Placement, MentorLink]:
    """A placement and a link of its mentor."""
    placement, link = load_placement(placement_id), session().get(MentorLink, link_id)
    if link is None:
        raise NotFound(_("没有这个链接。"))
    return placement, link


@blueprint.post("/<int:placement_id>/mentor-links/<int:link_id>/code")
@guard(Can.PLACEMENT_ARRANGE, load=load_link, subject=lambda pair: queries.subject_of_student_side(pair[0]))
def make_link_code(pair: tuple[Placement, MentorLink]) -> Any:
    """Make the code that the school tells the holder of a link that was handed over; shown only now."""
    placement, link = pair
    _demand_sent()
    with transaction():
        code = operations.make_code(link=link, placement=placement, by=who(), now=clock.now())
    return _link_page(placement, code=code)


# -- outside: the mentor ------------------------------------------------------------------------------------------------
def _person_of(link: MentorLink) -> int:
    return queries.mentor_person(link.mentor_id).id


def _identity_page(token: str, link: MentorLink, problem: str = "", status: int = 200) -> Any:
    """The question who one is, in words that name nobody."""
    waits = operations.against_identity(link, _person_of(link))
    html = render_template(
        "enterprises/mentors/link_identity.html",
        action=url_for("placements.answer_identity", token=token),
        asks_digits=proving.asks_digits(queries.mentor_person(link.mentor_id)),
        asks_code=asks_code(link, _person_of(link)),
        waits="" if waits is None else waits.message,
        problem=problem,
    )
    return html, status


def _unknown(token: str, link: MentorLink) -> Any | None:
    """What answers who has not said who he is; None for the holder. Nothing is counted before there is a code to be known."""
    if cookie.get(ANSWERED) == link.id:
        return None
    waits, form = operations.against_identity(link, _person_of(link)), request.form
    if waits is not None:
        return _identity_page(token, link, status=waits.status if request.method == "POST" else 200)
    if request.method == "GET":
        return _identity_page(token, link)
    if operations.is_holder(link, name=form.get("name", ""), digits=form.get("digits", ""), code=form.get("code", "")):
        cookie[ANSWERED] = link.id
        return None
    with transaction():
        proving.count_failure(link=link)
    link = operations.open_link(token, now=clock.now())[0]
    return _identity_page(token, link, proving.told_wrong(link, _person_of(link)), 422)


@blueprint.post("/c/<token>/identity")
@public
def answer_identity(token: str) -> Any:
    """Say who one is; a wrong answer is counted, five close the link."""
    link, mentor, _identity = operations.open_link(token, now=clock.now())
    operations.demand_mentor(mentor, by=acting())
    cookie.pop(ANSWERED, None)
    refused = _unknown(token, link)
    return refused if refused is not None else redirect(url_for("placements.by_link", token=token), 303)


@blueprint.route("/c/<token>", methods=["GET", "POST"])
@public
def by_link(token: str) -> Any:
    """What waits for the mentor of a link, for who has said who he is (before, or with the act itself); sending it once uses the link up."""
    now, today = clock.now(), clock.today()
    link, mentor, identity = operations.open_link(token, now=now)
    operations.demand_mentor(mentor, by=acting())
    if (refused_page := _unknown(token, link)) is not None:
        return refused_page
    problem: Refused | None = None
    form = forms.PlainForm()
    if form.validate_on_submit():
        try:
            with transaction():
                done, grades = _decide(token)
            cookie.pop(ANSWERED, None)
            return render_template("enterprises/placements/by_link.html", done=done, graded=grades, name=identity.name, waiting=[], grading=[])
        except Refused as refused:
            problem = refused
    waiting: dict[int, dict[str, Any]] = {}
    for placed, entry in operations.waiting_by(link, today=today):
        weeks = waiting.setdefault(placed.id, {"row": placed, "weeks": {}})["weeks"]
        weeks.setdefault(entry.on.isocalendar()[:2], {"entries": [], "log": None})["entries"].append(entry)
    for log in queries.logs_of(set(waiting)):
        if (week := waiting[log.placement_id]["weeks"].get((log.iso_year, log.iso_week))) is not None:
            week["log"] = log
    page = render_template(
        "enterprises/placements/by_link.html",
        done=None,
        name=identity.name,
        waiting=list(waiting.values()),
        grading=operations.gradable_by(link, today=today),
        problem=problem,
        form=form,
    )
    return page, 422 if problem else 200


def _sent(prefix: str) -> dict[int, str]:
    """What was sent in the fields of a prefix, by the id in their names."""
    return {int(name[len(prefix) :]): value for name, value in request.form.items() if name.startswith(prefix) and is_key(name[len(prefix) :])}


def _decide(token: str) -> tuple[int, int]:
    """Do what was sent: how many days, how many marks."""
    chosen, reason = _sent("d_"), request.form.get("reason", "")[:400]
    words = _sent("gc_")
    grades = {key: (_tenths(value), words.get(key, "")[:2000]) for key, value in _sent("g_").items() if value.strip()}
    done = operations.decide_by_link(
        token=token,
        approved=[key for key, value in chosen.items() if value == "yes"],
        rejected={key: reason for key, value in chosen.items() if value == "no"},
        comments={key: value[:4000] for key, value in _sent("c_").items()},
        grades=grades,
        now=clock.now(),
    )
    return done, len(grades)


def _tenths(text: str) -> int:
    """A score as it was typed, in tenths."""
    score = decimal_of(text)
    if score is None or not 0 <= score <= 100:
        raise BadPlacement(_("成绩“%(text)s”应为 0 至 100 的数，最多一位小数。", text=text[:20]), field="score")
    return int(score * 10)
