"""The leaves of a course: everything that is neither structure nor a problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from courses.interop.olx import markup, values
from courses.interop.olx.markup import Element
from courses.interop.olx.problems import tenths, whole
from courses.interop.types import (
    Content,
    CriterionDoc,
    DiscussionDoc,
    FileDoc,
    LevelDoc,
    LtiDoc,
    OpenAssessmentDoc,
    PollDoc,
    StepDoc,
    SurveyDoc,
    UnknownDoc,
    VideoDoc,
)
from trainhub.kernel.i18n import _

Settings = Mapping[str, str]
# Wrappers whose children are shown in order; what the wrapper itself does is lost and said so.
POOLS = frozenset({"library_content", "legacy_library_content", "itembank"})
"""Problems of which each learner gets some; the words of WRAPPERS are for those that hold anything else."""
WRAPPERS: dict[str, Callable[[], str]] = {
    "library_content": lambda: _("其中不全是单道题，不能随机抽取，各项按顺序全部保留"),
    "legacy_library_content": lambda: _("其中不全是单道题，不能随机抽取，各项按顺序全部保留"),
    "itembank": lambda: _("其中不全是单道题，不能随机抽取，各项按顺序全部保留"),
    "randomize": lambda: _("随机选择没有导入，其中各项按顺序全部保留"),
    "split_test": lambda: _("分组实验没有导入，各组内容按顺序全部保留"),
    "conditional": lambda: _("显示条件没有导入，内容始终显示"),
    "problemset": lambda: _("题组按页面导入"),
    "videosequence": lambda: _("视频序列按页面导入"),
    "wrapper": lambda: _("包装层没有导入，内容保留"),
    "unit": lambda: _("单元按页面导入"),
}
REASONS: dict[str, Callable[[], str]] = {
    "annotatable": lambda: _("文本批注没有对应组件，保留原文"),
    "azure_media_services": lambda: _("Azure 媒体服务视频没有对应组件，保留原文"),
    "done": lambda: _("“完成”按钮由学习进度代替"),
    "drag-and-drop-v2": lambda: _("拖放题没有对应组件，保留原文"),
    "edx_sga": lambda: _("教师评分作业没有对应组件，保留原文，请改建为开放作业"),
    "staffgradedxblock": lambda: _("线下评分项没有对应组件，保留原文，请改建为人工评分"),
    "oppia": lambda: _("Oppia 互动没有对应组件，保留原文"),
    "scorm": lambda: _("SCORM 课件没有对应组件，保留原文"),
    "word_cloud": lambda: _("词云没有对应组件，保留原文"),
    "recommender": lambda: _("资源推荐没有对应组件，保留原文"),
}


def read_leaf(tag: str, element: Element, settings: Settings) -> Content | None:
    """A leaf we know; None for any other tag (a caller makes it an `UnknownDoc`)."""
    reader = _READERS.get(tag)
    return reader(element, settings) if reader else None


def is_known(tag: str) -> bool:
    """Whether `read_leaf` reads this tag."""
    return tag in _READERS


def first_title(element: Element) -> str:
    """The title that stands inside an open assessment."""
    node = next((child for child in element if markup.tag_of(child) == "title"), None)
    return markup.text_of(node) if node is not None else ""


def unknown(tag: str, element: Element) -> UnknownDoc:
    """A block that is kept as text."""
    reason = REASONS.get(tag)
    copy = deepcopy(element)
    for name in ("url_name", "slug", "display_name"):  # they are the block's key and title
        copy.attrib.pop(name, "")
    source = markup.outer(copy)
    return UnknownDoc(tag, source, reason() if reason else _("没有与 %(tag)s 对应的组件，保留原文", tag=tag))


def _video(element: Element, settings: Settings) -> Content:
    sources = [str(node.get("src")) for node in element if markup.tag_of(node) == "source" and node.get("src")]
    if not sources:
        listed = values.from_json(settings.get("html5_sources", ""))
        sources = [str(item) for item in listed] if isinstance(listed, list) else []
    if not sources and settings.get("source"):
        sources = [settings["source"]]
    youtube = settings.get("youtube_id_1_0", "")
    if not youtube and settings.get("youtube"):
        speeds = dict(part.partition(":")[::2] for part in settings["youtube"].split(","))
        youtube = (speeds.get("1.00") or speeds.get("1.0") or settings["youtube"].rpartition(":")[2]).strip()
    transcripts: dict[str, str] = {}
    listed = values.from_json(settings.get("transcripts", ""))
    if isinstance(listed, dict):
        transcripts.update({str(k): str(v) for k, v in listed.items() if v})
    for node in element:
        if markup.tag_of(node) == "transcript" and node.get("language") and node.get("src"):
            transcripts[str(node.get("language"))] = str(node.get("src"))
    if settings.get("sub") and "en" not in transcripts:
        transcripts["en"] = f"subs_{settings['sub']}.srt.sjson"
    asset = next((node for node in element if markup.tag_of(node) == "video_asset"), None)
    links = {markup.tag_of(node): str(node.get("src") or "") for node in element}
    return VideoDoc(
        sources=tuple(markup.with_static_links(item) for item in dict.fromkeys(sources)),
        youtube_id=youtube,
        transcripts=tuple(sorted((lang, markup.with_static_links(path)) for lang, path in transcripts.items())),
        duration=values.seconds(asset.get("duration") or "") if asset is not None else None,
        start_at_second=values.seconds(settings.get("start_time") or settings.get("from") or ""),
        end_at_second=values.seconds(settings.get("end_time") or settings.get("to") or ""),
        handout=markup.with_static_links(settings.get("handout") or links.get("handout", "")),
        transcript_download=markup.with_static_links(settings.get("track") or links.get("track", "")),
    )


def _discussion(element: Element, settings: Settings) -> Content:
    return DiscussionDoc(settings.get("discussion_category", ""), settings.get("discussion_target", ""))


def _label(value: Any) -> str:
    return str(value.get("label", "")) if isinstance(value, dict) else str(value)


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    listed = values.from_json(text)
    if not isinstance(listed, list):
        return ()
    return tuple((str(row[0]), _label(row[1])) for row in listed if isinstance(row, list) and len(row) >= 2)


def _most(settings: Settings) -> int:
    """How often somebody may answer; 0 is no limit."""
    text = settings.get("max_submissions", "1").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _poll(element: Element, settings: Settings) -> Content:
    return PollDoc(
        question=markup.with_static_links(settings.get("question", "")),
        options=_pairs(settings.get("answers", "")),
        feedback=settings.get("feedback", ""),
        is_private=values.is_true(settings.get("private_results", "")),
        max_submissions=_most(settings),
    )


def _poll_question(element: Element, settings: Settings) -> Content:
    rows = [node for node in element if markup.tag_of(node) == "answer"]
    options = tuple((str(node.get("id") or number), markup.text_of(node)) for number, node in enumerate(rows, 1))
    for node in rows:
        markup.detach(node)
    return PollDoc(question=markup.inner(element), options=options)


def _survey(element: Element, settings: Settings) -> Content:
    return SurveyDoc(
        questions=_pairs(settings.get("questions", "")),
        answers=_pairs(settings.get("answers", "")),
        feedback=settings.get("feedback", ""),
        is_private=values.is_true(settings.get("private_results", "")),
        max_submissions=_most(settings),
    )


def _lti(element: Element, settings: Settings) -> Content:
    custom = values.from_json(settings.get("custom_parameters", ""))
    opens = settings.get("open_in_a_new_page", "") or ("false" if settings.get("launch_target") in ("iframe", "modal") else "true")
    return LtiDoc(
        launch_url=settings.get("launch_url", "") or settings.get("lti_1p3_launch_url", ""),
        lti_id=settings.get("lti_id", ""),
        custom=tuple(str(item) for item in custom) if isinstance(custom, list) else (),
        is_graded=values.is_true(settings.get("has_score", "") or settings.get("graded", "")),
        weight_x10=tenths(settings.get("weight", "")),
        opens_new_page=values.is_true(opens),
    )


def _file(element: Element, settings: Settings) -> Content:
    return FileDoc(markup.with_static_links(settings.get("url", "") or settings.get("href", "") or settings.get("src", "")))


def _child_text(element: Element, tag: str) -> str:
    node = next((child for child in element if markup.tag_of(child) == tag), None)
    return "" if node is None else "".join(str(part) for part in node.itertext()).strip()


def _when(text: str | None) -> datetime | None:
    try:
        return values.instant(text or "")
    except ValueError:
        return None


def _points(text: str | None) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _open_assessment(element: Element, settings: Settings) -> Content:
    is_html = settings.get("prompts_type") == "html"
    prompts: list[str] = []
    for node in element.iter():
        if markup.tag_of(node) == "prompt" and markup.tag_of(_parent(node)) in ("prompts", "openassessment"):
            text = _child_text(node, "description") or ("" if len(node) else (node.text or "").strip())
            prompts.append(markup.with_static_links(text if is_html else _paragraphs(text)))
    rubric = next((node for node in element if markup.tag_of(node) == "rubric"), None)
    criteria = [_criterion(node) for node in rubric if markup.tag_of(node) == "criterion"] if rubric is not None else []
    steps = [
        StepDoc(
            name=str(node.get("name") or ""),
            must_grade=whole(node.get("must_grade") or ""),
            must_be_graded_by=whole(node.get("must_be_graded_by") or ""),
            starts_at=_when(node.get("start")),
            due_at=_when(node.get("due")),
        )
        for node in element.iter()
        if markup.tag_of(node) == "assessment"
    ]
    return OpenAssessmentDoc(
        prompts=tuple(prompts),
        criteria=tuple(criteria),
        steps=tuple(steps),
        text_response=settings.get("text_response", "required"),
        file_response=settings.get("file_upload_response", ""),
        starts_at=_when(settings.get("submission_start")),
        due_at=_when(settings.get("submission_due")),
        feedback_prompt=_child_text(rubric, "feedbackprompt") if rubric is not None else "",
        feedback_default=_child_text(rubric, "feedback_default_text") if rubric is not None else "",
        weight_x10=tenths(settings.get("trainhub_weight", "")),
    )


def _parent(element: Element) -> Element:
    parent = element.getparent()
    return element if parent is None else parent


def _paragraphs(text: str) -> str:
    from html import escape

    return "".join(f"<p>{escape(part.strip(), quote=False)}</p>" for part in text.split("\n\n") if part.strip())


def _criterion(element: Element) -> CriterionDoc:
    levels = tuple(
        LevelDoc(
            name=_child_text(node, "name"),
            label=_child_text(node, "label") or _child_text(node, "name"),
            points=_points(node.get("points")),
            explanation=_child_text(node, "explanation"),
        )
        for node in element
        if markup.tag_of(node) == "option"
    )
    return CriterionDoc(
        name=_child_text(element, "name"),
        label=_child_text(element, "label") or _child_text(element, "name"),
        prompt=_child_text(element, "prompt"),
        levels=levels,
        feedback="" if element.get("feedback") in (None, "disabled") else str(element.get("feedback")),
    )


_READERS: dict[str, Callable[[Element, Settings], Content]] = {
    "video": _video,
    "discussion": _discussion,
    "poll": _poll,
    "poll_question": _poll_question,
    "survey": _survey,
    "lti": _lti,
    "lti_consumer": _lti,
    "pdf": _file,
    "openassessment": _open_assessment,
}
