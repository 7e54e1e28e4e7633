"""OpenAI's own Python client against `chalice local` and against the package."""

import base64
import contextlib
import time

import httpx2
import openai
import pytest

from package.lambdas import CODE, spent_microdollars

pytestmark = pytest.mark.slow


class Transport(httpx2.BaseTransport):
    """Sends the client's requests to a gateway and counts them."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.requests = 0

    def handle_request(self, request):
        self.requests += 1
        headers = {name.replace("-", "_"): value for name, value in request.headers.items()}
        body = request.read().decode() or None
        response = self.gateway.ask(request.method, request.url.path, body, **headers)
        return httpx2.Response(response.status, headers=response.headers, text=response.body)


@contextlib.contextmanager
def connected(gateway, key="none"):
    """OpenAI's client with its default settings, and its transport."""
    transport = Transport(gateway)
    with httpx2.Client(transport=transport) as http:
        base_url = "https://api.example/v1"
        yield openai.OpenAI(api_key=key, base_url=base_url, http_client=http), transport


@pytest.fixture
def on_package(gateway):
    with connected(gateway) as (client, _):
        yield client


@pytest.fixture
def on_chalice_local(site):
    with openai.OpenAI(api_key="none", base_url=f"{site.url}api/v1") as client:
        yield client


@pytest.fixture(params=["on_chalice_local", "on_package"])
def client(request):
    return request.getfixturevalue(request.param)


def test_runs_openais_own_example(client):
    result = client.images.generate(model="gpt-image-2", prompt="qwzx", size="1536x1024")
    assert base64.b64decode(result.data[0].b64_json)[:3] == b"\xff\xd8\xff"
    assert (len(result.data), result.output_format) == (1, "jpeg")


def test_returns_two_images_with_seeds(client):
    extra = {"seed": 7, "negative_prompt": "fog", "aspect_ratio": "21:9"}
    result = client.images.generate(
        model="stable-image-core", prompt="qwzx", n=2, quality="high", extra_body=extra
    )
    assert [image.seed for image in result.data] == [7, 8]
    assert all(image.b64_json for image in result.data)


def test_headers_contain_price_and_ignored_parameters(client):
    response = client.images.with_raw_response.generate(prompt="qwzx", quality="high", user="me")
    assert response.headers["X-Image-Price"] == "0.04"
    assert response.headers["X-Image-Ignored"] == "quality, user"
    assert response.parse().data


def test_lists_the_models(client):
    assert "stable-image-core" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("request_", "error", "code", "param"),
    [
        ({"n": 0}, openai.BadRequestError, "InvalidParameter", "n"),
        ({"n": 11}, openai.BadRequestError, "InvalidParameter", "n"),
        ({"size": "7x7"}, openai.BadRequestError, "InvalidParameter", "size"),
        ({"response_format": "svg"}, openai.BadRequestError, "InvalidParameter", "response_format"),
        ({"model": "nonsense"}, openai.NotFoundError, "model_not_found", "model"),
        (
            {"prompt": "!filtered"},
            openai.UnprocessableEntityError,
            "content_policy_violation",
            None,
        ),
        ({"prompt": "!internal"}, openai.APIStatusError, "ModelFailed", None),
        ({"prompt": "!denied"}, openai.InternalServerError, "ModelAccessDenied", None),
    ],
)
def test_errors_raise_openais_exceptions(client, request_, error, code, param):
    with pytest.raises(error) as raised:
        client.images.generate(**{"prompt": "qwzx"} | request_)
    assert (raised.value.code, raised.value.param) == (code, param)
    assert raised.value.body["message"] in str(raised.value)


@pytest.mark.parametrize("fault", ["!internal", "!timeout", "!modelerror", "!filtered-picture"])
def test_never_retries_what_may_be_charged(gateway, fault):
    with connected(gateway) as (client, transport), pytest.raises(openai.APIStatusError):
        client.images.generate(prompt=f"{fault} a ship")
    assert transport.requests == 1


def test_retries_a_busy_model_once(gateway, local_bedrock, monkeypatch):
    sleeps = []
    monkeypatch.setattr(time, "sleep", sleeps.append)
    with connected(gateway) as (client, transport):
        assert client.images.generate(prompt="!throttled 1 a heron").data
    assert max(sleeps) == 5  # seconds, from Retry-After
    assert transport.requests == 2
    assert [each["prompt"] for each in local_bedrock.paintings].count("a heron") == 1


def test_never_retries_when_the_budget_is_used_up(start, budget):
    with start(**budget | {"DAILY_BUDGET_USD": "0.12"}) as gateway:
        already = spent_microdollars(gateway)
        with connected(gateway) as (client, transport):
            with pytest.raises(openai.RateLimitError) as raised:
                client.images.generate(prompt="qwzx", n=4)
            assert (raised.value.code, raised.value.type) == ("insufficient_quota",) * 2
            assert transport.requests == 1 and spent_microdollars(gateway) == already == 0
            assert len(client.images.generate(prompt="qwzx", n=3).data) == 3
        assert spent_microdollars(gateway) == 120_000


def test_accepts_the_access_code_as_the_api_key(protected):
    with connected(protected, key=CODE) as (client, _):
        assert client.images.generate(prompt="qwzx").data and client.models.list().data
    with connected(protected, key="guess") as (client, transport):
        for call in (client.models.list, lambda: client.images.generate(prompt="qwzx")):
            with pytest.raises(openai.AuthenticationError) as raised:
                call()
            assert raised.value.code == "invalid_api_key"
        assert transport.requests == 2
