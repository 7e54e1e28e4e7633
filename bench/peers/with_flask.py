"""Flask with serverless-wsgi."""

import json

import boto3
import serverless_wsgi
from flask import Flask, Response, request

site = Flask(__name__)
bedrock_client = boto3.client("bedrock-runtime", region_name="us-west-2")


@site.post("/")
def generate():
    body = json.dumps({"prompt": request.get_data(as_text=True), "output_format": "jpeg"})
    answer = bedrock_client.invoke_model(modelId="stability.stable-image-core-v1:1", body=body)
    return Response(json.loads(answer["body"].read())["images"][0], mimetype="text/plain")


def app(event, context):
    return serverless_wsgi.handle_request(site, event, context)
