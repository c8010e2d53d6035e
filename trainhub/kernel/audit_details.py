"""The details of an audit event as a list that people read: a name for each value that is known, the value in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trainhub.kernel.i18n import _, _l, listed

NAMES: Mapping[str, Any] = {
    "accepted": _l("已接收"),
    "account": _l("账号"),
    "after": _l("之后"),
    "again": _l("再次办理"),
    "agreement": _l("协议"),
    "amount": _l("金额"),
    "base": _l("基地"),
    "before": _l("之前"),
    "block": _l("内容"),
    "categories": _l("类别"),
    "certificate": _l("证书编号"),
    "clause": _l("条款"),
    "code": _l("代码"),
    "cohort": _l("年级"),
    "completed_on": _l("完成日期"),
    "copied_from": _l("复制自"),
    "count": _l("数量"),
    "counted": _l("计入目标"),
    "course": _l("课程"),
    "criterion": _l("指标"),
    "day": _l("日期"),
    "days": _l("日期"),
    "deadline": _l("截止日期"),
    "decision": _l("判定"),
    "department": _l("部门"),
    "document": _l("依据文书"),
    "duplicates": _l("重复"),
    "email": _l("邮箱"),
    "employment": _l("工作经历"),
    "ends_on": _l("结束日期"),
    "enterprise": _l("企业"),
    "entry": _l("条目"),
    "failures": _l("失败次数"),
    "fields": _l("修改的字段"),
    "file": _l("文件"),
    "format": _l("格式"),
    "from": _l("原"),
    "goal": _l("目标"),
    "graduated_on": _l("毕业日期"),
    "guardian": _l("监护人"),
    "hold": _l("保全编号"),
    "host": _l("共建单位"),
    "hours": _l("学时"),
    "id_mask": _l("证件号码"),
    "ids": _l("编号"),
    "into": _l("并入"),
    "is_designated": _l("已指定"),
    "is_lead": _l("牵头"),
    "is_same": _l("同一人"),
    "key": _l("标识"),
    "kind": _l("类型"),
    "label": _l("用途"),
    "language": _l("语言"),
    "lead": _l("牵头"),
    "leader": _l("负责人"),
    "left_out": _l("未列入"),
    "message": _l("说明"),
    "moved": _l("归并的记录"),
    "name": _l("姓名"),
    "new_persons": _l("新登记人员"),
    "no": _l("序号"),
    "note": _l("说明"),
    "number": _l("编号"),
    "on": _l("日期"),
    "organisation": _l("机构"),
    "other": _l("另一人"),
    "outcome": _l("结果"),
    "owner": _l("开课单位"),
    "pages": _l("页数"),
    "party": _l("签署方"),
    "person": _l("人员编号"),
    "person_id": _l("人员编号"),
    "persons": _l("人员编号"),
    "placements": _l("实习"),
    "planned": _l("计划"),
    "position": _l("岗位"),
    "positions": _l("岗位"),
    "post": _l("职务"),
    "programme": _l("专业"),
    "purpose": _l("用途"),
    "question": _l("题目"),
    "reached_on": _l("达成日期"),
    "reason": _l("理由"),
    "rejected": _l("被退回"),
    "result": _l("结果"),
    "role": _l("角色"),
    "row": _l("行"),
    "rows": _l("行数"),
    "rule": _l("规则"),
    "run": _l("期次编号"),
    "scopes": _l("范围"),
    "score": _l("成绩"),
    "seats": _l("席位"),
    "session": _l("登录会话"),
    "sessions": _l("会话数"),
    "sha256": _l("文件校验值"),
    "shares": _l("占比"),
    "side": _l("签署方"),
    "signed_on": _l("签署日期"),
    "since": _l("起"),
    "source": _l("来源"),
    "spent": _l("支出"),
    "staff_no": _l("工号"),
    "stage": _l("阶段"),
    "standards": _l("标准"),
    "starts_on": _l("开始日期"),
    "state": _l("状态"),
    "stayed": _l("留在原处的记录"),
    "step": _l("步骤"),
    "student": _l("学生编号"),
    "student_no": _l("学号"),
    "table": _l("登记表"),
    "target": _l("目标"),
    "teacher": _l("教师编号"),
    "term": _l("学期"),
    "terms": _l("学期"),
    "text": _l("内容"),
    "title": _l("标题"),
    "to": _l("至"),
    "topic": _l("选题"),
    "topics": _l("选题"),
    "training": _l("培训"),
    "type": _l("类型"),
    "university": _l("学校"),
    "until": _l("止"),
    "verdict": _l("结论"),
    "version": _l("版本"),
    "week": _l("周"),
    "weeks": _l("周数"),
    "weight": _l("权重"),
    "year": _l("年度"),
    "years": _l("年限"),
}
"""Names of details; a suffix _x10 (tenths) or _fen (money) belongs to the value."""
MOST = 12
"""Values of a list that are written out; the rest is counted."""


def details(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value in words) of every detail that says something, nested ones with the name of the outer in front."""
    return list(_flat(data, ""))


def _flat(data: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if value is None or value == "" or value == [] or value == {}:
            continue
        label = f"{before}{_name(str(key))}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{label} · ")
        else:
            yield label, _told(str(key), value)


def name_of(key: str) -> str:
    """What a detail is called."""
    return _name(key)


def _name(key: str) -> str:
    stem = key.removesuffix("_x10").removesuffix("_fen")
    known = NAMES.get(key) or NAMES.get(stem)
    return str(known) if known is not None else stem.replace("_", " ").replace(".", " · ")


def _told(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int) and key.endswith("_x10"):
        return f"{value / 10:g}"
    if isinstance(value, int) and key.endswith("_fen"):
        return f"¥{value / 100:,.2f}"
    if isinstance(value, list):
        shown = listed(_told(key, one) if not isinstance(one, Mapping) else "，".join(f"{n} {v}" for n, v in _flat(one, "")) for one in value[:MOST])
        return shown if len(value) <= MOST else _("%(shown)s 等 %(n)s 项", shown=shown, n=len(value))
    return str(value)
