"""OpenAI's image edits as real clients send them: openai, Open WebUI, LibreChat, LiteLLM."""

import base64
import io

import httpx2
import openai
import pytest
from chalice.test import Client

import app as easel
from forms import PICTURE, file

OTHER = file(color="red", format="JPEG")


def encoded(content):
    return base64.b64encode(content).decode()


class Transport(httpx2.BaseTransport):
    """Sends a client's requests to the API in this process."""

    def handle_request(self, request):
        body, headers = request.read(), dict(request.headers)
        with Client(easel.app, stage_name="aws") as client:
            path = request.url.path.removeprefix("/api")
            answer = client.http.request(request.method, path, body=body, headers=headers)
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.body)


@pytest.fixture
def client(calls):
    with httpx2.Client(transport=Transport()) as http:
        yield openai.OpenAI(
            api_key="none", base_url="https://easel.example/api/v1", http_client=http
        )


def test_runs_openais_own_edit(client, calls):
    mask = io.BytesIO(file(mode="RGBA", color=(1, 2, 3, 0)))
    mask.name = "mask.png"
    result = client.images.edit(model="gpt-image-2", image=PICTURE, mask=mask, prompt="a hen", n=2)
    assert len(result.data) == 2 and base64.b64decode(result.data[0].b64_json)
    assert [body["image"] for _, body in calls] == [encoded(PICTURE)] * 2


def test_openais_client_sends_lists_and_extra_fields(client, calls):
    result = client.images.edit(
        model="stable-style-transfer", image=[PICTURE, OTHER], prompt="é 狐",
        extra_body={"seed": 7, "style_strength": 0.5}, stream=False,
    )  # fmt: skip
    body = calls[0][1]
    assert (result.data[0].seed, body["prompt"], body["style_strength"]) == (7, "é 狐", 0.5)
    assert (body["init_image"], body["style_image"]) == (encoded(PICTURE), encoded(OTHER))


def test_openais_client_raises_its_own_error(client, calls):
    with pytest.raises(openai.BadRequestError) as raised:
        client.images.edit(model="stable-image-core", image=PICTURE, prompt="a hen")
    assert raised.value.param == "image"


HEX = "0123456789abcdef" * 2


def part(head, content):
    return f"{head}\r\n\r\n".encode() + (
        content if isinstance(content, bytes) else content.encode()
    )


def joined(boundary, *parts):
    start = f"--{boundary}\r\n".encode()
    return b"".join(start + each + b"\r\n" for each in parts) + f"--{boundary}--\r\n".encode()


TEXT = "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="
# Open WebUI: routers/images.py, by aiohttp's FormData.
OPEN_WEBUI = joined(
    HEX,
    part(f'{TEXT}"model"', "gpt-image-1"),
    part(f'{TEXT}"prompt"', "a hen"),
    part(f'{TEXT}"n"', "1"),
    part(f'{TEXT}"size"', "512x512"),
    part(f'{TEXT}"response_format"', "b64_json"),
    part('Content-Type: image/png\r\nContent-Disposition: form-data; name="image"; '
         'filename="9f.png"', PICTURE),
)  # fmt: skip
# LibreChat: structured/OpenAIImageTools.js, by the npm package form-data.
DASHES = "-" * 26 + "123456789012345678901234"
LIBRECHAT = joined(
    DASHES,
    part('Content-Disposition: form-data; name="model"', "gpt-image-1"),
    part('Content-Disposition: form-data; name="prompt"', "a hen"),
    part('Content-Disposition: form-data; name="quality"', "auto"),
    part('Content-Disposition: form-data; name="size"', "auto"),
    part('Content-Disposition: form-data; name="image[]"; filename="a photo.png"\r\n'
         "Content-Type: image/png", PICTURE),
)  # fmt: skip
# LiteLLM: llms/openai/image_edit/transformation.py, by httpx.
LITELLM = joined(
    HEX,
    part('Content-Disposition: form-data; name="model"', "stable-diffusion-3.5-large"),
    part('Content-Disposition: form-data; name="prompt"', "a hen"),
    part('Content-Disposition: form-data; name="image[]"; filename="image.png"\r\n'
         "Content-Type: image/png", PICTURE),
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "boundary"),
    [(OPEN_WEBUI, HEX), (LIBRECHAT, DASHES), (LITELLM, HEX)],
    ids=["Open WebUI", "LibreChat", "LiteLLM"],
)
def test_reads_the_requests_of_other_clients(edit, calls, body, boundary):
    status, answer, _ = edit(body=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert status == 200, answer
    assert calls[0][1]["image"] == encoded(PICTURE) and calls[0][1]["prompt"] == "a hen"
