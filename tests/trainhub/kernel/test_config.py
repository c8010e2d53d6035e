"""Settings refuse to start half-configured and say what to set."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from trainhub import config

GOOD = {"TRAINHUB_SECRET_KEY": "x" * 32}
MAIL = {
    "TRAINHUB_BASE_URL": "https://train.example.cn",
    "TRAINHUB_SMTP_URL": "smtp://mail.example.cn:587",
    "TRAINHUB_MAIL_FROM": "noreply@example.cn",
}
BUCKET = {"TRAINHUB_FILES_URL": "s3://bucket/prefix"}
NOWHERE = ["http://", "http://:25", "http:// /", "http://a b.cn", "http://h:0", "http://h:65536", "http://h:", "http://h:port", "http://[::1"]
"""Addresses that nobody can reach: no host, or a port that does not exist."""


def test_defaults_are_a_laptop(tmp_path: Path) -> None:
    settings = config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'trainhub.sqlite3'}"
    assert (settings.base_url, settings.is_https, settings.is_demo) == ("http://127.0.0.1:8000", False, False)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "TRAINHUB_SECRET_KEY 没有设置"),
        ({"TRAINHUB_SECRET_KEY": "x" * 31}, "不足 32 个字符"),
        ({**GOOD, "TRAINHUB_DATABASE_URL": "mysql://x"}, "TRAINHUB_DATABASE_URL 应以 sqlite"),
        ({**GOOD, "TRAINHUB_BASE_URL": "train.example.cn"}, "TRAINHUB_BASE_URL 应为"),
        ({**GOOD, "TRAINHUB_BASE_URL": "https://a.cn/path"}, "不带路径"),
        ({**GOOD, "TRAINHUB_SMTP_URL": "smtp://h"}, "一同设置"),
        ({**GOOD, "TRAINHUB_MAIL_FROM": "a@b.cn"}, "一同设置"),
        ({**GOOD, "TRAINHUB_SMTP_URL": "http://h", "TRAINHUB_MAIL_FROM": "a@b.cn"}, "TRAINHUB_SMTP_URL 应形如 smtp://"),
        ({**GOOD, **MAIL, "TRAINHUB_BASE_URL": ""}, "TRAINHUB_BASE_URL 没有设置"),
        ({**GOOD, "TRAINHUB_MAX_UPLOAD_MB": "much"}, "不小于 1 的整数"),
        ({**GOOD, "TRAINHUB_FILES_URL": "bucket"}, "TRAINHUB_FILES_URL 应形如 s3://"),
        ({**GOOD, "TRAINHUB_LOG_LEVEL": "loud"}, "TRAINHUB_LOG_LEVEL 应为 DEBUG"),
        ({**GOOD, "TRAINHUB_SECRETKEY": "typo"}, "TRAINHUB_SECRETKEY 不是本系统的配置项"),
        *[({**GOOD, "TRAINHUB_BASE_URL": url}, "TRAINHUB_BASE_URL 应为") for url in NOWHERE],
        *[({**GOOD, **MAIL, "TRAINHUB_SMTP_URL": url.replace("http", "smtp")}, "TRAINHUB_SMTP_URL 应形如") for url in NOWHERE],
        ({**GOOD, **MAIL, "TRAINHUB_MAIL_FROM": "noreply"}, "TRAINHUB_MAIL_FROM 应为发件地址"),
        ({**GOOD, "TRAINHUB_DATABASE_URL": "postgresql://u:p@h:65536/d"}, "端口在 1 至 65535"),
        ({**GOOD, "TRAINHUB_DATABASE_URL": "postgresql://u:p@h:0/d"}, "端口在 1 至 65535"),
        ({**GOOD, "TRAINHUB_DATABASE_URL": "postgresql://u:p@h:port/d"}, "端口在 1 至 65535"),
        ({**GOOD, "TRAINHUB_FILES_URL": "s3://bucket:70000/x"}, "TRAINHUB_FILES_URL 应形如"),
        ({**GOOD, **BUCKET, "AWS_ACCESS_KEY_ID": "k"}, "AWS_SECRET_ACCESS_KEY 没有设置"),
        ({**GOOD, **BUCKET, "AWS_SECRET_ACCESS_KEY": "s"}, "AWS_ACCESS_KEY_ID 没有设置"),
        ({**GOOD, **BUCKET, "AWS_ENDPOINT": "minio:9000"}, "AWS_ENDPOINT 应为"),
        ({**GOOD, **BUCKET, "AWS_ENDPOINT": "http://minio:9000"}, "AWS_ALLOW_HTTP 没有设为 true"),
        ({**GOOD, "TRAINHUB_MAX_UPLOAD_MB": "0"}, "不小于 1 的整数"),
        ({**GOOD, "TRAINHUB_MAX_UPLOAD_MB": "-5"}, "不小于 1 的整数"),
        ({**GOOD, "TRAINHUB_TRUSTED_PROXIES": "-1"}, "不小于 0 的整数"),
        ({**GOOD, "TRAINHUB_PDF_SIGNER_PASSWORD": "secret"}, "TRAINHUB_PDF_SIGNER 设为"),
        ({**GOOD, "TRAINHUB_CREDENTIAL_SIGNER": "token.so"}, "包.模块:函数"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    with pytest.raises(config.HalfConfigured, match=says.replace("(", r"\(")):
        config.load({"TRAINHUB_INSTANCE": str(tmp_path), **environ})


def test_addresses_that_work_are_taken(tmp_path: Path) -> None:
    """The last port, an address of IPv6, a name with an underscore, a password with signs, a socket of PostgreSQL."""
    for changed in (
        {"TRAINHUB_BASE_URL": "https://train_hub.example.cn:65535/"},
        {"TRAINHUB_BASE_URL": "http://[::1]:8000"},
        {**MAIL, "TRAINHUB_SMTP_URL": "smtps://noreply%40example.cn:p%2Fw@mail:465"},
        {**MAIL, "TRAINHUB_MAIL_FROM": "培训平台 <noreply@example.cn>"},
        {"TRAINHUB_DATABASE_URL": "postgresql://u:p#?w@h:1/d"},
        {"TRAINHUB_DATABASE_URL": "postgresql:///d?host=/run/postgresql"},
        {"TRAINHUB_FILES_URL": "s3://our_bucket/prefix", "TRAINHUB_MAX_UPLOAD_MB": "1"},
        {**BUCKET, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT": "https://minio:9000"},
        {**BUCKET, "AWS_ENDPOINT": "http://minio:9000", "AWS_ALLOW_HTTP": "true"},
        {"AWS_ACCESS_KEY_ID": "of something else on this machine"},
    ):
        config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path), **changed})


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("sqlite:///x.sqlite3", "{0}/x.sqlite3"),
        ("sqlite:///data/x.sqlite3", "{0}/data/x.sqlite3"),
        ("sqlite:////srv/x.sqlite3", "/srv/x.sqlite3"),
        ("sqlite:///file:x.sqlite3?mode=ro&uri=true", "file:{0}/x.sqlite3"),
        ("sqlite:///file:/srv/x.sqlite3?mode=ro&uri=true", "file:/srv/x.sqlite3"),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite:///file::memory:?uri=true", "file::memory:"),
        ("sqlite:///file:ours?mode=memory&uri=true", "file:ours"),
    ],
)
def test_a_relative_address_of_sqlite_lies_in_the_instance_folder_for_everybody(tmp_path: Path, url: str, database: str) -> None:
    """The library of the app puts it into a folder beside the program, the driver into the folder the command was started in."""
    settings = config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_DATABASE_URL": url})
    found = make_url(settings.database_url)
    assert found.database == database.format(tmp_path)
    assert found.query == make_url(url).query


def test_problems_are_told_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(config.HalfConfigured) as refused:
        config.load({"TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_MAX_UPLOAD_MB": "0", "TRAINHUB_PDF_SIGNER_PASSWORD": "x", "TRAINHUB_X": "y"})
    lines = str(refused.value).splitlines()
    assert len(lines) == 4
    for line in lines:
        chinese, _, english = line.partition(" / ")
        assert chinese.startswith("TRAINHUB_")
        assert any("一" <= char <= "鿿" for char in chinese)
        assert english.isascii()


def test_every_setting_is_documented() -> None:
    """Those of an installation in operations.md, those of a test run in testing.md."""
    docs = Path(__file__).resolve().parents[3] / "docs"
    text = (docs / "operations.md").read_text() + (docs / "testing.md").read_text()
    assert [name for name in [*sorted(f"TRAINHUB_{name}" for name in config._KNOWN), *config.AWS] if name not in text] == []


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(config.HalfConfigured) as refused:
        config.load({"TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_BASE_URL": "x", "TRAINHUB_DATABASE_URL": "y"})
    assert len(str(refused.value).splitlines()) == 3


def test_a_demo_instance_makes_its_secret_once_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / config.DEMO_MARK).write_text("{}")
    first = config.load({"TRAINHUB_INSTANCE": str(tmp_path)})
    assert first.is_demo
    assert len(first.secret_key) >= 32
    assert config.load({"TRAINHUB_INSTANCE": str(tmp_path)}).secret_key == first.secret_key
    assert stat.S_IMODE((tmp_path / "demo-secret").stat().st_mode) == 0o600


def test_cookies_are_secure_exactly_over_https(tmp_path: Path) -> None:
    assert config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_BASE_URL": "https://a.cn"}).is_https


def test_postgresql_addresses_get_their_driver(tmp_path: Path) -> None:
    settings = config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_DATABASE_URL": "postgresql://u@h/d"})
    assert settings.database_url == "postgresql+psycopg://u@h/d"
