"""The verbs of enrolment, learning, completion and discussion."""

from courses.learning.operations.discussion import post, remove
from courses.learning.operations.enrolling import (
    EnrolmentClosed,
    NotForYou,
    NotPossible,
    approve,
    close_waiting,
    enrol,
    invite,
    promote,
    reject,
    withdraw,
)
from courses.learning.operations.progress import (
    NotLearning,
    complete,
    completion_key,
    evaluate,
    issue_certificate,
    mark_done,
    note_attempt,
    recompute,
    standing_of,
    start_video,
    tell_graded,
    watch,
)
from courses.learning.operations.retaining import forget_posts

__all__ = [
    "EnrolmentClosed",
    "NotForYou",
    "NotLearning",
    "NotPossible",
    "approve",
    "close_waiting",
    "complete",
    "completion_key",
    "enrol",
    "evaluate",
    "forget_posts",
    "invite",
    "issue_certificate",
    "mark_done",
    "note_attempt",
    "post",
    "promote",
    "recompute",
    "reject",
    "remove",
    "standing_of",
    "start_video",
    "tell_graded",
    "watch",
    "withdraw",
]
