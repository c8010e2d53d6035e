"""What can be done with bases: open, describe, lead, agree, recognise and accept; inspect, state interest, remind."""

from enterprises.bases.operations.describing import (
    FIGURED,
    MOVED,
    WrongStep,
    add_leader,
    change_agreement,
    change_base,
    end_leader,
    open_base,
    record_acceptance,
    set_period,
    sign_agreement,
)
from enterprises.bases.operations.errors import BadBase
from enterprises.bases.operations.partnering import (
    DECLINED,
    close_finding,
    record_inspection,
    remind_of_agreements,
    remind_of_inspections,
    report_measure,
    state_interest,
)
from enterprises.bases.operations.schools import name_leaders_school, sending
from enterprises.bases.operations.typed import add_type, remove_type

__all__ = [
    "DECLINED",
    "FIGURED",
    "MOVED",
    "BadBase",
    "WrongStep",
    "add_leader",
    "add_type",
    "change_agreement",
    "change_base",
    "close_finding",
    "end_leader",
    "name_leaders_school",
    "open_base",
    "record_acceptance",
    "record_inspection",
    "remind_of_agreements",
    "remind_of_inspections",
    "remove_type",
    "report_measure",
    "sending",
    "set_period",
    "sign_agreement",
    "state_interest",
]
