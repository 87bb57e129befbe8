"""Which filing condition a new report comes under before a person has looked at it (分检)."""

from dataclasses import dataclass

from app.city.snapshot import ConditionFact
from app.reports.schemas import SubmitReport
from app.reports.world import World


@dataclass(frozen=True, slots=True)
class Sorted:
    """The condition the rules go on with, None when a person has to say; `is_certain`: nothing speaks against it."""

    condition: ConditionFact | None
    is_certain: bool


def sort_out(body: SubmitReport, *, world: World) -> Sorted:
    """Return what a new report comes under.

    :raises UnknownCategory: no such category
    """
    if body.category is None:
        return Sorted(None, is_certain=False)
    return Sorted(world.city.default_condition(body.category), is_certain=True)
