"""No framework, like AWS's own samples."""

import json

import boto3

bedrock_client = boto3.client("bedrock-runtime", region_name="us-west-2")


def app(event, context):
    body = json.dumps({"prompt": event["body"], "output_format": "jpeg"})
    answer = bedrock_client.invoke_model(modelId="stability.stable-image-core-v1:1", body=body)
    image = json.loads(answer["body"].read())["images"][0]
    return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": image}
