"""The website: CloudFront in front of a private bucket and the API."""

import re
from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

FRONTEND = Path(__file__).parent.parent / "frontend"

# File names do not change with their content, so browsers revalidate on every load. CloudFront
# caches for a day; a deployment invalidates its cache.
CACHE_CONTROL = "public, max-age=0, s-maxage=86400, must-revalidate"


class Website(Construct):
    """Serves frontend/ and forwards /api/* to the API at `api_domain`, whose stage is `api`.

    A single origin needs no CORS and lets the page read API Gateway's own errors.
    """

    def __init__(self, scope: Construct, id: str, api_domain: str) -> None:
        super().__init__(scope, id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        self.headers = security_headers(self)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Easel",
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=self.file_behavior(),
            additional_behaviors={"/api/*": self.api_behavior(api_domain)},
        )
        log = log_group(self, "Log")
        deployment.BucketDeployment(
            self,
            "Files",
            sources=[deployment.Source.asset(str(FRONTEND))],
            destination_bucket=self.bucket,
            cache_control=[deployment.CacheControl.from_string(CACHE_CONTROL)],
            distribution=self.distribution,
            distribution_paths=["/*"],
            log_group=log,
        )
        log_bucket_cleanup(self, log)

    def file_behavior(self) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            response_headers_policy=self.headers,
        )

    def api_behavior(self, domain: str) -> cloudfront.BehaviorOptions:
        """Forwards every header and query except Host, which API Gateway uses to find the API."""
        return cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin(
                domain, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
            ),
            # No redirect: browsers would turn a redirected POST into a GET.
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=self.headers,
        )


def security_headers(scope: Construct) -> cloudfront.ResponseHeadersPolicy:
    policy = f"{content_security_policy()}; frame-ancestors 'none'"  # a <meta> cannot set that
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "Headers",
        comment="Easel",
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=policy, override=True
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=Duration.days(365), include_subdomains=True, override=True
            ),
        ),
    )


def content_security_policy() -> str:
    """The Content-Security-Policy in the page's <meta> element."""
    page = (FRONTEND / "index.html").read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    return str(policy)


def log_bucket_cleanup(scope: Construct, log: logs.LogGroup) -> None:
    """Sets the log group of the function that empties the bucket. The default one, which Lambda
    creates, would outlive the stack."""
    provider = Stack.of(scope).node.find_child("Custom::S3AutoDeleteObjectsCustomResourceProvider")
    handler: Any = provider.node.find_child("Handler")
    handler.add_override("Properties.LoggingConfig.LogGroup", log.log_group_name)


def log_group(scope: Construct, id: str) -> logs.LogGroup:
    """A log group that keeps events for two weeks and is deleted with the stack."""
    return logs.LogGroup(
        scope, id, retention=logs.RetentionDays.TWO_WEEKS, removal_policy=RemovalPolicy.DESTROY
    )
