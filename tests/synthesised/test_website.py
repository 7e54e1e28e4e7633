"""The website: CloudFront in front of a private bucket and the API."""

import pytest

from conftest import ROOT
from synthesised.conftest import every, only

pytestmark = pytest.mark.slow


def test_the_bucket_is_private(template):
    bucket = only(template, "AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    statements = only(template, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    tls = [each for each in statements if each["Effect"] == "Deny"]
    assert [each["Condition"] for each in tls] == [{"Bool": {"aws:SecureTransport": "false"}}]
    readers = [each["Principal"] for each in statements if each["Action"] == "s3:GetObject"]
    assert readers == [{"Service": "cloudfront.amazonaws.com"}]
    assert only(template, "AWS::CloudFront::OriginAccessControl")


def test_cloudfront_serves_the_files_and_forwards_the_api(template):
    config = only(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    assert (config["HttpVersion"], config["DefaultRootObject"]) == ("http2and3", "index.html")
    assert "CustomErrorResponses" not in config  # would replace the API's errors
    files = config["DefaultCacheBehavior"]
    assert files["Compress"] and files["ViewerProtocolPolicy"] == "redirect-to-https"
    (api,) = config["CacheBehaviors"]
    assert (api["PathPattern"], api["ViewerProtocolPolicy"]) == ("/api/*", "https-only")
    assert set(api["AllowedMethods"]) >= {"GET", "POST", "OPTIONS"}
    # AWS's managed policies CachingDisabled and AllViewerExceptHostHeader (docs.aws.amazon.com/
    # AmazonCloudFront/latest/DeveloperGuide/, the pages on managed policies).
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert api["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    origin = next(each for each in config["Origins"] if each["Id"] == api["TargetOriginId"])
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    # No origin path: CloudFront forwards /api, which is the name of the API's stage.
    assert "OriginPath" not in origin


def test_files_and_api_have_security_headers(template):
    config = only(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    (name,) = every(template, "AWS::CloudFront::ResponseHeadersPolicy")
    for behavior in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        assert behavior["ResponseHeadersPolicyId"] == {"Ref": name}
    policy = only(template, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    headers = policy["SecurityHeadersConfig"]
    assert headers["ContentSecurityPolicy"]["ContentSecurityPolicy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; frame-ancestors 'none'"
    )
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 31_536_000
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert headers["ContentTypeOptions"] == {"Override": True}


def test_publishes_the_page_and_makes_browsers_revalidate(template, all_options_output):
    files = only(template, "Custom::CDKBucketDeployment")
    assert files["DistributionPaths"] == ["/*"] and files["Prune"]
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
