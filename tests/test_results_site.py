"""Keys, results and files on all of `make run`: the website, the API, the local Bedrock and S3."""

import base64
import json
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from openai import OpenAI

pytestmark = pytest.mark.slow


def send(url, body=None, type="text/plain", **headers):
    headers |= {"Content-Type": type} if body is not None else {}
    request = urllib.request.Request(url, body and body.encode(), headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read(), response
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def test_fifty_requests_at_once_with_one_key_pay_once(site, key):
    before = site.calls()
    url = f"{site.url}api/?seed=7"
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: send(url, "a fox", **key)[:2], range(50)))
    site.wait_for(lambda: site.calls() > before)
    images = {body for status, body in answers if status == 200}
    assert {status for status, _ in answers} <= {200, 409} and len(images) == 1
    status, body, _ = send(f"{site.url}api/results/{key['Idempotency-Key']}")
    assert (status, {body}) == (200, images)
    assert site.calls() == before + 1


def test_a_large_png_arrives_through_the_redirect(site, key):
    for path, url in (("api/", f"{site.url}api/"), ("files", None)):
        url = url or f"{site.url}api/results/{key['Idempotency-Key']}"
        status, body, response = send(url, *(["!large a fox"] if path == "api/" else []), **key)
        assert status == 200 and response.url.startswith(f"{site.url}files/")
        assert base64.b64decode(body)[:4] == b"\x89PNG" and len(body) > 6_291_556
        assert response.headers["x-amz-meta-x-image-type"] == "image/png"


def test_openais_client_gets_urls_and_several_large_pngs(site):
    client = OpenAI(base_url=f"{site.url}api/v1", api_key="any", max_retries=0)
    urls = client.images.generate(prompt="a fox", n=2, response_format="url").data
    for each in urls:
        status, body, response = send(each.url)
        assert (status, response.headers["Content-Type"]) == (200, "image/jpeg")
        assert body[:2] == b"\xff\xd8"
    large = client.images.generate(prompt="!large a fox", n=2, extra_body={"output_format": "png"})
    assert all(base64.b64decode(each.b64_json)[:4] == b"\x89PNG" for each in large.data)
    client.close()


def test_openais_client_sends_the_key_again_and_pays_once(site, key):
    before = site.calls()
    client = OpenAI(base_url=f"{site.url}api/v1", api_key="any", max_retries=5)
    with ThreadPoolExecutor(2) as pool:
        images = list(pool.map(
            lambda _: client.images.generate(prompt="!slow 1 a fox", extra_headers=key), range(2)
        ))  # fmt: skip
    assert images[0].data[0].b64_json == images[1].data[0].b64_json
    assert site.calls() == before + 1
    client.close()


def test_a_result_is_found_with_a_key_of_any_characters(site):
    key = "a key/with ?%&+#\"'" + uuid.uuid4().hex
    status, body, _ = send(f"{site.url}api/", "a fox", **{"Idempotency-Key": key})
    assert status == 200
    assert send(f"{site.url}api/results/{urllib.request.quote(key, safe='')}")[:2] == (200, body)


def test_the_log_and_no_object_tell_of_the_key(site, key):
    send(f"{site.url}api/", "a fox in the snow", **key)
    assert key["Idempotency-Key"] not in site.words()
    assert json.loads(send(f"{site.url}api/results/guessed")[1])["Code"] == "UnknownResult"
