"""Verbs on awards, from the application to its end."""

from enterprises.awards.operations.acting import (
    AlreadyAwarded,
    AwardRefused,
    NotEligible,
    UnderWay,
    WrongStep,
    hand_before,
    lacks_region,
    may_act,
    may_check,
    may_take,
    pays_locally,
)
from enterprises.awards.operations.applying import apply, apply_company, may_supplement, supplement
from enterprises.awards.operations.deciding import accept, close, confer, decide, pay, publish, recognise, reject, revoke
from enterprises.awards.operations.rechecking import figures_changed, region_entered
from enterprises.awards.operations.recovering import recover

__all__ = [
    "AlreadyAwarded",
    "AwardRefused",
    "NotEligible",
    "UnderWay",
    "WrongStep",
    "accept",
    "apply",
    "apply_company",
    "close",
    "confer",
    "decide",
    "figures_changed",
    "hand_before",
    "lacks_region",
    "may_act",
    "may_check",
    "may_supplement",
    "may_take",
    "pay",
    "pays_locally",
    "publish",
    "recognise",
    "recover",
    "region_entered",
    "reject",
    "revoke",
    "supplement",
]
