"""Keyword rules: words of a report that say which class it is, before any model is asked."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STRONG_WORDS = 2
STRONG_LETTERS = 4

NEGATIONS = ("没", "没有", "没人", "没有人", "未", "无", "无人", "不", "勿", "禁止", "严禁")
"""A word right behind one of these is denied: 没有小广告, 没人乱扔垃圾. Words like 不亮 and 没盖 bring their own."""


def normalised(text: str) -> str:
    """Return a text as words are looked for in it: NFKC, without case, without blanks.

    Full-width letters, circled numbers and capitals are the same word, and so is one with a blank or a line end in it.
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class Keyword:
    """A class (and perhaps one of its conditions by name) that a text means.

    It must hold one of `any_of` (when there are any), every one of `all_of` and nothing of `none_of`.
    """

    class_code: str
    condition: str = ""
    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A keyword rule that a text meets, and the words that met it; of `any_of` only the longest one counts.

    `condition` is empty when the rule names none, or when rules as good as each other name different ones.
    """

    class_code: str
    condition: str
    words: tuple[str, ...]

    @property
    def specificity(self) -> tuple[int, int, bool]:
        """Return what hits are compared by: words matched, then their letters, then whether a condition is named."""
        return len(self.words), sum(map(len, self.words)), bool(self.condition)

    @property
    def is_strong(self) -> bool:
        """Tell whether it may speak against what a person said: two words, or one of four letters."""
        return len(self.words) >= STRONG_WORDS or len(self.words[0]) >= STRONG_LETTERS


def clear_winner(hits: Sequence[Hit]) -> Hit | None:
    """Return the most specific of ranked hits, None when there is none or the second is as specific."""
    if not hits or (len(hits) > 1 and hits[1].specificity == hits[0].specificity):
        return None
    return hits[0]


def is_one_matter(hits: Sequence[Hit]) -> bool:
    """Tell whether every hit shares a word with the first, or has one inside the other: else there are two problems."""
    return all(any(a in b or b in a for a in hits[0].words for b in hit.words) for hit in hits[1:])


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A keyword rule with its words normalised."""

    class_code: str
    condition: str
    any_of: frozenset[str]
    all_of: frozenset[str]
    none_of: frozenset[str]

    def hit(self, said: frozenset[str], found: frozenset[str]) -> Hit | None:
        """Return the hit in a text that says these words of those found; one of `any_of` is known to be among them."""
        if not self.all_of <= said or not self.none_of.isdisjoint(found):
            return None
        one = self.any_of & said
        longest = [max(one, key=lambda word: (len(word), word))] if one else []
        return Hit(self.class_code, self.condition, tuple(sorted(self.all_of.union(longest))))


class KeywordRules:
    """The keyword rules of a rule set, compiled; the cost of a text does not grow with their number.

    A rule without `any_of` and `all_of` means nothing and never matches.
    """

    def __init__(self, keywords: Iterable[Keyword]) -> None:
        rules = [
            _Compiled(
                each.class_code,
                each.condition,
                _words(each.any_of),
                _words(each.all_of),
                _words(each.none_of),
            )
            for each in keywords
        ]
        # A rule is looked at when one of its own words is found: any of `any_of`, or else the first of `all_of`.
        self._by_word: dict[str, list[_Compiled]] = {}
        for rule in rules:
            for word in rule.any_of or sorted(rule.all_of)[:1]:
                self._by_word.setdefault(word, []).append(rule)
        self._words = frozenset[str]().union(*(rule.any_of | rule.all_of | rule.none_of for rule in rules))
        # Which lengths words with this first letter have: what is cut out of a text depends on the text alone.
        self._lengths: dict[str, set[int]] = {}
        for word in self._words:
            self._lengths.setdefault(word[0], set()).add(len(word))

    def find(self, text: str) -> list[Hit]:
        """Return the best hit of each class, the most specific first, then by class code."""
        plain = normalised(text)
        found = self._words_in(plain)
        said = frozenset(word for word in found if _is_said(plain, word))
        by_class: dict[str, list[Hit]] = {}
        for rule in {id(rule): rule for word in said for rule in self._by_word.get(word, ())}.values():
            hit = rule.hit(said, found)
            if hit is not None:
                by_class.setdefault(hit.class_code, []).append(hit)
        best = sorted(map(_best, by_class.values()), key=lambda hit: hit.class_code)
        return sorted(best, key=lambda hit: hit.specificity, reverse=True)

    def _words_in(self, text: str) -> frozenset[str]:
        lengths = self._lengths
        cut = {text[at : at + length] for at, letter in enumerate(text) for length in lengths.get(letter, ())}
        return self._words & cut


def _is_said(text: str, word: str) -> bool:
    """Tell whether a word of a text stands somewhere without a denial right before it."""
    at = text.find(word)
    while at >= 0 and text.endswith(NEGATIONS, 0, at):
        at = text.find(word, at + 1)
    return at >= 0


def _words(written: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(normalised, written)))


def _best(hits: Sequence[Hit]) -> Hit:
    """Return the most specific hit of a class; when several as good name different conditions, it names none."""
    most = max(hit.specificity for hit in hits)
    best = [hit for hit in hits if hit.specificity == most]
    conditions = {hit.condition for hit in best}
    return Hit(best[0].class_code, conditions.pop() if len(conditions) == 1 else "", min(hit.words for hit in best))
