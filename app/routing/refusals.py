"""Why a step of a rule set's life is refused; what is wrong inside a file is in `findings`."""

from typing import Self

from app.domain.errors import Conflict, Invalid, NotFound
from app.routing.models import RuleSetState, RuleSetVersion
from app.texts import text


class RuleSetNotFound(NotFound):
    """No version has this name."""

    code = "RULE_SET_NOT_FOUND"


class RuleSetFrozen(Conflict):
    """A version that was published never changes: a change is a new version."""

    code = "RULE_SET_FROZEN"


class RuleSetNotReady(Conflict):
    """The step needs a version in another state; `needed` and `state` say which in Chinese."""

    code = "RULE_SET_NOT_READY"

    @classmethod
    def of(cls, version: RuleSetVersion, *needed: RuleSetState) -> Self:
        names = "、".join(text(f"rule_set.state.{each.value}") for each in needed)
        return cls(rule_set=version.version, state=text(f"rule_set.state.{version.state.value}"), needed=names)


class RuleSetChanged(Conflict):
    """Somebody has put other content into the version since it was read, checked or rehearsed."""

    code = "RULE_SET_CHANGED"


class RuleSetCheckedBefore(Conflict):
    """The city has changed since the version was checked, so the check says nothing any more."""

    code = "RULE_SET_CHECKED_BEFORE"


class RuleSetIntoThePast(Invalid):
    """A version would decide from a moment that is over: decisions already made would be wrong afterwards."""

    code = "RULE_SET_INTO_THE_PAST"


class RuleSetUnitTaken(Conflict):
    """A unit that the version brings along exists by now, and is not the same."""

    code = "RULE_SET_UNIT_TAKEN"


class LastRuleSet(Conflict):
    """Without this version no rules would decide."""

    code = "RULE_SET_LAST"
