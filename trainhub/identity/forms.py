"""Shape and type of what people send about accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, DateField, HiddenField, IntegerField, PasswordField, RadioField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainhub.identity import rules
from trainhub.identity.labels import CHANNELS, LOGIN_KINDS, REQUEST_KINDS, REQUEST_STATES
from trainhub.identity.types import Channel, LoginKind, RequestKind, RequestState
from trainhub.kernel.access import ROLE_LABELS, Role, ScopeKind
from trainhub.kernel.forms import Checks, CodeText, Form, LongText, Text
from trainhub.kernel.i18n import LANGUAGES, _, _l, listed
from trainhub.people.labels import ID_TYPES
from trainhub.people.types import IdType

_PASSWORD = [DataRequired(_l("请填写密码。")), Length(max=1000)]
_AGAIN = [DataRequired(_l("请再输入一次新密码。")), Length(max=1000)]


def _same(form: Any, field: Any, other: str) -> bool:
    if form[other].data and form[other].data != field.data:
        field.errors = [*field.errors, _("两次输入的密码不一致。")]
        return False
    return True


class LoginForm(Form):
    """Name and password; `next` is where to go after."""

    username = CodeText(_l("用户名、学号、手机号或邮箱"), [DataRequired(_l("请填写登录名。")), Length(max=200)])
    password = PasswordField(_l("密码"), _PASSWORD)
    next = HiddenField()


class CodeForm(Form):
    """One short code."""

    code = CodeText(_l("验证码"), [DataRequired(_l("请填写验证码。")), Length(max=40)])


class RegistrationCodeForm(CodeForm):
    """The code that ends a registration, and the user name once more: somebody may have taken it meanwhile."""

    username = CodeText(_l("用户名"), [Length(max=60)])


class ForgotForm(Form):
    """For whom a reset is asked."""

    username = CodeText(_l("用户名、学号、手机号或邮箱"), [DataRequired(_l("请填写登录名。")), Length(max=200)])


class NewPasswordForm(Form):
    """A new password, twice; a user name where the account has nothing to sign in by yet."""

    username = CodeText(_l("用户名"), [Length(max=60)], description=_l("用于登录，至少3个字符，不能全是数字。"))
    password = PasswordField(_l("新密码"), _PASSWORD)
    again = PasswordField(_l("再输入一次"), _AGAIN)

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators)) and _same(self, self.again, "password")


class ChangePasswordForm(Form):
    """The old password and a new one, twice."""

    old = PasswordField(_l("当前密码"), _PASSWORD)
    new = PasswordField(_l("新密码"), _PASSWORD)
    again = PasswordField(_l("再输入一次新密码"), _AGAIN)

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators)) and _same(self, self.again, "new")


class PasswordForm(Form):
    """One's own password once more, before something serious."""

    password = PasswordField(_l("当前密码"), _PASSWORD)


class LoginNameForm(Form):
    """One more name to sign in by."""

    kind = RadioField(_l("方式"), [InputRequired(_l("请选择方式。"))], choices=[])
    value = CodeText(_l("登录名"), [DataRequired(_l("请填写登录名。")), Length(max=200)])

    def __init__(self, kinds: Iterable[LoginKind], **kw: Any) -> None:
        super().__init__(**kw)
        self.kind.choices = [(kind.value, LOGIN_KINDS[kind]) for kind in kinds]


class OwnLoginForm(LoginNameForm):
    """The same for oneself."""

    password = PasswordField(_l("当前密码"), _PASSWORD)


class DropLoginForm(Form):
    """A name of one's own to sign in by no longer."""

    login_id = RadioField(_l("要删除的登录名"), [InputRequired(_l("请选择要删除的登录名。"))], coerce=int, choices=[])
    password = PasswordField(_l("当前密码"), _PASSWORD)

    def __init__(self, names: Iterable[tuple[int, str]], **kw: Any) -> None:
        super().__init__(**kw)
        self.login_id.choices = list(names)


class PreferencesForm(Form):
    """Language and e-mail."""

    language = RadioField(_l("界面与邮件语言"), [InputRequired()], choices=[])
    wants_email = BooleanField(_l("把通知同时发到我的邮箱"))
    wants_digest = BooleanField(_l("每天汇总成一封，不逐条发送"))

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        self.language.choices = list(LANGUAGES.items())


class TokenForm(Form):
    """A new API token."""

    label = Text(_l("用途"), [DataRequired(_l("请写明用途。")), Length(max=100)], description=_l("例如：教务系统每日同步。"))
    scopes = Checks(_l("权限范围"), [DataRequired(_l("请至少选择一项权限范围。"))], description=_l("令牌不会超出你本人的权限。"))
    days = IntegerField(_l("有效天数"), [InputRequired(_l("请填写天数。")), NumberRange(1, 3660)], default=90)
    password = PasswordField(_l("当前密码"), _PASSWORD)


class ConsentForm(Form):
    """Consent to the privacy notice; a guardian is named for a child."""

    notice = HiddenField()
    """The version of the notice beside the box."""
    guardian_name = Text(_l("监护人姓名"), [Length(max=60)])
    guardian_phone = CodeText(_l("监护人手机号"), [Length(max=40)])
    consent = BooleanField(_l("我已阅读并同意隐私说明"), [InputRequired(_l("请勾选同意后继续；不同意则无法使用需要登录的功能。"))])


class RegisterForm(Form):
    """What a trainee fills in; identity document and guardian only where needed."""

    organisation_id = SelectField(_l("培训机构"), [InputRequired()], coerce=int, description=_l("只列出开放自行注册的机构。"))
    name = Text(_l("姓名"), [DataRequired(_l("请填写真实姓名，证书将使用它。")), Length(max=60)])
    birth_on = DateField(_l("出生日期"), [InputRequired(_l("请填写出生日期，如 2008-05-01。"))])
    id_type = SelectField(_l("证件类型"), choices=[], validators=[Optional()])
    id_number = CodeText(_l("证件号码"), [Length(max=40)], description=_l("计入培训目标、发放证书前必须填写，现在可以不填，以后在“我的数据”中补填。"))
    channel = RadioField(_l("验证方式"), [InputRequired(_l("请选择验证方式。"))], choices=[])
    address = CodeText(_l("邮箱或手机号"), [DataRequired(_l("请填写接收验证码的地址。")), Length(max=200)])
    username = CodeText(_l("用户名"), [DataRequired(_l("请填写用户名。")), Length(max=60)], description=_l("用于登录，至少3个字符，不能全是数字。"))
    password = PasswordField(_l("密码"), _PASSWORD)
    guardian_name = Text(_l("监护人姓名"), [Length(max=60)])
    guardian_phone = CodeText(_l("监护人手机号"), [Length(max=40)])
    notice = HiddenField()
    """The version of the notice that the page led to."""
    consent = BooleanField(_l("我已阅读并同意隐私说明"), [InputRequired(_l("请先阅读隐私说明并勾选同意。"))])

    def __init__(self, organisations: list[tuple[int, str]], channels: list[Channel], **kw: Any) -> None:
        super().__init__(**kw)
        self.organisation_id.choices = organisations
        self.channel.choices = [(c.value, CHANNELS[c]) for c in channels]
        if len(channels) == 1:
            self.channel.data = self.channel.data or channels[0].value
        self.id_type.choices = [
            ("", _("暂不填写")),
            (IdType.RESIDENT_ID.value, _("居民身份证")),
            (IdType.PASSPORT.value, _("护照")),
            (IdType.MAINLAND_PERMIT_HK_MO.value, _("港澳居民来往内地通行证")),
            (IdType.MAINLAND_PERMIT_TW.value, _("台湾居民来往大陆通行证")),
        ]


class GrantForm(Form):
    """A role over one scope: an organisation, a programme or a region, or everything."""

    role = SelectField(_l("角色"), [InputRequired()], coerce=Role)
    organisation_id = SelectField(_l("机构"), coerce=lambda v: int(v) if v else None, description=_l("按机构授权的角色选择。"))
    programme_id = SelectField(_l("专业点"), coerce=lambda v: int(v) if v else None, description=_l("按专业点授权的角色选择。"))
    region_code = SelectField(_l("地区"), coerce=lambda v: v or None, description=_l("按地区授权的角色选择。"))
    since = DateField(_l("开始日期"), [Optional()])
    until = DateField(_l("结束日期"), [Optional()], description=_l("含当日；不填则长期有效。"))

    def __init__(
        self,
        roles: tuple[Role, ...],
        organisations: list[tuple[int, str]],
        programmes: list[tuple[int, str]],
        regions: list[tuple[str, str]],
        **kw: Any,
    ) -> None:
        super().__init__(**kw)
        self.role.choices = [(role.value, f"{ROLE_LABELS[role]}（{scope_words(role)}）") for role in roles]
        self.organisation_id.choices = [("", "—"), *organisations]
        self.programme_id.choices = [("", "—"), *programmes]
        self.region_code.choices = [("", "—"), *regions]


class AccountForm(GrantForm):
    """A new account: name, ways to sign in, and its first role."""

    name = Text(_l("姓名"), [Length(max=60)])
    username = CodeText(_l("用户名"), [Length(max=60)])
    email = CodeText(_l("邮箱"), [Length(max=200)], description=_l("邀请会发到这个邮箱；没有邮箱时，请把页面上的邀请链接转交本人。"))
    phone = CodeText(_l("手机号"), [Length(max=40)])


class ReasonForm(Form):
    """A reason."""

    reason = LongText(_l("原因"), [DataRequired(_l("请写明原因。")), Length(max=500)])


class RequestForm(Form):
    """A request about one's own data."""

    kind = RadioField(_l("申请事项"), [InputRequired(_l("请选择申请事项。"))], choices=[])
    text = LongText(_l("说明"), [DataRequired(_l("请写明要更正或删除什么，以及原因。")), Length(max=2000)])

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        self.kind.choices = [(kind.value, REQUEST_KINDS[kind]) for kind in RequestKind]


class OwnNumberForm(Form):
    """The number of one's own identity document."""

    id_type = SelectField(_l("证件类型"), coerce=IdType, choices=lambda: [(kind.value, label) for kind, label in ID_TYPES.items()])
    id_number = CodeText(_l("证件号码"), [DataRequired(_l("请填写证件号码。")), Length(max=40)], description=_l("加密保存，页面只显示掩码。"))


class DecisionForm(Form):
    """The answer to such a request."""

    state = RadioField(_l("处理结果"), [InputRequired(_l("请选择处理结果。"))], choices=[])
    answer = LongText(_l("答复"), [DataRequired(_l("请写明处理结果。")), Length(max=2000)])
    closes_account = BooleanField(
        _l("同时注销账号"),
        description=_l(
            "登录名、密码、角色和令牌都会清除，不能找回，以后只能重新开通；不再在学、任教或指导的，手机号码和邮箱也一并抹去；依规定保存的业务记录不受影响。"
        ),
    )

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        self.state.choices = [(s.value, REQUEST_STATES[s]) for s in (RequestState.DONE, RequestState.REFUSED)]


def scope_words(role: Role) -> str:
    """Over what a role is granted, for its line in a choice."""
    names = {
        ScopeKind.EVERYTHING: _("全省"),
        ScopeKind.ORGANISATION: _("按机构"),
        ScopeKind.PROGRAMME: _("按专业点"),
        ScopeKind.REGION: _("按地区"),
    }
    return listed(names[kind] for kind in ScopeKind if kind in rules.SCOPES_OF[role])
