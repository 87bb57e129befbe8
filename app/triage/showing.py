"""Figures and proposals of triage as people read them at the command line."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table

from app.city.snapshot import CitySnapshot
from app.infra.wire import beijing_text
from app.texts import text
from app.triage.calibrating import NEVER
from app.triage.measuring import Evaluation, Sure
from app.triage.proposing import Proposal
from app.triage.schemas import TriageModelRead

NOTHING = "—"


def evaluation_parts(figures: Evaluation, *, version: str, city: CitySnapshot) -> Iterable[RenderableType]:
    """Yield the figures line by line, then by class, then what is taken for what."""
    since, until = beijing_text(figures.since), beijing_text(figures.until)
    yield text("triage.summary", version=version, n=figures.n, since=since, until=until, trained_on=figures.trained_on)
    if figures.synthetic:
        yield text("triage.synthetic", synthetic=figures.synthetic)
    names = ("accuracy", "top3", "most_frequent")
    yield text("triage.overall", **{name: _percent(getattr(figures, name)) for name in names})
    unseen = figures.unseen
    yield text("triage.unseen", n=unseen.n, accuracy=_percent(unseen.accuracy), top3=_percent(unseen.top3))
    yield text("triage.by_keywords", **_sure(figures.by_keywords))
    if figures.threshold >= NEVER:
        yield text("triage.never_sure")
    yield text("triage.by_model", threshold=f"{figures.threshold:.2f}", **_sure(figures.by_model))
    yield text("triage.in_category", doubted=figures.doubted, **_sure(figures.in_category))
    named = {each.code: each.name for each in city.classes}
    yield _classes_table(figures, named)
    if figures.confusions:
        yield _confusions_table(figures, named)


def _sure(sure: Sure) -> dict[str, object]:
    return {"n": sure.n, "coverage": _percent(sure.coverage), "precision": _percent(sure.precision)}


def _classes_table(figures: Evaluation, named: Mapping[str, str]) -> Table:
    table = _table("triage.by_class", "class", "n", "precision", "recall", "top3")
    for each in figures.classes:
        shares = map(_percent, (each.precision, each.recall, each.top3))
        table.add_row(_class(each.class_code, named), str(each.n), *shares)
    return table


def _confusions_table(figures: Evaluation, named: Mapping[str, str]) -> Table:
    table = _table("triage.confusions", "class", "taken_for", "n")
    for each in figures.confusions:
        table.add_row(_class(each.class_code, named), _class(each.taken_for, named), str(each.n))
    return table


def models_table(models: Sequence[TriageModelRead]) -> Table:
    """Return the models, one per line."""
    table = _table(None, "version", "state", "reports", "accuracy", "threshold", "note")
    for model in models:
        state = text("triage.active") if model.is_active else ""
        share = _percent(model.evaluation.accuracy)
        table.add_row(model.version, state, str(model.reports), share, f"{model.threshold:.2f}", model.note)
    return table


def proposal_parts(proposal: Proposal) -> Iterable[RenderableType]:
    """Yield what may follow, and the choices."""
    source = text(f"triage.source.{proposal.source.value}")
    yield text(f"triage.verdict.{proposal.verdict.value}", source=source)
    table = _table(None, "class", "condition", "confidence")
    for choice in proposal.choices:
        condition = choice.condition
        confidence = NOTHING if choice.confidence is None else f"{choice.confidence:.2f}"
        table.add_row(f"{condition.class_code} {condition.class_name}", condition.name, confidence)
    yield table


def _table(title: str | None, *columns: str) -> Table:
    table = Table(title=text(title) if title else None, title_justify="left")
    for column in columns:
        table.add_column(text(f"triage.column.{column}"))
    return table


def _class(code: str, named: Mapping[str, str]) -> str:
    return f"{code} {named.get(code, '')}".rstrip()


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"
