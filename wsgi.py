"""The WSGI entry point: `gunicorn wsgi:app`."""

from trainhub.serving import wsgi_app

app = wsgi_app()
