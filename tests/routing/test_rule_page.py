"""The page that tells a city how to write rules shows a file that works."""

from pathlib import Path

from app.reports.world import World
from app.routing.validating import understand

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_example_is_a_good_file(default_world: World) -> None:
    example = PAGE.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    words = understand(example.encode(), city=default_world.city)
    assert [rule.key for rule in words.rules] == ["parking-carriageway", "green-licang-winter"]
    assert all(getattr(words, section) for section in ("questions", "areas", "jurisdictions", "units", "keywords"))
