"""Serving: the app behind whitenoise, in one process with its worker, or as many processes by gunicorn."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any, NoReturn

import structlog
from flask import Flask
from whitenoise import WhiteNoise

from trainhub import config
from trainhub.app import create_app
from trainhub.assets import asset_dir
from trainhub.kernel import key_marks, keys, migrations
from trainhub.kernel.compression import Compression
from trainhub.kernel.db import db
from trainhub.kernel.folders import is_open
from trainhub.kernel.worker import work

log = structlog.get_logger("serving")


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
    if is_open(app.config["SETTINGS"].instance):
        log.warning("instance.open", folder=str(app.config["SETTINGS"].instance), mend="chmod 700")
    wrapped = WhiteNoise(app.wsgi_app, max_age=31536000, allow_all_origins=False)
    wrapped.add_files(str(asset_dir("static")), prefix="static/")
    app.wsgi_app = Compression(wrapped)  # type: ignore[method-assign]
    return app


def serve_here(host: str, port: int, *, with_jobs: bool) -> None:
    """One process: waitress with eight threads and, unless turned off, the worker in a thread of its own."""
    import waitress

    app = wsgi_app()
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(app, stop), kwargs={"name": f"serve-{os.getpid()}"}, daemon=True)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as Ctrl-C: requests end, the worker says that it has gone
    if with_jobs:
        worker.start()
    try:
        waitress.serve(app, host=host, port=port, **waitress_options(app.config["SETTINGS"].max_upload_mb))
    finally:
        stop.set()
        if with_jobs:
            worker.join(timeout=10)


MOST_CONNECTIONS = 2_000
OWN_FILES = 200
"""What the process opens beside the connections: database, files, logs."""
MEGABYTE = 1 << 20


def waitress_options(max_upload_mb: int) -> dict[str, Any]:
    """How one process serves. A browser keeps what it opened, some six connections, for as long as it is let: they cost a file each, so that there are
    as many as the system gives, and idle ones are closed after a minute. No thread waits for whoever reads slowly: what they have not taken yet is kept,
    beyond a megabyte in a temporary file.
    """
    return {
        "threads": 8,
        "ident": None,
        "connection_limit": max(100, min(MOST_CONNECTIONS, _files_allowed() - OWN_FILES)),
        "asyncore_use_poll": True,  # select knows 1,024 files and no more
        "channel_timeout": 60,
        "cleanup_interval": 5,
        "outbuf_high_watermark": (max_upload_mb + 64) * MEGABYTE,
        "max_request_body_size": (max_upload_mb + 50) * MEGABYTE,  # whoever is a little above the limit is still told so by the product
        # Left to itself waitress takes the headers of a proxy out; which of them are believed is decided in one place for every server (kernel.proxies).
        "clear_untrusted_proxy_headers": False,
    }


def _files_allowed() -> int:
    """How many files this process may open, after asking for as many as it may ask for."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OWN_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):
        return soft
    return most


def serve_many(host: str, port: int, workers: int) -> NoReturn:
    """gunicorn with `workers` processes of four threads; jobs are run by `trainhub worker`.

    It takes the place of this process, so that what a service manager sends (SIGTERM) reaches it and requests end in order.
    """
    command = gunicorn_command(host, port, workers)
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
        *("--workers", str(workers)),
        *("--bind", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
        *("--forwarded-allow-ips", ""),
        *("--access-logfile", "-"),
        *("--logger-class", f"{AccessLog.__module__}.{AccessLog.__name__}"),
        *("--access-logformat", FORMAT),
    ]
