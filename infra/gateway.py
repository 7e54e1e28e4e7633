"""What API Gateway does itself: limits, its own errors, and the page where CloudFront is not."""

import json
from typing import Any, NamedTuple

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from chalicelib import openai
from infra.website import CACHED_SECONDS, not_found_page, security_headers

# Requests a second and at once, for each method. A loop on every route costs what they allow.
EVERY_METHOD = {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}
RARE_METHOD = {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 20}
FILES = {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200}  # the page has about 30 files

FILE_PATH = "/{file+}"

CORS = {
    "Access-Control-Allow-Origin": "'*'",
    "Access-Control-Expose-Headers": "'Retry-After,x-should-retry'",
    "Cache-Control": "'no-store'",
}


class Error(NamedTuple):
    code: str
    message: str
    status: int | None = None  # None keeps API Gateway's, 500 to 504
    retry: bool = False  # whether a retry cannot be charged twice


BUSY = Error("ModelBusy", "Too many requests at once. Try again in a few seconds.", 429, True)
NOT_FOUND = Error("NotFound", "There is no such address or method here. API.md lists them.", 404)

# API Gateway's own responses by type (docs.aws.amazon.com/apigateway/latest/developerguide/
# supported-gateway-response-types). Each is Easel's error and OpenAI's at once, as they cannot
# differ by path. None repeats the request: AWS's own words quote the Authorization header.
ERRORS = {
    "DEFAULT_4XX": NOT_FOUND,  # also a Bearer header on an unknown path: IncompleteSignature
    "MISSING_AUTHENTICATION_TOKEN": NOT_FOUND,  # AWS's name for an unknown path
    "REQUEST_TOO_LARGE": Error("RequestTooLarge", "The text is too long to send. Shorten it.", 413),
    "THROTTLED": BUSY,
    # Lambda refused to start the function, as too many run (repost.aws/questions/
    # QUL-z6rJbmR4meafB7MzYXxw): no image was made.
    "INTEGRATION_FAILURE": BUSY,
    "INTEGRATION_TIMEOUT": Error(
        "ModelTimeout", "the model took too long; try again, or a quicker model", 504
    ),
    # 502: the function stopped before it responded. AWS may have made an image.
    "DEFAULT_5XX": Error("ModelFailed", "the model failed; try again"),
}

# With results, the function may go on for longer than API Gateway waits, and its response is kept.
UNANSWERED = "The picture is still being made. Try again in a moment to fetch it."
ERRORS_WITH_RESULTS = ERRORS | {
    "INTEGRATION_TIMEOUT": Error("RequestInProgress", UNANSWERED, 504),
    "DEFAULT_5XX": Error("RequestInProgress", UNANSWERED),
}


def set_limits(api: Any, has_cloudfront: bool) -> None:
    """Limits each method. Preflights, and what CloudFront caches, need few requests."""
    cached = {f"/{name}" for name in CACHED_SECONDS} if has_cloudfront else set()
    settings = [{"HttpMethod": "*", "ResourcePath": "/*"} | EVERY_METHOD]
    for path, item in api.definition_body["paths"].items():
        rare = {"options"} | ({"get"} if path in cached | {"/v1/models"} else set())
        settings += [
            method_limits(path, method, RARE_METHOD) for method in sorted(rare & set(item))
        ]
    if not has_cloudfront:
        settings.append(method_limits(FILE_PATH, "get", FILES))
    api.add_override("Properties.MethodSettings", settings)


def method_limits(path: str, method: str, limits: dict[str, int]) -> dict[str, Any]:
    encoded = "/" + (path.replace("/", "~1") if path != "/" else "")
    return {"HttpMethod": method.upper(), "ResourcePath": encoded} | limits


def set_errors(api: Any, has_results: bool) -> None:
    """Replaces API Gateway's own error responses."""
    errors = ERRORS_WITH_RESULTS if has_results else ERRORS
    responses = {kind: gateway_response(error) for kind, error in errors.items()}
    api.add_override("Properties.GatewayResponses", responses)


def gateway_response(error: Error) -> dict[str, Any]:
    body = {"Code": error.code, "Message": error.message}
    body |= openai.format_error(error.code, error.message, error.status or 500)
    headers = CORS | {"x-should-retry": f"'{str(error.retry).lower()}'"}
    if error.retry:
        headers |= {"Retry-After": "'5'"}
    status = {"StatusCode": error.status} if error.status else {}
    return status | {
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": {"application/json": json.dumps(body)},
    }


def serve_files(scope: Construct, api: Any, bucket: s3.Bucket) -> None:
    """Serves the bucket's files at GET / and below, from the API's own stage, without Lambda.

    The API's other routes stay: API Gateway prefers an exact path. All files are UTF-8 text; it
    would corrupt others.
    """
    role = iam.Role(scope, "ReadFiles", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
    role.add_to_policy(
        iam.PolicyStatement(actions=["s3:GetObject"], resources=[bucket.arn_for_objects("*")])
    )
    service = f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:s3:path/{bucket.bucket_name}"
    page = file_method(f"{service}/index.html", role, {})
    file = file_method(f"{service}/{{file}}", role, {"file": "path"})
    api.add_override("Properties.DefinitionBody.paths./.get", page)
    api.add_override(f"Properties.DefinitionBody.paths.{FILE_PATH}", {"get": file})


def file_method(uri: str, role: iam.Role, parameters: dict[str, str]) -> dict[str, Any]:
    """A GET that S3 responds to, in OpenAPI 2. Browsers revalidate by ETag."""
    parameters = parameters | {"If-None-Match": "header"}
    static = {name: f"'{value}'" for name, value in security_headers().items()}
    copied = ("Cache-Control", "Content-Type", "ETag")
    headers = static | {name: f"integration.response.header.{name}" for name in copied}
    html = {"Content-Type": "'text/html; charset=utf-8'", "Cache-Control": "'no-store'"}
    errors = static | html
    responses = {
        "default": integration_response(200, headers),
        "304": integration_response(304, headers),
        # S3 responds with 403 for a file that does not exist, as the role may not list the bucket.
        r"4\d{2}": integration_response(404, errors, not_found_page("/api/")),
        r"5\d{2}": integration_response(503, errors, not_found_page("/api/")),
    }
    return {
        "parameters": [
            {"name": name, "in": place, "required": place == "path", "type": "string"}
            for name, place in parameters.items()
        ],
        "responses": {
            each["statusCode"]: {
                "description": each["statusCode"],
                "headers": {name: {"type": "string"} for name in headers},
            }
            for each in responses.values()
        },
        "x-amazon-apigateway-integration": {
            "type": "aws",
            "httpMethod": "GET",
            "uri": uri,
            "credentials": role.role_arn,
            "passthroughBehavior": "when_no_match",
            "requestParameters": {
                f"integration.request.{place}.{name}": f"method.request.{place}.{name}"
                for name, place in parameters.items()
            },
            "responses": responses,
        },
    }


def integration_response(status: int, headers: dict[str, str], body: str = "") -> dict[str, Any]:
    response: dict[str, Any] = {
        "statusCode": str(status),
        "responseParameters": {
            f"method.response.header.{name}": value for name, value in headers.items()
        },
    }
    if body:  # whichever type API Gateway looks for: the browser's, its default, or S3's
        types = ("text/html", "application/json", "application/xml")
        response["responseTemplates"] = dict.fromkeys(types, body)
    return response
