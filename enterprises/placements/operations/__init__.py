"""What can be done with placements: the plan, terms and offers, rounds, one placement from acceptance to its end, days."""

from enterprises.placements.operations.agreements import against_amendment, amend_agreement, correct_text, sign_placement
from enterprises.placements.operations.approving import approve_position, close_position, return_position
from enterprises.placements.operations.campus import move_onto_campus
from enterprises.placements.operations.certifying import asked_key, issue_certificate
from enterprises.placements.operations.conflicts import release_mentor
from enterprises.placements.operations.days import (
    comment_week,
    correct_day,
    correct_days_against,
    decide_days,
    decide_entries,
    log_day,
    log_week,
    save_weekly_log,
)
from enterprises.placements.operations.events import change_base, close_event, decide_absence, end_early, report_event
from enterprises.placements.operations.finishing import finish_placement, grade_placement, may_be_graded
from enterprises.placements.operations.guiding import assign_mentor, guided_from
from enterprises.placements.operations.links import (
    decide_by_link,
    demand_mentor,
    make_mentor_link,
    open_link,
    remind_without_account,
    send_link,
    waiting_by,
)
from enterprises.placements.operations.logs import add_note, add_photo, check_place, drop_photo, may_be_rated, rate, review_week
from enterprises.placements.operations.offers import (
    change_position,
    change_term,
    copy_position,
    create_term,
    offer_position,
    set_seats,
    submit_position,
)
from enterprises.placements.operations.papers import add_paper
from enterprises.placements.operations.placing import (
    accept_placement,
    decline_placement,
    late_papers,
    place_student,
    record_insurance,
    record_safety,
    start_placement,
    withdraw_placement,
)
from enterprises.placements.operations.planitems import (
    add_plan_item,
    change_plan_item,
    copy_plan,
    remove_plan_item,
)
from enterprises.placements.operations.plans import adopt_plan, ask_for_plan, check_plannable, keep_plan, plan_round, publish_repair, publish_round
from enterprises.placements.operations.plansigning import check_plan, record_plan_signature, sign_plan, sign_plan_as_enterprise, unsigned_places
from enterprises.placements.operations.rejudging import rejudge_weeks
from enterprises.placements.operations.reminding import remind_mentors, remind_students, warn_of_days_against, warn_of_leaving_mentors
from enterprises.placements.operations.retaining import forget_logs
from enterprises.placements.operations.rounds import change_round, close_round, create_round, open_round, save_preferences
from enterprises.placements.operations.selffound import approve_self_found, cancel_self_found, propose_self_found, return_self_found
from enterprises.placements.operations.tables import (
    TABLE_TASK,
    TABLES,
    Table,
    ask_for_table,
    file_of,
    forget_tables,
    make_table,
    table_job,
)

__all__ = [
    "TABLES",
    "TABLE_TASK",
    "Table",
    "accept_placement",
    "add_note",
    "add_paper",
    "add_photo",
    "add_plan_item",
    "adopt_plan",
    "against_amendment",
    "amend_agreement",
    "approve_position",
    "approve_self_found",
    "ask_for_plan",
    "ask_for_table",
    "asked_key",
    "assign_mentor",
    "cancel_self_found",
    "change_base",
    "change_plan_item",
    "change_position",
    "change_round",
    "change_term",
    "check_place",
    "check_plan",
    "check_plannable",
    "close_event",
    "close_position",
    "close_round",
    "comment_week",
    "copy_plan",
    "copy_position",
    "correct_day",
    "correct_days_against",
    "correct_text",
    "create_round",
    "create_term",
    "decide_absence",
    "decide_by_link",
    "decide_days",
    "decide_entries",
    "decline_placement",
    "demand_mentor",
    "drop_photo",
    "end_early",
    "file_of",
    "finish_placement",
    "forget_logs",
    "forget_tables",
    "grade_placement",
    "guided_from",
    "issue_certificate",
    "keep_plan",
    "late_papers",
    "log_day",
    "log_week",
    "make_mentor_link",
    "make_table",
    "may_be_graded",
    "may_be_rated",
    "move_onto_campus",
    "offer_position",
    "open_link",
    "open_round",
    "place_student",
    "plan_round",
    "propose_self_found",
    "publish_repair",
    "publish_round",
    "rate",
    "record_insurance",
    "record_plan_signature",
    "record_safety",
    "rejudge_weeks",
    "release_mentor",
    "remind_mentors",
    "remind_students",
    "remind_without_account",
    "remove_plan_item",
    "report_event",
    "return_position",
    "return_self_found",
    "review_week",
    "save_preferences",
    "save_weekly_log",
    "send_link",
    "set_seats",
    "sign_placement",
    "sign_plan",
    "sign_plan_as_enterprise",
    "start_placement",
    "submit_position",
    "table_job",
    "unsigned_places",
    "waiting_by",
    "warn_of_days_against",
    "warn_of_leaving_mentors",
    "withdraw_placement",
]
