"""Which filing condition a new report comes under before a person has looked at it (分检)."""

from dataclasses import dataclass, replace

from app.city.snapshot import ConditionFact
from app.domain.component_codes import class_of
from app.reports.schemas import SubmitReport
from app.reports.world import World
from app.triage.proposing import Proposal, Verdict


@dataclass(frozen=True, slots=True)
class Sorted:
    """The condition the rules go on with, None when a person has to say; `is_certain`: nothing speaks against it.

    `proposal` is what the text said, None for a report without a telling one.
    """

    condition: ConditionFact | None
    is_certain: bool
    proposal: Proposal | None


def sort_out(body: SubmitReport, *, world: World) -> Sorted:
    """Return what a new report comes under.

    A clear text chooses the condition, within the category if one was chosen. An unclear one leaves the category its
    default and leaves a report without category to a person. One that clearly speaks of another category leaves the
    default, too, but a person decides. Who names a component has named the class: that of its code (GB/T 47678.5); the
    text only says which of its conditions, and a class that nothing is filed under is left to a person.

    :raises UnknownCategory: no such category
    """
    default = world.city.default_condition(body.category) if body.category is not None else None
    proposal = world.triage.propose(body.description, category=body.category) if body.description else None
    if body.component is not None:
        return _of_component(class_of(body.component), default, proposal, category=body.category, world=world)
    if proposal is None:
        return Sorted(default, default is not None, None)
    if proposal.verdict is Verdict.SURE:
        return Sorted(proposal.choices[0].condition, is_certain=True, proposal=proposal)
    is_certain = default is not None and proposal.verdict is not Verdict.ELSEWHERE
    return Sorted(default, is_certain, proposal)


def _of_component(
    class_code: str, default: ConditionFact | None, proposal: Proposal | None, *, category: str | None, world: World
) -> Sorted:
    is_told = proposal is not None and proposal.verdict is Verdict.SURE
    if proposal is not None and is_told:
        told = proposal.choices[0].condition
        if told.class_code == class_code:
            return Sorted(told, is_certain=True, proposal=proposal)
        proposal = replace(proposal, verdict=Verdict.ELSEWHERE)  # words and component contradict each other
    condition = world.triage.catalogue.condition(class_code, category=category)
    return Sorted(condition or default, condition is not None and not is_told, proposal)
