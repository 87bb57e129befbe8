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

_BITS = (1, 32, 3, 2, 1, 1, 1)
"""How wide each criterion is in a packed specificity; a rule cannot ask for 4 billion attributes."""

LOST_ON = (
    "key",
    *(name for name, bits in reversed(list(zip(CRITERIA, _BITS, strict=True))) for _ in range(bits)),
)
"""The first criterion in which two packed specificities differ, by the length of their exclusive or in bits."""

Specificity = tuple[int, int, int, int, int, int, int]


def area_rank(when: When, *, rule: str = "") -> AreaRank:
    """Return how narrow a rule's area is.

    :param rule: its key, for the error
    :raises BadRule: the code has a length no area has, or two kinds of area are named
    """
    if sum(map(bool, (when.area, when.polygon, when.jurisdiction))) > 1:
        raise BadRule(reason="area", rule=rule)
    if when.polygon:
        return AreaRank.POLYGON
    if when.jurisdiction:
        return AreaRank.JURISDICTION
    rank = _RANK_OF_LENGTH.get(len(when.area))
    if rank is None:
        raise BadRule(reason="area", rule=rule)
    return rank


def specificity(rule: Rule) -> Specificity:
    """Return the key that the winner has the greatest of; one number per entry of `CRITERIA`.

    :raises BadRule: as `area_rank`
    """
    when = rule.when
    return (
        int(rule.powers is not Powers.ORDINARY),
        bool(when.place_type) + len(when.facts),
        int(area_rank(when, rule=rule.key)),
        _topic_rank(when),
        int(bool(when.scheme)),
        int(bool(when.channels)),
        int(when.window is not None),
    )


def packed(rank: Specificity) -> int:
    """Return one number that compares as the specificity does."""
    number = 0
    for part, bits in zip(rank, _BITS, strict=True):
        number = number << bits | part
    return number


def _topic_rank(when: When) -> int:
    if when.condition:
        return 3
    if len(when.class_prefix) == CLASS_DIGITS:
        return 2
    return 1 if when.class_prefix else 0
