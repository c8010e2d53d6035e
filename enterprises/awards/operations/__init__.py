"""Verbs on awards, from the application to its end."""

from enterprises.awards.operations.acting import AlreadyAwarded, AwardRefused, NotEligible, WrongStep, may_act
from enterprises.awards.operations.applying import apply, apply_company
from enterprises.awards.operations.deciding import accept, close, confer, decide, pay, publish, recognise, reject, revoke

__all__ = [
    "AlreadyAwarded",
    "AwardRefused",
    "NotEligible",
    "WrongStep",
    "accept",
    "apply",
    "apply_company",
    "close",
    "confer",
    "decide",
    "may_act",
    "pay",
    "publish",
    "recognise",
    "reject",
    "revoke",
]
