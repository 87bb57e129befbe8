"""Ties: two rules that are equally specific for a report that no stronger rule decides."""

from app.domain.routing.boxes import Effort, TooIntricate, bits_of, meet
from app.domain.routing.deciding import RuleSet
from app.domain.routing.findings import Tie, Witness
from app.domain.routing.rules import UnitFinder
from app.domain.routing.space import Space
from app.domain.routing.standing import Standing
from app.domain.routing.universe import Progress

MOST_LISTED = 200
MOST_COUNTED = 10_000
_TELL_EVERY = 500


class InconsistentUnits(ValueError):
    """The units answer otherwise when a report is decided than when the rules were laid out."""


class TieSearch:
    """Looks at every two rules of the same specificity that touch, once."""

    def __init__(self, standing: Standing, space: Space, compiled: RuleSet, *, units: UnitFinder) -> None:
        self._standing = standing
        self._space = space
        self._compiled = compiled
        self._units = units
        self.ties: list[Tie] = []
        self.undecided: set[str] = set()
        self._tied: set[tuple[int, int]] = set()

    @property
    def count(self) -> int:
        return len(self._tied)

    def run(self, *, effort: Effort, progress: Progress) -> None:
        """Find the ties.

        :raises InconsistentUnits: a witness is decided otherwise
        """
        covers = self._standing.covers
        for number in range(len(covers)):
            if number % _TELL_EVERY == 0:
                progress("ties", number, len(covers))
            self._look_from(number, effort)
            if self.count >= MOST_COUNTED:
                return
            if effort.is_spent:
                self.undecided.update(self._standing.keys({cover.owner for cover in covers[number:]}))
                return

    def _look_from(self, number: int, effort: Effort) -> None:
        cover = self._standing.covers[number]
        later = self._standing.equals[cover.owner] >> (number + 1) << (number + 1)
        for other in bits_of(self._standing.touching(cover.box) & later):
            pair = (cover.owner, self._standing.covers[other].owner)
            if pair[0] == pair[1] or pair in self._tied:
                continue
            try:
                self._look_at(pair, number, other, effort)
            except TooIntricate:
                self.undecided.update(self._standing.keys(set(pair)))
            if self.count >= MOST_COUNTED or effort.is_spent:
                return

    def _look_at(self, pair: tuple[int, int], one: int, other: int, effort: Effort) -> None:
        covers = self._standing.covers
        shared = meet(covers[one].box, covers[other].box)
        left = None if shared is None else self._standing.left_by_stronger(shared, pair[0], effort=effort)
        if left is None:
            return
        self._tied.add(pair)
        if len(self.ties) < MOST_LISTED:
            first, second = sorted(self._standing.keys(set(pair)))
            self.ties.append(self._confirmed((first, second), self._space.witness(left)))

    def _confirmed(self, keys: tuple[str, str], witness: Witness) -> Tie:
        decision = self._compiled.decide(witness.facts, units=self._units)
        tied = {decision.rule, *(other.key for other in decision.passed_over if other.lost_on == "key")}
        if not tied.issuperset(keys):
            raise InconsistentUnits(f"{keys} do not tie")
        return Tie(keys, witness)
