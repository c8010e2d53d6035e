"""Pages of topics and capstones."""

from flask import Blueprint

blueprint = Blueprint("capstones", __name__, url_prefix="/capstones")
