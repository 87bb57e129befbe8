"""Rules that can never decide: nothing meets them, nobody is there to answer, or stronger ones always win."""

from collections.abc import Sequence

from app.domain.routing.boxes import Box, Effort, TooIntricate
from app.domain.routing.findings import Dead, DeadBecause
from app.domain.routing.rules import Rule
from app.domain.routing.space import Space
from app.domain.routing.standing import Standing
from app.domain.routing.universe import Progress

MOST_NAMED = 20
_TELL_EVERY = 500


def lay_out(rules: Sequence[Rule], space: Space) -> tuple[list[tuple[Rule, Sequence[Box]]], list[Dead]]:
    """Return the rules that decide somewhere, each with the boxes where it could, and those that never apply."""
    laid_out: list[tuple[Rule, Sequence[Box]]] = []
    dead: list[Dead] = []
    for rule in rules:
        matched, criterion = space.matched(rule)
        if matched is None:
            dead.append(Dead(rule.key, DeadBecause.MATCHES_NOTHING, criterion))
            continue
        boxes = space.able(rule, matched)
        if boxes:
            laid_out.append((rule, boxes))
        else:
            dead.append(Dead(rule.key, DeadBecause.NO_UNIT, "unit"))
    return laid_out, dead


def shadowed(standing: Standing, *, effort: Effort, progress: Progress) -> tuple[list[Dead], set[str]]:
    """Return the rules above which stronger ones always stand, and the keys of those that could not be told."""
    dead: list[Dead] = []
    undecided: set[str] = set()
    for owner, rule in enumerate(standing.rules):
        if owner % _TELL_EVERY == 0:
            progress("dead", owner, len(standing.rules))
        used: set[int] = set()
        try:
            is_alive = any(
                standing.left_by_stronger(standing.covers[number].box, owner, effort=effort, used=used) is not None
                for number in standing.numbers[owner]
            )
        except TooIntricate:
            undecided.add(rule.key)
            continue
        if not is_alive:
            dead.append(Dead(rule.key, DeadBecause.SHADOWED, by=standing.keys(used)[:MOST_NAMED]))
    return dead, undecided
