"""ministack with what Easel's deployment needs on top: runs in a virtual environment of its own.

It lacks the import of a REST API (`chalice deploy`), a preflight's answer in an imported API,
CloudFront's way to API Gateway, an alarm on an expression, and Lambda's full runtimes, which CDK's
two helpers for files need. Each is added where ministack looks it up.
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


def pin_origin_as_tls(source_ip, secure_transport):
    """Plain HTTP on loopback stands for TLS, without which the buckets' policies let nobody in."""
    pin_request_origin(source_ip, True)


async def handle_request_or_import(method, path, headers, body, query):
    """API Gateway's control plane, with ImportRestApi and PutRestApi."""
    if method == "POST" and path == "/restapis" and "mode" in query:
        return gateway._get_rest_api(gateway._import_rest_api(json.loads(body)))
    if method == "PUT" and path.count("/") == 2:
        api_id = path.removeprefix("/restapis/")
        overwrite(api_id, json.loads(body))
        return gateway._get_rest_api(api_id)
    return await handle_request(method, path, headers, body, query)


def overwrite(api_id, document):
    resources = gateway._resources[api_id]
    for resource_id, resource in list(resources.items()):
        if resource["path"] == "/":
            resource["resourceMethods"] = {}
        else:
            del resources[resource_id]
    for path, item in document["paths"].items():
        gateway._import_path_item(api_id, path, item)


def import_operation_with_answers(api_id, resource_id, method, operation, *security):
    """One method of an imported API; a MOCK integration, which is a preflight, has its answers."""
    import_operation(api_id, resource_id, method, operation, *security)
    described = operation["x-amazon-apigateway-integration"]
    created = gateway._resources[api_id][resource_id]["resourceMethods"][method]
    created["methodIntegration"]["requestTemplates"] = described.get("requestTemplates", {})
    for pattern, answer in described.get("responses", {}).items():
        answer = answer | {"selectionPattern": "" if pattern == "default" else pattern}
        gateway._put_integration_response(api_id, resource_id, method, answer["statusCode"], answer)


async def fetch_from_origin_or_api(origin, method, uri, query, headers, body, *viewer):
    """CloudFront's request to an origin, also where that is a REST API of this ministack."""
    api_id, is_api, _ = origin["domain_name"].partition(".execute-api.")
    if not is_api:
        return await fetch_from_origin(origin, method, uri, query, headers, body, *viewer)
    stage, _, path = (origin["origin_path"] + uri).lstrip("/").partition("/")
    status, headers, content = await gateway.handle_execute(
        api_id, stage, method, f"/{path}", headers, body, parse_qs(query, keep_blank_values=True)
    )
    lower_case = {name.lower(): value for name, value in headers.items()}
    return status, http.HTTPStatus(status).phrase, lower_case, content


def alarm_record_of_any(name, properties):
    """An alarm on an expression stands as one on its first metric: nothing here ever rings."""
    metrics = [
        each["MetricStat"]["Metric"]
        for each in properties.get("Metrics", ())
        if "MetricStat" in each
    ]
    if metrics:
        properties = properties | metrics[0] | {"Metrics": None}
    return alarm_record(name, properties)


def copy_files(logical_id, properties, stack):
    """What CDK's BucketDeployment does: the zip's files into the bucket."""
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


def leave_files(id, properties):
    """CDK's BucketDeployment retains them; the bucket goes next."""


def promise_to_empty(logical_id, properties, stack):
    return f"empty-{properties['BucketName']}", {}


def empty_bucket(id, properties):
    """What CDK's auto_delete_objects does before the bucket is deleted."""
    s3 = client("s3")
    for each in s3.list_objects_v2(Bucket=properties["BucketName"]).get("Contents", ()):
        s3.delete_object(Bucket=properties["BucketName"], Key=each["Key"])


def client(service):
    url = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    return boto3.client(service, endpoint_url=url, region_name="us-east-1")


app.pin_request_origin = pin_origin_as_tls
gateway.handle_request = handle_request_or_import
gateway._import_operation = import_operation_with_answers
cloudfront._fetch_from_origin = fetch_from_origin_or_api
provisioners._cw_metric_alarm_record = alarm_record_of_any
provisioners._RESOURCE_HANDLERS |= {
    "Custom::CDKBucketDeployment": {
        "create": copy_files,
        "update": copy_new_files,
        "delete": leave_files,
    },
    "Custom::S3AutoDeleteObjects": {"create": promise_to_empty, "delete": empty_bucket},
}
lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = 0  # seconds; a tool that finds it pending waits five

if __name__ == "__main__":
    app.main()
