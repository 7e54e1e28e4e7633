"""ministack, extended with what Easel's deployment needs. Runs in its own virtual environment.

ministack lacks: importing a REST API (`chalice deploy`), responses to preflights in an imported
API, API Gateway as an origin of CloudFront, alarms on an expression, and the Lambda runtime of
CDK's two functions for files. This module replaces the functions of ministack concerned.
"""

import http
import io
import json
import mimetypes
import os
import zipfile
from urllib.parse import parse_qs

import boto3
from ministack import app
from ministack.services import apigateway_v1 as gateway
from ministack.services import cloudfront, lambda_svc
from ministack.services.cloudformation import provisioners

pin_request_origin = app.pin_request_origin
handle_request = gateway.handle_request
import_operation = gateway._import_operation
fetch_from_origin = cloudfront._fetch_from_origin
alarm_record = provisioners._cw_metric_alarm_record


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


def import_operation_with_responses(api_id, resource_id, method, operation, *security):
    """Imports a method together with the responses of a MOCK integration, used by preflights."""
    import_operation(api_id, resource_id, method, operation, *security)
    integration = operation["x-amazon-apigateway-integration"]
    created = gateway._resources[api_id][resource_id]["resourceMethods"][method]
    created["methodIntegration"]["requestTemplates"] = integration.get("requestTemplates", {})
    for pattern, response in integration.get("responses", {}).items():
        status = response["statusCode"]
        response = response | {"selectionPattern": "" if pattern == "default" else pattern}
        gateway._put_integration_response(api_id, resource_id, method, status, response)


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


def expression_alarm_record(name, properties):
    """Stores an alarm on an expression as one on its first metric. No alarm goes off here."""
    metrics = [
        each["MetricStat"]["Metric"]
        for each in properties.get("Metrics", ())
        if "MetricStat" in each
    ]
    if metrics:
        properties = properties | metrics[0] | {"Metrics": None}
    return alarm_record(name, properties)


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


def client(service):
    url = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    return boto3.client(service, endpoint_url=url, region_name="us-east-1")


app.pin_request_origin = pin_tls_origin
gateway.handle_request = respond_or_import
gateway._import_operation = import_operation_with_responses
cloudfront._fetch_from_origin = fetch_from_origin_or_api
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
