"""Values of persons, students and teachers."""

from __future__ import annotations

from enum import StrEnum


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
