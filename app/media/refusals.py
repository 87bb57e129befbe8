"""Why a photo is refused or not found."""

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.infra.problem_families import PayloadTooLarge, Unavailable


class PhotoTooLarge(PayloadTooLarge):
    """More bytes than the budget allows."""

    code = "PHOTO_TOO_LARGE"


class PhotoFormatUnsupported(Invalid):
    """The bytes are none of JPEG, PNG, WebP and HEIC, whatever the file is called."""

    code = "PHOTO_FORMAT_UNSUPPORTED"


class PhotoUnreadable(Invalid):
    """The bytes begin like a photo but are cut off or damaged."""

    code = "PHOTO_UNREADABLE"


class PhotoTooManyPixels(Invalid):
    """Decoding would take more memory or time than a photo deserves."""

    code = "PHOTO_TOO_MANY_PIXELS"


class PhotoPolyglot(Invalid):
    """Something that is not a photo hides in the file."""

    code = "PHOTO_POLYGLOT"


class PhotoOnlyOne(Invalid):
    """The form has more than one file; each photo is a request of its own."""

    code = "PHOTO_ONE_PER_REQUEST"


class PhotoServiceBusy(Unavailable):
    """All decoders are taken and enough photos are waiting, or memory is short; the same photo may come again soon."""

    code = "PHOTO_SERVICE_BUSY"


class PhotoNotFound(NotFound):
    """There is no such photo, or it is somebody else's: the answer does not tell which."""

    code = "PHOTO_NOT_FOUND"


class PhotoTaken(Conflict):
    """The photo belongs to a report already."""

    code = "PHOTO_TAKEN"


class PhotoFailed(Conflict):
    """The photo was uploaded but could not be rendered: nobody would see anything on it."""

    code = "PHOTO_FAILED"


class PhotoClientIdReused(Invalid):
    """The client gave the id of one photo to another."""

    code = "PHOTO_CLIENT_ID_REUSED"


class LinkInvalid(Forbidden):
    """The link to a photo was altered or has expired; the report hands out a fresh one."""

    code = "PHOTO_LINK_INVALID"
