"""The notice centre, and the e-mail queue for administrators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for

from trainhub.identity.rules import safe_next
from trainhub.kernel import clock, downloads
from trainhub.kernel.access import acting, guard
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.fields import day_asked
from trainhub.kernel.i18n import _, format_datetime
from trainhub.kernel.paging import paginate, wanted
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.notifications import operations, queries
from trainhub.notifications.labels import MAIL_STATES
from trainhub.notifications.permissions import Can
from trainhub.notifications.types import MailState
from trainhub.organisations.queries import Statement

blueprint = Blueprint("notifications", __name__, url_prefix="/notifications")


def _account_id() -> int:
    identity = acting()
    assert identity is not None
    assert identity.account_id is not None
    return identity.account_id


@blueprint.get("", strict_slashes=False)
@guard(Can.NOTICE_OWN)
def index() -> Any:
    """One's notices, newest first; `?show=unread` leaves out those that were read."""
    number, size = wanted()
    page = paginate(queries.notices_of(_account_id(), only_unread=request.args.get("show") == "unread"), number=number, size=size, scalars=False)
    return render_template("trainhub/notifications/index.html", page=page, text_of=operations.text_of)


@blueprint.post("/<int:notice_id>/open")
@guard(Can.NOTICE_OWN)
def open_(notice_id: int) -> Any:
    """Mark as read and go where the notice leads."""
    url = queries.notice_url(_account_id(), notice_id)
    if url is None:
        raise NotFound(_("没有这条通知。"))
    with transaction():
        operations.mark_read(account_id=_account_id(), notice_id=notice_id, now=clock.now())
    return redirect(safe_next(url) if url else url_for("notifications.index"), 303)


@blueprint.post("/read")
@guard(Can.NOTICE_OWN)
def read_all() -> Any:
    """Mark everything as read."""
    with transaction():
        operations.mark_read(account_id=_account_id(), notice_id=None, now=clock.now())
    return done(_("全部通知已标为已读。"), "notifications.index")


def _outbox() -> Statement:
    try:
        state = MailState(request.args.get("state", ""))
    except ValueError:
        state = None
    return queries.outbox(state, request.args.get("sort", ""), since=day_asked("since"), until=day_asked("until"))


MAILS = (
    Column("address", "收件人"),
    Column("subject", "主题"),
    Column("created_at", "时间"),
    Column("tries", "次数"),
    Column("state", "状态"),
    Column("sent_at", "发送时间"),
    Column("problem", "原因"),
)


@blueprint.get("/outbox/export.<form>")
@guard(Can.OUTBOX_VIEW)
def export_outbox(form: str) -> Any:
    """The list as it is filtered and sorted, as a file; the texts of the e-mails are never in it: they hold links and codes."""
    rows = (
        (
            m.address,
            m.subject,
            format_datetime(m.created_at),
            m.tries,
            str(MAIL_STATES[m.state]),
            format_datetime(m.sent_at) if m.sent_at else None,
            m.problem,
        )
        for m in downloads.no_more_than(session().execute(_outbox().limit(downloads.MOST_ROWS + 1)).all())
    )
    return downloads.table(rows, MAILS, name=_("邮件队列"), form=form)


@blueprint.get("/outbox")
@guard(Can.OUTBOX_VIEW)
def outbox() -> Any:
    """E-mails and what became of them; only a demonstration shows their texts, which hold links and codes."""
    number, size = wanted()
    page = paginate(_outbox(), number=number, size=size, scalars=False)
    settings = current_app.config["SETTINGS"]
    return render_template(
        "trainhub/notifications/outbox.html",
        page=page,
        shows_text=settings.is_demo and not settings.smtp_url,
        has_smtp=bool(settings.smtp_url),
        failed=queries.mail_by_state().get(MailState.FAILED, 0),
        can=Can,
        labels=MAIL_STATES,
    )


@blueprint.post("/outbox/retry")
@guard(Can.OUTBOX_RETRY)
def retry() -> Any:
    """Try the e-mails again that were given up."""
    by = acting()
    assert by is not None
    with transaction():
        count = operations.retry_mail(by=by, now=clock.now())
    said = _("%(n)s 封邮件已放回队列，将重新发送。", n=count) if count else _("没有发送失败的邮件。")
    return done(said, "notifications.outbox")
