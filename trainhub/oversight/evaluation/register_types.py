"""Words of the registers that no other feature keeps: participation, policies, budgets, incentives, exchange."""

from __future__ import annotations

from enum import StrEnum


class ParticipationArea(StrEnum):
    """What industry experts take part in (PETOE-1.4, 2.7, 6.5)."""

    STANDARD = "standard"
    CURRICULUM = "curriculum"
    PLACEMENT_PLAN = "placement_plan"


class PolicyTopic(StrEnum):
    """The three topics of the university's policies (PETOE-10.1, 002:621), and what other materials ask for."""

    FULL_TIME_TEACHERS = "full_time_teachers"
    PART_TIME_TEACHERS = "part_time_teachers"
    TRAINING_MODEL = "training_model"
    TEAM_PLAN = "team_plan"
    BUDGET_RULES = "budget_rules"
    OTHER = "other"


class BudgetPurpose(StrEnum):
    """The eight purposes of the budget (PETOE-10.3, 002:625)."""

    TEACHING_REFORM = "teaching_reform"
    COURSES = "courses"
    TEXTBOOKS = "textbooks"
    TEACHER_TRAINING = "teacher_training"
    TEACHER_HIRING = "teacher_hiring"
    JOINT_TRAINING = "joint_training"
    INTERNATIONAL = "international"
    PRACTICE = "practice"


class BudgetSource(StrEnum):
    """Where the money comes from (PETOE-10.4, 002:627)."""

    UNIVERSITY = "university"
    GOVERNMENT = "government"
    ENTERPRISE = "enterprise"
    OTHER = "other"


class CentreRole(StrEnum):
    """The three kinds of people in the team of a practice centre (PETOE-6.4, 002:513)."""

    FACULTY = "faculty"
    TECHNICIAN = "technician"
    MANAGER = "manager"


class IncentiveKind(StrEnum):
    """The four kinds of incentives for teachers (PETOE-10.5, 002:629)."""

    TEACHING_REFORM = "teaching_reform"
    ENGINEER_TRAINING = "engineer_training"
    SECONDMENT = "secondment"
    PROJECTS = "projects"


class ExchangeKind(StrEnum):
    """How a student took part in international exchange (PETOE-9.6, 002:597)."""

    STUDY_ABROAD = "study_abroad"
    SHORT_VISIT = "short_visit"
    JOINT_COURSE = "joint_course"
    CONTEST = "contest"
    CONFERENCE = "conference"


class ProgrammeMode(StrEnum):
    """The three modes of joint programmes (PETOE-9.4, 002:591)."""

    EXCHANGE = "exchange"
    JOINT_COLLEGE = "joint_college"
    STAGED = "staged"


class Quality(StrEnum):
    """The qualitative word that may stand beside 达到 (PETOE-P16, 002:649)."""

    DISTINCTIVE = "distinctive"
    EXCELLENT = "excellent"


class ActivityKind(StrEnum):
    """Forms of internationalisation that a person judges (PETOE-9.3, 9.5, 9.7, 9.9; 002:589, 002:595, 002:599, 002:603)."""

    METHODS = "methods"
    INDUSTRY = "industry"
    EVENT = "event"
    OTHER = "other"


ACTIVITY_CRITERIA = {ActivityKind.METHODS: "9.3", ActivityKind.INDUSTRY: "9.5", ActivityKind.EVENT: "9.7", ActivityKind.OTHER: "9.9"}
"""Which criterion a form of internationalisation speaks for."""


class OutputKind(StrEnum):
    """What a teacher brought forth on research-based learning (PETOE-3.5, 002:419)."""

    PAPER = "paper"
    TEXTBOOK = "textbook"
    PROJECT = "project"
    AWARD = "award"


class Dimension(StrEnum):
    """What the appraisal of full-time teachers shall mainly look at (PETOE-4.4, 002:451)."""

    PROJECT_DESIGN = "project_design"
    RESEARCH = "r_and_d"
    PATENT = "patent"
    COOPERATION = "iur_cooperation"
    SERVICE = "tech_service"
