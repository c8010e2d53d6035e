"""Why a certificate is still a draft, for the pages of the rooms that asked for it."""

from __future__ import annotations

from trainhub.certificates import labels, queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations._support import LACKS_FACTS, obstacles_told
from trainhub.certificates.types import State
from trainhub.kernel.i18n import _


def why_it_waits(certificate: Certificate) -> str:
    """In words why it is not issued yet, and where it waits for whom; empty when it is issued. Judged by what it said when it was asked for."""
    if certificate.state is not State.DRAFT:
        return ""
    layout = queries.layouts_in_use([certificate.template])[certificate.template]
    why, told = str(labels.NOTES[certificate.note]), obstacles_told(layout, certificate.facts)
    if told:
        why = told if certificate.note == LACKS_FACTS else _("%(why)s（%(told)s）", why=why, told=told)
    return _("证书还没有签发：%(why)s。它在“证书管理”的“待处理的证书”中，补全或改正后由发证单位签发，编号保留（跨年的换为签发当年的编号）。", why=why)
