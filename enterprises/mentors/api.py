"""The HTTP API's resources of enterprises' mentors."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from enterprises.mentors import queries
from enterprises.mentors.models import Mentor
from enterprises.permissions import Can
from trainhub.kernel.access import acting, guard
from trainhub.kernel.api import ApiModel, ByNumber, api_blueprint, cursor_page
from trainhub.kernel.clock import today
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people

blueprint = api_blueprint("mentors", "people")


class MentorItem(ApiModel):
    """A mentor in a list: a person of one enterprise who guides students."""

    id: int
    name: str
    enterprise: str
    post: str
    title: str
    skills: list[str]
    load_limit: int = Field(description="How many students the mentor guides at most at a time, over all programmes")
    is_shared: bool
    trained_on: date | None
    until: date | None = Field(description="The last day in the pool; null while it goes on")


class MentorPage(ApiModel):
    """A page of mentors."""

    items: list[MentorItem]
    next_cursor: str | None


class MentorOut(MentorItem):
    """A mentor."""

    person_id: int = Field(description="Whom `/people/persons/{person_id}` tells about")
    enterprise_code: str
    years_experience: int
    since: date


class MentorQuery(ByNumber):
    """What the list is narrowed by."""

    q: str | None = Field(None, max_length=100, description="Part of name, pinyin, post or enterprise")
    skill: str | None = Field(None, max_length=40, description="One skill, whole")
    enterprise: str | None = Field(None, max_length=40, description="Code of an enterprise or its USCC")


@blueprint.get("/people/mentors")
@guard(Can.MENTOR_LIST)
@blueprint.input(MentorQuery, location="query", arg_name="query")
@blueprint.output(MentorPage)
def mentors(query: MentorQuery) -> Any:
    """List the mentors of today's pool the token's holder may see."""
    identity = acting()
    assert identity is not None
    enterprise = organisations.by_code(query.enterprise) if query.enterprise else None
    statement = queries.listing(
        identity,
        on=today(),
        text=query.q or "",
        skill=query.skill or "",
        enterprise_id=(enterprise.id if enterprise else 0) if query.enterprise else None,
    )
    return cursor_page(
        statement.order_by(None),
        order=[Mentor.id],
        key=lambda row: [row.id],
        query=query,
        render=lambda row: {name: getattr(row, name) for name in MentorItem.model_fields},
    )


def _load(mentor_id: int) -> Mentor:
    row = queries.by_id(mentor_id)
    if row is None:
        raise NotFound(_("没有这位企业指导教师。"))
    return row


@blueprint.get("/people/mentors/<int:mentor_id>")
@guard(Can.MENTOR_VIEW, load=_load, subject=queries.subject_of)
@blueprint.output(MentorOut)
def mentor(row: Mentor) -> Any:
    """One mentor."""
    identity = acting()
    assert identity is not None
    if not queries.is_open_to(row, identity):
        raise NotAllowed(_("这位指导教师没有同意向未合作的学校公开。"))
    person, enterprise = people.person(row.person_id), organisations.by_id(row.enterprise_id)
    assert person is not None
    assert enterprise is not None
    told = ("id", "post", "title", "skills", "load_limit", "is_shared", "trained_on", "until", "person_id", "years_experience", "since")
    return {name: getattr(row, name) for name in told} | {"name": person.name, "enterprise": enterprise.name, "enterprise_code": enterprise.code}
