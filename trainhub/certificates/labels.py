"""How the values of certificates are called on pages and in files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.certificates.layouts.model import Field, Layout
from trainhub.certificates.types import BatchSource, BatchState, Event, Kind, PrintMode, RunState, SheetState, State, Status, TemplateState
from trainhub.kernel.i18n import _, _l, either


def of_field(field: Field) -> Any:
    """What a field of a layout is called, on a form."""
    return either(field.label, called_in(field.label, field.label_en, english=True))


def called_in(label: str, label_en: str, *, english: bool) -> str:
    """What a field is called in one language: in the official one where it has no English name, so that no value stands without a word."""
    return label_en[:1].upper() + label_en[1:] if english and label_en.strip() else label


def of_layout(layout: Layout) -> Any:
    """The title of a template, on a page."""
    return either(layout.title, layout.title_en)


KINDS: Mapping[Kind, Any] = {
    Kind.COMPLETION: _l("结业证书"),
    Kind.PLACEMENT: _l("企业学习证明"),
    Kind.CAPSTONE: _l("毕业设计证明"),
    Kind.PROGRAMME: _l("培养证书"),
    Kind.TRAINING: _l("培训证书"),
    Kind.MENTOR: _l("企业指导教师证明"),
    Kind.EXAM: _l("考试成绩证明"),
}
STATES: Mapping[State, Any] = {
    State.DRAFT: _l("待处理"),
    State.ISSUED: _l("有效"),
    State.REISSUED: _l("已补发新版"),
    State.SUPERSEDED: _l("已更正"),
    State.SUSPENDED: _l("已暂停"),
    State.REVOKED: _l("已撤销"),
}
LOOKS: Mapping[State, str] = {
    State.DRAFT: "wait",
    State.ISSUED: "ok",
    State.REISSUED: "mute",
    State.SUPERSEDED: "mute",
    State.SUSPENDED: "wait",
    State.REVOKED: "bad",
}
EVENTS: Mapping[Event, Any] = {
    Event.ISSUE: _l("签发"),
    Event.REISSUE: _l("补发"),
    Event.CORRECT: _l("更正"),
    Event.SUSPEND: _l("暂停"),
    Event.RESUME: _l("恢复有效"),
    Event.REVOKE: _l("撤销"),
}
EVENT_HINTS: Mapping[Event, Any] = {
    Event.REISSUE: _l("证书遗失或损坏时使用：编号和内容不变，版次加一，核验码更换，旧证书作废。"),
    Event.CORRECT: _l("内容有误时使用：一人提出、另一人审核；通过后原证书作废，按改正后的内容签发一张新编号的证书。"),
    Event.SUSPEND: _l("需要核查时使用：查验页会显示“已暂停”，核查后可以恢复或撤销。"),
    Event.RESUME: _l("核查结束、证书无误时使用：证书恢复有效。"),
    Event.REVOKE: _l("撤销后不能恢复；误撤销的，须由两人办理重新签发，编号是新的。查验页会显示“已撤销”、日期和理由，持证人会收到通知。"),
}
EVIDENCE: Mapping[str, Any] = {
    "revoked_certificate": _l("原证书"),
    "course": _l("课程"),
    "run": _l("课程"),
    "enrolment": _l("选课"),
    "milestone": _l("完成记录"),
    "placement": _l("企业学习"),
    "weeks": _l("企业学习周数"),
    "capstone": _l("毕业设计"),
    "cohort": _l("年级"),
    "certificate": _l("证书"),
    "batch": _l("签发批次"),
    "training_record": _l("培训记录"),
    "roster": _l("名单"),
}
VERDICTS: Mapping[Status, tuple[Any, Any]] = {
    Status.ISSUED: (_l("证书真实有效"), _l("本平台签发过这张证书，它当前有效。")),
    Status.REISSUED: (_l("这一版证书已作废"), _l("同一编号已补发新版。请持证人出示新版证书，用新的核验码查验。")),
    Status.SUPERSEDED: (_l("证书已更正，这一张作废"), _l("内容有误，已由新编号的证书替代。请持证人出示新证书。")),
    Status.SUSPENDED: (_l("证书已暂停使用"), _l("发证单位正在核查，核查结束前不能作为凭证。")),
    Status.REVOKED: (_l("证书已撤销"), _l("发证单位已撤销这张证书，它不能作为凭证。")),
    Status.TAMPERED: (_l("内容与签发时不一致"), _l("出示的内容被改动过，不能作为凭证。请联系发证单位核实。")),
    Status.UNKNOWN: (_l("没有查到这张证书"), _l("编号或核验码不对，或本平台没有签发过。请对照证书原件逐位核对后再试。")),
}
UNREAD = _l("这个文件不能自动核对")
"""The headline for a file in which there is nothing to look up: nothing was found out about its certificate."""
VERDICT_LOOKS: Mapping[Status, str] = {
    Status.ISSUED: "ok",
    Status.REISSUED: "wait",
    Status.SUPERSEDED: "wait",
    Status.SUSPENDED: "wait",
    Status.REVOKED: "bad",
    Status.TAMPERED: "bad",
    Status.UNKNOWN: "bad",
}
MODES: Mapping[PrintMode, Any] = {
    PrintMode.FULL: _l("全页打印"),
    PrintMode.OVERPRINT: _l("套打（空白证书已印好底纹）"),
}
RUNS: Mapping[RunState, Any] = {
    RunState.DRAWING: _l("绘制中"),
    RunState.DRAWN: _l("已完成"),
    RunState.SETTLED: _l("已核销"),
}
SHEETS: Mapping[SheetState, Any] = {
    SheetState.TAKEN: _l("已领用"),
    SheetState.USED: _l("已使用"),
    SheetState.SPOILED: _l("已作废"),
    SheetState.RETURNED: _l("已退回"),
}
SOURCES: Mapping[BatchSource, Any] = {
    BatchSource.SELECTION: _l("选择人员"),
    BatchSource.IMPORT: _l("名单导入"),
    BatchSource.CORRECTION: _l("更正"),
    BatchSource.RENEWAL: _l("重新签发"),
}
BATCHES: Mapping[BatchState, Any] = {
    BatchState.PREPARED: _l("待审核"),
    BatchState.APPROVED: _l("签发中"),
    BatchState.REJECTED: _l("已退回"),
    BatchState.ISSUED: _l("已签发完"),
}
NOTES: Mapping[str, Any] = {
    "needs_glyph": _l("有不能打印的字"),
    "lacks_facts": _l("缺少必填的内容"),
    "overflows": _l("内容太长，会被截断"),
    "clock": _l("服务器时钟曾被调回"),
    "dropped": _l("已作废，不再签发"),
}
"""Why a draft waits for a person."""
BATCH_LOOKS: Mapping[BatchState, str] = {
    BatchState.PREPARED: "wait",
    BatchState.APPROVED: "info",
    BatchState.REJECTED: "bad",
    BatchState.ISSUED: "ok",
}
TEMPLATES: Mapping[TemplateState, Any] = {
    TemplateState.DRAFT: _l("草稿"),
    TemplateState.SUBMITTED: _l("待审核"),
    TemplateState.APPROVED: _l("在用"),
    TemplateState.RETIRED: _l("已停用"),
}
TEMPLATE_LOOKS: Mapping[TemplateState, str] = {
    TemplateState.DRAFT: "mute",
    TemplateState.SUBMITTED: "wait",
    TemplateState.APPROVED: "ok",
    TemplateState.RETIRED: "mute",
}

ELEMENTS: Mapping[str, Any] = {
    "text": _l("文字"),
    "rule": _l("线"),
    "panel": _l("色块"),
    "border": _l("边框"),
    "rosette": _l("底纹"),
    "divider": _l("分隔"),
    "seal": _l("印章（绘制）"),
    "qr": _l("二维码"),
    "image": _l("图片"),
    "signature": _l("签名处"),
}
PROPERTIES: Mapping[str, Any] = {
    "text": _l("文字"),
    "box": _l("位置和大小（左、上、宽、高）"),
    "font": _l("字体"),
    "size": _l("字号"),
    "min_size": _l("最小字号"),
    "max_lines": _l("最多行数"),
    "leading": _l("行距"),
    "align": _l("水平对齐"),
    "valign": _l("垂直对齐"),
    "color": _l("颜色"),
    "light": _l("浅色"),
    "tracking": _l("字距（千分之一字宽）"),
    "lang": _l("日期和缺项的文字"),
    "needs": _l("缺这一项时不印"),
    "unless": _l("有这一项时不印"),
    "x1": _l("起点 左"),
    "y1": _l("起点 上"),
    "x2": _l("终点 左"),
    "y2": _l("终点 上"),
    "x": _l("中心 左"),
    "y": _l("中心 上"),
    "width": _l("宽"),
    "radius": _l("半径"),
    "inset": _l("距页边"),
    "band": _l("花边宽"),
    "line": _l("印章下方文字"),
    "level": _l("容错级别"),
    "image": _l("图片"),
    "on_blank": _l("印在印刷厂底版上（印章、签名选否）"),
    "label": _l("签名处文字"),
    "label_en": _l("签名处英文"),
}
CHOICES: Mapping[str, Any] = {
    "serif": _l("宋体"),
    "serif-bold": _l("宋体加粗"),
    "sans": _l("黑体"),
    "sans-bold": _l("黑体加粗"),
    "left": _l("靠左"),
    "center": _l("居中"),
    "right": _l("靠右"),
    "top": _l("靠上"),
    "middle": _l("居中"),
    "bottom": _l("靠下"),
    "zh": _l("中文"),
    "en": _l("英文"),
    "no": _l("否"),
    "yes": _l("是"),
    "L": "L",
    "M": "M",
}
EDITOR: Mapping[str, Any] = {
    "page": _l("整页"),
    "nothing": _l("点选页面上的元素进行修改；方向键移动，Shift 加方向键改大小，Delete 删除。"),
    "remove": _l("删除"),
    "copy": _l("复制一份"),
    "up": _l("上移一层"),
    "down": _l("下移一层"),
    "none": _l("（无）"),
    "at": _l("第 {n} 个元素：{kind} {what}"),
    "field": _l("插入内容"),
    "name": _l("姓名"),
    "number": _l("证书编号"),
    "code": _l("核验码"),
    "broken": _l("JSON 有误，改正后才能用图形方式编辑：{what}"),
}
"""What the page on which layouts are drawn up says."""


def page_note(state: State, *, has_page: bool) -> str:
    """Why a certificate of a print run has no page, or its page must not be handed out; nothing when it may."""
    if not has_page:
        return _("打印前状态已变更，未打印")
    return "" if state is State.ISSUED else _("%(state)s：不要发放，已印好的请抽出", state=str(STATES[state]))
