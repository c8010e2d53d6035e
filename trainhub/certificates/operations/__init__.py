"""The verbs of certificates: issue, release, suspend, resume, revoke, reissue, correct, renew."""

from trainhub.certificates.operations.changing import CannotChange, reissue, resume, revoke, suspend
from trainhub.certificates.operations.correcting import correct, follow, prepare_correction
from trainhub.certificates.operations.issuing import CannotIssue, issue, release
from trainhub.certificates.operations.numbering import NumbersExhausted, hold_counter, unit_of
from trainhub.certificates.operations.present import present, present_of
from trainhub.certificates.operations.renewing import prepare_renewal
from trainhub.certificates.operations.waiting import why_it_waits

__all__ = [
    "CannotChange",
    "CannotIssue",
    "NumbersExhausted",
    "correct",
    "follow",
    "hold_counter",
    "issue",
    "prepare_correction",
    "prepare_renewal",
    "present",
    "present_of",
    "reissue",
    "release",
    "resume",
    "revoke",
    "suspend",
    "unit_of",
    "why_it_waits",
]
