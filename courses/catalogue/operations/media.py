"""Files of a video block: its picture in several heights, subtitles in several languages, a poster. Checked by content."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any

from courses.catalogue.media import check_subtitles, probe
from courses.catalogue.models import Block
from courses.catalogue.operations import versions
from courses.catalogue.operations.offerings import BadCourse
from courses.catalogue.types import BlockKind
from trainhub.kernel import files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import N_, _

LANGUAGES = {
    "zh": N_("中文"),
    "en": N_("英文"),
    "zh-TW": N_("繁体中文"),
    "ja": N_("日文"),
    "ko": N_("韩文"),
    "fr": N_("法文"),
    "de": N_("德文"),
    "es": N_("西班牙文"),
    "ru": N_("俄文"),
}
MAX_SUBTITLES = 2 << 20
MAX_RENDITIONS = 6
FAULTS = {
    "header": N_("第 %(line)d 行：第一行应以 WEBVTT 开头"),
    "time": N_("第 %(line)d 行：时间应写成 00:01:02.500 --> 00:01:05.000"),
    "order": N_("第 %(line)d 行：结束时间应晚于开始时间，各条按时间先后排列"),
    "empty": N_("文件中没有一条字幕"),
    "overflow": N_("字幕条数过多"),
    "encoding": N_("第 %(line)d 行：不是 UTF-8 编码，请另存为 UTF-8"),
}


def keep_video(file: IO[bytes], *, name: str, by: Identity, now: datetime) -> tuple[StoredFile, int | None, int]:
    """Store a video; answers file, whole seconds if it says so, and height. Refuses what only looks like one."""
    row = files.keep(file, name=name, kind="course", by=by, now=now, allowed=sniff.VIDEOS)
    file.seek(0)
    facts = probe(file, row.media_type)
    if facts is None:
        raise BadCourse(
            _("“%(name)s”不是完整的视频文件，没有保存。请用播放器确认能播放，导出为 MP4 或 WebM 后重新上传。", name=row.name), field="upload"
        )
    return row, round(facts.seconds) if facts.seconds else None, facts.height


def _video(block: Block) -> dict[str, Any]:
    if block.kind is not BlockKind.VIDEO:
        raise BadCourse(_("只有视频可以添加清晰度、字幕和封面。"))
    return dict(versions.latest(block)["settings"])


def add_rendition(*, block: Block, file: IO[bytes], name: str, by: Identity, now: datetime) -> None:
    """Add the same video in another height; one of a known height takes its place. The player offers the choice."""
    settings = _video(block)
    row, seconds, height = keep_video(file, name=name, by=by, now=now)
    if not height:
        raise BadCourse(_("“%(name)s”没有画面，无法作为另一种清晰度。", name=row.name), field="upload")
    kept = [item for item in settings.get("renditions", []) if item["height"] != height]
    if len(kept) >= MAX_RENDITIONS:
        raise BadCourse(_("最多保留 %(n)d 种清晰度。", n=MAX_RENDITIONS), field="upload")
    settings["renditions"] = sorted([*kept, {"file": row.id, "height": height}], key=lambda item: -item["height"])
    settings["duration"] = settings.get("duration") or seconds
    versions.save(part=block, version=None, by=by, now=now, note=_("添加 %(n)dp 清晰度", n=height), settings=settings)


def add_subtitles(*, block: Block, file: IO[bytes], name: str, lang: str, by: Identity, now: datetime) -> None:
    """Add subtitles in a language; those of a known language are replaced. Refuses what is no WebVTT, naming the line."""
    settings = _video(block)
    if lang not in LANGUAGES:
        raise BadCourse(_("请选择字幕的语言。"), field="lang")
    raw = file.read(MAX_SUBTITLES + 1)
    if len(raw) > MAX_SUBTITLES:
        raise BadCourse(_("字幕文件超过 2 MB，没有保存。"), field="upload")
    fault = check_subtitles(raw)
    if fault is not None:
        why = _(FAULTS[fault.code], line=fault.line)
        raise BadCourse(_("“%(name)s”不是有效的 WebVTT 字幕（%(why)s），没有保存。", name=name[:80], why=why), field="upload")
    row = files.keep_bytes(raw, name=sniff.check_name(name), kind="course", media_type=sniff.VTT.mime, by=by, now=now)
    kept = [item for item in settings.get("captions", []) if item["lang"] != lang]
    settings["captions"] = [*kept, {"file": row.id, "lang": lang}]
    versions.save(part=block, version=None, by=by, now=now, note=_("添加字幕：%(lang)s", lang=_(LANGUAGES[lang])), settings=settings)


def set_poster(*, block: Block, file: IO[bytes], name: str, by: Identity, now: datetime) -> None:
    """The picture that stands until the video plays."""
    settings = _video(block)
    settings["poster"] = files.keep(file, name=name, kind="course", by=by, now=now, allowed=sniff.IMAGES).id
    versions.save(part=block, version=None, by=by, now=now, note=_("更换封面"), settings=settings)


def remove_file(*, block: Block, file_id: int, by: Identity, now: datetime) -> None:
    """Take a rendition, subtitles or the poster away."""
    settings = _video(block)
    settings["renditions"] = [item for item in settings.get("renditions", []) if item["file"] != file_id]
    settings["captions"] = [item for item in settings.get("captions", []) if item["file"] != file_id]
    if settings.get("poster") == file_id:
        settings.pop("poster")
    versions.save(part=block, version=None, by=by, now=now, note=_("移除视频附件"), settings=settings)


def leave_behind(settings: dict[str, Any], *, is_other: bool) -> None:
    """Another film takes the place of one: its other heights would play first, so they go; versions keep them.

    Subtitles and poster go with the film they belong to (`is_other`); where a file of ours takes the place of an address it may be the same film,
    kept here now, and they stay.
    """
    settings["renditions"] = []
    if is_other:
        settings["captions"] = []
        settings.pop("poster", None)


def file_ids(settings: dict[str, Any]) -> set[int]:
    """The files that a block's settings name: what its viewers may fetch."""
    named = [item.get("file") for item in (*settings.get("renditions", ()), *settings.get("captions", ()))]
    return {int(key) for key in (*named, settings.get("poster")) if key}
