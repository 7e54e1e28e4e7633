"""The website: a private bucket with the page, and CloudFront in front of it, API and results."""

import json
import re
from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

FRONTEND = Path(__file__).parent.parent / "frontend"
UNKNOWN_PATHS = Path(__file__).with_name("unknown_paths.js")
VIEWER_HOST = Path(__file__).with_name("viewer_host.js")

# File names do not change with their content, so browsers revalidate on every load. CloudFront
# caches for a day; a deployment invalidates its cache.
CACHE_CONTROL = "public, max-age=0, s-maxage=86400, must-revalidate"

# Seconds for which CloudFront keeps the responses that every visit asks for. They are the same for
# everyone, and no query, header or access code changes them. A minimum above zero also applies to
# `Cache-Control: no-store`, which the API sends (docs.aws.amazon.com/AmazonCloudFront/latest/
# DeveloperGuide/Expiration), and which browsers still obey.
CACHED_SECONDS = {"models": 10, "budget": 5}

YEAR_SECONDS = 31_536_000


class Website(Construct):
    """The page's files in a private bucket. CloudFront, or API Gateway, serves them."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.region = Stack.of(self).region
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

    def add_distribution(
        self, api_domain: str, results: s3.Bucket | None
    ) -> cloudfront.Distribution:
        """CloudFront for the page, for the API at `api_domain`, whose stage is `api`, and for the
        results that are too large for it.

        With one origin, the page needs no CORS and can read API Gateway's own errors.
        """
        self.headers = self.response_headers()
        self.access = self.access_control()
        self.api = origins.HttpOrigin(
            api_domain, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
        )
        return cloudfront.Distribution(
            self,
            "Distribution",
            comment="Easel",
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=self.file_behavior(),
            additional_behaviors={
                **{f"/api/{name}": self.cached_behavior(name) for name in CACHED_SECONDS},
                **dict.fromkeys(("/api", "/api/*"), self.forwarding_behavior()),
                **({"/files/*": self.results_behavior(results)} if results else {}),
            },
            # Only the caching: CloudFront would repeat a failed GET /api/models for ten seconds.
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in (500, 502, 503, 504)
            ],
        )

    def file_behavior(self) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=self.origin(self.bucket),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            response_headers_policy=self.headers,
            function_associations=[
                # Responds with a plain page where S3 would send its own XML.
                self.on_request("UnknownPaths", f"Easel-{self.region}", unknown_paths_code())
            ],
        )

    def results_behavior(self, bucket: s3.Bucket) -> cloudfront.BehaviorOptions:
        """Caches nothing: a response replaces the claim of the same name. The path is the key."""
        return cloudfront.BehaviorOptions(
            origin=self.origin(bucket),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,  # and preflights
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.CORS_S3_ORIGIN,
            response_headers_policy=self.headers,
        )

    def origin(self, bucket: s3.Bucket) -> cloudfront.IOrigin:
        return origins.S3BucketOrigin.with_origin_access_control(
            bucket, origin_access_control=self.access
        )

    # CloudFront's names are unique in an account, across regions. CDK's own ones name no region.
    def access_control(self) -> cloudfront.S3OriginAccessControl:
        return cloudfront.S3OriginAccessControl(
            self, "AccessControl", origin_access_control_name=f"Easel-{self.region}"
        )

    def on_request(self, id: str, name: str, code: str) -> cloudfront.FunctionAssociation:
        """A CloudFront Function that sees each request first."""
        return cloudfront.FunctionAssociation(
            function=cloudfront.Function(
                self,
                id,
                function_name=name,
                code=cloudfront.FunctionCode.from_inline(code),
                runtime=cloudfront.FunctionRuntime.JS_2_0,
            ),
            event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
        )

    def cached_behavior(self, name: str) -> cloudfront.BehaviorOptions:
        """Forwards no header and no query. Methods other than GET and HEAD are never cached."""
        seconds = Duration.seconds(CACHED_SECONDS[name])
        policy = cloudfront.CachePolicy(
            self,
            f"Cache{name.title()}",
            cache_policy_name=f"Easel-{name}-{self.region}",
            min_ttl=seconds,
            default_ttl=seconds,
            max_ttl=seconds,
            enable_accept_encoding_gzip=True,
        )
        return self.api_behavior(cache_policy=policy, origin_request_policy=None)

    def forwarding_behavior(self) -> cloudfront.BehaviorOptions:
        """Tells the API the website's host, from which it makes URLs. The template cannot: the
        distribution needs the API's name."""
        host = self.on_request("ViewerHost", f"Easel-host-{self.region}", VIEWER_HOST.read_text())
        return self.api_behavior(function_associations=[host])

    def api_behavior(self, **options: Any) -> cloudfront.BehaviorOptions:
        """Forwards every header and query except Host, which API Gateway uses to find the API."""
        policies = {
            "cache_policy": cloudfront.CachePolicy.CACHING_DISABLED,
            "origin_request_policy": cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        }
        return cloudfront.BehaviorOptions(
            origin=self.api,
            # No redirect: browsers would turn a redirected POST into a GET.
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            response_headers_policy=self.headers,
            **(policies | options),
        )

    def response_headers(self) -> cloudfront.ResponseHeadersPolicy:
        headers = security_headers()
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            comment="Easel",
            response_headers_policy_name=f"Easel-{self.region}",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=headers["Content-Security-Policy"], override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.seconds(YEAR_SECONDS),
                    include_subdomains=True,
                    override=True,
                ),
            ),
        )

    def publish(self, distribution: cloudfront.Distribution | None) -> None:
        """Copies frontend/ to the bucket, then empties the distribution's cache."""
        log = log_group(self, "Log")
        files = deployment.BucketDeployment(
            self,
            "Files",
            sources=[deployment.Source.asset(str(FRONTEND))],
            destination_bucket=self.bucket,
            cache_control=[deployment.CacheControl.from_string(CACHE_CONTROL)],
            distribution=distribution,
            distribution_paths=["/*"] if distribution else None,
            # AWS may take longer than the 13 minutes after which the deployment would fail.
            wait_for_distribution_invalidation=False if distribution else None,
            log_group=log,
        )
        limit_logging(files.handler_role.node.default_child, log)
        self.limit_bucket_cleanup(log)

    def limit_bucket_cleanup(self, log: logs.LogGroup) -> None:
        """Sets the log group of the function that empties the bucket."""
        name = "Custom::S3AutoDeleteObjectsCustomResourceProvider"
        provider = Stack.of(self).node.find_child(name)
        handler: Any = provider.node.find_child("Handler")
        handler.add_override("Properties.LoggingConfig.LogGroup", log.log_group_name)
        limit_logging(provider.node.find_child("Role"), log)


def limit_logging(role: Any, log: logs.LogGroup) -> None:
    """Replaces AWSLambdaBasicExecutionRole, which also allows to create log groups. CDK's functions
    run while the stack is deleted: Lambda would create the deleted group again for their last
    lines, and nothing would delete it."""
    role.add_property_deletion_override("ManagedPolicyArns")
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    statement = iam.PolicyStatement(actions=actions, resources=[log.log_group_arn])
    document = iam.PolicyDocument(statements=[statement])
    role.add_override(
        "Properties.Policies", [{"PolicyName": "WriteLog", "PolicyDocument": document.to_json()}]
    )


def unknown_paths_code() -> str:
    """The CloudFront Function, with the paths of frontend/."""
    files = sorted(f"/{path.relative_to(FRONTEND)}" for path in FRONTEND.rglob("*.*"))
    headers = security_headers() | {"Content-Type": "text/html; charset=utf-8"}
    values = {"files": files, "headers": headers, "page": not_found_page("/")}
    constants = [f"const {name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join([*constants, UNKNOWN_PATHS.read_text()])


def not_found_page(home: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Easel</title>'
        f'<p>There is nothing at this address. <a href="{home}">Open Easel</a></p></html>'
    )


def security_headers() -> dict[str, str]:
    """The response headers of the page, whoever serves it."""
    return {
        # A <meta> element cannot set frame-ancestors.
        "Content-Security-Policy": f"{content_security_policy()}; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": f"max-age={YEAR_SECONDS}; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def content_security_policy() -> str:
    """The Content-Security-Policy in the page's <meta> element."""
    page = (FRONTEND / "index.html").read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    return str(policy)


def log_group(scope: Construct, id: str) -> logs.LogGroup:
    """A log group that keeps events for two weeks and is deleted with the stack."""
    return logs.LogGroup(
        scope, id, retention=logs.RetentionDays.TWO_WEEKS, removal_policy=RemovalPolicy.DESTROY
    )
