"""What somebody was asked to judge of capstones, whatever role is held: a head reviews, an officer sits in a panel."""

from __future__ import annotations

from datetime import date

from enterprises.capstones import queries as capstones
from enterprises.capstones.queries.defences import meetings_of, records_due
from enterprises.capstones.queries.judging import thirds_of
from enterprises.capstones.queries.stages import is_asked_to_judge
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _, format_date
from trainhub.oversight.home.links import link
from trainhub.oversight.home.types import Todo


def todos(identity: Identity, today: date) -> list[Todo]:
    """Reviews, third grades, records and opinions that are not signed, and defences to come."""
    person_id, found = identity.person_id, list[Todo]()
    if person_id is None or not is_asked_to_judge(person_id):  # most people never are: one question on the first page of every student
        return found
    url = link(identity, "capstones.tasks")
    reviews = [row for row, _title in capstones.tasks_of(person_id)["reviews"] if row.signed_at is None]
    if reviews:
        first = min(row.due_on for row in reviews)
        said = _("最早一份请在 %(day)s 前完成", day=format_date(first))
        found.append(Todo(_("评阅毕业设计论文"), url, _("去评阅"), len(reviews), said, 0, "pen", first))
    thirds = [row for row, _title, is_needed in thirds_of(person_id, today) if is_needed and row.signed_at is None]
    if thirds:
        found.append(Todo(_("第三方评分"), url, _("去评分"), len(thirds), _("双方评分相差过大，等待你的评分"), 0, "graduate"))
    records = records_due(person_id, today)
    if records:
        found.append(Todo(_("登记答辩记录"), url, _("去登记"), len(records), _("答辩已到日期，登记后才能公布成绩"), 0, "edit"))
    meetings = meetings_of(person_id, today)
    if meetings:
        at = meetings[0]
        said = _("最近一场：%(day)s，%(room)s", day=format_date(at.on), room=at.room)
        found.append(Todo(_("参加毕业设计答辩"), url, _("查看"), len(meetings), said, 1, "users", at.on))
    opinions = [row for row, _title in capstones.spot_tasks(person_id) if row.signed_at is None]
    if opinions:
        found.append(Todo(_("评议抽检论文"), url, _("去评议"), len(opinions), _("只看匿名稿，签名后不能更改"), 0, "search"))
    return found
