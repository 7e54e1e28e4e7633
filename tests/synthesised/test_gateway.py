"""API Gateway's own part: its error responses, and the page without CloudFront."""

import gzip
import json
import mimetypes
import re
from fnmatch import fnmatch

import pytest

from chalicelib import errors, openai
from conftest import ROOT, first_load
from local.website import FRONTEND, NOT_FOUND
from synthesised.conftest import every, only

pytestmark = pytest.mark.slow

PAGE = (ROOT / "frontend/api.js").read_text()
# After these, no image can have been made: API Gateway or Lambda refused to start the function.
UNPAID = {"THROTTLED", "INTEGRATION_FAILURE"}


@pytest.fixture(scope="module")
def responses(expanded):
    return own_responses(expanded)


def own_responses(expanded):
    """API Gateway's own responses, by type: status, headers and body."""
    body = only(expanded, "AWS::ApiGateway::RestApi")["Body"]
    return {
        kind: (
            int(each.get("statusCode", 0)),
            {
                name.removeprefix("gatewayresponse.header."): value.strip("'")
                for name, value in each["responseParameters"].items()
            },
            json.loads(each["responseTemplates"]["application/json"]),
        )
        for kind, each in body["x-amazon-apigateway-gateway-responses"].items()
    }


def test_every_own_error_of_api_gateway_is_replaced(responses):
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} < set(responses)
    for _, headers, body in responses.values():
        assert set(body) == {"Code", "Message", "error"}
        assert body["error"]["message"] == body["Message"]
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cache-Control"] == "no-store"
        assert "Retry-After" in headers["Access-Control-Expose-Headers"]


def test_no_own_error_of_api_gateway_repeats_the_request(responses):
    """Its own words quote the Authorization header, with the access code in it."""
    for _, headers, body in responses.values():
        assert "$" not in json.dumps([headers, body]) and "request." not in json.dumps(headers)


def test_own_errors_allow_a_retry_only_where_nothing_ran(responses):
    for kind, (status, headers, body) in responses.items():
        is_unpaid = kind in UNPAID
        assert headers["x-should-retry"] == ("true" if is_unpaid else "false")
        assert (body["Code"] == "ModelBusy") == is_unpaid == (status == 429)
        assert ("Retry-After" in headers) == is_unpaid
        assert status not in (408, 421)  # browsers send such a request again
    assert responses["INTEGRATION_TIMEOUT"][0] == 504
    assert responses["DEFAULT_5XX"][0] == 0  # keeps 500, 502 and 504 apart


def test_where_results_are_kept_an_unknown_outcome_is_asked_for(
    responses, expanded_without_cloudfront
):
    """API Gateway waits 29 s, the function works on, and the page fetches its result."""
    (unanswered,) = re.findall(r"unanswered = (\[.+\])", PAGE)
    without = own_responses(expanded_without_cloudfront)
    for kind, code in {"INTEGRATION_TIMEOUT": "ModelTimeout", "DEFAULT_5XX": "ModelFailed"}.items():
        assert responses[kind][2]["Code"] in json.loads(unanswered)
        assert without[kind][2]["Code"] == code  # final: there is nothing to ask for
        assert responses[kind][0] == without[kind][0]


def test_the_page_understands_api_gateways_own_errors(responses):
    own = {each.__name__ for each in vars(errors).values() if isinstance(each, type)}
    own |= {"NotFound", "RequestTooLarge"}
    assert {body["Code"] for _, _, body in responses.values()} <= own
    said = {body["Message"] for _, _, body in responses.values()}
    known = {each for each in said if each in PAGE}
    assert said - known == {responses["DEFAULT_4XX"][2]["Message"]}  # no page asks for such a path
    assert (
        responses["THROTTLED"][2]["error"]
        == openai.format_error("ModelBusy", responses["THROTTLED"][2]["Message"], 429)["error"]
    )


def test_without_cloudfront_the_stack_has_none_of_it(without_cloudfront):
    kinds = {each["Type"] for each in without_cloudfront["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::CloudFront::")]
    outputs = without_cloudfront["Outputs"]
    assert "DistributionId" not in outputs
    assert outputs["WebsiteUrl"] == outputs["ApiUrl"]
    assert outputs["WebsiteUrl"]["Value"]["Fn::Join"][1][-1] == "/api/"
    files = only(without_cloudfront, "Custom::CDKBucketDeployment")
    assert "DistributionId" not in files and "DistributionPaths" not in files


def test_without_cloudfront_api_gateway_reads_only_the_pages_files(without_cloudfront):
    (bucket,) = every(without_cloudfront, "AWS::S3::Bucket")
    (role,) = [each for each in every(without_cloudfront, "AWS::IAM::Role") if "ReadFiles" in each]
    (policy,) = [
        each
        for each in every(without_cloudfront, "AWS::IAM::Policy").values()
        if each["Roles"] == [{"Ref": role}]
    ]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert statement["Resource"] == {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/*"]]}


def test_without_cloudfront_the_page_has_the_same_headers(
    template, expanded_without_cloudfront, responses
):
    paths = only(expanded_without_cloudfront, "AWS::ApiGateway::RestApi")["Body"]["paths"]
    policy = only(template, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    csp = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    for path in ("/", "/{file+}"):
        integration = paths[path]["get"]["x-amazon-apigateway-integration"]
        for each in integration["responses"].values():
            headers = {
                name.removeprefix("method.response.header."): value
                for name, value in each["responseParameters"].items()
            }
            assert headers["Content-Security-Policy"] == f"'{csp}'"
            assert headers["X-Frame-Options"] == "'DENY'"
            assert headers["X-Content-Type-Options"] == "'nosniff'"
            assert headers["Referrer-Policy"] == "'no-referrer'"
            assert headers["Strict-Transport-Security"].startswith("'max-age=31536000;")
            assert set(headers) <= set(
                paths[path]["get"]["responses"][each["statusCode"]]["headers"]
            )
    assert set(paths["/"]) == {"get", "post", "options"}  # the API's own route stays


def test_api_gateway_can_serve_every_file_of_the_page(expanded_without_cloudfront):
    """It passes on text as UTF-8, and converts what has one of its binary types.

    It breaks pictures: the page removes those of the examples, and browsers draw their own icon.
    """
    body = only(expanded_without_cloudfront, "AWS::ApiGateway::RestApi")["Body"]
    binary = body["x-amazon-apigateway-binary-media-types"]
    files = [path for path in FRONTEND.rglob("*") if path.is_file()]
    for path in [each for each in files if each.suffix not in (".png", ".webp")]:
        path.read_bytes().decode()
        kind = mimetypes.guess_type(path.name)[0] or "binary/octet-stream"
        assert not [each for each in binary if fnmatch(kind, each)], path
        assert len(gzip.compress(path.read_bytes())) < 1_000_000
    burst = rates_of_files(expanded_without_cloudfront)
    assert len(first_load()) * 4 < burst  # several people open the page in the same second


def rates_of_files(expanded):
    settings = only(expanded, "AWS::ApiGateway::Stage")["MethodSettings"]
    (files,) = [each for each in settings if "file+" in each["ResourcePath"]]
    return files["ThrottlingBurstLimit"]


def test_without_cloudfront_unknown_paths_show_the_same_page(expanded_without_cloudfront):
    paths = only(expanded_without_cloudfront, "AWS::ApiGateway::RestApi")["Body"]["paths"]
    integration = paths["/{file+}"]["get"]["x-amazon-apigateway-integration"]
    for pattern, status in ((r"4\d{2}", "404"), (r"5\d{2}", "503")):
        response = integration["responses"][pattern]
        assert response["statusCode"] == status
        for page in response["responseTemplates"].values():
            assert page == NOT_FOUND.decode().replace('href="/"', 'href="/api/"')
