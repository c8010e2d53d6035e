"""Shape and type of what people send about accounts."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField
from wtforms.validators import DataRequired, Length

from trainhub.kernel.forms import Form, Text
from trainhub.kernel.i18n import _l


class LoginForm(Form):
    """Name and password; `next` is where to go after."""

    username = Text(_l("用户名、学号、手机号或邮箱"), [DataRequired(_l("请填写登录名。")), Length(max=200)])
    password = PasswordField(_l("密码"), [DataRequired(_l("请填写密码。")), Length(max=1000)])
    next = HiddenField()
