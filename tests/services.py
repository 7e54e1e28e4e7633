"""The image services: valid requests, their ranges, and a local Bedrock with plain images."""

import base64
import contextlib
import functools
import io
import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image

from conftest import serving
from local.bedrock import Bedrock


@functools.cache
def file(width=64, height=64, mode="RGB", color="navy", output_format="PNG"):
    """An image file as base64 text."""
    return encode(Image.new(mode, (width, height), color), output_format)


def encode(image, output_format="PNG"):
    content = io.BytesIO()
    image.save(content, output_format, compress_level=1)
    return base64.b64encode(content.getvalue()).decode()


# The values that AWS's page allows for each kind of parameter, with both ends, and values just
# outside.
LONGEST = "x" * 10_000
STYLES = ["3d-model", "analog-film", "photographic", "tile-texture"]
TEXT = (["", "a ship", LONGEST], [LONGEST + "x", 7, None])
ENDLESS = (["", LONGEST + "x"], [7])
SEED = ([0, 7, 4294967294], [-1, 4294967295, 0.5, "7"])
FORMAT = (["jpeg", "png", "webp"], ["gif", "PNG", ""])
STYLE = (STYLES, ["Photographic", "oil", ""])
GROW = ([0, 5, 20], [-1, 21, 0.5, "5"])
PIXELS = ([0, 1, 2000], [-1, 2001, 0.5])
UNIT = ([0, 0.5, 0.7, 1], [-0.01, 1.01, "1"])
RATIO = (["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"], ["4:3", "1x1"])
CREATIVE = ([0.1, 0.3, 0.35, 0.5], [0.09, 0.51, 0])
IMAGE = ([file(output_format=each) for each in ("JPEG", "PNG", "WEBP")], ["", "?", 7])
COMMON = {"image": IMAGE, "output_format": FORMAT}
PROMPTED = COMMON | {"prompt": TEXT, "seed": SEED}
STYLED = PROMPTED | {"negative_prompt": TEXT, "style_preset": STYLE}
SERVICES = {
    "stable-image-inpaint": (
        {"prompt": "a cat", "image": file()},
        STYLED | {"mask": IMAGE, "grow_mask": GROW},
    ),
    "stable-outpaint": (
        {"image": file(), "right": 8},
        PROMPTED
        | {"style_preset": STYLE, "creativity": ([0.1, 0.5, 1], [0.09, 1.01])}
        | dict.fromkeys(("left", "up", "down"), PIXELS),
    ),
    "stable-image-erase-object": (
        {"image": file()},
        COMMON | {"seed": SEED, "mask": IMAGE, "grow_mask": GROW},
    ),
    "stable-image-search-replace": (
        {"prompt": "a cat", "image": file(), "search_prompt": "a fox"},
        STYLED | {"search_prompt": TEXT, "grow_mask": GROW},
    ),
    "stable-image-search-recolor": (
        {"prompt": "a blue fox", "image": file(), "select_prompt": "a fox"},
        STYLED | {"select_prompt": TEXT, "grow_mask": GROW},
    ),
    "stable-image-remove-background": ({"image": file()}, COMMON),
    "stable-image-control-sketch": (
        {"prompt": "a cat", "image": file()},
        STYLED | {"control_strength": UNIT},
    ),
    "stable-image-control-structure": (
        {"prompt": "a cat", "image": file()},
        STYLED | {"control_strength": UNIT},
    ),
    "stable-image-style-guide": (
        {"prompt": "a cat", "image": file()},
        STYLED | {"fidelity": UNIT, "aspect_ratio": RATIO},
    ),
    "stable-style-transfer": (
        {"init_image": file(), "style_image": file()},
        {
            "init_image": IMAGE,
            "style_image": IMAGE,
            "prompt": ENDLESS,
            "negative_prompt": TEXT,
            "seed": SEED,
            "output_format": FORMAT,
            "composition_fidelity": UNIT,
            "style_strength": UNIT,
            "change_strength": ([0.1, 0.9, 1], [0.09, 1.01]),
        },
    ),
    "stable-conservative-upscale": (
        {"prompt": "a cat", "image": file()},
        PROMPTED | {"negative_prompt": TEXT, "creativity": CREATIVE},
    ),
    "stable-creative-upscale": (
        {"prompt": "a cat", "image": file()},
        STYLED | {"creativity": CREATIVE},
    ),
    "stable-fast-upscale": ({"image": file()}, COMMON),
}


class Services:
    """A local Bedrock and its clients. `painted` lists the arguments of the painter's calls."""

    def __init__(self, bedrock, stack):
        self.bedrock, self.painted = bedrock, []
        bedrock.paint = self.paint
        self.client = functools.cache(lambda region: stack.enter_context(self.connect(region)))

    def connect(self, region):
        once = Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=20)
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        url = {"endpoint_url": self.bedrock.url}
        client = boto3.client("bedrock-runtime", region, config=once, **url, **keys)
        return contextlib.closing(client)

    def paint(self, prompt, *, width, height, **settings):
        self.painted.append({"prompt": prompt, "width": width, "height": height} | settings)
        # A 4K image is painted small: these tests are about the requests.
        return Image.new("RGB", (width, height) if width * height < 5_000_000 else (64, 64))

    def send(self, model_id, body, region="us-west-2"):
        answer = self.client(region).invoke_model(modelId=model_id, body=json.dumps(body))
        return json.loads(answer["body"].read())

    def invoke(self, service, region="us-west-2", **changes):
        """The answer to a service's valid request with some changes."""
        if service not in SERVICES:
            return self.send(service, changes, region)
        return self.send(f"us.stability.{service}-v1:0", SERVICES[service][0] | changes, region)

    def refusal(self, *arguments, **changes):
        """The message of a call that fails with a ValidationException."""
        with pytest.raises(ClientError) as caught:
            self.invoke(*arguments, **changes)
        assert caught.value.response["Error"]["Code"] == "ValidationException"
        return caught.value.response["Error"]["Message"]


@pytest.fixture(scope="session")
def services_server():
    with serving(Bedrock(0, lambda: None)) as bedrock, contextlib.ExitStack() as stack:
        yield Services(bedrock, stack)


@pytest.fixture
def services(services_server):
    """A local Bedrock without calls to its painter so far."""
    services_server.painted.clear()
    return services_server
