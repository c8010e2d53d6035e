"""What the reader knows of each tag; everything else a package says is named in the report, so that nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from courses.interop.olx import markup, responses
from courses.interop.olx.markup import Element
from trainhub.kernel.i18n import _, listed

TEXT_SHOWN = 40
NAMED = 12
EVERYWHERE = frozenset(
    ["url_name", "slug", "display_name", "visible_to_staff_only", "xblock-family", "max_attempts", "showanswer", "filename", "editor"]
)
"""Read of every definition, or no more than a name."""
READ: Mapping[str, frozenset[str]] = {
    "course": frozenset(
        ["org", "course", "start", "end", "enrollment_start", "enrollment_end", "language", "course_image", "graded", "format", "due"]
    ),
    "chapter": frozenset(["start", "graded", "format", "due"]),
    "sequential": frozenset(["start", "due", "graded", "format"]),
    "problem": frozenset(["weight"]),
    "video": frozenset(
        [
            "html5_sources",
            "source",
            "youtube",
            "youtube_id_1_0",
            "transcripts",
            "sub",
            "start_time",
            "end_time",
            "from",
            "to",
            "handout",
            "track",
            "edx_video_id",
        ]
    ),
    "discussion": frozenset(["discussion_category", "discussion_target", "discussion_id"]),
    "poll": frozenset(["question", "answers", "feedback", "private_results", "max_submissions"]),
    "survey": frozenset(["questions", "answers", "feedback", "private_results", "max_submissions", "block_name"]),
    "openassessment": frozenset(["text_response", "file_upload_response", "prompts_type", "submission_due", "trainhub_weight"]),
    "pdf": frozenset(["url", "href", "src"]),
    "lti": frozenset(["launch_url", "lti_id", "custom_parameters", "has_score", "graded", "weight", "open_in_a_new_page", "launch_target"]),
    "lti_consumer": frozenset(
        ["launch_url", "lti_1p3_launch_url", "lti_id", "custom_parameters", "has_score", "graded", "weight", "open_in_a_new_page", "launch_target"]
    ),
    "library_content": frozenset(["mode", "max_count", "capa_type", "source_library_id", "source_library_version"]),
    "legacy_library_content": frozenset(["mode", "max_count", "capa_type", "source_library_id", "source_library_version"]),
    "itembank": frozenset(["max_count"]),
}
SAYS_NOTHING: Mapping[str, frozenset[str]] = {
    "course": frozenset(
        [
            "advanced_modules",
            "catalog_visibility",
            "cert_html_view_enabled",
            "certificates_display_behavior",
            "discussions_settings",
            "discussion_topics",
            "tabs",
            "xml_attributes",
            "allow_anonymous",
            "allow_anonymous_to_peers",
            "enable_subsection_gating",
            "minimum_grade_credit",
            "pdf_textbooks",
            "html_textbooks",
            "trainhub",
            "wiki_slug",
            "root",
            "use_unique_run_id",
        ]
    ),
    "html": frozenset(["use_latex_compiler", "source_code"]),
    "problem": frozenset(["markdown", "markdown_edited", "show_reset_button", "use_latex_compiler", "source_code", "name", "title", "data_dir"]),
    "video": frozenset(
        ["youtube_id_0_75", "youtube_id_1_25", "youtube_id_1_5", "download_video", "download_track", "show_captions", "client_video_id", "name"]
    ),
    "openassessment": frozenset(["text_response_editor", "title", "prompt", "rubric_feedback_prompt", "rubric_feedback_default_text"]),
}
"""How a tool stored or dressed it: without meaning to learners here. Beside these, what a warning of its own speaks of (`leftovers`, `info`)."""
INSIDE: Mapping[str, frozenset[str]] = {
    "video": frozenset(["source", "track", "handout", "transcript", "video_asset"]),
    "openassessment": frozenset(["title", "prompts", "prompt", "rubric", "assessments"]),
    "discussion": frozenset(),
    "poll": frozenset(),
    "survey": frozenset(),
    "lti": frozenset(),
    "pdf": frozenset(),
}
"""The elements that are read inside leaves; in other leaves everything is (markup), or the whole is kept as text."""
STRUCTURE = frozenset(["course", "chapter", "sequential", "vertical"])
DRESS = frozenset(
    [
        "id",
        "class",
        "style",
        "label",
        "name",
        "size",
        "rows",
        "cols",
        "width",
        "height",
        "inline",
        "math",
        "mode",
        "hidden",
        "title",
        "aria-label",
        "aria-describedby",
        "direction",
        "type",
        "correct_answer",
        "trailing_text",
        "points",
    ]
)
"""Attributes of responses and places to answer that are read, or only dress."""
IN_PROBLEM: Mapping[str, frozenset[str]] = {
    "multiplechoiceresponse": frozenset(["partial_credit"]),
    "choiceresponse": frozenset(["partial_credit"]),
    "truefalseresponse": frozenset(),
    "optionresponse": frozenset(["partial_credit"]),
    "stringresponse": frozenset(["answer"]),
    "numericalresponse": frozenset(["answer"]),
    "formularesponse": frozenset(["answer", "samples"]),
    "choicegroup": frozenset(["shuffle"]),
    "checkboxgroup": frozenset(),
    "radiogroup": frozenset(["shuffle"]),
    "optioninput": frozenset(["options", "correct"]),
    "choice": frozenset(["correct", "point_value"]),
    "option": frozenset(["correct", "point_value"]),
    "responseparam": frozenset(["default", "description", "partial_answers", "partial_range"]),
    "additional_answer": frozenset(["answer"]),
    "stringequalhint": frozenset(["answer"]),
}
FEEDBACK = frozenset(["targetedfeedbackset", "targetedfeedback"])
"""Shown there after the answer it belongs to; here it would stand in the question."""
DROPPED = frozenset(["hintgroup", "regexphint", "numericalhint", "formulahint", "parallelhint", *FEEDBACK])


def attributes_of(tag: str, names: set[str]) -> set[str]:
    """Of the attributes of a definition those that nobody reads."""
    return names - EVERYWHERE - READ.get(tag, frozenset()) - SAYS_NOTHING.get(tag, frozenset())


def inside(tag: str, element: Element) -> list[str]:
    """What stands inside a definition and is not read: elements of a leaf, words between the parts of a structure."""
    found = []
    if tag in INSIDE:
        found = [f"<{name}>" for node in element if (name := markup.tag_of(node)) and name not in INSIDE[tag]]
    if tag in STRUCTURE:
        words = " ".join(" ".join([element.text or "", *((node.tail or "") for node in element)]).split())
        found = [words[:TEXT_SHOWN] + ("……" if len(words) > TEXT_SHOWN else "")] if words else []
    return list(dict.fromkeys(found))


def of_problem(root: Element) -> list[str]:
    """What a problem holds and no question takes over; of what a person grades the source is kept whole, and nothing is said."""
    found = list(dict.fromkeys(_lost(root)))
    if not found:
        return []
    return [_("题目中的这些内容没有导入：%(names)s", names=listed(found[:NAMED]) + ("……" if len(found) > NAMED else ""))]


def _lost(root: Element) -> Iterator[str]:
    for node in root.iter():
        tag = markup.tag_of(node)
        if tag in FEEDBACK or (tag in DROPPED and _response(node) not in responses.BY_PERSON):
            if markup.tag_of(node.getparent()) not in DROPPED:  # type: ignore[arg-type]
                yield f"<{tag}>"
        elif (tag in IN_PROBLEM or tag in responses.INPUTS) and _response(node) not in (*responses.BY_PERSON, ""):
            names = [str(name) for name in node.attrib]
            yield from (f"<{tag} {name}>" for name in names if name not in DRESS and name not in IN_PROBLEM.get(tag, ()))
            if tag == "responseparam" and node.get("type", "tolerance") != "tolerance":
                yield f"<responseparam type={node.get('type')}>"


def _response(node: Element) -> str:
    """The response an element stands in, or is; "" outside of any."""
    return next((tag for one in (node, *node.iterancestors()) if (tag := markup.tag_of(one)) in responses.RESPONSES), "")
