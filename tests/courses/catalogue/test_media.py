"""Videos and subtitles judged by what is inside."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.catalogue.media import SubtitleFault, VideoFacts, check_subtitles, probe
from courses.catalogue.models import Block
from courses.catalogue.operations import versions
from tests.courses.catalogue.test_versions import filled
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import Role


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def mp4(seconds: int = 12, height: int = 720) -> bytes:
    """A film with a header and one track, without pictures."""
    mvhd = box(b"mvhd", b"\0" * 12 + struct.pack(">II", 1000, seconds * 1000) + b"\0" * 80)
    tkhd = box(b"tkhd", b"\0" * 76 + struct.pack(">II", 1280 << 16, height << 16))
    return box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", mvhd + box(b"trak", tkhd)) + box(b"mdat", b"\0" * 64)


def element(kind: int, content: bytes) -> bytes:
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + bytes([0x40 | len(content) >> 8, len(content) & 0xFF]) + content


def webm(seconds: float = 9.5, height: int = 480) -> bytes:
    info = element(0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3, "big")) + element(0x4489, struct.pack(">d", seconds * 1000)))
    tracks = element(0x1654AE6B, element(0xAE, element(0xE0, element(0xBA, height.to_bytes(2, "big")))))
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(0x18538067, info + tracks)


def test_a_film_says_its_length_and_height() -> None:
    assert probe(io.BytesIO(mp4()), "video/mp4") == VideoFacts(12.0, 720)
    assert probe(io.BytesIO(webm()), "video/webm") == VideoFacts(9.5, 480)


@pytest.mark.parametrize(
    "raw",
    [
        b"\0\0\0\x18ftypisom" + b"just some text that calls itself a film" * 9,
        mp4()[:60],
        box(b"ftyp", b"isom\0\0\0\0isom"),
        b"\0\0\0\x00ftyp" + b"\xff" * 40,
        b"",
    ],
)
def test_what_only_begins_like_a_film_is_none(raw: bytes) -> None:
    assert probe(io.BytesIO(raw), "video/mp4") is None


def test_a_webm_that_stops_after_its_name_is_none() -> None:
    assert probe(io.BytesIO(element(0x1A45DFA3, element(0x4282, b"webm")) + b"\0\xff" * 30), "video/webm") is None


GOOD = b"WEBVTT\n\n00:01.000 --> 00:04.000\n\xe4\xbd\xa0\xe5\xa5\xbd\n\n1\n00:00:05.000 --> 00:00:06.000 align:start\nx\n"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (GOOD, None),
        (b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"), None),
        (b"1\n00:00:01,000 --> 00:00:02,000\nsrt", SubtitleFault(1, "header")),
        (b"WEBVTTX\n", SubtitleFault(1, "header")),
        (b"WEBVTT\n\n00:01,000 --> 00:04,000\nx", SubtitleFault(3, "time")),
        (b"WEBVTT\n\n00:04.000 --> 00:04.000\nx", SubtitleFault(3, "order")),
        (b"WEBVTT\n\n00:04.000 --> 00:05.000\nx\n\n00:01.000 --> 00:02.000\ny", SubtitleFault(6, "order")),
        (b"WEBVTT\n\nNOTE nothing", SubtitleFault(3, "empty")),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n你好".encode("gb18030"), SubtitleFault(4, "encoding")),
    ],
)
def test_subtitles_are_checked_line_by_line(raw: bytes, fault: SubtitleFault | None) -> None:
    assert check_subtitles(raw) == fault


@pytest.mark.parametrize(
    ("typed", "raw", "length"),
    [
        (None, webm(0), None),  # a browser's recording does not say its length
        ("60.02", webm(0), None),  # as it was shown
        ("5", webm(0), 300),
        (None, webm(9.5), 10),
        ("5", webm(9.5), 10),
    ],
)
def test_another_file_of_a_video_brings_its_own_length(
    session: Session, as_role: Callable[..., FlaskClient], typed: str | None, raw: bytes, length: int | None
) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    block = make.video(make.unit(run), duration=3601)
    session.commit()
    browser = as_role(Role.LECTURER, person_id=lead.id)
    sent = filled(browser.get(f"/teaching/blocks/{block.id}").text)
    given = {**sent, **({} if typed is None else {"minutes": typed}), "upload": (io.BytesIO(raw), "新.webm")}
    assert browser.post(f"/teaching/blocks/{block.id}", data=given).status_code == 303
    session.expire_all()
    assert versions.latest(session.get_one(Block, block.id))["settings"]["duration"] == length


def changed(browser: FlaskClient, block: Block, **given: object) -> str:
    """Save the form of a block with other values; what the next page says."""
    page = f"/teaching/blocks/{block.id}"
    done = browser.post(page, data={**filled(browser.get(page).text), **given}, follow_redirects=True)
    assert done.status_code == 200
    return done.text


def add(browser: FlaskClient, block: Block, what: str, raw: bytes, name: str) -> None:
    given = {"what": what, "lang": "zh", "upload": (io.BytesIO(raw), name)}
    assert browser.post(f"/teaching/blocks/{block.id}/media", data=given).status_code == 303


def test_another_film_does_not_keep_what_belongs_to_the_one_before(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    block = make.video(unit)
    session.commit()
    browser = as_role(Role.LECTURER, person_id=lead.id)
    session.commit()
    add(browser, block, "rendition", mp4(100, 480), "旧.mp4")
    add(browser, block, "subtitles", GOOD, "zh.vtt")
    # the address is replaced by a file: the address plays no more, subtitles of the same film stay
    said = changed(browser, block, upload=(io.BytesIO(mp4(100, 1080)), "甲.mp4"))
    session.expire_all()
    settings = session.get_one(Block, block.id).settings
    assert (settings["source"], settings["renditions"], [one["lang"] for one in settings["captions"]]) == ("", [], ["zh"])
    assert "不再使用" in said
    add(browser, block, "rendition", mp4(100, 480), "旧.mp4")
    # words alone take nothing away
    assert "不再使用" not in changed(browser, block, title="第一讲")
    session.expire_all()
    assert len(session.get_one(Block, block.id).settings["renditions"]) == 1
    # a film in the place of another
    said = changed(browser, block, upload=(io.BytesIO(mp4(50, 720)), "乙.mp4"))
    session.expire_all()
    settings = session.get_one(Block, block.id).settings
    assert (settings["renditions"], settings["captions"], settings.get("poster"), settings["duration"]) == ([], [], None, 50)
    assert "不再使用" in said
    shown = browser.get(f"/teaching/runs/{run.id}/preview/{unit.id}").text
    assert (shown.count("<source"), shown.count("<track")) == (1, 0)
    # another address in the place of the film
    add(browser, block, "rendition", mp4(50, 480), "旧.mp4")
    changed(browser, block, source="https://example.edu.cn/other.mp4")
    session.expire_all()
    assert session.get_one(Block, block.id).settings["renditions"] == []
    # nor does an address keep what belongs to a film of ours, or to the film of another address
    for other in ("https://example.edu.cn/third.mp4", "https://example.edu.cn/fourth.mp4"):
        add(browser, block, "subtitles", GOOD, "zh.vtt")
        assert "不再使用" in changed(browser, block, source=other)
        session.expire_all()
        settings = session.get_one(Block, block.id).settings
        assert (settings["source"], settings["captions"]) == (other, [])


def test_a_file_in_the_place_of_an_address_keeps_its_subtitles_also_where_an_older_file_lies_behind(
    session: Session, as_role: Callable[..., FlaskClient]
) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    block = make.video(make.unit(run))
    session.commit()
    browser = as_role(Role.LECTURER, person_id=lead.id)
    session.commit()
    changed(browser, block, upload=(io.BytesIO(mp4(100, 1080)), "甲.mp4"))
    changed(browser, block, source="https://example.edu.cn/other.mp4")
    add(browser, block, "subtitles", GOOD, "zh.vtt")
    changed(browser, block, upload=(io.BytesIO(mp4(50, 720)), "乙.mp4"))
    session.expire_all()
    assert [one["lang"] for one in session.get_one(Block, block.id).settings["captions"]] == ["zh"]


@pytest.mark.parametrize(
    ("length", "typed", "kept"), [(50, None, 50), (10, None, 10), (50, "0.84", 50), (50, "0.85", 51), (50, "2", 120), (3601, None, 3601)]
)
def test_a_length_that_nobody_touched_stays(session: Session, as_role: Callable[..., FlaskClient], length: int, typed: str | None, kept: int) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    block = make.video(make.unit(run), duration=length)
    session.commit()
    browser = as_role(Role.LECTURER, person_id=lead.id)
    session.commit()
    changed(browser, block, title="第一讲", **({} if typed is None else {"minutes": typed}))
    session.expire_all()
    assert versions.latest(session.get_one(Block, block.id))["settings"]["duration"] == kept
