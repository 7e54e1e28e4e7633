"""`chalice deploy` alone: closed until its owner sets a code, then a picture, then nothing left."""

import base64
import hashlib
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow

CODE = "correct-horse-battery-staple"
EXPOSED = "X-Image-Model,X-Image-Seed,X-Image-Type,X-Image-Price,X-Image-Ignored,Retry-After"


def test_it_is_closed_as_it_ships_and_paints_for_who_has_the_code(aws, project, local_bedrock):
    chalice(aws, project, "deploy")
    url = deployed_url(aws, project)
    local_bedrock.paintings.clear()
    check_refusal(ask(aws, url))
    check_refusal(ask(aws, url, Authorization=f"Bearer {CODE}"))
    check_preflight(aws.ask(url, method="OPTIONS", Origin="https://example.com"))
    assert local_bedrock.paintings == []

    set_access_code(project)
    chalice(aws, project, "deploy")
    assert deployed_url(aws, project) == url
    check_refusal(ask(aws, url))
    check_refusal(ask(aws, url, Authorization="Bearer nonsense"))
    check_picture(ask(aws, url, Authorization=f"Bearer {CODE}"))
    assert [each["prompt"] for each in local_bedrock.paintings] == ["a fox in the snow"]


def test_the_function_may_do_what_the_policy_says_and_no_more(aws, project):
    iam = aws.client("iam")
    (name,) = iam.list_role_policies(RoleName="easel-dev-api_handler")["PolicyNames"]
    policy = iam.get_role_policy(RoleName="easel-dev-api_handler", PolicyName=name)
    assert policy["PolicyDocument"] == json.loads((project / ".chalice/policy.json").read_text())


def test_delete_leaves_nothing_but_the_log(aws, project):
    assert {"apigateway: easel", "lambda: easel-dev"} < aws.holdings()
    chalice(aws, project, "delete")
    assert aws.holdings() == {"logs: /aws/lambda/easel-dev"}  # by Lambda, so not Chalice's to end
    aws.client("logs").delete_log_group(logGroupName="/aws/lambda/easel-dev")


def chalice(aws, project, *command):
    program = Path(sys.executable).with_name("chalice")
    return aws.run(program, *command, "--stage", "dev", folder=project)


def deployed_url(aws, project):
    """Where ministack answers for the address that `chalice url` prints."""
    address = urlsplit(chalice(aws, project, "url").strip())
    assert (address.scheme, address.path) == ("https", "/api/")
    return f"{aws.url}/_aws/execute-api/{address.netloc.partition('.')[0]}{address.path}"


def ask(aws, url, **headers):
    return aws.ask(url, b"a fox in the snow", Content_Type="text/plain", **headers)


def check_refusal(answer):
    assert (answer.status, json.loads(answer.content)["Code"]) == (401, "AccessCodeRequired")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def check_preflight(answer):
    """What makes a page on another origin send its request."""
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST,OPTIONS"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def check_picture(answer):
    assert answer.status == 200, answer.content
    assert base64.b64decode(answer.content, validate=True).startswith(b"\xff\xd8\xff")
    assert answer.headers["X-Image-Type"] == "image/jpeg"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == EXPOSED


def set_access_code(project):
    file = project / ".chalice/config.json"
    config = json.loads(file.read_text())
    variables = config["stages"]["dev"]["environment_variables"]
    variables["ACCESS_CODE_SHA256"] = hashlib.sha256(CODE.encode()).hexdigest()
    file.write_text(json.dumps(config))
