"""Values of persons, students and teachers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

HUMANS = "trainhub.people.humans"
"""Under this name in `app.extensions` who judges by what a human has asks to be told when two persons become one, or two again: a list of functions of
(person id, by, now), called for each human that stands afterwards, in the same transaction. They queue a job and judge
nothing themselves, settle what would be there twice, or let follow what rests on who they are. Of two that are parted at this moment `undone_at` of
their merging is `now`."""
FORGOTTEN = "trainhub.people.forgotten"
"""Features above forget what they keep of telephone numbers and e-mail addresses of persons: functions (person ids) -> None."""
CHANGED = "trainhub.people.changed"
"""Under this name in `app.extensions` who keeps a copy of a person's facts, or leads by them, asks to be told when they change: a list of functions of
(person, before, by, now), called once the new facts are written, in the same transaction; `before` maps each changed fact to what it was. What retention erases is not told."""


YIELDED = "trainhub.people.yielded"
"""Under this name in `app.extensions` who keeps what came by a number asks to be told when an office registers it for another row than that of who had
typed it: a list of functions of (claimant, holder, by, now), called once the holder has the number, in the same transaction."""
PROVED = "trainhub.people.proved"
"""Under this name in `app.extensions` who waits for somebody's number to be proven asks to be told when an office gives, corrects or verifies it: functions
of (person id, by, now), in the same transaction."""
NAMED = "trainhub.people.named"
"""Under this name in `app.extensions` who keeps what came by a number says whether anything did for somebody: a list of functions of a person id."""
STAMPED = "trainhub.people.stamped"
"""Under this name in `app.extensions` who gives out figures of a moment asks to be asked, by whoever writes what they count (a completion, its
cancellation, who somebody is), when that stands: functions of (now) that hold the figures until the transaction ends and return a moment after all
that was given out. What is then written is either in the figures, or came after them."""
MOVED = "trainhub.people.moved"
"""Under this name in `app.extensions` who leads by where somebody studies, or tells them, asks to be told of a change of programme or cohort: a list of
functions of (student, before, by, now), called once it is written, in the same transaction; `before` is a `StudyPlace`."""
NUMBERED = "trainhub.people.numbered"
"""The same for another student or staff number: functions of (student or teacher, number before, by, now)."""
TERM_CHANGED = "trainhub.people.term_changed"
"""The same for another first or last day of a teacher: functions of (person id, by, now)."""


class IdType(StrEnum):
    """Identity documents of the contract."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    MAINLAND_PERMIT_HK_MO = "mainland_permit_hk_mo"
    MAINLAND_PERMIT_TW = "mainland_permit_tw"


class Gender(StrEnum):
    """GB/T 2261.1, short."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


class NationalityKind(StrEnum):
    """HK, Macao and Taiwan are not 外国 (PETOE-9.8)."""

    CHINA = "china"
    HK_MO_TW = "hk_mo_tw"
    FOREIGN = "foreign"


DECIDES_KIND = frozenset({IdType.RESIDENT_ID, IdType.MAINLAND_PERMIT_HK_MO, IdType.MAINLAND_PERMIT_TW})
"""Documents whose number says whether its holder is foreign; a passport may be of any country."""


class StayKind(StrEnum):
    """Where somebody studied or worked outside the mainland (境外高水平大学或跨国企业, 002:585)."""

    UNIVERSITY = "university"
    ENTERPRISE = "enterprise"


class Degree(StrEnum):
    """A degree that somebody holds (学历, M4.1, M9.1)."""

    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTOR = "doctor"


class StudentState(StrEnum):
    """Where a student stands in the programme."""

    ENROLLED = "enrolled"
    SUSPENDED = "suspended"
    GRADUATED = "graduated"
    WITHDRAWN = "withdrawn"


class TeacherKind(StrEnum):
    """Full-time of the university, or part-time from outside (专职/兼职)."""

    FULL_TIME = "full_time"
    PART_TIME = "part_time"


class IdProblem(StrEnum):
    """What can be wrong with the number of an identity document."""

    LENGTH = "length"
    OLD_15 = "old_15"
    CHARACTERS = "characters"
    BIRTH_DATE = "birth_date"
    CHECK_DIGIT = "check_digit"
    PATTERN = "pattern"


class Identified(StrEnum):
    """By what it is known who somebody is."""

    ROSTER = "roster"
    """A list of trainees that an office or a base brought named them with their number."""
    NUMBER = "number"
    """A school or an office registered their number."""
    DOCUMENT = "document"
    """Somebody looked at them and their document."""
    EARLIER = "earlier"
    """It was known before that was kept with its day: the day is that of the registration."""


class PairDecision(StrEnum):
    """What somebody found out about two persons who look the same."""

    DIFFERENT = "different"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class IdCheck:
    """The result of checking a number: the number as it is stored, or what is wrong with it.

    `birth_on` and `gender` come out of a resident number. `has_unknown_prefix` is a warning only: county codes change, and
    numbers were given out under codes that no list holds any more.
    """

    number: str
    problem: IdProblem | None = None
    birth_on: date | None = None
    gender: Gender = Gender.UNKNOWN
    nationality_kind: NationalityKind = NationalityKind.CHINA
    has_unknown_prefix: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class SealedNumber:
    """A number as it is stored: never readable in a log."""

    id_type: IdType
    hash: str
    encrypted: bytes
    mask: str


@dataclass(frozen=True, slots=True)
class WorkSpan:
    """A span of work, `until` included; None: it goes on."""

    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in a list."""

    id: int
    name: str
    id_type: IdType | None
    id_mask: str
    birth_on: date | None
    phone: str
    is_verified: bool
    county: str | None


@dataclass(frozen=True, slots=True)
class StudyPlace:
    """Where a student is on a day."""

    programme_id: int
    cohort_id: int


@dataclass(frozen=True, slots=True)
class StudentRow:
    """A student in a list; `is_petoe` as of the day the list was asked for."""

    id: int
    person_id: int
    student_no: str
    name: str
    programme_id: int
    programme: str
    university: str
    cohort_year: int
    class_name: str
    state: StudentState
    is_petoe: bool


@dataclass(frozen=True, slots=True)
class StudentFilter:
    """What a list of students is narrowed by."""

    text: str = ""
    university_id: int | None = None
    programme_id: int | None = None
    cohort_id: int | None = None
    cohort_year: int | None = None
    state: StudentState | None = None
    is_petoe: bool | None = None


@dataclass(frozen=True, slots=True)
class TeacherRow:
    """A teacher in a list; `months` of verified and claimed work in enterprises are counted on the teacher's page."""

    id: int
    person_id: int
    staff_no: str
    name: str
    university: str
    programme: str | None
    kind: TeacherKind
    title: str
    discipline: str
    until: date | None


@dataclass(frozen=True, slots=True)
class TeacherFilter:
    """What a list of teachers is narrowed by."""

    text: str = ""
    university_id: int | None = None
    programme_id: int | None = None
    kind: TeacherKind | None = None
