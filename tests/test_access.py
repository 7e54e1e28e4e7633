import hashlib

import pytest
from chalice.test import Client

import app as easel
from chalicelib import access
from chalicelib.errors import AccessCodeRequired

CODE = "correct horse"
SHA256 = hashlib.sha256(CODE.encode()).hexdigest()


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic eDp5"])
def test_allows_everyone_if_no_code_is_set(authorization):
    access.check(authorization, "")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_accepts_the_access_code(scheme):
    access.check(f"{scheme} {CODE}", SHA256)
    access.check(f"{scheme} {CODE}", SHA256.upper())  # as Windows writes it


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {CODE}", CODE, f"Bearer {SHA256}",
     f"Bearer {CODE} ", f"Bearer {CODE.upper()}", "Bearer ünï", "Bearer \udcff"],
)  # fmt: skip
def test_rejects_a_missing_or_wrong_code(authorization):
    with pytest.raises(AccessCodeRequired) as raised:
        access.check(authorization, SHA256)
    assert str(raised.value) == (
        "access code must be sent as `Authorization: Bearer <code>`, got none or a wrong one"
    )


@pytest.mark.parametrize("sha256", ["not a hash", SHA256[:-1], SHA256 + "0", "é" * 64, " "])
def test_rejects_everyone_if_the_hash_is_invalid(sha256):
    for authorization in ("", f"Bearer {CODE}"):
        with pytest.raises(AccessCodeRequired) as raised:
            access.check(authorization, sha256)
        assert str(raised.value) == (
            "this API is closed until its owner sets an access code: `make access-code` makes one; "
            "on a laptop, `make run` needs none"
        )


@pytest.fixture
def protected(monkeypatch, bedrock):
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", SHA256)
    return bedrock


def test_generates_an_image_with_the_access_code(protected, post):
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
def test_checks_the_access_code_first(protected, post, path, headers):
    response = post("a fox", path, **headers)
    assert (response.status_code, response.json_body["Code"]) == (401, "AccessCodeRequired")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert protected.paintings == []


def test_models_and_budget_need_no_access_code(protected):
    with Client(easel.app, stage_name="aws") as client:
        assert client.http.get("/models").json_body["access"] == "code"
        assert client.http.get("/budget").status_code == 200
