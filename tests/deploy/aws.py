"""ministack, extended with what Easel's deployment needs. Runs in its own virtual environment.

ministack lacks: importing a REST API (`chalice deploy`) with its binary types, preflights, own
error responses and S3 integrations, API Gateway as an origin of CloudFront, alarms on an
expression, a topic's policy when an alarm goes off, names that differ between regions, and the
Lambda runtime of CDK's two functions for files. This module replaces the functions concerned.
"""

import asyncio
import functools
import http
import io
import json
import mimetypes
import os
import re
import zipfile
from urllib.parse import parse_qs

import boto3
from botocore.exceptions import ClientError
from ministack import app
from ministack.core.responses import get_region
from ministack.services import apigateway_v1 as gateway
from ministack.services import cloudfront, cloudwatch, lambda_svc, sns
from ministack.services.cloudformation import provisioners

pin_request_origin = app.pin_request_origin
handle_request = gateway.handle_request
import_rest_api = gateway._import_rest_api
import_operation = gateway._import_operation
fetch_from_origin = cloudfront._fetch_from_origin
alarm_record = provisioners._cw_metric_alarm_record
is_sns_action = cloudwatch._is_sns_action_arn
physical_name = provisioners._physical_name


def pin_tls_origin(source_ip, secure_transport):
    """Treats plain HTTP as TLS, which the bucket policies require."""
    pin_request_origin(source_ip, True)


async def respond_or_import(method, path, headers, body, query):
    """API Gateway's control plane with ImportRestApi and PutRestApi."""
    if method == "POST" and path == "/restapis" and "mode" in query:
        return gateway._get_rest_api(gateway._import_rest_api(json.loads(body)))
    if method == "PUT" and path.count("/") == 2:
        api_id = path.removeprefix("/restapis/")
        replace_resources(api_id, json.loads(body))
        return gateway._get_rest_api(api_id)
    return await handle_request(method, path, headers, body, query)


def replace_resources(api_id, document):
    resources = gateway._resources[api_id]
    for resource_id, resource in list(resources.items()):
        if resource["path"] == "/":
            resource["resourceMethods"] = {}
        else:
            del resources[resource_id]
    for path, item in document["paths"].items():
        gateway._import_path_item(api_id, path, item)


def import_rest_api_with_errors(document, *base):
    """Imports a REST API together with its binary media types and its gateway responses."""
    api_id = import_rest_api(document, *base)
    binary_types = document.get("x-amazon-apigateway-binary-media-types", [])
    gateway._rest_apis[api_id]["binaryMediaTypes"] = binary_types
    for kind, response in document.get("x-amazon-apigateway-gateway-responses", {}).items():
        gateway._put_gateway_response(api_id, kind, response)
    return api_id


def import_operation_with_responses(api_id, resource_id, method, operation, *security):
    """Imports a method together with what MOCK and S3 integrations need."""
    import_operation(api_id, resource_id, method, operation, *security)
    integration = operation["x-amazon-apigateway-integration"]
    created = gateway._resources[api_id][resource_id]["resourceMethods"][method]
    for name in ("requestTemplates", "requestParameters", "credentials"):
        created["methodIntegration"][name] = integration.get(name, {})
    for pattern, response in integration.get("responses", {}).items():
        status = response["statusCode"]
        response = response | {"selectionPattern": "" if pattern == "default" else pattern}
        gateway._put_integration_response(api_id, resource_id, method, status, response)


async def respond_from_s3(integration, *request, **_):
    """An `aws` integration with S3, called with the permissions of its role."""
    headers, path_parameters = request[6], request[9] or {}
    return await asyncio.to_thread(read_object, integration, headers, path_parameters)


def read_object(integration, headers, path_parameters):
    _, service, _, path = gateway._parse_service_integration_uri(integration["uri"])
    assert service == "s3"
    bucket, _, key = path.format(**path_parameters).partition("/")
    sent = "integration.request.header.If-None-Match" in integration["requestParameters"]
    condition = (
        {"IfNoneMatch": headers["if-none-match"]} if sent and "if-none-match" in headers else {}
    )
    try:
        found = role_client("s3", integration["credentials"]).get_object(
            Bucket=bucket, Key=key, **condition
        )
        content = found["Body"].read()
    except ClientError as error:
        found, content = error.response, b""
    return integration_response(integration, found["ResponseMetadata"], content)


@functools.cache
def role_client(service, role):
    credentials = client("sts").assume_role(RoleArn=role, RoleSessionName="gateway")["Credentials"]
    return client(
        service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def integration_response(integration, answer, content):
    """The response that the integration maps the answer to."""
    status, sent = str(answer["HTTPStatusCode"]), answer["HTTPHeaders"]
    responses = integration["integrationResponses"].values()
    (default,) = [each for each in responses if not each["selectionPattern"]]
    matching = [each for each in responses if re.fullmatch(each["selectionPattern"] or "-", status)]
    response = (matching or [default])[0]
    headers = {}
    for target, source in response["responseParameters"].items():
        is_static = source.startswith("'")
        name = source.removeprefix("integration.response.header.").lower()
        value = source[1:-1] if is_static else sent.get(name)
        headers |= {target.removeprefix("method.response.header."): value} if value else {}
    bodies = list(response["responseTemplates"].values())
    return int(response["statusCode"]), headers, bodies[0].encode() if bodies else content


async def fetch_from_origin_or_api(origin, method, uri, query, headers, body, *viewer):
    """CloudFront's request to an origin, which may be a REST API in this ministack."""
    api_id, is_api, _ = origin["domain_name"].partition(".execute-api.")
    if not is_api:
        return await fetch_from_origin(origin, method, uri, query, headers, body, *viewer)
    stage, _, path = (origin["origin_path"] + uri).lstrip("/").partition("/")
    status, headers, content = await gateway.handle_execute(
        api_id, stage, method, f"/{path}", headers, body, parse_qs(query, keep_blank_values=True)
    )
    lower_case = {name.lower(): value for name, value in headers.items()}
    return status, http.HTTPStatus(status).phrase, lower_case, content


def physical_name_in_region(stack, logical_id, **options):
    """CloudFormation's random suffix: roles of two regions' stacks have different names."""
    region = get_region().replace("-", "")
    return physical_name(stack, f"{logical_id}{region}", **options)


def expression_alarm_record(name, properties):
    """Stores an alarm on an expression as one on its first metric. Tests set its state."""
    metrics = [
        each["MetricStat"]["Metric"]
        for each in properties.get("Metrics", ())
        if "MetricStat" in each
    ]
    if metrics:
        properties = properties | metrics[0] | {"Metrics": None}
    return alarm_record(name, properties)


def may_publish(topic):
    """Whether the topic's policy lets CloudWatch publish an alarm to it."""
    account = topic.split(":")[4]
    return is_sns_action(topic) and sns.topic_policy_allows(
        topic, "cloudwatch.amazonaws.com", f"arn:aws:cloudwatch:*:{account}:alarm:*", account
    )


def copy_files(logical_id, properties, stack):
    """Copies the zip's files to the bucket, as CDK's BucketDeployment does."""
    s3 = client("s3")
    (bucket,), (key,) = properties["SourceBucketNames"], properties["SourceObjectKeys"]
    archive = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    for name in archive.namelist():
        s3.put_object(
            Bucket=properties["DestinationBucketName"],
            Key=name,
            Body=archive.read(name),
            ContentType=mimetypes.guess_type(name)[0] or "binary/octet-stream",
            CacheControl=properties["SystemMetadata"]["cache-control"],
        )
    return f"files-{key}", {}


def copy_new_files(id, old_properties, properties, stack):
    return copy_files(id, properties, stack)


def retain_files(id, properties):
    """Keeps the files, as CDK's BucketDeployment does; emptying the bucket deletes them."""


def register_bucket(logical_id, properties, stack):
    return f"empty-{properties['BucketName']}", {}


def empty_bucket(id, properties):
    """Deletes the bucket's objects, as CDK's auto_delete_objects does."""
    s3 = client("s3")
    for each in s3.list_objects_v2(Bucket=properties["BucketName"]).get("Contents", ()):
        s3.delete_object(Bucket=properties["BucketName"], Key=each["Key"])


def client(service, **credentials):
    url = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **credentials)


app.pin_request_origin = pin_tls_origin
gateway.handle_request = respond_or_import
gateway._import_rest_api = import_rest_api_with_errors
gateway._import_operation = import_operation_with_responses
gateway._invoke_lambda_custom_v1 = respond_from_s3
cloudfront._fetch_from_origin = fetch_from_origin_or_api
cloudwatch._is_sns_action_arn = may_publish
provisioners._physical_name = physical_name_in_region
provisioners._cw_metric_alarm_record = expression_alarm_record
provisioners._RESOURCE_HANDLERS |= {
    "Custom::CDKBucketDeployment": {
        "create": copy_files,
        "update": copy_new_files,
        "delete": retain_files,
    },
    "Custom::S3AutoDeleteObjects": {"create": register_bucket, "delete": empty_bucket},
}
lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = 0  # seconds; the tools wait five if it is pending

if __name__ == "__main__":
    app.main()
