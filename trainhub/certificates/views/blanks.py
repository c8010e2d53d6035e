"""The blanks of templates for a printing house, see `layouts.blank`."""

from __future__ import annotations

import io
from typing import Any

from flask import send_file

from trainhub.certificates import queries
from trainhub.certificates.checking import unprintable_wording
from trainhub.certificates.layouts.blank import blank
from trainhub.certificates.layouts.model import Layout, built_in, codes
from trainhub.certificates.models import CertificateTemplate
from trainhub.certificates.operations.templates import note_blank
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import TemplateState
from trainhub.certificates.views import blueprint
from trainhub.certificates.views.templates import load_template
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, clauses


class NotApproved(Refused):
    """A version that nobody may issue from is sent to no printing house."""

    code = "not_approved"
    status = 409


class Unprintable(Refused):
    """The fonts of this machine lack a letter of the template's own words."""

    code = "needs_glyph"
    status = 409


def _sent(layout: Layout, template: CertificateTemplate | None = None) -> Any:
    wrong = unprintable_wording(layout)
    if wrong:
        raise Unprintable(_("有不能打印的字，没有生成文件。%(told)s。", told=clauses(wrong)))
    drawn = blank(layout)
    with transaction():
        note_blank(layout=layout, template=template, by=who())
    return send_file(io.BytesIO(drawn), mimetype="application/pdf", as_attachment=True, download_name=f"{layout.key}-blank.pdf")


@blueprint.get("/templates/<int:template_id>/blank.pdf")
@guard(Can.TEMPLATE_VIEW, load=load_template, subject=queries.subject_of_template)
def template_blank(row: CertificateTemplate) -> Any:
    """The blank of an approved version, also of one that is out of use: runs are printed from it still."""
    if row.state not in (TemplateState.APPROVED, TemplateState.RETIRED):
        raise NotApproved(_("这个版本还没有批准，没有空白底版：批准后再交印刷厂。"))
    return _sent(queries.layout_of(row.code, row.edition), row)


@blueprint.get("/templates/built-in/<kind>/blank.pdf")
@guard(Can.TEMPLATE_LIST)
def built_in_blank(kind: str) -> Any:
    """The blank of the built-in template of a kind."""
    if kind not in codes():
        raise NotFound(_("没有这个证书模板。"))
    return _sent(built_in(kind))
