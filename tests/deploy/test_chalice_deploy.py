"""`chalice deploy` without the stack: an API that is closed until its owner sets a code."""

import base64
import hashlib
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from forms import FORM, file, form

pytestmark = pytest.mark.slow

CODE = "correct-horse-battery-staple"
EXPOSED = (
    "X-Image-Model,X-Image-Seed,X-Image-Type,X-Image-Price,X-Image-Ignored,X-Image-Charged,"
    "Retry-After,Location"
)


def test_is_closed_until_an_access_code_is_set(aws, project, local_bedrock):
    chalice(aws, project, "deploy")
    url = deployed_url(aws, project)
    local_bedrock.paintings.clear()
    assert_rejected(post(aws, url))
    assert_rejected(post(aws, url, Authorization=f"Bearer {CODE}"))
    assert_preflight(aws.request(url, method="OPTIONS", Origin="https://example.com"))
    assert local_bedrock.paintings == []

    set_access_code(project)
    chalice(aws, project, "deploy")
    assert deployed_url(aws, project) == url
    assert_rejected(post(aws, url))
    assert_rejected(post(aws, url, Authorization="Bearer nonsense"))
    assert_image(post(aws, url, Authorization=f"Bearer {CODE}"))
    assert [each["prompt"] for each in local_bedrock.paintings] == ["a fox in the snow"]


def test_edits_an_image_in_a_form(aws, project):
    url = deployed_url(aws, project) + "?model=stable-image-remove-background"
    content = form(image=file(), output_format="png")
    response = aws.request(url, content, Content_Type=FORM, Authorization=f"Bearer {CODE}")
    assert response.status == 200, response.content
    assert response.headers["X-Image-Type"] == "image/png"
    assert base64.b64decode(response.content, validate=True).startswith(b"\x89PNG")


def test_the_role_has_only_the_permissions_of_the_policy(aws, project):
    iam = aws.client("iam")
    (name,) = iam.list_role_policies(RoleName="easel-dev-api_handler")["PolicyNames"]
    policy = iam.get_role_policy(RoleName="easel-dev-api_handler", PolicyName=name)
    assert policy["PolicyDocument"] == json.loads((project / ".chalice/policy.json").read_text())


def test_delete_leaves_only_the_log_group(aws, project):
    assert {"apigateway: easel", "lambda: easel-dev"} < aws.resources()
    chalice(aws, project, "delete")
    assert aws.resources() == {"logs: /aws/lambda/easel-dev"}  # created by Lambda
    aws.client("logs").delete_log_group(logGroupName="/aws/lambda/easel-dev")


def chalice(aws, project, *command):
    executable = Path(sys.executable).with_name("chalice")
    return aws.run(executable, *command, "--stage", "dev", folder=project)


def deployed_url(aws, project):
    """ministack's URL for the one that `chalice url` prints."""
    url = urlsplit(chalice(aws, project, "url").strip())
    assert (url.scheme, url.path) == ("https", "/api/")
    return f"{aws.url}/_aws/execute-api/{url.netloc.partition('.')[0]}{url.path}"


def post(aws, url, **headers):
    return aws.request(url, b"a fox in the snow", Content_Type="text/plain", **headers)


def assert_rejected(response):
    assert (response.status, json.loads(response.content)["Code"]) == (401, "AccessCodeRequired")
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def assert_preflight(response):
    """The response allows a page on another origin to send its request."""
    assert response.status == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "POST,OPTIONS"
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]


def assert_image(response):
    assert response.status == 200, response.content
    assert base64.b64decode(response.content, validate=True).startswith(b"\xff\xd8\xff")
    assert response.headers["X-Image-Type"] == "image/jpeg"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Expose-Headers"] == EXPOSED


def set_access_code(project):
    file = project / ".chalice/config.json"
    config = json.loads(file.read_text())
    variables = config["stages"]["dev"]["environment_variables"]
    variables["ACCESS_CODE_SHA256"] = hashlib.sha256(CODE.encode()).hexdigest()
    file.write_text(json.dumps(config))
