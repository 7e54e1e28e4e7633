"""The results bucket: the API keeps each response there for a day; CloudFront serves /files/."""

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

# For Bedrock's answer, then for the function: three calls of S3 and two of DynamoDB take at most
# 30 s (tests/test_results.py).
MODEL_TIMEOUT_SECONDS = 100
FUNCTION_TIMEOUT_SECONDS = MODEL_TIMEOUT_SECONDS + 30

# S3's names for the API's headers, which pages on other origins may read.
EXPOSED_HEADERS = [
    f"x-amz-meta-x-image-{name}"
    for name in ("model", "seed", "type", "price", "ignored", "charged")
]


def add_bucket(scope: Construct) -> s3.Bucket:
    """A private bucket. It keeps no versions: a deleted claim must be gone."""
    day = Duration.days(1)
    return s3.Bucket(
        scope,
        "Results",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(expiration=day, abort_incomplete_multipart_upload_after=day)
        ],
        # For pages on other origins, as the API; a browser asks before it follows the redirect.
        cors=[
            s3.CorsRule(
                allowed_origins=["*"],
                allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD],
                allowed_headers=["*"],
                exposed_headers=EXPOSED_HEADERS,
                max_age=600,
            )
        ],
        removal_policy=RemovalPolicy.DESTROY,
        auto_delete_objects=True,
    )


def statement(bucket: s3.Bucket) -> dict[str, Any]:
    """Without s3:ListBucket, S3 answers 403 for a missing object, which the API knows."""
    return {
        "Sid": "KeepResults",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        "Resource": bucket.arn_for_objects("files/*"),
    }
