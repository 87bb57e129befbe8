"""What one photo may cost, which ones may be rendered while their sender waits, and whose turn it is to be decoded."""

import math
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from app.media.formats import Outline, PhotoFormat
from app.media.refusals import PhotoServiceBusy, PhotoTooManyPixels


@dataclass(frozen=True, slots=True)
class PhotoBudget:
    """What one photo may cost: bytes of the file, pixels to decode (a JPEG decodes at a fraction), decoder passes.

    `wait_s` is how long it may wait for a free decoder, in seconds; a huge photo needs two turns and may wait for each.
    """

    max_bytes: int = 10 * 1024 * 1024
    jpeg_pixels: int = 120_000_000
    other_pixels: int = 60_000_000
    jpeg_pixel_passes: int = 1_500_000_000
    wait_s: float = 8

    def pixels(self, photo_format: PhotoFormat) -> int:
        return self.jpeg_pixels if photo_format is PhotoFormat.JPEG else self.other_pixels


# Pixels times decoder passes that cost at most some 0.25 s of CPU and 170 MB (measured: docs/decisions/0013): every
# JPEG of one scan, a progressive one of 16 megapixels. A HEIC of 1.2 megapixels costs as much as a JPEG of 12.
_AT_ONCE = {
    PhotoFormat.JPEG: 160_000_000,
    PhotoFormat.PNG: 8_500_000,
    PhotoFormat.WEBP: 8_500_000,
    PhotoFormat.HEIF: 0,
}


def is_heavy(frame: Outline, photo_format: PhotoFormat) -> bool:
    """Tell whether rendering costs so much that the worker does it, after the upload has been answered."""
    return photo_format is PhotoFormat.HEIF or math.prod(frame.size) * frame.scans > _AT_ONCE[photo_format]


def refuse_too_many_pixels(frame: Outline, photo_format: PhotoFormat, budget: PhotoBudget) -> None:
    """Judge by the size and the passes that the header claims.

    :raises PhotoTooManyPixels: decoding would need too much memory or time
    """
    pixels = math.prod(frame.size)
    if pixels > budget.pixels(photo_format):
        raise PhotoTooManyPixels(max_megapixels=budget.pixels(photo_format) // 1_000_000)
    # A progressive JPEG may ask for thousands of passes over a huge picture ("scan bomb").
    if pixels * frame.scans > budget.jpeg_pixel_passes:
        raise PhotoTooManyPixels(max_megapixels=budget.jpeg_pixel_passes // frame.scans // 1_000_000)


# A 12-megapixel photo needs some 100 MB while it is decoded, the worst that is allowed (a WebP of 60) 950:
# two at a time, and only one of the huge ones.
_DECODERS = threading.BoundedSemaphore(2)
_HUGE_DECODER = threading.BoundedSemaphore(1)
_HUGE_PIXELS = 30_000_000

# Decoding and waiting together. Whoever waits holds a thread that answers requests (16 by default): most stay free.
_ROOM = threading.BoundedSemaphore(6)
RETRY_AFTER_S = 5


@contextmanager
def turn_in_request(frame: Outline, wait_s: float) -> Iterator[None]:
    """Hold a decoder for a request that waits for it, if there is room to wait.

    :raises PhotoServiceBusy: too many are waiting already, or no decoder became free in `wait_s` seconds
    """
    with ExitStack() as held:
        _take(_ROOM, held, wait_s=0)
        held.enter_context(turn(frame, wait_s))
        yield


@contextmanager
def turn(frame: Outline, wait_s: float) -> Iterator[None]:
    """Hold a decoder, a huge photo also the only one for its kind.

    :raises PhotoServiceBusy: no decoder became free in `wait_s` seconds
    """
    with ExitStack() as held:
        if math.prod(frame.size) > _HUGE_PIXELS:
            _take(_HUGE_DECODER, held, wait_s=wait_s)
        _take(_DECODERS, held, wait_s=wait_s)
        yield


def _take(turns: threading.BoundedSemaphore, held: ExitStack, *, wait_s: float) -> None:
    if not turns.acquire(timeout=wait_s):
        raise PhotoServiceBusy(retry_after_s=RETRY_AFTER_S)
    held.callback(turns.release)
