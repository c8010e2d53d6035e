"""Forms of announcements and messages."""

from __future__ import annotations

from wtforms import DateTimeLocalField
from wtforms.validators import InputRequired, Length, Optional

from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _l


class AnnouncementForm(Form):
    """What all learners are told, and when."""

    title = Text(_l("标题"), [InputRequired(), Length(max=200)])
    body = LongText(_l("内容"), [InputRequired(), Length(max=20_000)], description=_l("可用 Markdown 书写"))
    publish_at = DateTimeLocalField(_l("发布时间"), [Optional()], description=_l("北京时间；留空表示立即发布"))


class MessageForm(Form):
    """A new conversation."""

    subject = Text(_l("主题"), [InputRequired(), Length(max=200)])
    body = LongText(_l("内容"), [InputRequired(), Length(max=5000)])


class ReplyForm(Form):
    """One more message."""

    body = LongText(_l("回复"), [InputRequired(), Length(max=5000)])
