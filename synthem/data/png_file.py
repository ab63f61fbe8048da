"""PNG files in and out: each chunk is checked, so that a truncated file is an error, never half an image."""

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_head(path: Path) -> tuple[int, int, int]:
    """Return height, width and bits a channel of a PNG from its header alone.

    Raises
    ------
    InputError
        Where the file cannot be read or is no PNG.
    """
    try:
        with path.open("rb") as file:
            head = file.read(26)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if not head.startswith(SIGNATURE):
        raise InputError(f"{path}: not a PNG file")
    if len(head) < 26:
        raise InputError(f"{path}: truncated PNG: it ends within its header")
    width, height, bits = struct.unpack(">IIB", head[16:25])
    return height, width, bits


def read_stored(path: Path) -> npt.NDArray[Any]:
    """Read a PNG as it is stored, (y, x) or (y, x, channel): blue, green, red, transparency.

    Palettes are resolved into colours.

    Raises
    ------
    InputError
        Where the file is no PNG, is truncated or damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if not data.startswith(SIGNATURE):
        raise InputError(f"{path}: not a PNG file")
    _check_chunks(path, data)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise InputError(f"{path}: damaged PNG: its pixels cannot be decoded")
    return np.asarray(image)


def png_bytes(image: npt.NDArray[np.uint8]) -> bytes:
    """Encode a uint8 image (y, x) as PNG; the same image always gives the same bytes."""
    done, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not done:
        raise InputError(f"an image of shape {image.shape} and type {image.dtype} cannot be written as PNG")
    return bytes(data.tobytes())


def _check_chunks(path: Path, data: bytes) -> None:
    """Walk the chunks to the end mark: decoders differ in how much of a broken file they pass on."""
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            break
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(data[position + 4 : end - 4]) != checksum:
            raise InputError(
                f"{path}: damaged PNG: the checksum of its {kind.decode('latin1')} chunk is wrong"
            )
        if kind == b"IEND":
            return
        position = end
    raise InputError(f"{path}: truncated PNG: it breaks off after {len(data)} bytes")
