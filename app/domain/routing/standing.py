"""The rules of a set as boxes in the order of their strength: who stands above whom, and where they touch."""

from collections.abc import Collection, Sequence
from itertools import groupby

from app.domain.routing.boxes import Box, Cover, Effort, bits_of, mask_of, uncovered
from app.domain.routing.overlaps import Overlaps
from app.domain.routing.rules import Rule
from app.domain.routing.space import FIRST_QUESTION, UNANSWERED
from app.domain.routing.specificity import Specificity, specificity


class Standing:
    """Rules, the strongest first, each with the boxes of the reports that it applies to and has a unit for."""

    def __init__(self, boxes: Sequence[tuple[Rule, Sequence[Box]]], *, full: Sequence[int]) -> None:
        self.full = full
        ranked = sorted(((specificity(rule), rule, those) for rule, those in boxes), key=lambda each: each[1].key)
        ranked.sort(key=lambda each: each[0], reverse=True)
        self.rules = [rule for _, rule, _ in ranked]
        self.covers: list[Cover] = []
        self.numbers: list[range] = []
        self.above: list[int] = []
        self.equals: list[int] = []
        self._rank(ranked)
        self._overlaps = Overlaps([cover.box for cover in self.covers])
        self._unanswered = dict.fromkeys(range(FIRST_QUESTION, len(full)), UNANSWERED)
        numbers: dict[frozenset[int], list[int]] = {}
        for number, cover in enumerate(self.covers):
            numbers.setdefault(_asked(cover.box), []).append(number)
        self._asking = {asked: mask_of(found) for asked, found in numbers.items()}

    def _rank(self, ranked: Sequence[tuple[Specificity, Rule, Sequence[Box]]]) -> None:
        """Give the boxes their numbers and keep, rule by rule, the masks of those above it and beside it."""
        owner = 0
        for _, group in groupby(ranked, key=lambda each: each[0]):
            above = (1 << len(self.covers)) - 1
            first = owner
            for _, _, boxes in group:
                begin = len(self.covers)
                self.covers += [Cover(owner, box) for box in boxes]
                self.numbers.append(range(begin, len(self.covers)))
                owner += 1
            equals = ((1 << len(self.covers)) - 1) & ~above
            self.above += [above] * (owner - first)
            self.equals += [equals] * (owner - first)

    def touching(self, box: Box) -> int:
        """Return which covers touch a box, as a mask of their numbers."""
        return self._overlaps.touching(box)

    def covers_of(self, numbers: int) -> list[Cover]:
        return [self.covers[number] for number in bits_of(numbers)]

    def left_by_stronger(self, box: Box, owner: int, *, effort: Effort, used: set[int] | None = None) -> Box | None:
        """Return a part of a box in which nothing stronger than a rule decides, None if there is none.

        :raises TooIntricate: the effort is spent
        """
        effort.ask()
        stronger = self.touching(box) & self.above[owner]
        # Mostly some report is left that answers nothing but what it must: then few rules have to be looked at.
        few = self.covers_of(stronger & self._asking_no_more_than(box))
        unanswered = uncovered(box, few, full=self.full, effort=effort)
        if unanswered is not None:
            return {**self._unanswered, **unanswered}
        return uncovered(box, self.covers_of(stronger), full=self.full, effort=effort, used=used)

    def _asking_no_more_than(self, box: Box) -> int:
        """Return the covers that ask for no answer to a question which a box leaves open."""
        asked = _asked(box)
        return sum(numbers for questions, numbers in self._asking.items() if questions <= asked)

    def keys(self, owners: Collection[int]) -> tuple[str, ...]:
        """Return the keys of rules by number, the strongest first."""
        return tuple(self.rules[owner].key for owner in sorted(owners))


def _asked(box: Box) -> frozenset[int]:
    return frozenset(dimension for dimension in box if dimension >= FIRST_QUESTION)
