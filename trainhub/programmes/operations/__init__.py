"""What can be done with programmes: set up, plan, publish, open cohorts."""

from trainhub.programmes.operations.accreditations import confirm_accreditation, enter_accreditation, withdraw_confirmation
from trainhub.programmes.operations.errors import (
    BadProgramme,
    CodeTaken,
    IsPublished,
    NotReady,
)
from trainhub.programmes.operations.plans import (
    add_point,
    add_requirement,
    change_point,
    change_requirement,
    create_version,
    map_standard,
    publish_version,
    remove_point,
    remove_requirement,
    retire_version,
    set_standards,
)
from trainhub.programmes.operations.programmes import (
    change_cohort,
    change_programme,
    create_cohort,
    create_programme,
)

__all__ = [
    "BadProgramme",
    "CodeTaken",
    "IsPublished",
    "NotReady",
    "add_point",
    "add_requirement",
    "change_cohort",
    "change_point",
    "change_programme",
    "change_requirement",
    "confirm_accreditation",
    "create_cohort",
    "create_programme",
    "create_version",
    "enter_accreditation",
    "map_standard",
    "publish_version",
    "remove_point",
    "remove_requirement",
    "retire_version",
    "set_standards",
    "withdraw_confirmation",
]
