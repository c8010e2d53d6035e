"""Verbs on subsidies: rates, claims drawn up from the ledger, samples, decisions, payment, clawback (FJ-16d, 000:745)."""

from enterprises.subsidies.operations.acting import Blacklisted, Closed, SubsidyRefused, WrongStep, has_claimed
from enterprises.subsidies.operations.deciding import approve, check_item, draw_sample, pay, reject
from enterprises.subsidies.operations.drafting import discard, draw_up, lapse, lapses_on, submit
from enterprises.subsidies.operations.rating import set_rate
from enterprises.subsidies.operations.recovering import claw_back, recover, withdraw_order

__all__ = [
    "Blacklisted",
    "Closed",
    "SubsidyRefused",
    "WrongStep",
    "approve",
    "check_item",
    "claw_back",
    "discard",
    "draw_sample",
    "draw_up",
    "has_claimed",
    "lapse",
    "lapses_on",
    "pay",
    "recover",
    "reject",
    "set_rate",
    "submit",
    "withdraw_order",
]
