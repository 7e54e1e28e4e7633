"""Keys at OpenAI's door, large answers and URLs."""

import base64
import json
from dataclasses import replace

import pytest

import app as easel
from buckets import BUCKET, IMAGES, KEY, ask, spent
from chalicelib import results

FOX = json.dumps({"prompt": "a fox", "n": 2, "seed": 1})
SITE = {"X-Forwarded-Host": "easel.example", "X-Forwarded-Proto": "https"}


def test_one_charged_image_of_several_makes_their_failure_stay(
    bucket, bedrock, post, budget, monkeypatch
):
    class SecondIsBusy:
        def invoke_model(self, *, body, **call):
            body = json.loads(body)
            body["prompt"] = "!throttled " * (body["seed"] == 2) + body["prompt"]
            return bedrock.client.invoke_model(body=json.dumps(body), **call)

    monkeypatch.setattr(easel, "bedrock_client", SecondIsBusy())
    first, second = (post(FOX, IMAGES, "application/json", **KEY) for _ in range(2))
    assert first.status_code == second.status_code == 424
    assert first.json_body == second.json_body
    assert ask("/results/a-key").json_body["Code"] == "ModelBusy"
    assert first.headers["x-should-retry"] == second.headers["x-should-retry"] == "false"
    assert "Retry-After" not in first.headers and "Retry-After" not in second.headers
    assert spent() == len(bedrock.paintings) == 1


def test_openais_clients_ask_again_while_a_request_is_in_progress(bucket, bedrock, post):
    key = results.parse_key("a-key", "")
    easel.kept.claim(key.name, key.fingerprint(b"", b""), 60)
    other = post(FOX, IMAGES, "application/json", **KEY)
    assert (other.status_code, other.headers["x-should-retry"]) == (422, "false")
    head = b'["/v1/images/generations", {}, "application/json"]'
    key = results.parse_key("b-key", "")
    easel.kept.claim(key.name, key.fingerprint(head, FOX.encode()), 60)
    same = post(FOX, IMAGES, "application/json", **{"Idempotency-Key": "b-key"})
    assert (same.status_code, same.headers["x-should-retry"]) == (409, "true")
    assert (same.headers["Retry-After"], bedrock.paintings) == ("2", [])


@pytest.mark.parametrize("headers", [KEY, {}])
@pytest.mark.parametrize("path", ["/?output_format=png", IMAGES])
def test_a_large_answer_is_a_redirect_to_its_object(
    each_bucket, bedrock, post, budget, capsys, monkeypatch, path, headers
):
    monkeypatch.setattr(easel, "kept", replace(easel.kept, max_bytes=99))
    body, type = "a fox", "text/plain"
    if path == IMAGES:
        order = {"prompt": body, "n": 2, "output_format": "png"}
        body, type = json.dumps(order), "application/json"
    response = post(body, path, type, **headers)
    assert (response.status_code, response.body) == (303, b"")
    assert "Location" in response.headers["Access-Control-Expose-Headers"]
    location = response.headers["Location"]
    stored = each_bucket.get_object(Bucket=BUCKET, Key=location[1:])
    content = stored["Body"].read()
    images = [content]
    if path == IMAGES:
        images = [each["b64_json"] for each in json.loads(content)["data"]]
    for image in images:
        assert base64.b64decode(image)[:4] == b"\x89PNG"
    assert stored["ContentType"] == response.headers["Content-Type"]
    assert (stored["ContentType"], stored["CacheControl"]) == (
        "text/plain" if path != IMAGES else "application/json",
        "no-store",
    )
    assert stored["Metadata"]["x-image-seed"] == response.headers["X-Image-Seed"]
    assert spent() == len(images)
    assert json.loads(capsys.readouterr().out)["Images"] == len(images)
    if headers:
        for again in (post(body, path, type, **headers), ask("/results/a-key")):
            assert (again.status_code, again.headers["Location"]) == (303, location)
            assert again.headers["X-Image-Seed"] == response.headers["X-Image-Seed"]
    assert spent() == len(images)


def order(**fields):
    return json.dumps({"prompt": "a fox", "n": 2, "response_format": "url"} | fields)


def test_openais_urls_lead_to_the_images(bucket, bedrock, post):
    response = post(order(), IMAGES, "application/json", **SITE)
    assert response.status_code == 200
    for each in response.json_body["data"]:
        site, _, path = each["url"].rpartition("/files/")
        stored = bucket.get_object(Bucket=BUCKET, Key=f"files/{path}")
        assert site == "https://easel.example" and "b64_json" not in each
        assert stored["ContentType"] == "image/jpeg" and stored["Body"].read()[:2] == b"\xff\xd8"
    assert len({each["url"] for each in response.json_body["data"]}) == 2


@pytest.mark.parametrize(
    ("headers", "site"),
    [
        ({"X-Forwarded-Host": "127.0.0.1:8080", "X-Forwarded-Proto": "http"}, "http://127.0.0.1:8080"),
        ({"X-Forwarded-Host": "easel.example", "X-Forwarded-Proto": "ftp"}, "https://easel.example"),
        ({"X-Forwarded-Host": "a/b"}, ""),
        ({"X-Forwarded-Host": "a, b"}, ""),
        ({"Host": "api.example"}, ""),
    ],
)  # fmt: skip
def test_urls_need_to_know_the_website(bucket, bedrock, post, headers, site):
    response = post(order(), IMAGES, "application/json", **headers)
    if site:
        assert response.json_body["data"][0]["url"].startswith(f"{site}/files/")
    else:
        assert response.json_body["error"]["message"] == (
            "response_format must be b64_json, got 'url': only the website's own address can give "
            "URLs"
        )
        assert bedrock.paintings == []


def test_a_dall_e_model_means_urls_where_they_exist(bucket, bedrock, post):
    """OpenAI's default for these models, for clients that read nothing else."""
    for model, headers, field in [
        ("dall-e-2", SITE, "url"),
        ("dall-e-3", SITE, "url"),
        ("dall-e-3", {"Host": "api.example"}, "b64_json"),
        ("gpt-image-2", SITE, "b64_json"),
        ("stable-image-core", SITE, "b64_json"),
    ]:
        body = json.dumps({"prompt": "a fox", "model": model})
        (image,) = post(body, IMAGES, "application/json", **headers).json_body["data"]
        assert image.keys() == {field, "seed"}
    response = post(
        order(model="dall-e-3", response_format="b64_json"), IMAGES, "application/json", **SITE
    )
    assert "b64_json" in response.json_body["data"][0]


def test_an_image_that_s3_does_not_take_is_sent_itself(bucket, bedrock, post):
    bucket.down = ("put_object",)
    response = post(order(), IMAGES, "application/json", **SITE)
    assert response.status_code == 200
    assert all(base64.b64decode(each["b64_json"]) for each in response.json_body["data"])
