"""Background work of the chains: programme certificates are brought in line with what was recorded or withdrawn, one by one or by a sweep over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from trainhub.kernel import clock
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _
from trainhub.kernel.jobs import Running
from trainhub.oversight.chains import mending
from trainhub.people import queries as people
from trainhub.programmes import queries as programmes

SWEEP = "chains.sweep"
SWEEPING = N_("核对全部培养链条与培养证书")


def judge(running: Running) -> dict[str, Any]:
    """One transaction; running it twice changes nothing."""
    with transaction():
        found = people.students_by_id([running.args["student"]]).get(running.args["student"])
        if found is None:
            return {"done": ""}
        return {"done": mending.judge(student=found, today=clock.today(), now=clock.now())}


def sweep(running: Running) -> dict[str, Any]:
    """Judge every chain that could change a certificate, each in a transaction of its own: what nobody said is found within a day."""
    codes = sorted(programmes.all_by_code())
    session().rollback()
    return sweep_programmes(codes, tell=lambda done, total: running.progress(done, total, _("正在核对培养链条")))


def sweep_programmes(codes: Collection[str], *, is_dry: bool = False, tell: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Any]:
    """The same for some programmes; how many were issued, suspended and corrected, and what was refused, by the number of the student.

    `is_dry`: only those are counted that may be due.
    """
    done: Counter[str] = Counter()
    refused: list[dict[str, str]] = []
    for place, code in enumerate(codes):
        tell(place, len(codes))
        programme = programmes.by_code(code)
        due = [one.id for one in mending.may_be_due(programme, today=clock.today())] if programme is not None else []
        session().rollback()
        done["due"] += len(due)
        for student_id in [] if is_dry else due:
            try:
                with transaction():
                    student = people.students_by_id([student_id])[student_id]
                    done[mending.judge(student=student, today=clock.today(), now=clock.now())] += 1
            except Refused as why:  # a font, a clock: the others are judged all the same, this one again tomorrow
                session().rollback()
                refused.append({"student": people.students_by_id([student_id])[student_id].student_no, "problem": why.message})
                session().rollback()
    tell(len(codes), len(codes))
    return {name: done[name] for name in ("due", "issued", "suspended", "corrected")} | {"refused": refused}
