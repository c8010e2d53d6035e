"""Forum pages of learners and staff. Everything works without JavaScript; with it, names are suggested while one types."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for

from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BlockKind
from courses.discussion import follow_queries, opening, operations, queries, rules
from courses.discussion.operations.writing import Picture
from courses.discussion.places import Place, demand_block, load_block, load_place, load_post, load_thread, shared, shut
from courses.discussion.types import ThreadFilter
from courses.learning.places import me
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.people import queries as persons

blueprint = Blueprint("discussion", __name__)


def _asked_block(run: Run) -> Block | None:
    number = request.args.get("block", type=whole)
    block = catalogue.block_by_id(number) if number else None
    return block if block is not None and block.run_id == run.id and block.kind is BlockKind.DISCUSSION else None


def _threads(place: Place, block: Block | None, size: int) -> Any:
    number, _size = paging.wanted()
    asked = request.args.get("show", "")
    statement = queries.threads(
        place.run.id,
        reader=place.reader,
        block_id=block.id if block is not None else None,
        text=request.args.get("q", "").strip()[:100],
        wanted=ThreadFilter(asked) if asked in set(ThreadFilter) else ThreadFilter.ALL,
        shut=shut(place),
        may_moderate=place.may_moderate,
    )
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    moderates = place.may_moderate
    return page, queries.as_threads(page.items, reader=place.reader, may_moderate=moderates)


@blueprint.get("/learning/runs/<int:run_id>/forum")
@guard(Can.DISCUSSION_READ, load=load_place)
def forum(place: Place) -> Any:
    """The threads of a run, or of one of its discussion blocks."""
    block = _asked_block(place.run)
    page, rows = _threads(place, block, 20)
    return render_template(
        "courses/discussion/forum.html",
        page=page,
        rows=rows,
        block=block,
        is_following=follow_queries.is_following_forum(place.run.id, place.reader),
        open_reports=queries.count_open_reports(place.run.id) if place.may_moderate else 0,
        **shared(place),
    )


@blueprint.get("/learning/blocks/<int:block_id>/threads")
@guard(Can.DISCUSSION_READ, load=load_block)
def block_threads(place: Place) -> Any:
    """The latest threads of a block, as a part of its unit's page."""
    page, rows = _threads(place, place.block, 5)
    return render_template("courses/discussion/_block.html", page=page, rows=rows, block=place.block, **shared(place))


@blueprint.route("/learning/runs/<int:run_id>/forum/new", methods=["GET", "POST"])
@guard(Can.DISCUSSION_WRITE, load=load_place)
def start(place: Place) -> Any:
    """Begin a thread."""
    block = _asked_block(place.run)
    demand_block(place, block)
    error = ""
    if request.method == "POST":
        try:
            with transaction():
                if not once(request.form.get("submission_key", "")):
                    return redirect(url_for("discussion.forum", run_id=place.run.id), 303)
                thread = operations.start(
                    run=place.run,
                    author=place.author,
                    title=request.form.get("title", ""),
                    body=request.form.get("body", ""),
                    block=block,
                    is_question=bool(request.form.get("is_question")),
                    is_anonymous=bool(request.form.get("is_anonymous")),
                    images=_sent_pictures(),
                    enrolment=place.enrolment,
                    by=me(),
                    now=clock.now(),
                )
                thread_id = thread.id
            return done(_("话题已发表。"), "discussion.thread", thread_id=thread_id)
        except Refused as refused:
            error = refused.message
            place = load_place(place.run.id)
            block = _asked_block(place.run)
    return render_template("courses/discussion/new.html", block=block, error=error, given=request.form, **shared(place)), 422 if error else 200


@blueprint.route("/learning/threads/<int:thread_id>", methods=["GET"])
@guard(Can.DISCUSSION_READ, load=load_thread)
def thread(place: Place) -> Any:
    """A thread with its answers."""
    return _thread_page(place)


def _title(place: Place) -> str:
    """The title, unless what the thread begins with is under report: then only its writer and the staff read it."""
    assert place.thread is not None
    if place.may_moderate or persons.is_same_human(place.reader, place.thread.person_id) or not queries.under_report([place.thread.id]):
        return place.thread.title
    return str(_("（被多人举报，教师处理之前不显示）"))


def _thread_page(place: Place, error: str = "") -> Any:
    assert place.thread is not None
    number, _size = paging.wanted()
    page = paging.paginate(queries.posts(place.thread), number=number, size=50)
    rows = queries.as_posts(page.items, place.thread, reader=place.reader, may_moderate=place.may_moderate)
    return render_template(
        "courses/discussion/thread.html",
        thread=place.thread,
        title=_title(place),
        block=place.block,
        page=page,
        posts=rows,
        is_asker=persons.is_same_human(place.reader, place.thread.person_id),
        is_following=follow_queries.is_following(place.thread.id, place.reader),
        can_answer=rules.may_write(is_locked=place.thread.is_locked, is_staff=place.may_moderate),
        error=error,
        given=request.form,
        **shared(place),
    )


@blueprint.post("/learning/threads/<int:thread_id>")
@guard(Can.DISCUSSION_WRITE, load=load_thread)
def answer(place: Place) -> Any:
    """Answer in a thread."""
    assert place.thread is not None
    thread_id = place.thread.id
    try:
        with transaction():
            if not once(request.form.get("submission_key", "")):
                return redirect(url_for("discussion.thread", thread_id=thread_id), 303)
            post = operations.answer(
                run=place.run,
                thread=place.thread,
                author=place.author,
                body=request.form.get("body", ""),
                block=place.block,
                is_anonymous=bool(request.form.get("is_anonymous")),
                images=_sent_pictures(),
                enrolment=place.enrolment,
                by=me(),
                now=clock.now(),
            )
            post_id = post.id
    except Refused as refused:
        return _thread_page(load_thread(thread_id), refused.message), 422
    last = -(-queries.count_posts(thread_id) // 50)
    return done(_("回复已发表。"), "discussion.thread", thread_id=thread_id, page=last if last > 1 else None, _anchor=f"post-{post_id}")


@blueprint.post("/learning/threads/<int:thread_id>/follow")
@guard(Can.DISCUSSION_READ, load=load_thread)
def follow(place: Place) -> Any:
    """Follow this thread, or stop it."""
    assert place.thread is not None
    thread_id, is_on = place.thread.id, bool(request.form.get("on"))
    with transaction():
        operations.follow_thread(thread=place.thread, person_id=place.author.person_id, now=clock.now(), is_on=is_on)
    return done(_("已关注，有新回复时会通知你。") if is_on else _("已取消关注。"), "discussion.thread", thread_id=thread_id)


@blueprint.post("/learning/runs/<int:run_id>/forum/follow")
@guard(Can.DISCUSSION_READ, load=load_place)
def follow_forum(place: Place) -> Any:
    """Be told of new threads of this run, or stop it."""
    run_id, is_on = place.run.id, bool(request.form.get("on"))
    with transaction():
        operations.follow_forum(run=place.run, person_id=place.author.person_id, now=clock.now(), is_on=is_on)
    return done(_("已关注，有新话题时会通知你。") if is_on else _("已取消关注。"), "discussion.forum", run_id=run_id)


@blueprint.get("/learning/discussions")
@guard(Can.ENROLMENT_LIST)
def followed() -> Any:
    """The threads one follows, in all runs, as far as they are open to the reader."""
    number, size = paging.wanted()
    page = paging.paginate(opening.followed(me(), clock.now()), number=number, size=size, scalars=False)
    return render_template("courses/discussion/followed.html", page=page, unnamed=opening.unnamed(page.items, me().person_id or 0))


@blueprint.get("/learning/runs/<int:run_id>/people")
@guard(Can.DISCUSSION_READ, load=load_place)
def people(place: Place) -> Any:
    """Who can be mentioned, for the suggestions."""
    found = queries.participants(place.run.id, request.args.get("q", "").strip()[:40])
    return jsonify([{"name": row.name, "mention": row.mention, "is_staff": row.is_staff} for row in found])


@blueprint.post("/learning/posts/<int:post_id>/accept")
@guard(Can.DISCUSSION_WRITE, load=load_post)
def accept(place: Place) -> Any:
    """Mark the answer that solved it: whoever began the thread, or the staff."""
    assert place.thread is not None
    assert place.post is not None
    if not place.may_moderate and not persons.is_same_human(place.reader, place.thread.person_id):
        raise NotAllowed(_("只有提问者和教师可以采纳回复。"))
    thread_id, post_id = place.thread.id, place.post.id
    with transaction():
        operations.accept(thread=place.thread, post=place.post, by=me(), now=clock.now())
    return redirect(url_for("discussion.thread", thread_id=thread_id, _anchor=f"post-{post_id}"), 303)


@blueprint.route("/learning/posts/<int:post_id>/edit", methods=["GET", "POST"])
@guard(Can.DISCUSSION_WRITE, load=load_post)
def edit(place: Place) -> Any:
    """Change what one wrote."""
    assert place.thread is not None
    assert place.post is not None
    if not persons.is_same_human(place.reader, place.post.person_id):
        raise NotAllowed(_("只能修改自己的发言。"))
    thread_id, post_id, error = place.thread.id, place.post.id, ""
    if request.method == "POST":
        try:
            with transaction():
                body, version = request.form.get("body", ""), request.form.get("version", type=whole)
                operations.edit(run=place.run, thread=place.thread, row=place.post, body=body, version=version, by=me(), now=clock.now())
            return redirect(url_for("discussion.thread", thread_id=thread_id, _anchor=f"post-{post_id}"), 303)
        except Refused as refused:
            error, place = refused.message, load_post(post_id)
    body = request.form.get("body") or (place.post.body if place.post else "")
    page = render_template("courses/discussion/edit.html", thread=place.thread, post=place.post, body=body, error=error, **shared(place))
    return page, 422 if error else 200


@blueprint.get("/learning/posts/<int:post_id>/history")
@guard(Can.DISCUSSION_READ, load=load_post)
def history(place: Place) -> Any:
    """What a post said before."""
    assert place.post is not None
    return render_template(
        "courses/discussion/history.html", thread=place.thread, post=place.post, revisions=queries.revisions_of(place.post.id), **shared(place)
    )


@blueprint.post("/learning/posts/<int:post_id>/report")
@guard(Can.DISCUSSION_READ, load=load_post)
def report(place: Place) -> Any:
    """Report a post to the staff."""
    assert place.thread is not None
    assert place.post is not None
    thread_id = place.thread.id
    reason = request.form.get("reason", "")
    with transaction():
        is_new = operations.report(row=place.post, person_id=place.author.person_id, reason=reason, by=me(), now=clock.now())
    message = _("已举报，课程教师会尽快处理。") if is_new else _("这条发言你已经举报过；内容有改动后可以再次举报。")
    return done(message, "discussion.thread", thread_id=thread_id)


@blueprint.post("/learning/posts/<int:post_id>/remove")
@guard(Can.DISCUSSION_WRITE, load=load_post)
def remove(place: Place) -> Any:
    """Take a post away: its writer, or the staff with a reason."""
    assert place.thread is not None
    assert place.post is not None
    if not place.may_moderate and not persons.is_same_human(place.reader, place.post.person_id):
        raise NotAllowed(_("只能移除自己的发言。"))
    run_id, thread_id = place.run.id, place.thread.id
    with transaction():
        operations.remove(thread=place.thread, row=place.post, reason=request.form.get("reason", ""), by=me(), now=clock.now())
        is_gone = place.thread.removed_at is not None
    flash(_("发言已移除。"), "success")
    if request.form.get("back") == "moderation":
        return redirect(url_for("discussion.moderation", run_id=run_id), 303)
    return redirect(url_for("discussion.forum", run_id=run_id) if is_gone else url_for("discussion.thread", thread_id=thread_id), 303)


def _sent_pictures() -> list[Picture]:
    return [(sent.filename, sent.stream) for sent in request.files.getlist("images") if sent.filename]


@blueprint.get("/learning/posts/images/<int:image_id>")
@guard(Can.DISCUSSION_READ, load=lambda image_id: _load_image(image_id), subject=lambda pair: pair[0].subject)
def image(pair: tuple[Place, Any]) -> Response:
    """A picture of a post, for those who may read the post."""
    return send(pair[1])


def _load_image(image_id: int) -> tuple[Place, Any]:
    found = queries.image_by_id(image_id)
    if found is None:
        abort(404)
    return load_post(found[1].id), found[0].file
