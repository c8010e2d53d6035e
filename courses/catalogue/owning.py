"""In whose name something is made: chosen from a list, or named by its code where there are more to choose from than a list holds."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField
from wtforms.validators import InputRequired, Length, ValidationError

from courses.catalogue import choice_queries
from trainhub.kernel.fields import picks
from trainhub.kernel.forms import Form, Text
from trainhub.kernel.i18n import _, _l
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationState


class OwnedForm(Form):
    """What belongs to an organisation. The code is asked for where the list is full."""

    owner_id = SelectField(_l("开课单位"), [InputRequired()], coerce=int)
    owner_code = Text(
        _l("其他单位的代码"), [Length(max=60)], description=_l("单位很多，列表没有列全；不在列表中的，在这里填写单位代码或统一社会信用代码")
    )

    def offer(self, owners: list[tuple[int, str]]) -> None:
        """Offer organisations to choose from."""
        self.owner_id.choices = picks(owners)
        if len(owners) < choice_queries.CHOICES:
            del self.owner_code

    def validate_owner_code(self, field: Any) -> None:
        """A typed code is that of a verified organisation, as those in the list are."""
        if (field.data or "").strip() and self._named() is None:
            raise ValidationError(_("没有代码为“%(code)s”的已核验单位。", code=field.data.strip()))

    def _named(self) -> Organisation | None:
        code = ((self.owner_code.data or "") if "owner_code" in self else "").strip()
        found = organisations.by_code(code) if code else None
        return found if found is not None and found.state is OrganisationState.VERIFIED else None

    def owner(self) -> Organisation:
        """The organisation that a valid form names, by its code if one was typed; what may be made in its name is asked by the caller."""
        found = self._named() or organisations.by_id(self.owner_id.data)
        assert found is not None
        return found
