"""Tables of topics and capstones: the work itself, its stages, choosing and assigning, spot checks."""

from enterprises.capstones.models.checking import SpotCheck, SpotItem, SpotOpinion
from enterprises.capstones.models.choosing import Choice, ChoiceRound, Conflict, SupervisorPlan, SupervisorWish, Team, TeamMember
from enterprises.capstones.models.stages import (
    DefenceGroup,
    DefenceMember,
    DefenceSlot,
    MentorLink,
    PaperComment,
    Reconsideration,
    Review,
    Rubric,
    StageExtension,
    StageWindow,
    ThirdGrade,
)
from enterprises.capstones.models.work import Capstone, CapstoneGrade, CapstonePaper, GuidanceEntry, Supervision, Topic, TopicMark

__all__ = [
    "Capstone",
    "CapstoneGrade",
    "CapstonePaper",
    "Choice",
    "ChoiceRound",
    "Conflict",
    "DefenceGroup",
    "DefenceMember",
    "DefenceSlot",
    "GuidanceEntry",
    "MentorLink",
    "PaperComment",
    "Reconsideration",
    "Review",
    "Rubric",
    "SpotCheck",
    "SpotItem",
    "SpotOpinion",
    "StageExtension",
    "StageWindow",
    "Supervision",
    "SupervisorPlan",
    "SupervisorWish",
    "Team",
    "TeamMember",
    "ThirdGrade",
    "Topic",
    "TopicMark",
]
