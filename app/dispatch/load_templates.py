"""Loads the reasons that are shipped; where there are any, a person has had a look and nothing is touched."""

from datetime import datetime
from importlib.resources import files

import yaml
from sqlmodel import Session, select

from app.dispatch.models import ReasonTemplate
from app.domain.workflow import Action

DEFAULT_FILE = "default_templates.yaml"


def load_default_templates(session: Session, *, now: datetime) -> None:
    """Add the default templates to an empty table; templates out of use count, so deleted ones do not come back."""
    if session.exec(select(ReasonTemplate.id).limit(1)).first() is not None:
        return
    content = yaml.safe_load((files("app.dispatch") / DEFAULT_FILE).read_text("utf-8"))
    session.add_all(
        ReasonTemplate(action=Action(action), text=text, position=position, changed_at=now)
        for action, texts in content.items()
        for position, text in enumerate(texts, start=1)
    )
