"""What stands beside the content of an OLX course: announcements, handouts, and pages and settings that have no place here.

Open edX keeps announcements as `info/updates.items.json` (newest first) with a readable copy in `info/updates.html`; old courses have only
the page, a list or articles each headed by its day.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from courses.interop.frame_types import NewsDoc
from courses.interop.olx import markup, values
from courses.interop.olx.files import CourseFiles
from trainhub.kernel.i18n import _, listed

ITEMS, PAGE, HANDOUTS = "info/updates.items.json", "info/updates.html", "info/handouts.html"
TAKEN = frozenset({"overview", "short_description"})
FILLED_IN = frozenset({"course", "entrance_exam_enabled", "entrance_exam_id", "entrance_exam_minimum_score_pct"})
"""Pages below about/ that Open edX writes for every course and that say nothing to a learner."""
_DAYS = ("%B %d, %Y", "%b %d, %Y", "%m/%d/%Y", "%Y-%m-%d")
UNTAKEN: Mapping[str, Callable[[], str]] = {
    "self_paced": lambda: _("学员自定进度"),
    "invitation_only": lambda: _("仅限邀请"),
    "max_student_enrollments_allowed": lambda: _("人数上限"),
    "pre_requisite_courses": lambda: _("先修课程"),
    "graceperiod": lambda: _("截止后的宽限时间"),
    "certificates": lambda: _("证书样式"),
    "user_partitions": lambda: _("学员分组"),
    "cohort_config": lambda: _("学员分批"),
    "teams_configuration": lambda: _("小组"),
    "discussion_blackouts": lambda: _("讨论区关闭时段"),
    "lti_passports": lambda: _("外部工具的密钥"),
}


def read_news(files: CourseFiles, run: str, warnings: list[str]) -> tuple[NewsDoc, ...]:
    """The announcements that learners could see, oldest first."""
    for file in (f"info/{run}/updates.items.json", ITEMS):
        if files.exists(file):
            return _items(files, file, warnings)
    for file in (f"info/{run}/updates.html", PAGE):
        if files.exists(file) and not markup.is_blank(files.text(file)):
            return tuple(reversed(_entries(files.text(file))))
    return ()


def _items(files: CourseFiles, file: str, warnings: list[str]) -> tuple[NewsDoc, ...]:
    try:
        rows = json.loads(files.text(file) or "[]")
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        warnings.append(_("%(file)s 不是完整的 JSON，公告没有导入", file=file))
        return ()
    found: list[tuple[int, NewsDoc]] = []
    for row in rows:
        text = row.get("content") if isinstance(row, dict) and row.get("status", "visible") == "visible" else None
        if isinstance(text, str) and not markup.is_blank(text):
            number = row.get("id")
            found.append(
                (number if isinstance(number, int) else 0, NewsDoc(markup.with_static_links(text).strip(), day_of(str(row.get("date", "")))))
            )
    return tuple(news for _number, news in sorted(found, key=lambda pair: pair[0]))


def _entries(page: str) -> list[NewsDoc]:
    """The announcements of a page, each below the heading that says its day; a page of another shape is one announcement."""
    found: list[NewsDoc] = []
    for element in markup.fragment(page).iter():
        if markup.tag_of(element) not in ("li", "article", "section"):
            continue
        heading = next((child for child in element if markup.tag_of(child) in ("h2", "h3")), None)
        at = day_of(markup.text_of(heading)) if heading is not None else None
        if heading is not None and at is not None:
            day = markup.outer(heading)
            text = markup.inner(element).replace(day, "", 1).strip()
            if not markup.is_blank(text):
                found.append(NewsDoc(text, at))
    return found or [NewsDoc(markup.with_static_links(page).strip(), None)]


def day_of(text: str) -> datetime | None:
    """ "November 5, 2023" as an instant of that day (UTC); None for what is no day."""
    for form in _DAYS:
        try:
            return datetime.strptime(" ".join(text.split()), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def read_handouts(files: CourseFiles, run: str) -> str:
    """The handouts, "" for a page without anything to read."""
    for file in (f"info/{run}/handouts.html", HANDOUTS):
        if files.exists(file) and not markup.is_blank(files.text(file)):
            return markup.with_static_links(files.text(file)).strip()
    return ""


def left_behind(files: CourseFiles, settings: Mapping[str, str]) -> list[str]:
    """Pages and settings of the course that say something and have no place here: a sentence each kind."""
    base = files.root / "about"
    pages = (
        sorted(path.relative_to(files.root).as_posix() for path in base.rglob("*.html") if path.stem not in TAKEN | FILLED_IN)
        if base.is_dir()
        else []
    )
    pages = [page for page in pages if not markup.is_blank(files.text(page))]
    found = [_("课程介绍的这些部分没有导入：%(names)s", names=listed(pages))] if pages else []
    named = [f"{word()}（{name}）" for name, word in UNTAKEN.items() if says(settings.get(name, ""))]
    return [*found, *([_("课程设置中的这些内容没有导入：%(names)s", names=listed(named))] if named else [])]


def says(text: str) -> bool:
    """Whether a setting says more than its default: JSON counts when a value of it is not empty."""
    value: Any = values.from_json(text)
    if value is None:
        return values.unquoted(text).strip().lower() not in ("", "none", "null", "false")
    return _holds(value)


def _holds(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds(one) for name, one in value.items() if name not in ("max_team_size", "version"))
    return any(_holds(one) for one in value) if isinstance(value, list) else bool(value)


def news_files(news: tuple[NewsDoc, ...]) -> dict[str, str]:
    """The announcements as Open edX keeps them, by file."""
    from html import escape

    rows: list[dict[str, object]] = []
    entries: list[str] = []
    for number, one in enumerate(news, start=1):
        day = f"{one.at:%B} {one.at.day}, {one.at.year}" if one.at else ""
        rows.insert(0, {"id": number, "date": day, "content": one.html, "status": "visible"})
        entries.insert(0, f"<article><h2>{escape(day)}</h2>{one.html}</article>")
    return {ITEMS: json.dumps(rows, ensure_ascii=False, indent=2) + "\n", PAGE: f"<section>{''.join(entries)}</section>\n"}
