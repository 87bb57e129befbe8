"""Uploading photos and looking at them.

The application holds `app.state.photo_budget` (`PhotoBudget`) and `app.state.link_secret` (bytes), and includes the
router with a `max_body_size` a little above `budget.max_bytes`, so that nobody fills the disk with a larger body.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, Response, UploadFile

from app.domain.roles import Caller, Permission
from app.identity.caller import limited, require
from app.infra.app_state import from_state
from app.infra.blobs import BlobsDep
from app.infra.clock import Now
from app.infra.database import DatabaseDep
from app.infra.problems import problems
from app.infra.wire import NO_NUL
from app.media.budget import PhotoBudget
from app.media.links import PhotoSize, check_link
from app.media.models import PHOTO_ID, PhotoKind
from app.media.queries import own_photo, shown_key
from app.media.refusals import PhotoOnlyOne
from app.media.schemas import PhotoRead, photo_read
from app.media.upload import upload_photo

router = APIRouter(tags=["media"])

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}


async def _one_file(request: Request) -> None:
    """Refuse a second `file`, which the framework would drop without a word; the form is parsed already.

    :raises PhotoOnlyOne: the form has several
    """
    if len((await request.form()).getlist("file")) > 1:
        raise PhotoOnlyOne


LinkSecret = Annotated[bytes, from_state("link_secret")]
"""The key that signs links to photos: `request.app.state.link_secret`."""

PhotoId = Annotated[str, Path(pattern=PHOTO_ID, description="照片编号，上传时得到")]


@router.post(
    "/api/v1/photos",
    status_code=201,
    dependencies=[Depends(limited("photos"))],
    responses=problems(401, 403, 413, 422, 429, 503),
)
def receive_photo(
    *,
    uploader: Annotated[Caller, Depends(require(Permission.UPLOAD_PHOTO))],
    _one: Annotated[None, Depends(_one_file)],
    file: Annotated[UploadFile, File(description="一张照片：JPEG、PNG、WebP 或 HEIC；文件名和类型不作依据")],
    database: DatabaseDep,
    blobs: BlobsDep,
    budget: Annotated[PhotoBudget, from_state("photo_budget")],
    secret: LinkSecret,
    now: Now,
    kind: Annotated[PhotoKind, Form()] = PhotoKind.OTHER,
    client_id: Annotated[
        str | None, Form(min_length=1, max_length=64, pattern=NO_NUL, description="重传同一张照片时保持不变")
    ] = None,
) -> PhotoRead:
    """Take one photo. Sent again under the same `client_id`, it is the same photo.

    It is stored when this answers. A heavy one is made visible soon after; ask with `GET`.
    """
    original = file.file.read(budget.max_bytes + 1)  # one more than allowed is enough to refuse it
    photo = upload_photo(
        database, blobs, original, owner_id=uploader.user_id, kind=kind, client_id=client_id, budget=budget, now=now
    )
    return photo_read(photo, secret=secret, now=now)


@router.get("/api/v1/photos/{photo_id}", responses=problems(401, 403, 404, 422))
def read_photo(
    *,
    uploader: Annotated[Caller, Depends(require(Permission.UPLOAD_PHOTO))],
    photo_id: PhotoId,
    database: DatabaseDep,
    secret: LinkSecret,
    now: Now,
) -> PhotoRead:
    """Tell whether a photo of one's own can be seen yet."""
    with database.reading() as session:
        photo = own_photo(session, photo_id, owner_id=uploader.user_id)
    return photo_read(photo, secret=secret, now=now)


@router.get("/media/{photo_id}/{size}.jpg", response_class=Response, responses={**_PICTURE, **problems(403, 404, 422)})
def show_photo(
    *,
    photo_id: PhotoId,
    size: Annotated[PhotoSize, Path(description="large 看图，small 列表缩略图")],
    e: Annotated[int, Query(ge=0, le=2**53, description="链接失效时刻，Unix 秒")],
    s: Annotated[str, Query(min_length=1, max_length=64, description="链接签名")],
    database: DatabaseDep,
    blobs: BlobsDep,
    secret: LinkSecret,
    now: Now,
) -> Response:
    """Show a photo to whoever has a link to it that is still good."""
    left_s = check_link(photo_id, size, expires=e, signature=s, secret=secret, now=now)
    with database.reading() as session:
        key = shown_key(session, photo_id, size)
    headers = {"Cache-Control": f"private, max-age={left_s}, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(blobs.get(key), media_type="image/jpeg", headers=headers)
