"""Paths made, filled, published, followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from courses.catalogue import queries as catalogue
from courses.catalogue.markup import to_html
from courses.catalogue.operations.offerings import CODE
from courses.paths import queries
from courses.paths.models import LearningPath, PathCourse, PathMember
from trainhub.kernel import addresses, audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, lock, session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.pinyin import of_text
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people

MAX_COURSES = 40


class Joined(Exception):
    """The person follows the path already: they asked twice at once."""


class BadPath(Refused):
    """A path that cannot be as asked."""

    code = "bad_path"


def create(*, code: str, title: str, owner: Organisation, by: Identity, now: datetime, **fields: Any) -> LearningPath:
    """Make an unpublished path. `fields` are columns of LearningPath."""
    code = code.strip()
    if not CODE.match(code) or len(code) > 60:
        raise BadPath(_("路径代码只能用字母、数字和 . _ -，以字母或数字开头，不超过 60 个字符。"), field="code")
    if addresses.is_page(code, addresses.Kind.PATH):
        raise BadPath(_("“%(code)s”是页面自己用的地址，请换一个代码。", code=code), field="code")
    if queries.path_by_code(code) is not None:
        raise BadPath(_("路径代码“%(code)s”已被使用，请换一个代码。", code=code), field="code")
    row = LearningPath(code=code, title=title.strip(), owner_id=owner.id, created_at=now, **_described(title, fields))
    add_once(row, lambda: BadPath(_("路径代码“%(code)s”已被使用，请换一个代码。", code=code), field="code"))
    audit.record(by=by, did="courses.path.created", on=row, data={"code": code})
    return row


def _described(title: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "description_html": to_html(fields.get("description", "")), "pinyin": of_text(title.strip(), 400)}


def change(*, path: LearningPath, version: int | None, title: str, by: Identity, now: datetime, **fields: Any) -> LearningPath:
    """Change what a path says."""
    check_version(path, version)
    path.title = title.strip()
    for name, value in _described(title, fields).items():
        setattr(path, name, value)
    session().flush()
    audit.record(by=by, did="courses.path.changed", on=path)
    return path


def arrange(*, path: LearningPath, verb: str, code: str, is_required: bool = False, by: Identity, now: datetime) -> None:
    """Change one course of a path: "add" (at the end), "remove", "toggle" (required or not), "up", "down".

    The courses are read once the path is held, so that two who change different ones both have their way. Raises BadPath as
    `set_courses` does, NotFound for a course that somebody else has taken out.
    """
    lock(LearningPath, path.id)
    steps = [(step.code, step.is_required) for step in queries.steps(path.id, None)]
    index = next((n for n, step in enumerate(steps) if step[0] == code), None)
    if verb == "add":
        steps.append((code, is_required))
    elif index is None:
        raise NotFound(_("这门课程已不在路径中，请刷新页面。"))
    elif verb == "remove":
        del steps[index]
    elif verb == "toggle":
        steps[index] = (code, not steps[index][1])
    else:
        to = max(0, index - 1) if verb == "up" else min(len(steps) - 1, index + 1)
        steps.insert(to, steps.pop(index))
    set_courses(path=path, courses=steps, by=by, now=now)


def set_courses(*, path: LearningPath, courses: Sequence[tuple[str, bool]], by: Identity, now: datetime) -> None:
    """Set the courses of a path in order: (code, is required). Refuses unknown codes and a course named twice."""
    lock(LearningPath, path.id)
    session().refresh(path, ["is_published"])
    if len(courses) > MAX_COURSES:
        raise BadPath(_("一条路径最多 %(n)d 门课程。", n=MAX_COURSES))
    seen: set[str] = set()
    rows = []
    for position, (code, is_required) in enumerate(courses):
        course = catalogue.course_by_code(code)
        if course is None:
            raise BadPath(_("没有代码为“%(code)s”的课程。", code=code), field="courses")
        if code in seen:
            raise BadPath(_("课程“%(title)s”重复出现，每门课程只能出现一次。", title=course.title), field="courses")
        seen.add(code)
        rows.append(PathCourse(path_id=path.id, course_id=course.id, position=position, is_required=is_required))
    if path.is_published and not any(is_required for _code, is_required in courses):
        raise BadPath(_("已发布的路径至少要有一门必修课程。请先撤下路径，再移除课程。"))
    session().execute(delete(PathCourse).where(PathCourse.path_id == path.id))
    session().add_all(rows)
    session().flush()
    audit.record(by=by, did="courses.path.filled", on=path, data={"courses": [code for code, _required in courses]})


def publish(*, path: LearningPath, is_published: bool, by: Identity, now: datetime) -> None:
    """Show a path in the catalogue, or take it out. An empty one is not shown; a repeat changes nothing."""
    lock(LearningPath, path.id)
    session().refresh(path)
    if path.is_published is is_published:
        return
    if is_published and not any(step.is_required for step in queries.steps(path.id, None)):
        raise BadPath(_("请先为路径添加至少一门必修课程，再发布。"))
    path.is_published = is_published
    session().flush()
    audit.record(by=by, did="courses.path.published", on=path, data={"is_published": is_published})


def follow(*, path: LearningPath, person_id: int, is_on: bool, by: Identity, now: datetime) -> None:
    """Follow a published path, or stop it; twice is once."""
    if is_on and not path.is_published:
        raise BadPath(_("这条学习路径还没有发布或已撤下，不能加入。"))
    if not is_on:
        mine = PathMember.person_id.in_(people.human_ids(person_id))
        left = session().execute(delete(PathMember).where(PathMember.path_id == path.id, mine))
        if not left.rowcount:  # type: ignore[attr-defined]
            return
    else:
        if queries.is_member(path.id, person_id):
            return
        try:
            add_once(PathMember(path_id=path.id, person_id=person_id, joined_at=now), Joined)
        except Joined:
            return
    audit.record(by=by, did="courses.path.followed", on=path, data={"is_on": is_on})
