"""A database to measure in: the default city, citizens who are logged in, and photos they have uploaded."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from sqlalchemy import insert

from app.domain.cells import Level
from app.domain.gcj02 import wgs84_to_gcj02
from app.domain.roles import Role
from app.identity.models import UserAccount
from app.identity.tokens import issue_token
from app.infra.clock import now
from app.infra.database import Database
from app.media.models import Photo, PhotoKind
from app.reports.world import World, WorldHolder
from app.setup import load_city, prepare_schema

CITIZENS = 16
PHOTOS_PER_REPORT = 2
CATEGORY = "sanitation"  # its default condition may be dispatched by rule and needs no verification
DESCRIPTION = "路边的垃圾堆了两天没人清，天热味道很大，麻烦尽快处理。"


@dataclass(frozen=True, slots=True)
class Draft:
    """A report ready to be sent: who sends it, and the JSON body."""

    token: str
    body: bytes


def prepare(url: str, *, reports: int, citizens: int = CITIZENS) -> list[Draft]:
    """Fill an empty database and return that many reports to be sent; each place is certain, so rules decide."""
    prepare_schema(url)
    database = Database(url)
    load_city(database, now=now())
    places = certain_places(WorldHolder(database, clock=now).current())
    senders = [add_user(database, Role.CITIZEN) for _ in range(citizens)]
    drafts = []
    photos: list[dict[str, object]] = []
    for index, (lon, lat) in zip(range(reports), places, strict=False):
        user_id, token = senders[index % citizens]
        own = [a_photo(user_id) for _ in range(PHOTOS_PER_REPORT)]
        photos += own
        drafts.append(Draft(token, a_body(lon, lat, [str(photo["id"]) for photo in own])))
    with database.transaction() as session:
        session.execute(insert(Photo), photos)
    database.dispose()
    return drafts


def certain_places(world: World) -> Iterator[tuple[float, float]]:
    """Yield GCJ-02 points without end, spread over the city's streets, each inside a cell."""
    centres = [(area.centre_lon, area.centre_lat) for area in world.city.areas.values() if area.level is Level.STREET]
    inside = [
        wgs84_to_gcj02(lon + east, lat + north)
        for lon, lat in centres
        for east, north in ((0.0, 0.0), (0.002, 0.001), (-0.002, 0.002))
        if world.city.locate(lon + east, lat + north).is_certain
    ]
    for index in count():
        yield inside[index % len(inside)]


def a_body(lon: float, lat: float, photo_ids: list[str]) -> bytes:
    report = {
        "category": CATEGORY,
        "description": DESCRIPTION,
        "location": {
            "lon": round(lon, 6),
            "lat": round(lat, 6),
            "datum": "gcj02",
            "accuracy_m": 15,
            "source": "pin",
            "address": "青岛市李沧区某路 12 号门前",
        },
        "photo_ids": photo_ids,
        "duplicates_acknowledged": True,  # places come round again
    }
    return json.dumps(report, ensure_ascii=False).encode()


def add_user(database: Database, *roles: Role, unit_code: str | None = None) -> tuple[int, str]:
    """Return the id and a token of a new user."""
    with database.transaction() as session:
        user = UserAccount(
            display_name="某人", roles=[role.value for role in roles], unit_code=unit_code, created_at=now()
        )
        session.add(user)
        session.flush()
        user_id = user.id or 0
        return user_id, issue_token(session, user_id=user_id, lifetime=timedelta(days=1), now=now())


def a_photo(owner_id: int) -> dict[str, object]:
    """Return the row of an uploaded photo; its files are not needed to report with it."""
    content = secrets.token_hex(32)
    return {
        "id": secrets.token_urlsafe(16),
        "owner_id": owner_id,
        "kind": PhotoKind.NEAR,
        "sha256": content,
        "original_key": f"{content}.jpg",
        "large_key": f"{content}.1600.jpg",
        "small_key": f"{content}.320.jpg",
        "mime": "image/jpeg",
        "size_bytes": 2_400_000,
        "width": 4032,
        "height": 3024,
        "created_at": now(),
    }
