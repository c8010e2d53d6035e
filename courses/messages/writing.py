"""The page to write to many learners on: of the list of learners, and of those whom `analytics` finds at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request

from courses.catalogue import labels as words
from courses.catalogue.models import Run
from courses.learning.places import load_run, me
from courses.messages import operations, queries, tasks
from courses.messages.forms import MessageForm
from trainhub.kernel import clock, jobs
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import N_, _, say
from trainhub.kernel.web import done

NAMED = 200
"""So many of those who are written to are named on the page."""


def to_chosen(run: Run, picked: Sequence[int], action: str, *, names_them: bool = False) -> Any:
    """The page to write to many on, and the sending. `action` finds the same learners again, unless the form names each of them."""
    run_id, sender, form = run.id, me().person_id, MessageForm()
    if sender is None:
        raise Refused(_("你的账户没有关联个人信息，不能发消息。请联系管理员补全。"))
    person_ids = queries.chosen_persons(run_id, picked)
    if "subject" in request.form and form.validate_on_submit():
        try:
            if len(person_ids) > tasks.AT_ONCE:
                return _send_later(run, person_ids, sender, form)
            with transaction():
                count = 0
                if once(form.submission_key.data or ""):
                    count = operations.write_to_many(
                        run=run,
                        person_ids=person_ids,
                        subject=form.subject.data or "",
                        body=form.body.data or "",
                        sender_id=sender,
                        by=me(),
                        now=clock.now(),
                    )
            return done(_("已发送给 %(n)d 名学员，每人一个会话。", n=count), "messages.of_run", run_id=run_id)
        except Refused as refused:
            form.refuse(refused)
            run = load_run(run_id)
    status = 422 if "subject" in request.form else 200
    page = render_template(
        "courses/messages/to_many.html",
        run=run,
        form=form,
        people=queries.chosen(run_id, picked if names_them else picked[:NAMED]),
        count=len(person_ids),
        most=NAMED,
        action=action,
        names_them=names_them,
        words=words,
    )
    return page, status


def _send_later(run: Run, person_ids: Sequence[int], sender: int, form: MessageForm) -> Any:
    """By a job: a request that writes a hundred thousand messages would keep everybody else waiting."""
    run_id, at = run.id, clock.now()
    with transaction():
        if once(form.submission_key.data or ""):
            jobs.ask(
                tasks.SEND,
                by=me(),
                title=say(N_("群发消息：%(subject)s"), subject=form.subject.data or ""),
                run_id=run_id,
                person_ids=list(person_ids),
                subject=form.subject.data or "",
                body=form.body.data or "",
                sender_id=sender,
                at=at.isoformat(),
            )
    return done(_("正在后台发送给 %(n)d 名学员，每人一个会话；几分钟内全部送达。", n=len(person_ids)), "messages.of_run", run_id=run_id)
