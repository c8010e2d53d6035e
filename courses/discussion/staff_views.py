"""Pages of the staff: reports decided upon, threads pinned and locked."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from courses.discussion import operations, queries, rules
from courses.discussion.places import Place, load_place, load_post, load_thread, shared
from courses.discussion.views import blueprint
from courses.learning.places import me
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, guard
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done


def _subject_of_staff(place: Place) -> Subject:
    return place.base


@blueprint.post("/teaching/threads/<int:thread_id>/mark")
@guard(Can.DISCUSSION_MODERATE, load=load_thread, subject=_subject_of_staff)
def mark(place: Place) -> Any:
    """Pin or lock a thread, or undo it."""
    assert place.thread is not None
    thread_id = place.thread.id
    with transaction():
        flags = {name: request.form[name] == "1" for name in ("is_pinned", "is_locked") if name in request.form}
        operations.set_flag(thread=place.thread, by=me(), **flags)
        is_locked, is_pinned = place.thread.is_locked, place.thread.is_pinned
    if "is_locked" in flags:
        message = _("话题已锁定，学员不能再回复。") if is_locked else _("话题已解除锁定，学员可以回复。")
    else:
        message = _("话题已置顶，排在讨论的最前面。") if is_pinned else _("话题不再置顶。")
    return done(message, "discussion.thread", thread_id=thread_id)


@blueprint.get("/teaching/runs/<int:run_id>/moderation")
@guard(Can.DISCUSSION_MODERATE, load=load_place, subject=_subject_of_staff)
def moderation(place: Place) -> Any:
    """Reported posts that wait for a decision."""
    number, size = paging.wanted()
    page = paging.paginate(queries.open_reports(place.run.id), number=number, size=size, scalars=False)
    return render_template(
        "courses/discussion/moderation.html", page=page, rows=queries.as_reports(page.items), hide_at=rules.HIDE_AT, **shared(place)
    )


@blueprint.post("/teaching/posts/<int:post_id>/settle")
@guard(Can.DISCUSSION_MODERATE, load=load_post, subject=_subject_of_staff)
def settle(place: Place) -> Any:
    """Leave a reported post as it is."""
    assert place.post is not None
    run_id = place.run.id
    with transaction():
        operations.settle(row=place.post, by=me(), now=clock.now())
    return done(_("举报已驳回，发言恢复显示。"), "discussion.moderation", run_id=run_id)
