"""The real `openai` package at its door: through `chalice local`, and through the package."""

import base64
import contextlib

import httpx2
import openai
import pytest

from package.lambdas import CODE, spent

pytestmark = pytest.mark.slow


class Transport(httpx2.BaseTransport):
    """HTTP's other end: API Gateway before instances of the package."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.asked = 0

    def handle_request(self, request):
        self.asked += 1
        headers = {name.replace("-", "_"): value for name, value in request.headers.items()}
        body = request.read().decode() or None
        answer = self.gateway.ask(request.method, request.url.path, body, **headers)
        return httpx2.Response(answer.status, headers=answer.headers, text=answer.body)


@contextlib.contextmanager
def before(gateway, key="none"):
    """OpenAI's client, as everybody makes it, and how often it has asked."""
    transport = Transport(gateway)
    with httpx2.Client(transport=transport) as http:
        base_url = "https://api.example/v1"
        yield openai.OpenAI(api_key=key, base_url=base_url, http_client=http), transport


@pytest.fixture
def packaged(gateway):
    with before(gateway) as (client, _):
        yield client


@pytest.fixture
def local(site):
    with openai.OpenAI(api_key="none", base_url=f"{site.url}api/v1") as client:
        yield client


@pytest.fixture(params=["local", "packaged"])
def client(request):
    return request.getfixturevalue(request.param)


def test_a_picture_comes_by_openais_own_example(client):
    result = client.images.generate(model="gpt-image-2", prompt="qwzx", size="1536x1024")
    assert base64.b64decode(result.data[0].b64_json)[:3] == b"\xff\xd8\xff"
    assert (len(result.data), result.output_format) == (1, "jpeg")


def test_two_come_with_seeds_and_what_only_our_models_know(client):
    more = {"seed": 7, "negative_prompt": "fog", "aspect_ratio": "21:9"}
    result = client.images.generate(
        model="stable-image-core", prompt="qwzx", n=2, quality="high", extra_body=more
    )
    assert [picture.seed for picture in result.data] == [7, 8]
    one, other = (picture.b64_json for picture in result.data)
    assert one and other


def test_the_headers_tell_what_it_costs_and_what_had_no_effect(client):
    answer = client.images.with_raw_response.generate(prompt="qwzx", quality="high", user="me")
    assert answer.headers["X-Image-Price"] == "0.04"
    assert answer.headers["X-Image-Ignored"] == "quality, user"
    assert answer.parse().data


def test_the_models_are_listed(client):
    assert "stable-image-core" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("order", "error", "code", "param"),
    [
        ({"n": 0}, openai.BadRequestError, "InvalidParameter", "n"),
        ({"n": 11}, openai.BadRequestError, "InvalidParameter", "n"),
        ({"size": "7x7"}, openai.BadRequestError, "InvalidParameter", "size"),
        ({"response_format": "url"}, openai.BadRequestError, "InvalidParameter", "response_format"),
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
def test_18_what_goes_wrong_is_one_of_openais_own_errors(client, order, error, code, param):
    with pytest.raises(error) as raised:
        client.images.generate(**{"prompt": "qwzx"} | order)
    assert (raised.value.code, raised.value.param) == (code, param)
    assert raised.value.body["message"] in str(raised.value)


@pytest.mark.parametrize("fault", ["!internal", "!timeout", "!modelerror", "!filtered-picture"])
def test_what_may_be_paid_is_never_asked_for_again(gateway, fault):
    with before(gateway) as (client, transport), pytest.raises(openai.APIStatusError):
        client.images.generate(prompt=f"{fault} a ship")
    assert transport.asked == 1


def test_a_busy_model_is_asked_again_when_it_said_and_the_picture_comes(gateway, local_bedrock):
    with before(gateway) as (client, transport):
        assert client.images.generate(prompt="!throttled 1 a heron").data
    assert transport.asked == 2
    assert [each["prompt"] for each in local_bedrock.paintings].count("a heron") == 1


def test_the_budget_is_kept_and_a_spent_one_is_not_asked_twice(start, budget):
    with start(**budget | {"DAILY_BUDGET_USD": "0.12"}) as gateway:
        already = spent(gateway)
        with before(gateway) as (client, transport):
            with pytest.raises(openai.RateLimitError) as raised:
                client.images.generate(prompt="qwzx", n=4)
            assert (raised.value.code, raised.value.type) == ("insufficient_quota",) * 2
            assert transport.asked == 1 and spent(gateway) == already == 0
            assert len(client.images.generate(prompt="qwzx", n=3).data) == 3
        assert spent(gateway) == 120_000


def test_the_access_code_is_the_api_key(closed):
    with before(closed, key=CODE) as (client, _):
        assert client.images.generate(prompt="qwzx").data and client.models.list().data
    with before(closed, key="guess") as (client, transport):
        for ask in (client.models.list, lambda: client.images.generate(prompt="qwzx")):
            with pytest.raises(openai.AuthenticationError) as raised:
                ask()
            assert raised.value.code == "invalid_api_key"
        assert transport.asked == 2
