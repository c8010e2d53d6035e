"""Typed settings from the environment; a half-configured system refuses to start and says what to set.

Every variable begins with TRAINHUB_ and is documented in docs/operations.md.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit


class HalfConfigured(Exception):
    """The settings contradict each other or something is missing; the message says which variable to set to what."""


@dataclass(frozen=True)
class Settings:
    """What an installation decides. `is_demo` belongs to the instance folder, not to a variable."""

    instance: Path
    database_url: str
    secret_key: str
    base_url: str = "http://127.0.0.1:8000"
    is_demo: bool = False
    is_testing: bool = False
    smtp_url: str = ""
    mail_from: str = ""
    files_url: str = ""
    trusted_proxies: int = 0
    has_counted_proxies: bool = False
    """Whether somebody said how many there are, be it none."""
    max_upload_mb: int = 200
    log_level: str = "INFO"
    pdf_signer: Path | None = None
    pdf_signer_password: str = ""
    credential_signer: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_reachable(self) -> bool:
        """Whether others reach the address; an unset one leads whoever scans a code to their own device."""
        host = urlsplit(self.base_url).hostname or ""
        return not (host in ("localhost", "::1", "::") or host.startswith(("0.", "127.")) or host.endswith(".localhost"))

    @property
    def gives_links(self) -> bool:
        """Whether links may be handed out and printed: they lead here wherever they are opened. A demonstration is looked at on its own machine."""
        return self.is_reachable or self.is_demo or self.is_testing

    @property
    def is_https(self) -> bool:
        """Cookies are Secure exactly when the address people use is https."""
        return self.base_url.startswith("https://")


DEMO_MARK = "demo.json"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LAST_PORT = 65535
AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT", "AWS_ALLOW_HTTP", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST")
"""What opens the bucket of TRAINHUB_FILES_URL, by the names that every tool of S3 knows; other variables of that kind are read, too."""
_KNOWN = {
    "DATABASE_URL", "INSTANCE", "SECRET_KEY", "BASE_URL", "SMTP_URL", "MAIL_FROM", "FILES_URL", "TRUSTED_PROXIES",
    "MAX_UPLOAD_MB", "LOG_LEVEL", "PDF_SIGNER", "PDF_SIGNER_PASSWORD", "CREDENTIAL_SIGNER", "CHROMIUM",
    "TEST_DATABASE_URL", "TEST_REQUIRE", "TEST_WHOLE", "TEST_STATEMENTS", "TEST_COVER",
}  # fmt: skip


def load(environ: Mapping[str, str] | None = None, *, need_secret: bool = True) -> Settings:
    """Read the settings. Raises HalfConfigured with every problem found, not only the first: one a line, variable first, in both languages."""
    environ = environ or os.environ
    env = {k.removeprefix("TRAINHUB_"): v.strip() for k, v in environ.items() if k.startswith("TRAINHUB_")}
    problems = [
        f"TRAINHUB_{name} 不是本系统的配置项，全部配置项见 docs/operations.md / is not a setting; the settings are listed in docs/operations.md"
        for name in sorted(set(env) - _KNOWN)
    ]
    instance = Path(env.get("INSTANCE") or "instance").resolve()
    is_demo = (instance / DEMO_MARK).exists()
    secret = env.get("SECRET_KEY", "")
    if not secret and is_demo:
        secret = _kept_demo_secret(instance)
    if need_secret and not secret:
        problems.append(
            "TRAINHUB_SECRET_KEY 没有设置：请设为至少 32 个字符的随机文本，例如 `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` 的输出，"
            "并像备份一样妥善保管 / is not set: set it to a random text of at least 32 characters, for example the output of that command, "
            "and keep it as safe as the backups"
        )
    elif secret and len(secret) < 32:
        problems.append("TRAINHUB_SECRET_KEY 不足 32 个字符：请改用更长的随机文本 / is shorter than 32 characters: use a longer random text")
    url = _database(env.get("DATABASE_URL") or "sqlite:///trainhub.sqlite3", instance, problems)
    base_url = (env.get("BASE_URL") or "http://127.0.0.1:8000").rstrip("/")
    parts = _address(base_url)
    if parts is None or parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment or parts.username is not None:
        problems.append(
            "TRAINHUB_BASE_URL 应为用户输入的网址，例如 https://train.example.edu.cn，要有主机名，不带路径，端口在 1 至 65535 之间 / "
            "must be the address people type, such as https://train.example.edu.cn, with a host, without a path, its port from 1 to 65535"
        )
    if env.get("SMTP_URL") and not env.get("BASE_URL"):
        problems.append(
            "TRAINHUB_BASE_URL 没有设置：邮件中的链接要指向用户输入的网址，设置了 TRAINHUB_SMTP_URL 就须设置它 / "
            "is not set: links in e-mails lead to the address people type, so it is needed with TRAINHUB_SMTP_URL"
        )
    _mail(env.get("SMTP_URL", ""), env.get("MAIL_FROM", ""), problems)
    if env.get("FILES_URL"):
        _files(env["FILES_URL"], {name: environ.get(name, "").strip() for name in AWS}, problems)
    log_level = (env.get("LOG_LEVEL") or "INFO").upper()
    if log_level not in LOG_LEVELS:
        levels = ", ".join(LOG_LEVELS)
        problems.append(f"TRAINHUB_LOG_LEVEL 应为 {levels} 之一，而不是 {env['LOG_LEVEL']!r} / must be one of {levels}, not {env['LOG_LEVEL']!r}")
    if env.get("PDF_SIGNER") and not Path(env["PDF_SIGNER"]).is_file():
        problems.append(
            "TRAINHUB_PDF_SIGNER 应指向可读取的 PKCS #12 文件（.p12、.pfx），不设置则 PDF 不带 PAdES 签名 / "
            "must name a PKCS #12 file (.p12, .pfx) that can be read; without it PDFs carry no PAdES signature"
        )
    if env.get("PDF_SIGNER_PASSWORD") and not env.get("PDF_SIGNER"):
        problems.append(
            "TRAINHUB_PDF_SIGNER_PASSWORD 没有对应的密钥文件：请把 TRAINHUB_PDF_SIGNER 设为 PKCS #12 文件的路径，或删去这个口令 / "
            "has no key file: set TRAINHUB_PDF_SIGNER to the path of the PKCS #12 file, or take this password away"
        )
    if env.get("CREDENTIAL_SIGNER") and not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", env["CREDENTIAL_SIGNER"]):
        problems.append(
            "TRAINHUB_CREDENTIAL_SIGNER 应形如 包.模块:函数，由它给出外接签名设备，见 docs/certificates.md / "
            "must look like package.module:function, which gives the external signer, see docs/certificates.md"
        )
    trusted_proxies = _number(env.get("TRUSTED_PROXIES", ""), "TRUSTED_PROXIES", 0, 0, problems)
    max_upload_mb = _number(env.get("MAX_UPLOAD_MB", ""), "MAX_UPLOAD_MB", 200, 1, problems)
    if problems:
        raise HalfConfigured("\n".join(problems))
    return Settings(
        instance=instance,
        database_url=url,
        secret_key=secret,
        base_url=base_url,
        is_demo=is_demo,
        smtp_url=env.get("SMTP_URL", ""),
        mail_from=env.get("MAIL_FROM", ""),
        files_url=env.get("FILES_URL", ""),
        trusted_proxies=trusted_proxies,
        has_counted_proxies=bool(env.get("TRUSTED_PROXIES")),
        max_upload_mb=max_upload_mb,
        log_level=log_level,
        pdf_signer=Path(env["PDF_SIGNER"]) if env.get("PDF_SIGNER") else None,
        pdf_signer_password=env.get("PDF_SIGNER_PASSWORD", ""),
        credential_signer=env.get("CREDENTIAL_SIGNER", ""),
    )


def check_serving(settings: Settings) -> None:
    """What a server needs beyond the settings of a command. Raises HalfConfigured.

    Over https somebody else ends the TLS: unless it is known how many proxies that are, everybody would seem to come from the last of them.
    """
    if settings.is_https and not settings.has_counted_proxies:
        raise HalfConfigured(
            "TRAINHUB_TRUSTED_PROXIES 没有设置：TRAINHUB_BASE_URL 是 https 网址，说明前面有反向代理；请设为代理的层数（通常为 1），并让代理传递 "
            "Host、X-Forwarded-For、X-Forwarded-Proto（见 docs/operations.md 的 Serving），否则所有人都被记为同一个地址；确实没有代理则设为 0 / "
            "is not set, but TRAINHUB_BASE_URL is https, so a reverse proxy stands in front: set it to how many there are (mostly 1) and let them pass "
            "Host, X-Forwarded-For and X-Forwarded-Proto (docs/operations.md, Serving), or everybody counts as one address; 0 if there is none"
        )


def _address(text: str) -> SplitResult | None:
    """An address that names a host and, if any, a port from 1 to 65535; None for one that nobody can reach."""
    try:
        parts = urlsplit(text)
        is_reachable = parts.port != 0 and not parts.netloc.endswith(":") and re.fullmatch(r"[\w.:-]+", parts.hostname or "")
    except ValueError:  # brackets without an end, a port that is no number or above 65535
        return None
    return parts if is_reachable else None


def _database(url: str, instance: Path, problems: list[str]) -> str:
    """The database's address with the driver we use. A file of SQLite that is named without its folder lies in the instance folder, for whoever asks:
    the app's library would put it beside the program, and the driver into the folder a command was started in."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        problems.append("TRAINHUB_DATABASE_URL 应以 sqlite:/// 或 postgresql:// 开头 / must begin with sqlite:/// or postgresql://")
        return url
    try:
        port = make_url(url).port
    except (ArgumentError, ValueError):
        port = 0
    if port is not None and not 1 <= port <= LAST_PORT:
        problems.append(
            "TRAINHUB_DATABASE_URL 应形如 postgresql://user:password@host:5432/name，端口在 1 至 65535 之间 / "
            "must look like postgresql://user:password@host:5432/name with a port from 1 to 65535"
        )
    rest = url.removeprefix("sqlite:///")
    if rest == url or rest.startswith((":memory:", "file::memory:", "?")) or "mode=memory" in rest or not rest:
        return url
    start = "file:" if rest.startswith("file:") else ""
    path, mark, query = rest.removeprefix(start).partition("?")
    return f"sqlite:///{start}{instance / path}{mark}{query}"


def _files(url: str, aws: Mapping[str, str], problems: list[str]) -> None:
    """A bucket, and what else opens it; what of it is wrong without being missing the store says when it is asked (`kernel.file_store`)."""
    bucket = _address(url)
    if bucket is None or bucket.scheme != "s3":
        problems.append(
            "TRAINHUB_FILES_URL 应形如 s3://bucket/prefix，不设置则文件保存在实例文件夹 / "
            "must look like s3://bucket/prefix; without it files are kept in the instance folder"
        )
    pair = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    problems += [
        f"{name} 没有设置：TRAINHUB_FILES_URL 指向存储桶，{other} 须与它一同设置 / is not set: {other} and it open the bucket of TRAINHUB_FILES_URL together"
        for name, other in (pair, pair[::-1])
        if aws[other] and not aws[name]
    ]
    if not aws["AWS_ENDPOINT"]:
        return
    endpoint = _address(aws["AWS_ENDPOINT"])
    if endpoint is None or endpoint.scheme not in ("http", "https"):
        problems.append(
            "AWS_ENDPOINT 应为文件存储的网址，例如 https://minio.example.edu.cn:9000 / "
            "must be the address of the file store, such as https://minio.example.edu.cn:9000"
        )
    elif endpoint.scheme == "http" and aws["AWS_ALLOW_HTTP"].lower() not in ("true", "1"):
        problems.append(
            "AWS_ALLOW_HTTP 没有设为 true：AWS_ENDPOINT 是 http 网址，文件会不加密地传输，确认接受才能使用 / "
            "is not true, but AWS_ENDPOINT is http: files would go over the network in clear, which needs your consent"
        )


def _mail(smtp_url: str, mail_from: str, problems: list[str]) -> None:
    if bool(smtp_url) != bool(mail_from):
        problems.append(
            "TRAINHUB_SMTP_URL 与 TRAINHUB_MAIL_FROM 应一同设置才能发送邮件，或都不设置 / "
            "and TRAINHUB_MAIL_FROM belong together: set both to send e-mail, or neither"
        )
    server = _address(smtp_url)
    if smtp_url and (server is None or server.scheme not in ("smtp", "smtps")):
        problems.append(
            "TRAINHUB_SMTP_URL 应形如 smtp://user:password@host:587 或 smtps://host:465，要有主机名，端口在 1 至 65535 之间，口令中的特殊字符写作 %XX / "
            "must look like smtp://user:password@host:587 or smtps://host:465: with a host, a port from 1 to 65535, "
            "and special characters of the password written as %XX"
        )
    if mail_from and not re.search(r"[^@\s]@[^@\s>]", mail_from):
        problems.append(
            "TRAINHUB_MAIL_FROM 应为发件地址，例如 noreply@example.edu.cn / must be the address mail is sent from, such as noreply@example.edu.cn"
        )


def _number(text: str, name: str, default: int, least: int, problems: list[str]) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        problems.append(f"TRAINHUB_{name} 应为不小于 {least} 的整数，而不是 {text!r} / must be a whole number of at least {least}, not {text!r}")
        return default
    return int(text)


def _kept_demo_secret(instance: Path) -> str:
    """A demo instance makes its own secret once and keeps it, readable by its owner only."""
    path = instance / "demo-secret"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
