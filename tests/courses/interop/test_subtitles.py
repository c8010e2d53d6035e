"""Subtitles of packages become WebVTT, and what a package held that is lost is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue.models import Block
from courses.catalogue.types import BlockKind
from courses.interop import operations
from courses.interop.formats import opened
from courses.interop.olx.reader import read_olx
from courses.interop.subtitles import as_webvtt
from courses.learning.transcript import cues
from tests.courses.interop.courses_for_tests import course_folder
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM

SRT = "1\r\n00:00:01,500 --> 00:00:03,000\r\n<i>你好</i>\r\n & 再见\r\n\r\n2\r\n0:00:00,000 --> 0:00:01,0\r\n先\r\n\r\n3\r\n00:00:09,000 --> 00:00:08,000\r\n倒\r\n"
JSON = json.dumps({"start": [1000, 0], "end": [2000, 900], "text": ["b < a", "a"]})


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        (SRT, "a.srt", [(0.0, "先"), (1.5, "你好 & 再见")]),
        (JSON, "a.srt.sjson", [(0.0, "a"), (1.0, "b < a")]),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", "a.vtt", [(1.0, "x")]),
        ("nothing at all", "a.srt", None), ("{}", "a.sjson", None), ('{"start": [1], "end": ["x"], "text": [1]}', "a.sjson", None), ("WEBVTT", "a.vtt", None),
    ],
)  # fmt: skip
def test_subtitles_become_webvtt(raw: str, name: str, said: list[tuple[float, str]] | None) -> None:
    made = as_webvtt(raw.encode(), name)
    assert (made and [(cue.seconds, cue.text) for cue in cues(made.decode())]) == said
    assert as_webvtt(b"\xff\xfe1", name) is None


def test_a_video_of_a_package_keeps_its_subtitles_and_says_which_it_lost(session: Session, tmp_path: Path) -> None:
    video = '<video url_name="v" display_name="V" start_time="00:00:05" transcripts="{}"><source src="https://a.cn/v.mp4"/>{}</video>'
    lines = "".join(f'<transcript language="{lang}" src="{src}"/>' for lang, src in (("zh", "a.srt"), ("en", "none.srt"), ("de", "bad.srt")))
    files_ = {
        "vertical/v1.xml": f"<vertical>{video.format('', lines)}</vertical>",
        "static/a.srt": SRT,
        "static/bad.srt": "?",
    }
    with opened(course_folder(tmp_path, files_)) as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    block = session.scalars(select(Block).where(Block.run_id == run.id, Block.kind == BlockKind.VIDEO)).one()
    (caption,) = block.settings["captions"]
    row = session.get(files.StoredFile, caption["file"])
    assert row is not None
    assert (caption["lang"], row.name, files.read(row)[:6]) == ("zh", "a.vtt", b"WEBVTT")
    reasons = " ".join(one["reason"] for one in report["unsupported"])
    assert [word in reasons for word in ("en（none.srt）", "包中没有这个文件", "de（bad.srt）", "不是可用的字幕", "只播放其中一段")] == [True] * 5


def test_settings_without_a_counterpart_are_named_once_each(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "sequential/s1.xml": '<sequential display_name="s" is_time_limited="true" hide_after_due="false"><vertical url_name="v1"/></sequential>',
                "html/h1.xml": '<html filename="h1" group_access="{&quot;1&quot;: [2]}"/>',
            },
        )
    )
    assert [warning.split("，")[0] for warning in doc.warnings] == [
        "设置“整节限时”（is_time_limited）没有导入",
        "设置“只对部分学员显示”（group_access）没有导入",
    ]
