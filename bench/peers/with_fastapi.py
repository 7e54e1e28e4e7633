"""FastAPI with Mangum."""

import json

import boto3
from fastapi import FastAPI, Request, Response
from mangum import Mangum

api = FastAPI()
bedrock_client = boto3.client("bedrock-runtime", region_name="us-west-2")


@api.post("/")
async def generate(request: Request) -> Response:
    prompt = (await request.body()).decode()
    body = json.dumps({"prompt": prompt, "output_format": "jpeg"})
    answer = bedrock_client.invoke_model(modelId="stability.stable-image-core-v1:1", body=body)
    image = json.loads(answer["body"].read())["images"][0]
    return Response(image, media_type="text/plain")


app = Mangum(api, lifespan="off")
