"""Pages of announcements and messages, for both sides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import seat_queries
from courses.learning.places import Place, load_place, load_run, me, subject_of_learner
from courses.messages import operations, queries
from courses.messages.forms import AnnouncementForm, MessageForm, ReplyForm
from courses.messages.models import Announcement, Conversation
from courses.messages.writing import to_chosen
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, guard, may
from trainhub.kernel.clock import SHANGHAI
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.people import queries as people

blueprint = Blueprint("messages", __name__)


def _instant(wall: datetime | None) -> datetime | None:
    """A wall-clock time of Shanghai as an instant."""
    return None if wall is None else wall.replace(tzinfo=SHANGHAI)


# -- announcements ------------------------------------------------------------------------------------------------------


@blueprint.get("/learning/runs/<int:run_id>/announcements")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def announcements(place: Place) -> Any:
    """What the learners of a run were told."""
    number, size = paging.wanted()
    page = paging.paginate(queries.published(place.run.id), number=number, size=size, scalars=False)
    rows = [queries.as_announcement(row) for row in page.items]
    return render_template("courses/messages/announcements.html", run=place.run, page=page, rows=rows)


@blueprint.get("/teaching/runs/<int:run_id>/announcements")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def staff_announcements(run: Run) -> Any:
    """All announcements of a run, planned and published."""
    number, size = paging.wanted()
    page = paging.paginate(queries.all_announcements(run.id), number=number, size=size)
    subject = catalogue.subject_of_run(run)
    return render_template(
        "courses/messages/staff_announcements.html", run=run, page=page, words=words, can_write=may(me(), Can.MESSAGE_SEND, subject)
    )


@blueprint.route("/teaching/runs/<int:run_id>/announcements/new", methods=["GET", "POST"])
@guard(Can.MESSAGE_SEND, load=load_run, subject=catalogue.subject_of_run)
def announce(run: Run) -> Any:
    """Write an announcement."""
    run_id, form = run.id, AnnouncementForm()
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    operations.announce(
                        run=run,
                        title=form.title.data or "",
                        body=form.body.data or "",
                        publish_at=_instant(form.publish_at.data),
                        by=me(),
                        now=clock.now(),
                    )
            return done(_("公告已保存；到发布时间时，所有在学学员会收到通知。"), "messages.staff_announcements", run_id=run_id)
        except Refused as refused:
            form.refuse(refused)
            run = load_run(run_id)
    return render_template("courses/messages/announcement_form.html", run=run, form=form, row=None, words=words), 422 if form.errors else 200


def _load_announcement(announcement_id: int) -> tuple[Run, Announcement]:
    row = queries.announcement_by_id(announcement_id)
    if row is None:
        raise NotFound(_("没有这条公告，可能已被移除。"))
    return load_run(row.run_id), row


def _subject(pair: tuple[Run, Any]) -> Subject:
    return catalogue.subject_of_run(pair[0])


@blueprint.route("/teaching/announcements/<int:announcement_id>", methods=["GET", "POST"])
@guard(Can.MESSAGE_SEND, load=_load_announcement, subject=_subject)
def announcement(pair: tuple[Run, Announcement]) -> Any:
    """Change an announcement, or take it back."""
    run, row = pair
    run_id, row_id = run.id, row.id
    if request.form.get("remove"):
        with transaction():
            operations.remove_announcement(row=row, by=me(), now=clock.now())
        return done(_("公告已移除。"), "messages.staff_announcements", run_id=run_id)
    form = AnnouncementForm(obj=row)
    if request.method == "GET":
        form.publish_at.data = clock.local(row.publish_at).replace(tzinfo=None)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_announcement(
                    row=row,
                    title=form.title.data or "",
                    body=form.body.data or "",
                    publish_at=_instant(form.publish_at.data),
                    version=form.version.data,
                    by=me(),
                    now=clock.now(),
                )
            return done(_("公告已保存。"), "messages.staff_announcements", run_id=run_id)
        except Refused as refused:
            form.refuse(refused)
            run, row = _load_announcement(row_id)
    return render_template("courses/messages/announcement_form.html", run=run, form=form, row=row, words=words), 422 if form.errors else 200


# -- messages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, and on which side of it the reader is."""

    run: Run
    conversation: Conversation
    is_staff: bool

    @property
    def subject(self) -> Subject:
        """The run's staff, and the learner himself."""
        base = catalogue.subject_of_run(self.run)
        return replace(base, persons=base.persons | subject_of_learner(self.conversation.person_id).persons)


def _load_talk(conversation_id: int) -> Talk:
    row = queries.conversation_by_id(conversation_id)
    if row is None:
        raise NotFound(_("没有这个会话。"))
    return Talk(load_run(row.run_id), row, not people.is_same_human(me().person_id, row.person_id))


@blueprint.get("/learning/messages")
@guard(Can.ENROLMENT_LIST)
def mine() -> Any:
    """A learner's conversations with the staff of his runs."""
    number, size = paging.wanted()
    page = paging.paginate(queries.mine(me().person_id or 0), number=number, size=size, scalars=False)
    rows = [queries.as_conversation(row, for_staff=False) for row in page.items]
    return render_template("courses/messages/mine.html", page=page, rows=rows)


@blueprint.route("/learning/runs/<int:run_id>/messages/new", methods=["GET", "POST"])
@guard(Can.ENROLMENT_LEARN, load=load_place)
def ask(place: Place) -> Any:
    """Write to the staff of a run."""
    run, form, person_id = place.run, MessageForm(), place.enrolment.person_id
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("messages.mine"), 303)
                row = operations.write(
                    run=run,
                    person_id=person_id,
                    subject=form.subject.data or "",
                    body=form.body.data or "",
                    sender_id=person_id,
                    is_staff=False,
                    by=me(),
                    now=clock.now(),
                )
                row_id = row.id
            return done(_("消息已发送，教师回复时会通知你。"), "messages.talk", conversation_id=row_id)
        except Refused as refused:
            form.refuse(refused)
            run = load_run(run.id)
    return render_template("courses/messages/ask.html", run=run, form=form), 422 if form.errors else 200


@blueprint.get("/learning/messages/<int:conversation_id>")
@guard(Can.MESSAGE_READ, load=_load_talk)
def talk(talk: Talk) -> Any:
    """A conversation. Opening it changes nothing; answering, or “read”, marks it as read."""
    return _talk_page(talk, ReplyForm())


def _talk_page(talk: Talk, form: ReplyForm) -> Any:
    read_at = talk.conversation.staff_read_at if talk.is_staff else talk.conversation.learner_read_at
    return render_template(
        "courses/messages/talk.html",
        run=talk.run,
        conversation=talk.conversation,
        is_staff=talk.is_staff,
        messages=queries.messages_of(talk.conversation.id),
        is_unread=talk.conversation.last_by_staff is not talk.is_staff and (read_at is None or read_at < talk.conversation.last_at),
        can_reply=may(me(), Can.MESSAGE_REPLY, talk.subject),
        form=form,
        words=words,
    ), 422 if form.errors or form.form_errors else 200


@blueprint.post("/learning/messages/<int:conversation_id>")
@guard(Can.MESSAGE_REPLY, load=_load_talk)
def reply(talk: Talk) -> Any:
    """Go on in a conversation, or only mark it as read."""
    conversation_id, sender = talk.conversation.id, me().person_id
    if request.form.get("read"):
        with transaction():
            operations.mark_read(conversation=talk.conversation, is_staff=talk.is_staff, message_id=request.form.get("read", 0, type=whole) or 0)
        return redirect(url_for("messages.talk", conversation_id=conversation_id), 303)
    form = ReplyForm()
    if sender is None:
        raise Refused(_("你的账户没有关联个人信息，不能发消息。请联系管理员补全。"))
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    operations.reply(
                        run=talk.run,
                        conversation=talk.conversation,
                        body=form.body.data or "",
                        sender_id=sender,
                        is_staff=talk.is_staff,
                        by=me(),
                        now=clock.now(),
                    )
            return done(_("消息已发送。"), "messages.talk", conversation_id=conversation_id)
        except Refused as refused:
            form.refuse(refused)
    return _talk_page(_load_talk(conversation_id), form)


@blueprint.get("/teaching/runs/<int:run_id>/messages")
@guard(Can.MESSAGE_READ, load=load_run, subject=catalogue.subject_of_run)
def of_run(run: Run) -> Any:
    """The conversations of a run, those waiting for an answer first on demand."""
    number, size = paging.wanted()
    statement = queries.of_run(run.id, only_open=request.args.get("show") == "open")
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    rows = [queries.as_conversation(row, for_staff=True) for row in page.items]
    can_write = may(me(), Can.MESSAGE_SEND, catalogue.subject_of_run(run))
    return render_template(
        "courses/messages/of_run.html", run=run, page=page, rows=rows, words=words, waiting=queries.waiting_answers(run.id), can_write=can_write
    )


@blueprint.route("/teaching/runs/<int:run_id>/messages/new", methods=["GET", "POST"])
@guard(Can.MESSAGE_SEND, load=load_run, subject=catalogue.subject_of_run)
def to_many(run: Run) -> Any:
    """Write to a selection of learners: `enrolment` names them, or `all` stands for every learner with a seat.

    The list of learners posts its selection here; the first time nothing is sent, the page to write on is shown.
    """
    is_all = bool(request.values.get("all"))
    picked = seat_queries.seated_ids(run.id) if is_all else request.values.getlist("enrolment", type=whole)
    return to_chosen(run, picked, url_for("messages.to_many", run_id=run.id, all=1 if is_all else None), names_them=not is_all)
