"""Content codings, decoded piece by piece."""

import gzip
import tracemalloc
import zlib
from itertools import islice, pairwise, repeat

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.decoding import PIECE, DecodingError, decoder_for, zstd

ENCODERS = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress}

codings = pytest.mark.parametrize("coding", ENCODERS)


def decode(coding, *chunks):
    decoder = decoder_for(coding)
    out = b"".join(piece for chunk in chunks for piece in decoder.feed(chunk))
    decoder.finish()
    return out


def gzip_bomb():
    """One endless gzip stream: after a full flush, zeros look the same every time."""
    squeeze = zlib.compressobj(9, wbits=31)
    zeros = bytes(16 * 2**20)
    yield squeeze.compress(zeros) + squeeze.flush(zlib.Z_FULL_FLUSH)
    yield from repeat(squeeze.compress(zeros) + squeeze.flush(zlib.Z_FULL_FLUSH))


def brotli_bomb():
    squeeze = brotli.Compressor(quality=1, lgwin=24)
    zeros = bytes(16 * 2**20)
    while True:
        yield squeeze.process(zeros) + squeeze.flush()


def zstd_bomb():
    yield from repeat(zstd.compress(bytes(256 * 2**20)))


BOMBS = {"gzip": gzip_bomb, "br": brotli_bomb, "zstd": zstd_bomb}


@codings
@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 4000), max_size=5))
def test_a_body_comes_out_as_it_went_in_wherever_its_chunks_are_cut(coding, data, cuts):
    packed = ENCODERS[coding](data)
    marks = [0, *sorted(min(cut, len(packed)) for cut in cuts), len(packed)]
    chunks = [packed[a:b] for a, b in pairwise(marks)]
    assert decode(coding, *chunks) == data


@codings
def test_a_long_body_comes_out_whole(coding):
    data = b"".join(b"%d " % n for n in range(60_000))
    packed = ENCODERS[coding](data)
    assert decode(coding, *(packed[i : i + 999] for i in range(0, len(packed), 999))) == data
    assert decode(coding, packed) == data


@codings
@given(data=st.binary(min_size=1, max_size=300), lost=st.integers(1, 40))
def test_a_body_that_ends_too_early_is_cut_off(coding, data, lost):
    packed = ENCODERS[coding](data)
    kept = packed[: max(len(packed) - lost, 1)]
    with pytest.raises(DecodingError) as caught:
        decode(coding, kept)
    assert caught.value.cut_off


@codings
@given(data=st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused_and_nothing_else(coding, data):
    try:
        decode(coding, data)
    except DecodingError:
        return


@codings
def test_what_is_not_encoded_as_it_says_is_an_error(coding):
    with pytest.raises(DecodingError) as caught:
        decode(coding, b"<rss><channel/></rss>" * 10)
    assert not caught.value.cut_off


@codings
def test_an_empty_body_is_empty_in_every_coding(coding):
    assert decode(coding) == b""


@pytest.mark.parametrize("coding", BOMBS)
def test_a_bomb_of_many_gigabytes_is_given_out_in_small_pieces(coding):
    decoder = decoder_for(coding)
    bomb = b"".join(islice(BOMBS[coding](), 4))
    tracemalloc.start()
    try:
        biggest = total = 0
        for piece in decoder.feed(bomb):
            biggest, total = max(biggest, len(piece)), total + len(piece)
            if total > 50 * 2**20:
                break
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > 50 * 2**20
    assert biggest <= 2 * PIECE
    assert peak < 2**20 + len(bomb)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_in_a_row_are_one_body_and_padding_after_them_is_none_of_it(coding):
    pack = ENCODERS[coding]
    assert decode(coding, pack(b"one ") + pack(b"two")) == b"one two"
    assert decode(coding, pack(b"one ") + bytes(500)) == b"one "
    assert decode(coding, pack(b"one "), b"\0", bytes(7)) == b"one "


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_thousands_of_empty_members_are_refused(coding):
    with pytest.raises(DecodingError, match="more than 1000"):
        decode(coding, ENCODERS[coding](b"") * 5000)


def test_a_zstd_window_that_would_take_much_memory_is_refused():
    wide = {zstd.CompressionParameter.window_log: 27}
    squeeze = zstd.ZstdCompressor(options=wide)
    packed = squeeze.compress(bytes(2**20)) + squeeze.flush()
    with pytest.raises(DecodingError, match="zstd"):
        decode("zstd", packed)


@pytest.mark.parametrize("coding", ["deflate", "gzip, gzip", "br,gzip", "aes128gcm", "x" * 9999])
def test_a_coding_that_was_not_asked_for_is_refused_by_name(coding):
    with pytest.raises(DecodingError, match=coding[:20]):
        decoder_for(coding)


def test_coding_names_are_read_as_http_writes_them():
    assert decode(" GZIP ", gzip.compress(b"a")) == decode("x-gzip", gzip.compress(b"a")) == b"a"
    assert decode("", b"a") == decode("identity", b"a") == b"a"
