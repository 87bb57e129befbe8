"""Links to photos: good for an hour or two, for one photo and one size, and not to be altered."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.media.links import PhotoSize, check_link, photo_url
from app.media.refusals import LinkInvalid

SECRET = b"for tests only"
PHOTO = "AbCdEfGhIjKlMnOpQrStUv"
NOW = datetime(2026, 11, 20, 2, 17, 5, tzinfo=UTC)


def parts(url: str) -> tuple[int, str]:
    query = parse_qs(urlsplit(url).query)
    return int(query["e"][0]), query["s"][0]


def test_a_link_names_photo_and_size() -> None:
    assert photo_url(PHOTO, PhotoSize.SMALL, secret=SECRET, now=NOW).startswith(f"/media/{PHOTO}/small.jpg?e=")


@pytest.mark.parametrize("minutes", [0, 1, 42, 59, 60, 61, 600])
def test_a_link_is_good_for_one_to_two_hours(minutes: int) -> None:
    made_at = NOW + timedelta(minutes=minutes)
    expires, signature = parts(photo_url(PHOTO, PhotoSize.LARGE, secret=SECRET, now=made_at))

    def left(after: timedelta) -> int:
        return check_link(
            PHOTO, PhotoSize.LARGE, expires=expires, signature=signature, secret=SECRET, now=made_at + after
        )

    assert 3600 < left(timedelta(0)) <= 7200
    assert left(timedelta(hours=1)) > 0
    with pytest.raises(LinkInvalid):
        left(timedelta(hours=2))


def test_a_link_stays_the_same_within_the_hour() -> None:
    start_of_hour = NOW.replace(minute=0, second=0)
    urls = {
        photo_url(PHOTO, PhotoSize.LARGE, secret=SECRET, now=start_of_hour + timedelta(minutes=minute))
        for minute in range(60)
    }
    assert len(urls) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"photo_id": "BbCdEfGhIjKlMnOpQrStUv"}, {"size": PhotoSize.SMALL}, {"expires": 3600}, {"secret": b"another"},
        {"signature": "A" * 22}, {"signature": ""}, {"signature": "签名"},
    ],
)  # fmt: skip
def test_an_altered_link_is_refused(change: dict[str, object]) -> None:
    expires, signature = parts(photo_url(PHOTO, PhotoSize.LARGE, secret=SECRET, now=NOW))
    link = {"photo_id": PHOTO, "size": PhotoSize.LARGE, "expires": expires, "signature": signature, "secret": SECRET}
    check_link(**link, now=NOW)  # type: ignore[arg-type]  # a parametrised link
    altered = link | change
    if "expires" in change:
        altered["expires"] = expires + 3600
    with pytest.raises(LinkInvalid):
        check_link(**altered, now=NOW)  # type: ignore[arg-type]  # a parametrised link
