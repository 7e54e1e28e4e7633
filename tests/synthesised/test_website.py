"""The website: CloudFront in front of a private bucket and the API."""

import json
import subprocess

import pytest

import app as easel
from conftest import ROOT
from local.website import FRONTEND, NOT_FOUND
from synthesised.conftest import NODE, every, only, starting

pytestmark = pytest.mark.slow


def test_the_bucket_is_private(template):
    bucket = starting(template, "AWS::S3::Bucket", "Website")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    policy = starting(template, "AWS::S3::BucketPolicy", "Website")
    statements = policy["PolicyDocument"]["Statement"]
    tls = [each for each in statements if each["Effect"] == "Deny"]
    assert [each["Condition"] for each in tls] == [{"Bool": {"aws:SecureTransport": "false"}}]
    readers = [each["Principal"] for each in statements if each["Action"] == "s3:GetObject"]
    assert readers == [{"Service": "cloudfront.amazonaws.com"}]
    access = only(template, "AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert access["SigningBehavior"] == "always"


def test_cloudfront_serves_the_files_and_forwards_the_api(template):
    config = only(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    assert (config["HttpVersion"], config["DefaultRootObject"]) == ("http2and3", "index.html")
    for each in config["CustomErrorResponses"]:  # a page would replace the API's errors
        assert set(each) == {"ErrorCode", "ErrorCachingMinTTL"}
    files = config["DefaultCacheBehavior"]
    assert files["Compress"] and files["ViewerProtocolPolicy"] == "redirect-to-https"
    *cached, bare, api, _ = config["CacheBehaviors"]
    assert bare | {"PathPattern": "/api/*"} == api  # also without the slash
    assert (bare["PathPattern"], api["PathPattern"]) == ("/api", "/api/*")
    for each in (*cached, api):
        assert each["ViewerProtocolPolicy"] == "https-only"
        assert each["TargetOriginId"] == api["TargetOriginId"]
        assert set(each["AllowedMethods"]) >= {"GET", "POST", "OPTIONS"}
    # AWS's managed policies CachingDisabled and AllViewerExceptHostHeader (docs.aws.amazon.com/
    # AmazonCloudFront/latest/DeveloperGuide/, the pages on managed policies).
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert api["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    origin = next(each for each in config["Origins"] if each["Id"] == api["TargetOriginId"])
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    # No origin path: CloudFront forwards /api, which is the name of the API's stage.
    assert "OriginPath" not in origin


def test_cloudfront_serves_the_results_uncached_from_their_bucket(template):
    config = only(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    results = config["CacheBehaviors"][-1]
    assert results["PathPattern"] == "/files/*"
    assert results["AllowedMethods"] == ["GET", "HEAD", "OPTIONS"]
    assert results["ViewerProtocolPolicy"] == "https-only"
    # AWS's managed policies CachingDisabled and CORS-S3Origin, which forwards no Authorization.
    assert results["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert results["OriginRequestPolicyId"] == "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"
    (origin,) = [each for each in config["Origins"] if each["Id"] == results["TargetOriginId"]]
    (name,) = [each for each in every(template, "AWS::S3::Bucket") if each.startswith("Results")]
    assert origin["DomainName"] == {"Fn::GetAtt": [name, "RegionalDomainName"]}
    assert origin["OriginAccessControlId"] and "OriginPath" not in origin


def test_pages_on_other_origins_can_read_the_results(template):
    bucket = starting(template, "AWS::S3::Bucket", "Results")
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedOrigins"], rule["AllowedHeaders"]) == (["*"], ["*"])
    own = [each for each in easel.EXPOSED_HEADERS.split() if each.startswith("X-Image-")]
    assert rule["ExposedHeaders"] == [f"x-amz-meta-{each.lower()}" for each in own]


def test_cloudfront_caches_the_models_and_the_budget_for_seconds(template):
    config = only(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    policies = every(template, "AWS::CloudFront::CachePolicy")
    cached = {each["PathPattern"]: each for each in config["CacheBehaviors"][:2]}
    for path, seconds in {"/api/models": 10, "/api/budget": 5}.items():
        policy = policies[cached[path]["CachePolicyId"]["Ref"]]["CachePolicyConfig"]
        ttls = [policy[name] for name in ("MinTTL", "DefaultTTL", "MaxTTL")]
        assert ttls == [seconds] * 3  # the minimum also applies to the API's `no-store`
        key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
        # Neither a header, such as Authorization, nor a query reaches the API or the cache's key.
        assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
        assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
        assert key["CookiesConfig"] == {"CookieBehavior": "none"}
        assert "OriginRequestPolicyId" not in cached[path]
    # A failure is not repeated to the next visitor.
    never = {
        each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in config["CustomErrorResponses"]
    }
    assert never == dict.fromkeys((500, 502, 503, 504), 0)


def test_unknown_paths_show_a_plain_page(template, tmp_path):
    """CloudFront's function, run by Node.js."""
    function = starting(template, "AWS::CloudFront::Function", "WebsiteUnknownPaths")
    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert len(function["FunctionCode"].encode()) < 10_240  # CloudFront's limit
    files = [f"/{path.relative_to(FRONTEND)}" for path in FRONTEND.rglob("*") if path.is_file()]
    unknown = [
        "/foo",
        "/foo/",
        "/foo/app.js",
        "/robots.txt",
        "/form",
        "/form/",
        "/apis",
        "/__proto__",
    ]
    results = run_function(tmp_path, function, [{"uri": uri} for uri in ["/", *files, *unknown]])
    assert results[: -len(unknown)] == [{"uri": uri} for uri in ["/", *files]]
    for result in results[-len(unknown) :]:
        headers = {name: each["value"] for name, each in result["headers"].items()}
        assert (result["statusCode"], result["body"]) == (404, NOT_FOUND.decode())
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def run_function(tmp_path, function, requests):
    script = (
        f"{function['FunctionCode']}\nconst requests = {json.dumps(requests)}\n"
        "console.log(JSON.stringify(requests.map(request => handler({ request }))))"
    )
    (tmp_path / "function.js").write_text(script)
    output = subprocess.run([NODE, tmp_path / "function.js"], capture_output=True, check=True)
    return json.loads(output.stdout)


def test_the_api_learns_the_websites_host_from_cloudfront(template, tmp_path):
    """Whatever the caller says. API Gateway needs its own name in Host."""
    function = starting(template, "AWS::CloudFront::Function", "WebsiteViewerHost")
    host, forged = {"value": "d111.cloudfront.net"}, {"value": "evil.example"}
    method = {"method": "POST", "uri": "/api/"}
    requests = [
        method | {"headers": {"host": host}},
        method | {"headers": {"host": host, "x-forwarded-host": forged}},
    ]
    expected = method | {"headers": {"host": host, "x-forwarded-host": host}}
    assert run_function(tmp_path, function, requests) == [expected, expected]


def test_only_pages_and_uncached_requests_to_the_api_pass_a_function(template):
    config = only(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    passing = {}
    for each in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        for association in each.get("FunctionAssociations", ()):
            assert association["EventType"] == "viewer-request"
            (name, _) = association["FunctionARN"]["Fn::GetAtt"]
            passing[each.get("PathPattern", "")] = name
    assert list(passing) == ["", "/api", "/api/*"]
    assert passing["/api"] == passing["/api/*"] != passing[""]


def test_files_and_api_have_security_headers(template):
    config = only(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    (name,) = every(template, "AWS::CloudFront::ResponseHeadersPolicy")
    for behavior in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        assert behavior["ResponseHeadersPolicyId"] == {"Ref": name}
    policy = only(template, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    headers = policy["SecurityHeadersConfig"]
    assert headers["ContentSecurityPolicy"]["ContentSecurityPolicy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; frame-ancestors 'none'"
    )
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 31_536_000
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert headers["ContentTypeOptions"] == {"Override": True}


def test_publishes_the_page_and_makes_browsers_revalidate(template, all_options_output):
    files = only(template, "Custom::CDKBucketDeployment")
    assert files["DistributionPaths"] == ["/*"] and files["Prune"]
    assert files["WaitForDistributionInvalidation"] is False  # it may fail after 13 minutes
    assert files["SystemMetadata"] == {
        "cache-control": "public, max-age=0, s-maxage=86400, must-revalidate"
    }
    (asset,) = [each.parent for each in all_options_output.glob("asset.*/index.html")]
    assert {each.name for each in asset.iterdir()} == {
        each.name for each in (ROOT / "frontend").iterdir()
    }


def test_can_front_an_existing_api(website_only):
    kinds = {resource["Type"] for resource in website_only["Resources"].values()}
    assert not kinds & {"AWS::Serverless::Api", "AWS::DynamoDB::Table", "AWS::CloudWatch::Alarm"}
    config = only(website_only, "AWS::CloudFront::Distribution")["DistributionConfig"]
    domains = [each["DomainName"] for each in config["Origins"]]
    assert "abc123.execute-api.us-east-1.amazonaws.com" in domains
