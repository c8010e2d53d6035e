"""The sheet of the working group: what nobody outside the programme has judged since the submission, a requirement at a time."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from flask import request, url_for

from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import catalogue, deciding
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries.holding import hold_programme
from trainhub.oversight.evaluation.rules.verdict import OPEN
from trainhub.oversight.evaluation.types import JudgementCase, JudgementResult
from trainhub.oversight.evaluation.views import blueprint
from trainhub.oversight.evaluation.wording import shown
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import moving
from trainhub.oversight.evaluation.workflow.types import State
from trainhub.oversight.evaluation.workflow.views import HERE, case_page, load_case, on_case, programme_of


def _words(said: Mapping[str, JudgementCase]) -> dict[str, tuple[str, str]]:
    return {code: (one.result.value, one.remark) for code, one in said.items()}


def _mark(one: JudgementCase | None, reopened: int | None) -> str:
    """Which judgement the sheet showed, and of which finding (a reopening brings another one): members have it open at the same time, nobody
    writes over, or judges, what they did not see. Empty while there is neither."""
    if one is None and reopened is None:
        return ""
    said = f"{one.result.value}|{one.on}|{one.by}|{one.remark}" if one is not None else ""
    return sha256(f"{said}|{reopened or ''}".encode()).hexdigest()[:16]


def _marks(row: Application, said: Mapping[str, JudgementCase]) -> dict[str, str]:
    reopened = {one.criterion: one.id for one in queries.reopenings_of(row.id)}
    return {code: _mark(said.get(code), reopened.get(code)) for code in {*said, *reopened}}


def _demand_open(row: Application) -> None:
    if row.state is not State.IN_WORKING_GROUP:
        raise moving.BadStep(_("专家工作组审议期间才能评判。"))


@blueprint.route("/applications/<int:key>/judging", methods=["GET", "POST"])
@guard(Can.ACT_GROUP, load=load_case, subject=on_case)
def judging_sheet(row: Application) -> Any:
    """The criteria that a person decides, with who judged them since the submission; the group judges all of a requirement at once."""
    _demand_open(row)
    programme, today = programme_of(row), clock.today()
    barred = deciding.kept_out(programme, who(), today)
    parts = catalogue.requirements()
    number = min(max(request.args.get("r", 1, type=whole), 1), len(parts))
    resting, raw = deciding.sheet(row, programme, today)
    asked = {part.no: [one for one in part.criteria if raw[one.code].status in OPEN] for part in parts}
    typed = _words(resting.judgements)
    problem: Refused | None = None
    standing = resting.judgements
    if request.method == "POST":
        sent = {
            one.code: (request.form.get(f"result-{one.code}", ""), request.form.get(f"remark-{one.code}", "").strip()[:2000]) for one in asked[number]
        }
        known = {one.value for one in JudgementResult}
        try:
            with transaction():
                queries.hold(row)
                hold_programme(programme.id)
                deciding.check_outside(programme, who(), today)
                _demand_open(row)
                standing = deciding.said_since(row, today)
                typed, marks, raw = _words(standing), _marks(row, standing), deciding.raw(row, programme)
                unseen = [code for code in sent if request.form.get(f"seen-{code}", "") != marks.get(code, "")]
                stale = [code for code in unseen if sent[code][0] in known and sent[code] != typed.get(code)]
                if stale:
                    sent = {code: said for code, said in sent.items() if code not in stale}
                    raise Refused(
                        _(
                            "要点 %(codes)s 在你打开之后又有新的评判或重新核查，已显示在下面；其余填写的内容保留，请核对后再保存。",
                            codes=listed(stale),
                        )
                    )
                for code, (result, remark) in sent.items():
                    if result in known and (result, remark) != typed.get(code):
                        judging.record_judgement(
                            programme=programme,
                            criterion=code,
                            result=JudgementResult(result),
                            remark=remark,
                            finding=raw[code],
                            left=OPEN,
                            is_anew=code not in standing,
                            by=who(),
                            today=today,
                            now=clock.now(),
                        )
            onward = next((no for no in range(number + 1, len(parts) + 1) if asked[no]), number)
            return done(_("已保存第 %(n)s 项专门要求的评判。", n=number), "evaluation.judging_sheet", key=row.id, r=onward)
        except Refused as refused:
            problem = refused
            typed |= sent
    body = case_page(
        "judging",
        row,
        "show",
        part=parts[number - 1],
        asked=asked[number],
        all_parts=[(part, sum(one.code in standing for one in asked[part.no]), len(asked[part.no])) for part in parts],
        typed=typed,
        found=raw,
        said=standing,
        marks=_marks(row, standing),
        seen=queries.consensus_of(row.id),
        left=len(deciding.undecided(resting)),
        shown=shown,
        results=JudgementResult,
        problem=problem,
        barred=barred,
        back=url_for(HERE, key=row.id),
    )
    return body, 422 if problem is not None else 200
