"""Serving: the app behind whitenoise, in one process with its worker, or as many processes by gunicorn."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn

from flask import Flask
from werkzeug.wsgi import FileWrapper
from whitenoise import WhiteNoise

from trainhub import config
from trainhub.app import create_app
from trainhub.assets import asset_dir
from trainhub.kernel import key_marks, keys, migrations
from trainhub.kernel.compression import Compression
from trainhub.kernel.db import db
from trainhub.kernel.errors import Refused
from trainhub.kernel.worker import work

CONNECTIONS = 2_000
"""Connections of one process, at most: a class of 200 browsers keeps up to 1,200. At the limit no more are accepted, without a word to whoever comes."""
OTHER_FILES = 200
"""Files a process has open besides: database, templates, store, log."""
STALLED = 60
"""Seconds after which one process closes a connection whose reader has taken not one byte, or which rests. A browser opens another when it needs one, a
player asks for the rest of its film."""
IN_MEMORY = 1 << 20
"""Bytes of an answer that wait in memory; more are put into a temporary file (TMPDIR)."""
MOST_WAITING = 1 << 30
"""Bytes of an answer that wait on the disk at most: whoever makes more waits for the reader."""
MORE_UPLOAD_MB = 50
"""What is read above the largest request before the connection is refused: whoever is a little above gets the words of the app."""


def wsgi_app() -> Flask:
    """The app with its assets served by whitenoise: kept by browsers for ever, since their addresses carry a hash."""
    app = create_app()
    config.check_serving(app.config["SETTINGS"])
    with app.app_context():
        migrations.check(db.engine)
    keys.check(app.config["SETTINGS"].instance, app.config["SETTINGS"].secret_key)
    if (app.config["SETTINGS"].instance / keys.FILE).exists():
        with app.app_context():
            key_marks.check()
    wrapped = WhiteNoise(app.wsgi_app, max_age=31536000, allow_all_origins=False)
    wrapped.add_files(str(asset_dir("static")), prefix="static/")
    app.wsgi_app = Compression(wrapped)  # type: ignore[method-assign]
    return app


def serve_here(host: str, port: int, *, with_jobs: bool) -> None:
    """One process: waitress with eight threads and, unless turned off, the worker in a thread of its own. Raises Refused (`cannot_listen`)."""
    import waitress

    app = wsgi_app()
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(app, stop), kwargs={"name": f"serve-{os.getpid()}"}, daemon=True)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as Ctrl-C: requests end, the worker says that it has gone
    if with_jobs:
        worker.start()
    try:
        waitress.serve(from_disk(app), _server=_listening, host=host, port=port, **waitress_options(app.config["SETTINGS"].max_upload_mb))
    finally:
        stop.set()
        if with_jobs:
            worker.join(timeout=10)


def _listening(app: Any, **options: Any) -> Any:
    """A server that has its port. What else fails on the way (a folder, a file) is told as what it is."""
    from trainhub.kernel.waitress_channel import create_server

    try:
        return create_server(app, **options)
    except OSError as taken:
        raise Refused(
            f"不能在 {in_address(options['host'])}:{options['port']} 上接受连接（{taken.strerror}）：端口可能已被另一个程序使用，或不允许使用。"
            "请换一个 --port 或 --host，或先停止那个程序。",
            code="cannot_listen",
        ) from taken


def in_address(host: str) -> str:
    """A host as it stands in front of a port: the colons of IPv6 are put into brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def waitress_options(max_upload_mb: int) -> dict[str, Any]:
    """How one process is served. Left to itself waitress accepts nobody beyond 98 connections, keeps each for two minutes, and lets a thread wait for the
    reader of an answer above 16 MB. Up to MOST_WAITING the thread is free when the app has answered: what is not taken yet lies in a temporary file."""
    return {
        "threads": 8,
        "ident": None,
        # Left to itself waitress takes the headers of a proxy out; which of them are believed is decided in one place for every server (kernel.proxies).
        "clear_untrusted_proxy_headers": False,
        "connection_limit": connections(open_files()),
        "asyncore_use_poll": True,  # select() ends at 1,024 files
        "channel_timeout": STALLED,
        "cleanup_interval": 5,
        "outbuf_overflow": IN_MEMORY,
        "outbuf_high_watermark": MOST_WAITING,
        "max_request_body_size": (max_upload_mb + MORE_UPLOAD_MB) << 20,
    }


def connections(files: int) -> int:
    """How many connections a process takes that may have so many files open: each has its socket, and the file that its reader takes or sends."""
    return max(100, min(CONNECTIONS, (files - OTHER_FILES) // 2))


def open_files() -> int:
    """How many files this process may have open, after asking for what CONNECTIONS need: many systems give 1,024 unless asked for more."""
    wanted = 2 * CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a system that gives less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else soft


def from_disk(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The app, whose answers waitress keeps for slow readers on the disk alone: it holds a file that it is given until it is taken, and one in memory
    (`send_file(BytesIO)`) would stay there as long."""

    def served(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        given = environ["wsgi.file_wrapper"]

        def wrapped(file: Any, block_size: int = 32768) -> Iterable[bytes]:
            try:
                file.fileno()
            except (AttributeError, OSError):
                return FileWrapper(file, IN_MEMORY)  # a piece costs waitress as much as a look at what it holds
            return given(file, block_size)  # type: ignore[no-any-return]

        environ["wsgi.file_wrapper"] = wrapped
        return app(environ, start_response)

    return served


def serve_many(host: str, port: int, workers: int) -> NoReturn:
    """gunicorn with `workers` processes of four threads; jobs are run by `trainhub worker`.

    It takes the place of this process, so that what a service manager sends (SIGTERM) reaches it and requests end in order.
    """
    command = gunicorn_command(host, port, workers)  # what takes our place keeps the open files that this asks for
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell


def gunicorn_command(host: str, port: int, workers: int, *, app: str = "trainhub.serving:wsgi_app()") -> list[str]:
    """The words that start gunicorn. It believes no header of a proxy by itself: which of them count is decided in one place for every server
    (`kernel.proxies`)."""
    from trainhub.kernel.access_log import FORMAT, AccessLog

    return [
        *(sys.executable, "-m", "gunicorn", app),
        *("--worker-class", "gthread"),
        *("--threads", "4"),
        *("--worker-connections", str(connections(open_files()))),  # beyond its open files a worker of gunicorn ends
        *("--keep-alive", "5"),
        *("--workers", str(workers)),
        *("--bind", f"{in_address(host)}:{port}"),
        *("--forwarded-allow-ips", ""),
        *("--access-logfile", "-"),
        *("--logger-class", f"{AccessLog.__module__}.{AccessLog.__name__}"),
        *("--access-logformat", FORMAT),
    ]
