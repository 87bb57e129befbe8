"""The shipped rule set, loaded once into a city that has none."""

from datetime import datetime
from importlib.resources import files

import yaml
from sqlalchemy import insert
from sqlmodel import Session, select

from app.domain.routing.deciding import RuleSet
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion
from app.routing.words import RuleSetWords, rule_row, section_rows, to_jurisdictions, to_rule

DEFAULT_FILE = "default_rules.yaml"
SHIPPED_BY = "suishoupai"


def load_default_rules(session: Session, *, now: datetime) -> None:
    """Publish the shipped rule set once; a city that has any version keeps its own."""
    if session.exec(select(RuleSetVersion)).first() is not None:
        return
    text = files("app.routing").joinpath(DEFAULT_FILE).read_text(encoding="utf-8")
    content = RuleSetWords.model_validate(yaml.safe_load(text))
    RuleSet(
        map(to_rule, content.rules),
        version=content.version,
        jurisdictions=to_jurisdictions(content.jurisdictions),
    )
    version = RuleSetVersion(
        version=content.version,
        state=RuleSetState.PUBLISHED,
        note=content.note,
        editor=SHIPPED_BY,
        sections=dict(section_rows(content)),
        effective_from=now,
        created_at=now,
    )
    session.add(version)
    session.flush()  # for the id that the rules refer to
    rows = [
        rule_row(rule, rule_set_id=version.id or 0, position=position, editor=SHIPPED_BY)
        for position, rule in enumerate(content.rules)
    ]
    session.execute(insert(RoutingRule), rows)
