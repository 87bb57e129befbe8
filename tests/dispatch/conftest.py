"""The small city for these tests."""

from tests.towns import (  # noqa: F401 - fixtures are found by their names
    committed_town,
    committed_url,
    postgres_town_database,
    postgres_town_template,
    sqlite_town_template,
    town,
)
