import hashlib

import pytest
from chalice.test import Client

import app as easel
from chalicelib import access
from chalicelib.errors import AccessCodeRequired

CODE = "correct horse"
SHA256 = hashlib.sha256(CODE.encode()).hexdigest()


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic eDp5"])
def test_without_a_code_set_everybody_passes(authorization):
    access.check(authorization, "")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_who_sends_the_code_passes(scheme):
    access.check(f"{scheme} {CODE}", SHA256)
    access.check(f"{scheme} {CODE}", SHA256.upper())  # as Windows writes it


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {CODE}", CODE, f"Bearer {SHA256}",
     f"Bearer {CODE} ", f"Bearer {CODE.upper()}", "Bearer ünï", "Bearer \udcff"],
)  # fmt: skip
def test_everybody_else_does_not_and_reads_nothing_of_the_code(authorization):
    with pytest.raises(AccessCodeRequired) as refused:
        access.check(authorization, SHA256)
    assert str(refused.value) == (
        "access code must be sent as `Authorization: Bearer <code>`, got none or a wrong one"
    )


@pytest.mark.parametrize("sha256", ["closed", SHA256[:-1], SHA256 + "0", "é" * 64])
def test_a_hash_that_is_none_closes_the_api_and_says_how_to_open_it(sha256):
    for authorization in ("", f"Bearer {CODE}"):
        with pytest.raises(AccessCodeRequired) as refused:
            access.check(authorization, sha256)
        assert str(refused.value) == (
            "this API is closed until its owner sets an access code: `make access-code` makes one; "
            "on a laptop, `make run` needs none"
        )


@pytest.fixture
def closed(monkeypatch, bedrock):
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", SHA256)
    return bedrock


def test_the_api_paints_for_who_has_the_code(closed, post):
    assert post("a fox", Authorization=f"Bearer {CODE}").status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/", {"Authorization": "Bearer wrong"}),
        ("/", {"Authorization": "Basic Y29ycmVjdCBob3JzZQ=="}),
        (f"/?access_code={CODE}".replace(" ", "%20"), {}),
        ("/?seed=-1", {}),
        ("/?seed=7&seed=8", {}),
    ],
)
def test_the_api_refuses_everybody_else_before_all_other_checks(closed, post, path, headers):
    response = post("a fox", path, **headers)
    assert (response.status_code, response.json_body["Code"]) == (401, "AccessCodeRequired")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert closed.paintings == []


def test_the_page_learns_that_a_code_is_needed_without_one(closed):
    with Client(easel.app, stage_name="aws") as client:
        assert client.http.get("/models").json_body["access"] == "code"
        assert client.http.get("/budget").status_code == 200
