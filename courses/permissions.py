"""Who may do what in the room `courses`: permissions named `room:thing:action`, each an OR of ANDs of pure predicates."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trainhub.kernel.access import Predicate, Role, Subject, Table, anyone_signed_in, named, own, role, role_over

AUTHORS = (
    Role.LECTURER,
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.ENTERPRISE_COORDINATOR,
    Role.CENTRE_LEADER,
    Role.SYSTEM_ADMIN,
)
"""Who may make courses of the organisation over which they hold the role; teaching a run is being named on its staff."""
MANAGERS = (Role.UNIVERSITY_ADMIN, Role.CENTRE_LEADER, Role.SYSTEM_ADMIN)
"""Who answers for the courses of an organisation without teaching them."""
ANSWERING = (*MANAGERS, Role.ENTERPRISE_COORDINATOR)
"""Who answers for the courses of an owner, so that they go on when whoever made them is not there any more: of an enterprise its coordinator."""
WATCHERS = (*MANAGERS, Role.PROGRAMME_ADMIN, Role.DEPT_EDU, Role.AUDITOR)
"""Who may see learners and results without touching them."""

CURRICULUM_EDITORS = (Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.SYSTEM_ADMIN)
"""Who writes the plan of a programme: courses, objectives, matrices, offerings, files of teachers."""
CURRICULUM_READERS = (*CURRICULUM_EDITORS, Role.LECTURER, Role.SCHOOL_SUPERVISOR, Role.DEPT_EDU, Role.EXPERT, Role.INSPECTOR, Role.AUDITOR)

RECOGNITION_READERS = (*CURRICULUM_EDITORS, Role.DEPT_EDU, Role.EXPERT, Role.INSPECTOR, Role.AUDITOR)
"""Who sees which credits were recognised (学分认定); editors of the plan decide."""


@dataclass(frozen=True, slots=True)
class RunSubject(Subject):
    """A run: `persons` are those who may edit it, `assistants` those who only grade and look after learners."""

    assistants: frozenset[int] = frozenset()


assists: Predicate = named(
    "assists", lambda identity, subject: identity.person_id is not None and identity.person_id in getattr(subject, "assistants", ())
)
"""Named on the staff as an assistant."""


@dataclass(frozen=True, slots=True)
class CourseSubject(Subject):
    """A course: `persons` are those who may edit one of its runs; `maker` is the account that made it, while it has no run and so no team."""

    maker: int | None = None


made_it: Predicate = named(
    "made_it", lambda identity, subject: identity.account_id is not None and identity.account_id == getattr(subject, "maker", None)
)
"""Made the course, of which nobody has made a run yet; with a role over its owner still."""


class Can(StrEnum):
    """The permissions of the room."""

    COURSE_CREATE = "courses:course:create"
    COURSE_CREATE_FOR = "courses:course:create_for"
    COURSE_EDIT = "courses:course:edit"
    COURSE_IMPORT = "courses:course:import"
    STAFF_ANSWER = "courses:staff:answer"
    RUN_LIST = "courses:run:list"
    RUN_EDIT = "courses:run:edit"
    RUN_PREVIEW = "courses:run:preview"
    RUN_GRADE = "courses:run:grade"
    RUN_VIEW_LEARNERS = "courses:run:view_learners"
    ENROLMENT_CREATE = "courses:enrolment:create"
    ENROLMENT_DECIDE = "courses:enrolment:decide"
    ENROLMENT_LEARN = "courses:enrolment:learn"
    ENROLMENT_LIST = "courses:enrolment:list"
    DISCUSSION_READ = "courses:discussion:read"
    DISCUSSION_WRITE = "courses:discussion:write"
    DISCUSSION_MODERATE = "courses:discussion:moderate"
    MESSAGE_READ = "courses:message:read"
    MESSAGE_REPLY = "courses:message:reply"
    MESSAGE_SEND = "courses:message:send"
    CURRICULUM_VIEW = "courses:curriculum:view"
    CURRICULUM_EDIT = "courses:curriculum:edit"
    PEER_REVIEW = "courses:peer:review"
    RECOGNITION_APPLY = "courses:recognition:apply"
    RECOGNITION_LIST = "courses:recognition:list"
    RECOGNITION_VIEW = "courses:recognition:view"
    RECOGNITION_DECIDE = "courses:recognition:decide"
    TEACHING_VIEW = "courses:teaching:view"
    TEACHING_EDIT = "courses:teaching:edit"


GRANTS: Table = {
    Can.COURSE_CREATE: ((role(*AUTHORS),),),
    Can.COURSE_CREATE_FOR: ((role_over(*AUTHORS),),),
    Can.COURSE_EDIT: ((own,), (made_it, role_over(*AUTHORS)), (role_over(*ANSWERING),)),
    Can.COURSE_IMPORT: ((role(*AUTHORS),),),
    Can.STAFF_ANSWER: ((own,),),
    Can.RUN_LIST: ((anyone_signed_in,),),
    Can.RUN_EDIT: ((own,), (role_over(*MANAGERS),)),
    Can.RUN_PREVIEW: ((own,), (assists,), (role_over(*MANAGERS),)),
    Can.RUN_GRADE: ((own,), (assists,), (role_over(*MANAGERS),)),
    Can.RUN_VIEW_LEARNERS: ((own,), (assists,), (role_over(*WATCHERS),)),
    Can.ENROLMENT_CREATE: ((anyone_signed_in,),),
    Can.ENROLMENT_DECIDE: ((own,), (role_over(*MANAGERS),)),
    Can.ENROLMENT_LEARN: ((own,),),
    Can.ENROLMENT_LIST: ((anyone_signed_in,),),
    Can.DISCUSSION_READ: ((own,), (assists,), (role_over(*WATCHERS),)),
    Can.DISCUSSION_WRITE: ((own,), (assists,), (role_over(*MANAGERS),)),
    Can.DISCUSSION_MODERATE: ((own,), (assists,), (role_over(*MANAGERS),)),
    Can.MESSAGE_READ: ((own,), (assists,), (role_over(*MANAGERS),)),
    Can.MESSAGE_REPLY: ((own,), (assists,), (role_over(*MANAGERS),)),
    Can.MESSAGE_SEND: ((own,), (role_over(*MANAGERS),)),
    Can.CURRICULUM_VIEW: ((role_over(*CURRICULUM_READERS),),),
    Can.CURRICULUM_EDIT: ((role_over(*CURRICULUM_EDITORS),),),
    Can.PEER_REVIEW: ((own,),),
    Can.RECOGNITION_APPLY: ((own,),),
    Can.RECOGNITION_LIST: ((role(*RECOGNITION_READERS),),),
    Can.RECOGNITION_VIEW: ((own,), (role_over(*RECOGNITION_READERS),)),
    Can.RECOGNITION_DECIDE: ((role_over(*CURRICULUM_EDITORS),),),
    Can.TEACHING_VIEW: ((role_over(*CURRICULUM_READERS),),),
    Can.TEACHING_EDIT: ((role_over(*CURRICULUM_EDITORS),),),
}
