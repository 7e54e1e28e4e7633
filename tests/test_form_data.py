"""Forms (multipart/form-data): what clients may send, byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib import form_data
from chalicelib.errors import InvalidParameter
from forms import BOUNDARY, FORM, form

FOX = form(prompt="a fox")


def parse(body, content_type=FORM):
    return form_data.parse(content_type, body)


@pytest.mark.parametrize("boundary", ["x", "X Y Z", "a" * 70, "'()+_,-./:=?"])
def test_reads_any_boundary(boundary):
    for header in (
        f'multipart/form-data; boundary="{boundary}"',
        f'MULTIPART/Form-Data;Boundary="{boundary}"',
    ):
        assert parse(form(prompt="a fox", boundary=boundary), header) == [("prompt", b"a fox")]


@pytest.mark.parametrize(
    "content",
    [b"", b"\r\n", b"a\r\n", b"\r\n\r\n", f"--{BOUNDARY}".encode(), f"x\r\n-{BOUNDARY}".encode(),
     bytes(range(256))],
)  # fmt: skip
def test_keeps_every_byte_of_a_file(content):
    assert parse(form(image=content)) == [("image", content)]


def test_keeps_the_order_and_every_part_of_a_name():
    fields = [("image[]", b"1"), ("prompt", "x"), ("image[]", b"2")]
    assert parse(form(*fields)) == [("image[]", b"1"), ("prompt", b"x"), ("image[]", b"2")]


@pytest.mark.parametrize(
    "header",
    ['Content-Disposition: form-data; name="image"; filename=""',
     "Content-Disposition: form-data; name=image; filename*=UTF-8''na%C3%AFve.png",
     'content-disposition:form-data;name="image";filename="a\\"b.png"\r\nContent-Type: text/html',
     'Content-Type: image/png\r\nContent-Disposition: form-data; filename="é.png"; name="image"'],
)  # fmt: skip
def test_ignores_file_names_and_types(header):
    body = f"--{BOUNDARY}\r\n{header}\r\n\r\nx\r\n--{BOUNDARY}--".encode()
    assert parse(body) == [("image", b"x")]


def test_ignores_what_stands_before_and_after_the_form():
    assert parse(b"This is a form.\r\n" + FOX + b"The end.") == [("prompt", b"a fox")]


LATIN = FOX.replace(b'"prompt"', b'"pr\xf6mpt"')
BROKEN = {
    "no final boundary": (FOX[:-4], "unexpected end"),
    "cut in a file": (form(image=bytes(900))[:500], "unexpected end"),
    "nothing": (b"", "unexpected end"),
    "another boundary": (FOX.replace(BOUNDARY.encode(), b"other"), "boundary not found"),
    "10,000 parts": (form(*[("prompt", "x")] * 10_000), "maximum segment count exceeded"),
    "a header of 100 kB": (form(("x" * 100_000, "x")), "maximum segment header length exceeded"),
    "a part without a name": (FOX.replace(b'; name="prompt"', b""), "missing name"),
    "a name that is not UTF-8": (LATIN, "header failed to decode"),
    "a length that is wrong": (FOX.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n"),
                              "does not match"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), BROKEN.values(), ids=BROKEN)
def test_rejects_a_broken_form(body, reason):
    with pytest.raises(InvalidParameter) as raised:
        parse(body)
    assert str(raised.value).startswith("body must be a whole form, got another one: ")
    assert reason in str(raised.value) and len(str(raised.value)) < 200


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_rejects_a_form_without_a_boundary(content_type):
    with pytest.raises(InvalidParameter, match="empty boundary"):
        parse(FOX, content_type)


def test_reads_text_as_utf8_and_files_as_bytes():
    parts = parse(form(prompt="\ufeffé 狐\r\n", image=b"\xff\xfe"))
    assert form_data.read(parts, {"image"}) == {"prompt": "é 狐\r\n", "image": b"\xff\xfe"}
    with pytest.raises(InvalidParameter, match="prompt must be UTF-8 text, got other bytes"):
        form_data.read(parse(form(prompt=b"\xff\xfe")), {"image"})


def test_rejects_a_name_given_twice():
    with pytest.raises(InvalidParameter, match="seed must be given once, got more"):
        form_data.read(parse(form(("seed", "1"), ("seed", "1"))), ())


@given(
    fields=some.lists(some.tuples(some.sampled_from(["a", "b", "é"]), some.binary()), max_size=9)
)
def test_reads_back_any_form(fields):
    assert parse(form(*fields)) == fields


@given(body=some.binary(), start=some.sampled_from([b"", FOX[:20], FOX[:-9], FOX]))
def test_any_bytes_are_a_form_or_an_error(body, start):
    try:
        assert isinstance(parse(start + body), list)
    except InvalidParameter as raised:
        assert str(raised).startswith("body must be a whole form")
