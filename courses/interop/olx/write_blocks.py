"""The leaves of a course as OLX elements, without title and name."""

from __future__ import annotations

import json

from courses.interop.olx import markup, values
from courses.interop.olx.markup import Element
from courses.interop.types import (
    Content,
    CriterionDoc,
    DiscussionDoc,
    FileDoc,
    LtiDoc,
    OpenAssessmentDoc,
    PollDoc,
    SurveyDoc,
    VideoDoc,
)


def write_leaf(content: Content) -> Element:
    """One element; TypeError for content that has its own writer (html, problem, unknown)."""
    if isinstance(content, VideoDoc):
        return _video(content)
    if isinstance(content, DiscussionDoc):
        return _new("discussion", discussion_category=content.category, discussion_target=content.target)
    if isinstance(content, PollDoc):
        return _poll(content)
    if isinstance(content, SurveyDoc):
        return _survey(content)
    if isinstance(content, OpenAssessmentDoc):
        return _open_assessment(content)
    if isinstance(content, FileDoc):
        return _new("pdf", url=content.url)
    if isinstance(content, LtiDoc):
        return _lti(content)
    raise TypeError(type(content).__name__)


def _new(tag: str, **attributes: str) -> Element:
    from lxml import etree

    element = etree.Element(tag)
    for name, value in attributes.items():
        element.set(name, markup.clean(value))
    return element


def _child(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    element = _new(tag, **attributes)
    if text:
        element.text = markup.clean(text)
    parent.append(element)
    return element


def _video(video: VideoDoc) -> Element:
    element = _new("video", youtube_id_1_0=video.youtube_id)
    if video.youtube_id:
        element.set("youtube", f"1.00:{video.youtube_id}")
    if video.sources:
        element.set("html5_sources", json.dumps(list(video.sources), ensure_ascii=False))
    for name, value in (
        ("start_time", values.clock(video.start_at_second)),
        ("end_time", values.clock(video.end_at_second)),
        ("handout", video.handout),
        ("track", video.transcript_download),
        ("transcripts", json.dumps(dict(video.transcripts), ensure_ascii=False) if video.transcripts else ""),
    ):
        if value:
            element.set(name, markup.clean(value))
    for source in video.sources:
        _child(element, "source", src=source)
    if video.duration is not None:
        _child(element, "video_asset", client_video_id="", duration=str(video.duration), image="")
    for language, path in video.transcripts:
        _child(element, "transcript", language=language, src=path)
    return element


def _results(element: Element, feedback: str, is_private: bool, most: int) -> Element:
    element.set("feedback", markup.clean(feedback))
    element.set("private_results", "true" if is_private else "false")
    element.set("max_submissions", str(most))
    return element


def _labelled(rows: tuple[tuple[str, str], ...]) -> str:
    return json.dumps([[code, {"label": label, "img": "", "img_alt": ""}] for code, label in rows], ensure_ascii=False)


def _poll(poll: PollDoc) -> Element:
    element = _new("poll", question=poll.question, answers=_labelled(poll.options))
    return _results(element, poll.feedback, poll.is_private, poll.max_submissions)


def _survey(survey: SurveyDoc) -> Element:
    answers = json.dumps([list(row) for row in survey.answers], ensure_ascii=False)
    element = _new("survey", questions=_labelled(survey.questions), answers=answers)
    return _results(element, survey.feedback, survey.is_private, survey.max_submissions)


def _lti(lti: LtiDoc) -> Element:
    element = _new(
        "lti",
        launch_url=lti.launch_url,
        lti_id=lti.lti_id or "lti",
        has_score="true" if lti.is_graded else "false",
        open_in_a_new_page="true" if lti.opens_new_page else "false",
    )
    if lti.custom:
        element.set("custom_parameters", json.dumps(list(lti.custom), ensure_ascii=False))
    if lti.weight_x10 is not None:
        element.set("weight", f"{lti.weight_x10 // 10}.{lti.weight_x10 % 10}")
    return element


def _open_assessment(work: OpenAssessmentDoc) -> Element:
    element = _new(
        "openassessment",
        submission_start=values.written(work.starts_at, values.NO_START),
        submission_due=values.written(work.due_at, values.NO_END),
        text_response=work.text_response,
        file_upload_response=work.file_response,
        prompts_type="html",
    )
    if work.weight_x10 is not None:
        element.set("trainhub_weight", f"{work.weight_x10 // 10}.{work.weight_x10 % 10}")
    steps = _child(element, "assessments")
    for step in work.steps:
        row = _child(steps, "assessment", name=step.name)
        row.set("start", values.written(step.starts_at, values.NO_START))
        row.set("due", values.written(step.due_at, values.NO_END))
        for name, number in (("must_grade", step.must_grade), ("must_be_graded_by", step.must_be_graded_by)):
            if number is not None:
                row.set(name, str(number))
    prompts = _child(element, "prompts")
    for prompt in work.prompts:
        _child(_child(prompts, "prompt"), "description", prompt)
    rubric = _child(element, "rubric")
    for criterion in work.criteria:
        _criterion(rubric, criterion)
    if work.feedback_prompt:
        _child(rubric, "feedbackprompt", work.feedback_prompt)
    if work.feedback_default:
        _child(rubric, "feedback_default_text", work.feedback_default)
    return element


def _criterion(rubric: Element, criterion: CriterionDoc) -> None:
    element = _child(rubric, "criterion")
    if criterion.feedback:
        element.set("feedback", criterion.feedback)
    _child(element, "name", criterion.name)
    _child(element, "label", criterion.label)
    _child(element, "prompt", criterion.prompt)
    for level in criterion.levels:
        option = _child(element, "option", points=str(level.points))
        _child(option, "name", level.name)
        _child(option, "label", level.label)
        _child(option, "explanation", level.explanation)
