"""Image files, forms as clients send them, and what the API answers."""

import io
import json
import struct
import zlib

import boto3
import pytest
from botocore.config import Config
from PIL import Image

import app as easel
from chalicelib import errors

CLASSES = {each for each in vars(errors).values() if isinstance(each, type)}
FAILURES = CLASSES - {errors.ChaliceViewError, errors.Failure, errors.FreeFailure}

BOUNDARY = "----easel"
EDITS = "/v1/images/edits"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def file(width=64, height=64, format="PNG", mode="RGB", color="navy", **options):
    """An image file."""
    content = io.BytesIO()
    Image.new(mode, (width, height), color).save(content, format, **options)
    return content.getvalue()


def png(width, height, bits, color, data=b"", interlacing=0, **chunks):
    """A PNG of its parts; the filtered `data` is compressed. Any size can be announced."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlacing)
    parts = {"IHDR": header, **chunks, "IDAT": zlib.compress(data), "IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind.encode() + content
        + struct.pack(">I", zlib.crc32(kind.encode() + content))
        for kind, content in parts.items()
    )  # fmt: skip


def form(*fields, boundary=BOUNDARY, **named):
    """The body of a form: pairs of a name and text or a file's bytes."""
    parts = []
    for name, value in [*fields, *named.items()]:
        kind = '; filename="upload"\r\nContent-Type: application/octet-stream'
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        content = value if isinstance(value, bytes) else str(value).encode()
        parts.append(head.encode() + kind.encode() * isinstance(value, bytes) + b"\r\n\r\n")
        parts.append(content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


PICTURE = file()
WHITE = file(mode="L", color=255)
EXAMPLES = {
    "prompt": "a fox", "search_prompt": "a dog", "select_prompt": "a dog", "right": "8",
    "image": PICTURE, "mask": WHITE, "init_image": PICTURE, "style_image": PICTURE,
}  # fmt: skip


def order(model, **changes):
    """The fields of a valid form for this model, with some changes; None leaves one out."""
    own = {each.name for each in model.parameters}
    fields = {name: value for name, value in EXAMPLES.items() if name in own} | changes
    return {"model": model.name} | {n: v for n, v in fields.items() if v is not None}


@pytest.fixture
def patient_bedrock(bedrock, monkeypatch):
    """With a client that waits for large images."""
    once = Config(read_timeout=20, retries={"total_max_attempts": 1})
    client = boto3.client("bedrock-runtime", "us-west-2", endpoint_url=bedrock.url, config=once)
    monkeypatch.setattr(bedrock, "client", client)
    monkeypatch.setattr(easel, "bedrock_client", client)
    yield bedrock
    client.close()


@pytest.fixture
def send(post):
    """Send a form; its status, JSON or text, and headers."""

    def send_form(query="", **fields):
        response = post(form(**fields), f"/{query}", FORM)
        return response.status_code, response.json_body or response.body, response.headers

    return send_form


@pytest.fixture
def calls(bedrock, monkeypatch):
    """The ids and bodies that Bedrock gets."""
    found, client = [], bedrock.client

    class Watched:
        def invoke_model(self, *, modelId, body, **others):
            found.append((modelId, json.loads(body)))
            return client.invoke_model(modelId=modelId, body=body, **others)

    monkeypatch.setattr(easel, "bedrock_client", Watched())
    return found


@pytest.fixture
def edit(calls, post):
    """Send a form or JSON; its status, JSON and headers."""

    def send(*fields, content_type=FORM, body=None, **named):
        response = post(body or form(*fields, **named), EDITS, content_type)
        return response.status_code, response.json_body, response.headers

    return send
