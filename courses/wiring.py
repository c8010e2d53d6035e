"""The door of the room `courses`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from courses.assessment import models as assessment_models
from courses.catalogue import models as catalogue_models
from courses.curriculum import models as curriculum_models
from courses.learning import models as learning_models
from courses.standards import models as standards_models
from courses.teaching import models as teaching_models

TABLES: tuple[ModuleType, ...] = (
    catalogue_models,
    assessment_models,
    learning_models,
    curriculum_models,
    standards_models,
    teaching_models,
)
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
