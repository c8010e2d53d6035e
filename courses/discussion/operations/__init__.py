"""The verbs of discussions."""

from courses.discussion.operations.following import follow_forum, follow_thread, tell_followers
from courses.discussion.operations.moderating import remove, report, set_flag, settle
from courses.discussion.operations.writing import BadPost, accept, answer, edit, start

__all__ = [
    "BadPost",
    "accept",
    "answer",
    "edit",
    "follow_forum",
    "follow_thread",
    "remove",
    "report",
    "set_flag",
    "settle",
    "start",
    "tell_followers",
]
