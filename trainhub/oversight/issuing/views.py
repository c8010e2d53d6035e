"""Pages on which records become batches of certificates: training classes, supervision by mentors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from trainhub.certificates import list_tasks
from trainhub.certificates import queries as certificates
from trainhub.certificates.numbers import show_number
from trainhub.certificates.operations.issuing import CannotIssue
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import Kind
from trainhub.kernel import clock
from trainhub.kernel.access import demand, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.oversight.issuing import forms, operations, queries
from trainhub.oversight.issuing.tasks import TRAINING

blueprint = Blueprint("issuing", __name__, url_prefix="/certificates/batches/from")


def _issuer(issuer_id: int) -> Organisation:
    demand(who(), Can.BATCH_VIEW, certificates.subject_of_issuer(issuer_id))
    found = organisations.by_id(issuer_id)
    if found is None:
        raise NotFound(_("没有这个发证单位。"))
    return found


@blueprint.get("/outdated")
@guard(Can.BATCH_LIST)
def outdated() -> Any:
    """The training certificates whose records were cancelled or say otherwise now: each is corrected or revoked by who answers for the issuer."""
    rows = queries.outdated(who())
    return render_template("trainhub/issuing/outdated.html", rows=rows, show_number=show_number, called=operations.called)


@blueprint.route("/training", methods=["GET", "POST"])
@guard(Can.BATCH_CREATE)
def training() -> Any:
    """The training classes of the reader's bases; those chosen become a batch."""
    issuers = certificates.issuing_choices(who())
    ids = [key for key, _name in issuers]
    span = forms.SpanForm(formdata=request.args if request.args.get("since") else None)
    since, until = span.span(clock.today())
    classes, is_cut = queries.classes_of(ids, since, until)
    offered = [
        (
            one.key,
            _(
                "%(course)s · %(base)s · %(first)s 至 %(last)s · %(n)d 人",
                course=one.course,
                base=one.base,
                first=one.first.isoformat(),
                last=one.last.isoformat(),
                n=one.people,
            ),
        )
        for one in classes
    ]
    form = forms.ClassesForm(formdata=request.form if request.method == "POST" else None).prepare(issuers, offered)
    if request.method == "POST" and form.validate():
        try:
            issuer, keys = _issuer(form.issuer_id.data), form.classes.data or []
            if sum(one.people for one in classes if one.key in keys) > list_tasks.SELECTED_AT_ONCE:
                return _train_by_job(form, issuer, since.isoformat(), until.isoformat())
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复建立批次。"), "certificates.batch_list")
                batch = operations.prepare_training(
                    keys=keys,
                    organisation_ids=ids,
                    since=since,
                    until=until,
                    issuer=issuer,
                    title=form.title.data or "",
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已建立批次，共 %(n)d 张，等待另一人审核。", n=batch.count), "certificates.batch", batch_id=batch.id)
        except CannotIssue as refused:
            form.refuse(refused)
    page = render_template(
        "trainhub/issuing/training.html",
        form=form,
        span=span,
        classes=classes,
        most=queries.MOST_CLASSES if is_cut else 0,
        asked=request.args.to_dict(),
    )
    return page, 422 if request.method == "POST" else 200


def _train_by_job(form: forms.ClassesForm, issuer: Organisation, since: str, until: str) -> Any:
    issuer_id, template = issuer.id, certificates.default_template(Kind.TRAINING, issuer)
    with transaction():
        if not once(form.submission_key.data or ""):
            return done(_("这个表单已经提交过，没有重复建立批次。"), "certificates.batch_list")
        job_id = list_tasks.ask_to_select(
            TRAINING,
            by=who(),
            title=form.title.data or "",
            kind=Kind.TRAINING,
            issuer_id=issuer_id,
            template=template,
            keys=form.classes.data,
            since=since,
            until=until,
        )
    return redirect(url_for("certificates.list_job", job_id=job_id), 303)


def choose_again(args: Mapping[str, Any]) -> tuple[str, str]:
    """What the page of a choice of classes is called, and its address with the span of days that was asked for."""
    return _("由培训记录签发"), url_for("issuing.training", since=args["since"], until=args["until"])


@blueprint.route("/mentors", methods=["GET", "POST"])
@guard(Can.BATCH_CREATE)
def mentors() -> Any:
    """The mentors of a university's finished placements with what they did; those chosen become a batch."""
    known = queries.universities_with_finished()
    issuers = [(key, name) for key, name in certificates.issuing_choices(who()) if key in known]
    span = forms.MentorSpanForm(formdata=request.args if request.args.get("issuer_id") else None).prepare(issuers)
    today = clock.today()
    since, until = span.span(today)
    issuer_id = span.issuer_id.data or (issuers[0][0] if issuers else None)
    rows = []
    issuer = None
    if issuer_id in {key for key, _name in issuers} and issuer_id is not None:
        issuer = _issuer(issuer_id)
        rows = operations.supervisions(university_id=issuer_id, since=since, until=until, today=today)
    keys = {f"{one.person_id}:{one.enterprise}": (one.person_id, one.enterprise) for one in rows}
    offered = [
        (
            f"{one.person_id}:{one.enterprise}",
            _(
                "%(mentor)s · %(enterprise)s · %(students)d 人 · %(weeks)s 周",
                mentor=one.mentor,
                enterprise=one.enterprise,
                students=one.students,
                weeks=f"{one.weeks.normalize():f}",
            ),
        )
        for one in rows
    ]
    form = forms.MentorsForm(formdata=request.form if request.method == "POST" else None).prepare(offered)
    if request.method == "POST" and issuer is not None and form.validate():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复建立批次。"), "certificates.batch_list")
                batch = operations.prepare_supervision(
                    persons=[keys[key] for key in form.mentors.data or []],
                    issuer=issuer,
                    since=since,
                    until=until,
                    title=form.title.data or "",
                    by=who(),
                    today=today,
                    now=clock.now(),
                )
            return done(_("已建立批次，共 %(n)d 张，等待另一人审核。", n=batch.count), "certificates.batch", batch_id=batch.id)
        except CannotIssue as refused:
            form.refuse(refused)
    page = render_template("trainhub/issuing/mentors.html", form=form, span=span, rows=rows, issuer=issuer, asked=request.args.to_dict())
    return page, 422 if request.method == "POST" else 200
