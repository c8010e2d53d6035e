"""One-time links: made by the programme, used by a mentor without an account."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie

from enterprises.capstones import forms, labels, operations, queries
from enterprises.capstones.models import Capstone, CapstoneGrade, MentorLink, Topic
from enterprises.capstones.queries import guiding
from enterprises.capstones.types import Action, LinkPurpose, Stage, SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import load, stored
from enterprises.mentors import proving
from enterprises.mentors import queries as mentors
from enterprises.mentors.address_queries import asking, asks_code
from enterprises.permissions import Can
from trainhub.identity.types import Channel
from trainhub.kernel import clock, site
from trainhub.kernel.access import acting, guard, may, public, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.fields import day_sent
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student


@blueprint.get("/<int:capstone_id>/links")
@guard(Can.CAPSTONE_LINK, load=load, subject=queries.subject_of)
def links(row: Capstone) -> Any:
    """The links of a capstone."""
    return _links_page(row)


def _links_page(
    row: Capstone, address: str = "", sent: Channel | None = None, problem: str = "", status: int = 200, code: tuple[str, str] | None = None
) -> Any:
    student = session().get_one(Student, row.student_id)
    against = operations.against_state(row, Action.SEND_LINK) or operations.against_linking(row, clock.today())
    grading = operations.against_grade(row, SupervisorRole.ENTERPRISE, clock.now())
    html = render_template(
        "enterprises/capstones/links.html",
        capstone=row,
        person=session().get_one(Person, student.person_id),
        rows=queries.links_of(row.id),
        asking=_asking(row.id),
        mentor=_mentor_page(row),
        address=address,
        sent=sent,
        code=code,
        is_host=operations.may_see(row, who()),
        tries=proving.TRIES,
        labels=labels,
        now=clock.now(),
        against="" if against is None else against.message,
        not_yet="" if grading is None else grading.message,
        problem=problem,
    )
    return html, status


def _asking(capstone_id: int) -> set[int]:
    """The links of a capstone whose holder also has to know a code."""
    return asking([(link, link.person_id) for link, _name in queries.links_of(capstone_id)])


def _mentor_page(row: Capstone) -> int | None:
    """The mentor on whose page the school vouches for the address of the supervisor in office."""
    held = queries.live_supervision(row.id, SupervisorRole.ENTERPRISE)
    found = mentors.of_person(held.person_id) if held is not None and may(who(), Can.MENTOR_PROVE) else []
    return next((one.id for one in found if one.enterprise_id == row.enterprise_id), None)


@blueprint.post("/<int:capstone_id>/links")
@guard(Can.CAPSTONE_LINK, load=load, subject=queries.subject_of)
def make_link(row: Capstone) -> Any:
    """Make a link and send it to its person; only the enterprise sees one that could not be sent, and only now."""
    key = row.id
    purpose = next((p for p in LinkPurpose if p.value == request.form.get("purpose")), LinkPurpose.GRADE)
    try:
        with transaction():
            made, secret = operations.make_link(capstone=load(key), purpose=purpose, by=who(), now=clock.now())
            url = site.address(url_for("capstones.link", secret=secret))
            sent = operations.send_link(link=made, url=url, now=clock.now())
            if sent is None:
                operations.hand_over(link=made, by=who(), now=clock.now())
    except Refused as refused:
        return _links_page(load(key), problem=refused.message, status=refused.status)
    return _links_page(load(key), address="" if sent is not None else url, sent=sent)


def load_link(link_id: int) -> MentorLink:
    """The link of an address inside the platform."""
    found = session().get(MentorLink, link_id)
    if found is None:
        raise NotFound(_("没有这个链接。"))
    return found


@blueprint.post("/links/<int:link_id>/revoke")
@guard(Can.CAPSTONE_LINK, load=load_link, subject=lambda row: queries.subject_of(load(row.capstone_id)))
def revoke_link(row: MentorLink) -> Any:
    """Close a link."""
    key, capstone_id = row.id, row.capstone_id
    with transaction():
        operations.revoke_link(link=load_link(key), by=who(), now=clock.now())
    return done(_("链接已撤销。"), "capstones.links", capstone_id=capstone_id)


@blueprint.post("/links/<int:link_id>/code")
@guard(Can.CAPSTONE_ASSIGN, load=load_link, subject=lambda row: queries.subject_of(load(row.capstone_id)))
def make_code(row: MentorLink) -> Any:
    """Make the code that the school tells the holder of a link that was handed over; shown only now."""
    key, capstone_id = row.id, row.capstone_id
    try:
        with transaction():
            link = load_link(key)
            code, name = operations.make_code(link=link, by=who(), now=clock.now()), session().get_one(Person, link.person_id).name
    except NotAllowed:
        raise
    except Refused as refused:
        return _links_page(load(capstone_id), problem=refused.message, status=refused.status)
    return _links_page(load(capstone_id), code=(code, name))


# -- outside: the mentor ------------------------------------------------------------------------------------------------


@blueprint.errorhandler(operations.LinkClosed)
def closed(refused: operations.LinkClosed) -> Any:
    """A link that does not work (any more): told in its own words to somebody who has no account and no home page here."""
    session().rollback()
    return render_template("enterprises/capstones/link_closed.html", problem=refused.message), refused.status


def _opened(secret: str) -> MentorLink:
    """The link of a secret, for its person: not for whoever is signed in as somebody else."""
    row = operations.link_of(secret, clock.now())
    operations.demand_holder(row, acting())
    return row


ANSWERED = "capstone_link"
"""The id of the link whose holder has said in this browser who he is; who only found the address is asked and learns nothing."""


@blueprint.get("/link/<secret>")
@public
def link(secret: str) -> Any:
    """What a mentor without an account sees: who he is is asked first, then one capstone, one act."""
    row = _opened(secret)
    return _link_page(secret, row) if cookie.get(ANSWERED) == row.id else _identity_page(secret, row)


def _against_identity(row: MentorLink) -> proving.NoCodeYet | None:
    student = session().get_one(Student, load(row.capstone_id).student_id)
    return proving.against_identity(row, row.person_id, programme_id=student.programme_id)


def _identity_page(secret: str, row: MentorLink, problem: str = "", status: int = 200) -> Any:
    """The question who one is, in words that name nobody and no topic."""
    waits = _against_identity(row)
    html = render_template(
        "enterprises/mentors/link_identity.html",
        action=url_for("capstones.answer_identity", secret=secret),
        asks_digits=proving.asks_digits(session().get_one(Person, row.person_id)),
        asks_code=asks_code(row, row.person_id),
        waits="" if waits is None else waits.message,
        problem=problem,
    )
    return html, status


@blueprint.post("/link/<secret>/identity")
@public
def answer_identity(secret: str) -> Any:
    """Say who one is; a wrong answer is counted, five close the link."""
    row = _opened(secret)
    if (refused := _unknown(secret, row)) is not None:
        return refused
    cookie[ANSWERED] = row.id
    return redirect(url_for("capstones.link", secret=secret), 303)


def _unknown(secret: str, row: MentorLink) -> Any | None:
    """What answers who has not said who he is; None for the holder. Nothing is counted before there is a code to be known."""
    waits, form = _against_identity(row), request.form
    if waits is not None:
        return _identity_page(secret, row, status=waits.status)
    if operations.is_holder(row, form.get("name", ""), form.get("digits", ""), form.get("code", "")):
        return None
    return _count_failure(secret)


def _count_failure(secret: str) -> Any:
    with transaction():
        proving.count_failure(link=operations.link_of(secret, clock.now()))
    row = operations.link_of(secret, clock.now())
    return _identity_page(secret, row, proving.told_wrong(row, row.person_id), 422)


def _own_grade(row: MentorLink) -> CapstoneGrade | None:
    """The grade the holder of a link has signed: the link then corrects it."""
    found = queries.grades_of(row.capstone_id).get(SupervisorRole.ENTERPRISE)
    return found if found is not None and found.person_id == row.person_id else None


def _link_page(secret: str, row: MentorLink, form: forms.GradeForm | None = None, problem: str = "", status: int = 200) -> Any:
    capstone, mine = load(row.capstone_id), _own_grade(row)
    against = operations.against_link(row, capstone, clock.now())
    if form is None:
        form = forms.grade_form(queries.rubric_items(capstone, clock.today()))
        if mine is not None:
            form.fill(mine.rubric, mine.comment)
    student = session().get_one(Student, capstone.student_id)
    confirmers = guiding.confirmers_of(capstone.id, clock.today())
    waiting = [e for e, _name in queries.entries_of(capstone.id) if e.confirmed_at is None and confirmers[e.id].has(row.person_id)]
    html = render_template(
        "enterprises/capstones/link.html",
        secret=secret,
        link=row,
        capstone=capstone,
        topic=session().get_one(Topic, capstone.topic_id),
        student=session().get_one(Person, student.person_id),
        enterprise=session().get_one(Organisation, capstone.enterprise_id),
        form=form,
        mine=mine,
        waiting=waiting,
        has_thesis=any(p.stage is Stage.THESIS for p, _f in queries.papers_of(capstone.id)),
        today=clock.today(),
        against="" if problem or against is None else against.message,
        problem=problem,
        labels=labels,
    )
    return html, status


@blueprint.get("/link/<secret>/thesis")
@public
def link_thesis(secret: str) -> Any:
    """The thesis, for who grades by a link."""
    row = _opened(secret)
    if cookie.get(ANSWERED) != row.id:
        return _identity_page(secret, row, _("请先核对身份。"), 403)
    capstone = load(row.capstone_id)
    if capstone.thesis_file_id is None:
        raise NotFound(_("学生还没有提交论文。"))
    return send(stored(capstone.thesis_file_id))


@blueprint.post("/link/<secret>")
@public
def use_link(secret: str) -> Any:
    """Grade, correct the own grade, confirm or log by a link, for who has said who he is (there or with the act itself)."""
    row = _opened(secret)
    capstone = load(row.capstone_id)
    form = forms.grade_form(queries.rubric_items(capstone, clock.today()))
    if cookie.get(ANSWERED) != row.id and (refused := _unknown(secret, row)) is not None:
        return refused
    cookie[ANSWERED] = row.id
    if row.purpose is LinkPurpose.GRADE and not form.validate():
        return _link_page(secret, row, form, _("请给每一项 0 至 100 的整数分。"), 422)
    try:
        with transaction():
            _act(operations.link_of(secret, clock.now()), form)
    except Refused as refused:
        return _link_page(secret, operations.link_of(secret, clock.now()), form, refused.message, refused.status)
    cookie.pop(ANSWERED, None)
    flash(_("已提交，谢谢。链接已失效。"), "success")
    return redirect(url_for("capstones.link_done"), 303)


def _act(row: MentorLink, form: forms.GradeForm) -> None:
    capstone, by, now = load(row.capstone_id), operations.holder_of(row), clock.now()
    # The act locks the capstone, so it comes before the link is marked as used: no two acts wait for each other.
    if row.purpose is LinkPurpose.GRADE:
        signed: dict[str, Any] = {"points": form.points(), "comment": form.comment.data or "", "by": by, "today": clock.today(), "now": now}
        mine = _own_grade(row)
        if mine is None:
            operations.grade(capstone=capstone, role=SupervisorRole.ENTERPRISE, **signed)
        else:
            operations.correct_grade(grade=mine, reason=form.reason.data or "", **signed)
        operations.use_link(link=row, now=now)
        return
    entries = {e.id: e for e, _name in queries.entries_of(capstone.id)}
    confirmed = [entries[int(key)] for key in request.form.getlist("entry") if is_key(key) and int(key) in entries]
    for entry in confirmed:
        operations.confirm_guidance(entry=entry, by=by, now=now)
    content = request.form.get("content", "").strip()
    if content:
        on = day_sent("on", clock.today())
        operations.log_guidance(capstone=capstone, role=SupervisorRole.ENTERPRISE, on=on, content=content, by=by, today=clock.today(), now=now)
    elif not confirmed:
        raise Refused(_("请勾选要确认的指导记录，或登记一次指导。"))
    operations.use_link(link=row, now=now)


@blueprint.get("/link-done")
@public
def link_done() -> Any:
    """What is left after a link was used."""
    return render_template("enterprises/capstones/link_done.html")
