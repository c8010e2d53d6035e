"""Courses and runs: made, changed, published, copied; seats taken and given back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select, update

from courses.catalogue import holding_queries, queries
from courses.catalogue.markup import to_html
from courses.catalogue.models import Course, Run, RunStaff
from courses.catalogue.operations import judging
from courses.catalogue.types import BlockKind, RunMode, RunState, StaffRole
from trainhub.kernel import addresses, audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.pinyin import of_text
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationState
from trainhub.policy.book import book

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


class BadCourse(Refused):
    """A course or run that cannot be as asked."""

    code = "bad_course"


class CodeTaken(Refused):
    """The code belongs to another course or run."""

    code = "code_taken"


class NotReady(Refused):
    """Something is missing before learners may come."""

    code = "not_ready"


def asset_prefix(run_id: int) -> str:
    """Where the files of a run are found, for the texts that name them."""
    return f"/learning/runs/{run_id}/assets/"


def create_course(*, code: str, title: str, owner: Organisation, by: Identity, now: datetime, **fields: Any) -> Course:
    """Make a course of an organisation. `fields` are columns of Course. Refuses a code that is taken or ill-formed."""
    code, title = code.strip(), title.strip()
    if not CODE.match(code) or len(code) > 60:
        raise BadCourse(_("课程代码只能用字母、数字和 . _ -，以字母或数字开头，不超过 60 个字符。"), field="code")
    if addresses.is_page(code, addresses.Kind.COURSE):
        raise BadCourse(_("“%(code)s”是页面自己用的地址，请换一个代码。", code=code), field="code")
    if not title or len(title) > 200:
        raise BadCourse(_("课程名称不能为空，也不能超过 200 个字。"), field="title")
    if queries.course_by_code(code) is not None:
        raise CodeTaken(_("课程代码“%(code)s”已被使用，请换一个代码。", code=code), field="code")
    course = Course(
        code=code, title=title, owner_id=owner.id, created_at=now, made_by_id=by.account_id, pinyin=of_text(title, 400), **_described(fields)
    )
    add_once(course, lambda: CodeTaken(_("课程代码“%(code)s”已被使用，请换一个代码。", code=code), field="code"))
    audit.record(by=by, did="courses.course.created", on=course, data={"code": code, "owner": owner.code})
    return course


def _described(fields: dict[str, Any]) -> dict[str, Any]:
    if "description" in fields:
        fields = {**fields, "description_html": to_html(fields["description"])}
    return fields


def update_course(*, course: Course, version: int | None, by: Identity, now: datetime, **fields: Any) -> Course:
    """Change a course; refuses when somebody else saved it meanwhile. The code and the owner stay."""
    check_version(course, version)
    fields = _described({name: value for name, value in fields.items() if name not in ("code", "owner_id")})
    if "title" in fields:
        if not fields["title"].strip():
            raise BadCourse(_("课程名称不能为空，也不能超过 200 个字。"), field="title")
        fields["pinyin"] = of_text(fields["title"], 400)
    for name, value in fields.items():
        setattr(course, name, value)
    session().flush()
    audit.record(by=by, did="courses.course.changed", on=course, data={"fields": sorted(fields)})
    return course


def create_run(
    *, course: Course, code: str, starts_on: date, by: Identity, now: datetime, staff: Iterable[tuple[int, StaffRole]] = (), **fields: Any
) -> Run:
    """Make a draft run. The pass mark defaults to the policy (own.courses.pass_mark_x10). `staff`: (person id, role)."""
    code = code.strip()
    if not CODE.match(code) or len(code) > 40:
        raise BadCourse(_("期次代码只能用字母、数字和 . _ -，以字母或数字开头，不超过 40 个字符。"), field="code")
    if fields.get("pass_mark_x10") is None:
        fields["pass_mark_x10"] = book().at("own.courses.pass_mark_x10", on=starts_on).number
    _check_run({"starts_on": starts_on, **fields}, taken=0)
    run = Run(course_id=course.id, code=code, starts_on=starts_on, created_at=now, **_named(fields))
    add_once(run, lambda: CodeTaken(_("这门课程已有代码为“%(code)s”的期次，请换一个代码。", code=code), field="code"))
    for person_id, role in staff:
        session().add(RunStaff(run_id=run.id, person_id=person_id, role=role))
    session().flush()
    audit.record(by=by, did="courses.run.created", on=run, data={"course": course.code, "code": code})
    return run


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """With the pinyin of a title of its own, by which it is found."""
    if "own_title" not in fields:
        return fields
    return {**fields, "own_pinyin": of_text(fields["own_title"], 400) if fields["own_title"] else None}


def _check_run(values: dict[str, Any], taken: int) -> None:
    """The rules of a run's dates, quota and mode, with words; the database holds the same as constraints."""
    if values.get("ends_on") and values["ends_on"] < values["starts_on"]:
        raise BadCourse(_("结束日期不能早于开始日期。"), field="ends_on")
    if values.get("enrol_from") and values.get("enrol_until") and values["enrol_until"] < values["enrol_from"]:
        raise BadCourse(_("报名截止日期不能早于报名开始日期。"), field="enrol_until")
    if values.get("withdraw_until") and values["withdraw_until"] < values["starts_on"]:
        raise BadCourse(_("退课截止日期不能早于开始日期。"), field="withdraw_until")
    quota = values.get("quota")
    if quota is not None and quota < max(taken, 1):
        raise BadCourse(_("名额不能少于已占用的 %(taken)d 个，至少为 1；不限名额请留空。", taken=taken), field="quota")
    if values.get("mode") is RunMode.COHORT and not values.get("cohort_id"):
        raise BadCourse(_("指定年级加入时，请选择年级。"), field="cohort_id")
    if not 0 <= values.get("pass_mark_x10", 0) <= 1000:
        raise BadCourse(_("合格线应在 0 到 100 分之间。"), field="pass_mark")
    if not 1 <= values.get("completion_share_x1000", 1000) <= 1000:
        raise BadCourse(_("完成规则应在 1% 到 100% 之间。"), field="completion_share")


def update_run(*, run: Run, version: int | None, by: Identity, now: datetime, **fields: Any) -> Run:
    """Change a run; refuses a quota below the seats taken. Whoever raises a quota promotes the waiting list after it."""
    check_version(run, version)
    lock_run(run.id)
    session().refresh(run, ["taken"])
    known = {
        name: getattr(run, name)
        for name in ("starts_on", "ends_on", "enrol_from", "enrol_until", "withdraw_until", "quota", "mode", "cohort_id", "pass_mark_x10")
    }
    _check_run({**known, **fields}, taken=run.taken)
    asked, counted = _asked(run), run.counts_for_goal
    for name, value in _named(fields).items():
        setattr(run, name, value)
    session().flush()
    is_to_record = run.counts_for_goal and not counted
    if _asked(run) != asked or is_to_record:
        judging.ask_anew(run_id=run.id, by=by, now=now, is_to_record=is_to_record)
    audit.record(by=by, did="courses.run.changed", on=run, data={"fields": sorted(fields)})
    return run


def _asked(run: Run) -> tuple[int, int]:
    """What a run asks of its learners beside its content."""
    return run.pass_mark_x10, run.completion_share_x1000


def set_staff(*, run: Run, person_id: int, role: StaffRole | None, by: Identity, now: datetime) -> None:
    """Put a person on the staff of a run, change the role, or take them off (role None). The last lead stays."""
    lock_content(run.id)  # two leads who take each other off at the same moment leave one
    known = queries.staff_member(run.id, person_id)
    if known is not None and known.role is StaffRole.LEAD and role is not StaffRole.LEAD and holding_queries.count_leads(run.id) <= 1:
        raise BadCourse(_("每期课程至少要有一名主讲教师；请先指定另一名主讲教师。"))
    if role is None:
        if known is not None:
            session().delete(known)
    elif known is None:
        session().add(RunStaff(run_id=run.id, person_id=person_id, role=role))
    else:
        known.role = role
    session().flush()
    session().expire(run, ["staff"])
    audit.record(by=by, did="courses.run.staffed", on=("course_run", str(run.id)), data={"person": person_id, "role": role})


def publish_run(*, run: Run, by: Identity, now: datetime) -> Run:
    """Put a run into the catalogue. Only a verified organisation may publish (IPLUS-3.3.2), and only what has content."""
    if run.state is RunState.PUBLISHED:
        return run
    owner = run.course.owner
    if owner.state is not OrganisationState.VERIFIED:
        raise NotReady(_("开课单位“%(name)s”尚未通过核验，不能发布课程。请联系主管部门核验后再发布。", name=owner.name))
    if not any(block.kind is not BlockKind.UNKNOWN for block in queries.outline(run.id, only_published=True).blocks):
        raise NotReady(_("这期课程还没有已发布的内容。请先在“内容”中添加章节和内容块，再发布。"))
    run.state = RunState.PUBLISHED
    session().flush()
    audit.record(by=by, did="courses.run.published", on=run)
    judging.ask_anew(run_id=run.id, by=by, now=now)  # who was added before and has done everything completes now
    return run


def close_run(*, run: Run, by: Identity, now: datetime) -> Run:
    """Take a run out of the catalogue; its learners keep their access and results. One that was never in it is refused: its course would be shown to all."""
    if run.state is RunState.DRAFT:
        raise BadCourse(_("这一期还没有发布，不能结束。"))
    if run.state is not RunState.CLOSED:
        run.state = RunState.CLOSED
        session().flush()
        audit.record(by=by, did="courses.run.closed", on=run)
    return run


def lock_run(run_id: int) -> None:
    """Queue with everybody who moves seats of this run, until the end of the transaction."""
    session().execute(select(Run.id).where(Run.id == run_id).with_for_update())


def lock_content(run_id: int) -> None:
    """Queue with every author who changes what waits for what in this run; learners and whoever only refers to the run do not wait."""
    session().execute(select(Run.id).where(Run.id == run_id).with_for_update(key_share=True))


def take_seat(run_id: int) -> bool:
    """Take one seat if there is one: a single conditional UPDATE, so that a quota holds under any concurrency."""
    taken = session().execute(
        update(Run)
        .where(Run.id == run_id, or_(Run.quota.is_(None), Run.taken < Run.quota))
        .values(taken=Run.taken + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def release_seat(run_id: int) -> None:
    """Give one seat back."""
    session().execute(update(Run).where(Run.id == run_id, Run.taken > 0).values(taken=Run.taken - 1).execution_options(synchronize_session=False))


def new_key() -> str:
    """A stable key for a part of a run."""
    return secrets.token_hex(8)
