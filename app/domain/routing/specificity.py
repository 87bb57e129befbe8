"""The order in which rules win: docs/decisions/0007 and 0016 hold it in words."""

from app.domain.routing.rules import CLASS_DIGITS, AreaRank, BadRule, Powers, Rule, When

_RANK_OF_LENGTH = {
    0: AreaRank.CITY,
    4: AreaRank.CITY,
    6: AreaRank.DISTRICT,
    9: AreaRank.STREET,
    12: AreaRank.COMMUNITY,
    15: AreaRank.CELL,
}

CRITERIA = ("powers", "attributes", "area", "topic", "scheme", "channel", "window")
"""What two rules are compared by, the first difference decides. The last three only part rules that are else equal."""

Specificity = tuple[int, int, int, int, int, int, int]


def area_rank(when: When) -> AreaRank:
    """Return how narrow a rule's area is.

    :raises BadRule: the code has a length no area has, or two kinds of area are named
    """
    if sum(map(bool, (when.area, when.polygon, when.jurisdiction))) > 1:
        raise BadRule(reason="area")
    if when.polygon:
        return AreaRank.POLYGON
    if when.jurisdiction:
        return AreaRank.JURISDICTION
    rank = _RANK_OF_LENGTH.get(len(when.area))
    if rank is None:
        raise BadRule(reason="area")
    return rank


def specificity(rule: Rule) -> Specificity:
    """Return the key that the winner has the greatest of; one number per entry of `CRITERIA`.

    :raises BadRule: as `area_rank`
    """
    when = rule.when
    return (
        int(rule.powers is not Powers.ORDINARY),
        bool(when.place_type) + len(when.facts),
        int(area_rank(when)),
        _topic_rank(when),
        int(bool(when.scheme)),
        int(bool(when.channels)),
        int(when.window is not None),
    )


def _topic_rank(when: When) -> int:
    if when.condition:
        return 3
    if len(when.class_prefix) == CLASS_DIGITS:
        return 2
    return 1 if when.class_prefix else 0
