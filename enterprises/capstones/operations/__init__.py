"""Verbs of topics, capstones, guidance and grades."""

from enterprises.capstones.operations._support import CapstoneRefused, TopicRefused, WrongPerson, WrongState
from enterprises.capstones.operations.assigning import assign_capstone, assign_supervisor, end_supervision, withdraw
from enterprises.capstones.operations.grading import correct_grade, finish, grade, issue_certificate
from enterprises.capstones.operations.retaining import forget_guidance
from enterprises.capstones.operations.topics import approve_topic, propose_topic, refuse_topic, withdraw_topic
from enterprises.capstones.operations.working import confirm_guidance, hand_in, log_guidance, pass_stage, submit_thesis

__all__ = [
    "CapstoneRefused",
    "TopicRefused",
    "WrongPerson",
    "WrongState",
    "approve_topic",
    "assign_capstone",
    "assign_supervisor",
    "confirm_guidance",
    "correct_grade",
    "end_supervision",
    "finish",
    "forget_guidance",
    "grade",
    "hand_in",
    "issue_certificate",
    "log_guidance",
    "pass_stage",
    "propose_topic",
    "refuse_topic",
    "submit_thesis",
    "withdraw",
    "withdraw_topic",
]
