"""Clients for Python: reads one order a line from stdin, prints one result a line."""

import json
import logging
import sys
import time

import litellm
from langchain_community.utilities.dalle_image_generator import DallEAPIWrapper

logging.disable()
litellm.suppress_debug_info = True
waits: list[float] = []


def result(client, **order):
    waits.clear()
    try:
        return {"images": CLIENTS[client](**order), "waits": waits}
    except Exception as error:
        status = getattr(error, "status_code", None)
        return {"status": status, "error": f"{type(error).__name__}: {error}", "waits": waits}


def ask_litellm(url, prompt, n, **_):
    answer = litellm.image_generation(
        prompt, "openai/stable-image-core", n, api_base=url, api_key="any"
    )
    return [image.url or image.b64_json for image in answer.data]


def ask_router(url, prompt, n, **_):
    model = {"model": "openai/stable-image-core", "api_base": url, "api_key": "any"}
    router = litellm.Router([{"model_name": "easel", "litellm_params": model}])
    answer = router.image_generation(prompt, "easel", n=n)
    return [image.url or image.b64_json for image in answer.data]


def ask_langchain(url, prompt, n, **_):
    tool = DallEAPIWrapper(base_url=url, api_key="any", n=n)
    return tool.run(prompt).split("\n")


CLIENTS = {"litellm": ask_litellm, "router": ask_router, "langchain_python": ask_langchain}


time.sleep = waits.append
for line in sys.stdin:
    print(json.dumps(result(**json.loads(line))), flush=True)
