"""Verbs on goals: `facts` defines them and keeps their figures, `keeping` closes periods, reviews, sets parts of targets."""

from trainhub.oversight.goals.operations.facts import BadGoal, ReasonNeeded, define, load_definitions, rebuild, refresh, take_snapshot
from trainhub.oversight.goals.operations.holding import after_given_out
from trainhub.oversight.goals.operations.keeping import change, close_period, reopen_period, report_figure, review, set_targets

__all__ = [
    "BadGoal",
    "ReasonNeeded",
    "after_given_out",
    "change",
    "close_period",
    "define",
    "load_definitions",
    "rebuild",
    "refresh",
    "reopen_period",
    "report_figure",
    "review",
    "set_targets",
    "take_snapshot",
]
