"""What must be so before a report is done (结案条件): the words of its filing condition, confirmed by a person."""

from typing import Any

from app.reports.actions.engine import Context
from app.reports.errors import ClosingConditionNotMet
from app.reports.models import Report


def confirm_closing_condition(report: Report, *, is_met: bool, context: Context) -> dict[str, Any]:
    """Return what the journal keeps of the confirmation: the very words, whatever the catalogue says later.

    :raises ClosingConditionNotMet: the person says that it is not met
    """
    if report.condition_id is None:
        return {}
    words = context.world.city.condition(report.condition_id).closing_condition
    if not is_met:
        raise ClosingConditionNotMet(closing_condition=words)
    return {"closing_condition": words}
