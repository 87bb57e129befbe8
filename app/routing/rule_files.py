"""The shipped rule set, loaded once into a city that has none."""

from datetime import datetime
from importlib.resources import files

from sqlmodel import Session, select

from app.domain.routing.deciding import RuleSet
from app.routing.file_format import content_sha256, read_rule_file
from app.routing.import_draft import add_rules
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.publish import found_units
from app.routing.recording import record
from app.routing.words import section_rows, to_jurisdictions, to_rule
from app.texts import text

DEFAULT_FILE = "default_rules.yaml"
SHIPPED_BY = "suishoupai"


def load_default_rules(session: Session, *, now: datetime) -> None:
    """Publish the shipped rule set once; a city that has any version keeps its own."""
    if session.exec(select(RuleSetVersion).limit(1)).first() is not None:
        return
    content = read_rule_file(files("app.routing").joinpath(DEFAULT_FILE).read_bytes()).words
    RuleSet(
        map(to_rule, content.rules),
        version=content.version,
        jurisdictions=to_jurisdictions(content.jurisdictions),
    )
    version = RuleSetVersion(
        version=content.version,
        state=RuleSetState.DRAFT,
        note=content.note,
        editor=SHIPPED_BY,
        sections=dict(section_rows(content)),
        content_sha256=content_sha256(content),
        effective_from=now,
        created_at=now,
    )
    session.add(version)
    session.flush()  # for the id that the rules refer to
    add_rules(session, content, rule_set_id=version.id or 0, editor=SHIPPED_BY, editors={})
    founded = found_units(session, content.units, rule_set=content.version, since=now, now=now)
    facts = {"content_sha256": version.content_sha256, "units": founded}
    reason = text("rule_set.shipped")
    record(session, version, RuleSetState.PUBLISHED, editor=SHIPPED_BY, reason=reason, now=now, facts=facts)
