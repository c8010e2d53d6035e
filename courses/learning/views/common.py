"""What the learning pages share: the blueprint."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("learning", __name__)
