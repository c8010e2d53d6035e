"""Drafts that wait for a person: a character in no font, a required fact that lacks, a text longer than its box, a clock that was set back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length

from trainhub.certificates import labels, operations, queries, tasks
from trainhub.certificates.layouts.fitting import cause, cuts, cuts_told, labels_of, lacking_by_field, shown_char
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import show_number
from trainhub.certificates.operations._support import lacking_facts
from trainhub.certificates.operations.issuing import clock_told
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import Attested
from trainhub.certificates.views import blueprint
from trainhub.certificates.views._support import in_a_row
from trainhub.kernel import clock, fonts, jobs, paging
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.forms import Form, LongText
from trainhub.kernel.i18n import N_, _, _l, say
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations

MOST_AT_ONCE = 50
"""So many waiting certificates are looked at again while the page is waited for; more are a job."""


class ReleaseForm(Form):
    """The template a waiting certificate is issued from."""

    template = SelectField(_l("证书模板"), [InputRequired()])

    def prepare(self, certificate: Certificate) -> ReleaseForm:
        """The templates its issuer may use for its kind."""
        issuer = organisations.by_id(certificate.issuer_id)
        assert issuer is not None
        self.template.choices = [
            SelectChoice(code, labels.of_layout(one)) for code, one in queries.template_choices(certificate.kind, issuer).items()
        ]
        return self


class DropForm(Form):
    """Why a waiting certificate is given up."""

    reason = LongText(_l("理由"), [DataRequired(_l("请写明理由。")), Length(max=400)], description=_l("记入审计日志，不会公开。"))


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a draft from being issued: characters nothing draws right (field, character, code point, why and what to do), required facts that
    lack, facts that would be cut and by how much.

    Or that the records it rests on do not bear it any more (`is_due`).
    """

    characters: tuple[tuple[str, str, str, str], ...] = ()
    cut: str = ""
    lacks: str = ""
    is_due: bool = True

    @property
    def is_gone(self) -> bool:
        """Whether it can be issued now."""
        return self.is_due and not (self.characters or self.cut or self.lacks)


def obstacles_of(drafts: Sequence[Certificate]) -> dict[int, Obstacle]:
    """What stands in the way of each now, by its id: by the records, the fonts and the templates of today."""
    found = operations.present_of(drafts, clock.today())
    layouts = queries.layouts_in_use(one.template for one in drafts)
    return {one.id: _obstacle(found.get(one.id), layouts[one.template]) for one in drafts}


def _obstacle(found: Attested | None, layout: Layout) -> Obstacle:
    if found is None:
        return Obstacle(is_due=False)
    lacking = lacking_by_field(layout, found.facts)
    called = labels_of(layout, [name for name, _chars in lacking])
    told = [
        (label, shown_char(char), f"U+{ord(char):04X}", cause(char)) for label, (_name, chars) in zip(called, lacking, strict=True) for char in chars
    ]
    facts = {name: str(value) for name, value in found.facts.items()}
    cut = cuts_told(layout, cuts(layout, facts)) if fonts.available() else ""
    return Obstacle(tuple(told), cut, lacking_facts(layout, found.facts))


@blueprint.get("/waiting")
@guard(Can.LIST)
def waiting() -> Any:
    """What waits in the reader's scope, with every character and fact that is in the way."""
    number, size = paging.wanted()
    page = paging.paginate(queries.waiting(who()), number=number, size=size)
    obstacles, subjects = obstacles_of(page.items), queries.subjects_of(page.items)
    rows = [(row, obstacles[row.id], may(who(), Can.ISSUE, subjects[row.id])) for row in page.items]
    return render_template(
        "trainhub/certificates/waiting.html",
        page=page,
        rows=rows,
        can_release=any(allowed for _row, _obstacle, allowed in rows),
        clock=clock_told(),
        rare=[one for one in fonts.inventory() if one.is_fallback],
        labels=labels,
        show_number=show_number,
    )


@blueprint.get("/fonts")
@guard(Can.LIST)
def font_list() -> Any:
    """The fonts documents are drawn with: where they come from, under which licence, which are installed."""
    return render_template("trainhub/certificates/fonts.html", rows=fonts.inventory())


@blueprint.post("/waiting/release")
@guard(Can.LIST)
def release_waiting() -> Any:
    """Look at everything that waits once more, and issue what can be drawn now; many are left to a job, so that nobody waits for the page."""
    count = len(queries.waiting_ids(who()))
    if count > MOST_AT_ONCE:
        with transaction():
            mine = f"{tasks.RELEASE}:account:{who().account_id}"  # pressed again and again: one that has not begun sees all there is
            jobs.ask_anew(tasks.RELEASE, by=who(), title=say(N_("重新检查待处理的证书")), unique_key=mine)
        return done(_("正在后台重新检查 %(n)d 张待处理的证书，可以签发的会陆续签发；稍后刷新本页查看。", n=count), "certificates.waiting")
    found = tasks.release_waiting(who(), lambda _done, _total, _text: None)
    told = _("已签发 %(made)d 张，仍有 %(left)d 张待处理。", made=found.issued, left=found.waiting + found.failed)
    if found.failed:
        told = in_a_row((told, _("其中 %(n)d 张因系统错误没有处理，请联系系统管理员查看日志。", n=found.failed)))
    return done(told, "certificates.waiting")
