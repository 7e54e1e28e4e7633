"""AWS Lambda Powertools."""

import json

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

resolver = APIGatewayRestResolver()
bedrock_client = boto3.client("bedrock-runtime", region_name="us-west-2")


@resolver.post("/")
def generate():
    body = json.dumps({"prompt": resolver.current_event.body, "output_format": "jpeg"})
    answer = bedrock_client.invoke_model(modelId="stability.stable-image-core-v1:1", body=body)
    return Response(200, "text/plain", json.loads(answer["body"].read())["images"][0])


def app(event, context):
    return resolver.resolve(event, context)
