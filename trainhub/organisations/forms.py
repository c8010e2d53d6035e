"""Shape of what people type about organisations."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import BooleanField, DateField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from trainhub.kernel.access import Identity
from trainhub.kernel.fields import NEEDED, blank, optional_int, pick, values_of
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _, _l
from trainhub.organisations import labels, queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.permissions import VERIFIERS
from trainhub.organisations.rules import JUDGED, PLACED
from trainhub.organisations.types import EnterpriseSize, HostSide, OrganisationFilter, OrganisationKind, OrganisationState

PARENT_KINDS = tuple(kind for kind in OrganisationKind if kind not in (OrganisationKind.ENTERPRISE, OrganisationKind.BASE))


def wanted() -> OrganisationFilter:
    """The filter of the list, from the address."""
    return OrganisationFilter(
        kind=pick(OrganisationKind, "kind"),
        state=pick(OrganisationState, "state"),
        region=request.args.get("region", "")[:6],
        text=request.args.get("q", "")[:100],
    )


class OrganisationForm(Form):
    """The facts of an organisation."""

    name = Text(_l("名称"), [DataRequired(NEEDED), Length(max=200)])
    short_name = Text(_l("简称"), [Length(max=60)])
    name_en = Text(_l("英文名称"), [Length(max=200)])
    uscc = CodeText(_l("统一社会信用代码"), [Length(max=40)], description=_l("18 位，企业核验时必须有。"))
    region_code = SelectField(_l("所在地区"), [Optional()], coerce=str)
    address = Text(_l("地址"), [Length(max=200)])
    parent_id = SelectField(_l("上级单位"), [Optional()], coerce=optional_int)
    level = Text(_l("办学层次"), [Length(max=40)], description=_l("学校填写，如 本科、专科。"))
    supervising_department = Text(_l("主管部门"), [Length(max=100)])
    ownership = Text(_l("性质"), [Length(max=40)], description=_l("如 公办、民办。"))
    size = SelectField(_l("企业规模"), [Optional()], coerce=lambda value: EnterpriseSize(value) if value else None)
    is_internet_enterprise = BooleanField(_l("互联网企业"), description=_l("以互联网建设、运行、应用为主要业态的企业（福建省十条措施附则）。"))
    is_leading_internet = BooleanField(_l("互联网龙头企业"))
    allows_self_registration = BooleanField(_l("允许学员自行注册"), description=_l("学员可用邮箱验证码在本机构名下注册。"))
    contact_name = Text(_l("联系人"), [Length(max=60)])
    contact_phone = CodeText(_l("联系电话"), [Length(max=40)])
    cio_name = Text(_l("首席信息官"), [Length(max=60)])

    def prepare(self, identity: Identity, *, of: Organisation | None = None) -> OrganisationForm:
        """Fill the choices; the parent of today stays one of them."""
        self.region_code.choices = blank(queries.region_choices())
        parents = dict(queries.choices(*PARENT_KINDS, identity=identity))
        if of is not None and of.parent_id is not None:
            parents.update(queries.names_of([of.parent_id]))
        self.parent_id.choices = blank([(key, name) for key, name in parents.items() if of is None or key != of.id])
        self.size.choices = blank([(size.value, label) for size, label in labels.SIZES.items()])
        if of is not None and not identity.over(queries.subject_of(of), *VERIFIERS):
            for name in (*JUDGED, *(key for key in PLACED if of.state is not OrganisationState.REGISTERED or getattr(of, key) is not None)):
                del self[name]
        return self

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        names = [name for name in self._fields if name not in ("version", "submission_key", "csrf_token", "code", "kind")]
        return values_of(self, names)


class NewOrganisationForm(OrganisationForm):
    """The same with what never changes afterwards."""

    code = CodeText(
        _l("机构代码"), [DataRequired(NEEDED), Length(max=40)], description=_l("院校填教育部代码，企业填统一社会信用代码（还没有的另编代码）。")
    )
    kind = SelectField(_l("类型"), [InputRequired(NEEDED)], coerce=str, choices=lambda: [(kind.value, label) for kind, label in labels.KINDS.items()])


class ReasonForm(Form):
    """A reason for something that cannot be taken back lightly."""

    reason = LongText(_l("理由"), [DataRequired(NEEDED), Length(max=500)])


class HostForm(Form):
    """Who hosts a base."""

    organisation_id = SelectField(_l("共建单位"), [InputRequired(NEEDED)], coerce=optional_int)
    side = SelectField(_l("所在一方"), coerce=str, choices=lambda: [(side.value, label) for side, label in labels.SIDES.items()])
    is_lead = BooleanField(_l("牵头单位"))
    since = DateField(_l("开始日期"), [Optional()])

    def prepare(self, identity: Identity, *, without: int) -> HostForm:
        """Fill the choices."""
        self.organisation_id.choices = blank([row for row in queries.choices(identity=identity) if row[0] != without])
        return self

    @property
    def chosen_side(self) -> HostSide:
        """The side as a value."""
        return HostSide(self.side.data)


class PlainForm(Form):
    """A button: version and submission key only."""


def count_text(total: int) -> str:
    """The count above a list of organisations."""
    return _("共 %(n)s 个机构", n=f"{total:,}")
