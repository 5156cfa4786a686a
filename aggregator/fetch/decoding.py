"""Content codings, decoded piece by piece, so that a bomb never unfolds.

httpx's own decoders inflate all that one chunk holds at once, which for 16 kB of brotli can be
gigabytes. These give out at most `PIECE` bytes at a time; whoever reads them may stop.
"""

import sys
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 64 * 1024
ACCEPT_ENCODING = "gzip, br, zstd"

# RFC 9659: a decoder of the zstd content coding need not, and ours does not, keep more than 8 MB.
_ZSTD_WINDOW_LOG = 23
# More members (gzip) or frames (zstd) than this in one body are there to burn CPU.
_MOST_MEMBERS = 1000


class DecodingError(ValueError):
    """Bytes that are not what their Content-Encoding says. `cut_off`: they end too early."""

    def __init__(self, message: str, *, cut_off: bool = False) -> None:
        super().__init__(message)
        self.cut_off = cut_off


class Decoder(Protocol):
    """One body's decoder. Both methods raise `DecodingError`."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode what `data` adds, in pieces of at most about `PIECE` bytes."""
        ...

    def finish(self) -> None:
        """Say that the body is at its end."""
        ...


def decoder_for(coding: str) -> Decoder:
    """A decoder for a Content-Encoding header (RFC 9110, 8.4), which may be "".

    Raises `DecodingError` for a coding that was not asked for, and for codings in a chain, which
    no server applies in good faith.
    """
    coding = coding.strip().lower()
    maker = _DECODERS.get(coding)
    if maker is None:
        raise DecodingError(f"the content coding {coding[:40]!r} is not one that was asked for")
    return maker()


class _Identity:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        return


class _Stream(Protocol):
    """What `zlib` and `zstd` decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Members(ABC):
    """A body of one or more members, each a complete compressed stream.

    What follows a member and does not begin like another is padding, and skipped.
    """

    _name: str

    def __init__(self) -> None:
        self._stream: _Stream | None = None
        self._begun = 0
        self._over = False

    @abstractmethod
    def _open(self) -> _Stream: ...

    @abstractmethod
    def _begins(self, first: int) -> bool:
        """Whether a member may begin with the byte `first`."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._over:
            if self._stream is None:
                if not data:
                    return
                if self._begun and not self._begins(data[0]):
                    self._over = True
                    return
                self._begun += 1
                if self._begun > _MOST_MEMBERS:
                    raise DecodingError(f"more than {_MOST_MEMBERS} {self._name} streams in a row")
                self._stream = self._open()
            try:
                piece = self._stream.decompress(data, PIECE)
            except (zlib.error, zstd.ZstdError) as error:
                raise DecodingError(f"broken {self._name}: {error}") from error
            if piece:
                yield piece
            if self._stream.eof:
                data, self._stream = self._stream.unused_data, None
            else:
                # zlib hands back the input that it had no room to decode; zstd keeps it.
                data = getattr(self._stream, "unconsumed_tail", b"")
                if not data and len(piece) < PIECE:
                    return

    def finish(self) -> None:
        if self._stream is not None:
            raise DecodingError(f"the {self._name} stream ends too early", cut_off=True)


class _Gzip(_Members):
    """RFC 1952."""

    _name = "gzip"

    def _open(self) -> _Stream:
        return zlib.decompressobj(wbits=31)

    def _begins(self, first: int) -> bool:
        return first == 0x1F


class _Zstd(_Members):
    """RFC 8878, with the window of RFC 9659."""

    _name = "zstd"

    def _open(self) -> _Stream:
        option = zstd.DecompressionParameter.window_log_max
        return zstd.ZstdDecompressor(options={option: _ZSTD_WINDOW_LOG})

    def _begins(self, first: int) -> bool:
        return first == 0x28 or 0x50 <= first <= 0x5F  # a frame, or one to be skipped


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun = self._begun or bool(data)
        while True:
            try:
                piece = self._stream.process(data, output_buffer_limit=PIECE)
            except brotli.error as error:
                raise DecodingError(f"broken brotli: {error}") from error
            if piece:
                yield piece
            # A full piece means that more may be waiting, even where all input was taken.
            full = len(piece) >= PIECE and not self._stream.is_finished()
            if self._stream.can_accept_more_data() and not full:
                return
            data = b""

    def finish(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise DecodingError("the brotli stream ends too early", cut_off=True)


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": _Gzip,
    "x-gzip": _Gzip,  # RFC 9110, 8.4.1.3
    "br": _Brotli,
    "zstd": _Zstd,
}
