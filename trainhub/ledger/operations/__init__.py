"""Facts are pushed down here: completions, confirmed days, milestones. Each verb may be repeated and changes nothing then.

A fact is never changed: a wrong record is cancelled with its reason, a withdrawn day keeps its row.
"""

from trainhub.ledger.operations.days import confirm_days, decide_duplicate, reach_milestone, withdraw_day, withdraw_milestone
from trainhub.ledger.operations.records import (
    ALREADY_THERE,
    NO_DAYS,
    BadRecord,
    ReasonNeeded,
    cancel_record,
    correct_record,
    record_training,
    register_course,
    replace_record,
    restore_record,
)

__all__ = [
    "ALREADY_THERE",
    "NO_DAYS",
    "BadRecord",
    "ReasonNeeded",
    "cancel_record",
    "confirm_days",
    "correct_record",
    "decide_duplicate",
    "reach_milestone",
    "record_training",
    "register_course",
    "replace_record",
    "restore_record",
    "withdraw_day",
    "withdraw_milestone",
]
