"""Chinese texts: every part keeps its own file, this one joins them."""

from importlib import import_module

_PARTS = (
    "domain",
    "access",
    "infra",
    "identity",
    "city",
    "city_import",
    "components",
    "media",
    "workflow",
    "routing",
    "rehearsal",
    "sla",
    "reports",
    "explaining",
    "duplicates",
    "dispatch",
    "search",
    "triage",
    "places",
    "analytics",
    "cli",
    "roots",
    "demo",
)

TEXTS: dict[str, str] = {}
for _part in _PARTS:
    TEXTS |= import_module(f"app.texts.zh_cn_{_part}").TEXTS
