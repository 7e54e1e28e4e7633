"""Images in requests to the local Bedrock over HTTP: limits, masks, sizes and answers."""

import base64
import io
import json
import os
import struct
import zlib

import pytest
from botocore.exceptions import ClientError
from PIL import Image, ImageDraw

from services import SERVICES, encode, file

pytestmark = pytest.mark.slow

SD35, ULTRA = "stability.sd3-5-large-v1:0", "stability.stable-image-ultra-v1:1"


# Image parameters, the sizes they accept, and sizes that are one pixel too small, too large, too
# wide or too tall.
EDITED = (
    [(64, 64), (160, 64), (64, 160), (3072, 3072), (4857, 1943)],
    [(63, 64), (64, 63), (161, 64), (64, 161), (3072, 3073)],
)
SIZES = {
    **dict.fromkeys(SERVICES, EDITED),
    "stable-creative-upscale": ([(64, 64), (1024, 1024), (64, 16384)], [(63, 66), (1024, 1025)]),
    "stable-fast-upscale": (
        [(32, 32), (1536, 682), (32, 1536)],
        [(31, 34), (1024, 1025), (1537, 32)],
    ),
    SD35: ([(64, 64), (3072, 3072)], [(63, 64), (64, 63), (3072, 3073)]),
    ULTRA: ([(64, 64), (3072, 3072)], [(63, 64), (64, 63), (3072, 3073)]),
}


@pytest.mark.parametrize("service", SIZES)
def test_accepts_images_at_the_limits_and_rejects_one_pixel_more(service, services):
    name = "init_image" if "transfer" in service else "image"
    body = {"prompt": "a ship", "strength": 0.5} if service in (SD35, ULTRA) else {}
    body |= {"output_format": "jpeg"}
    accepted, rejected = SIZES[service]
    for width, height in accepted:
        assert services.invoke(service, **body, **{name: file(width, height)})["images"], (
            width,
            height,
        )
    for width, height in rejected:
        message = services.refusal(service, **body, **{name: file(width, height)})
        assert json.loads(message)["detail"].startswith(f"{name} must have"), (width, height)


def bomb(width, height):
    """A PNG of less than 1 kB that claims so many pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + b"\0\0\0\0"

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()


@pytest.mark.parametrize(
    "image",
    [
        file()[:-40],
        file(400, 400, output_format="JPEG")[:400],
        file(output_format="GIF"),
        file(output_format="BMP"),
        "data:image/png;base64," + file(),
        base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode(),
        "\u00e9",
        bomb(50_000, 50_000),
        bomb(12_000, 12_000),
        bomb(64, 64),
    ],
)
def test_rejects_what_is_no_image_or_too_large_a_one(image, services):
    detail = json.loads(services.refusal("stable-image-remove-background", image=image))["detail"]
    assert detail.startswith(("image is not a valid JPEG", "image has too many", "image must have"))
    assert not services.painted


@pytest.mark.parametrize(
    ("service", "body", "size"),
    [
        ("stable-image-inpaint", {}, (320, 200)),
        ("stable-image-search-recolor", {}, (320, 200)),
        ("stable-outpaint", {"left": 10, "right": 20, "up": 30, "down": 40}, (350, 270)),
        ("stable-image-style-guide", {"aspect_ratio": "16:9"}, (1344, 768)),
        ("stable-fast-upscale", {}, (1280, 800)),
        ("stable-conservative-upscale", {}, (3886, 2429)),
        ("stable-creative-upscale", {}, (3886, 2429)),
        (SD35, {"prompt": "a ship", "strength": 0.5, "mode": "image-to-image"}, (1295, 810)),
        (SD35, {"prompt": "a ship", "strength": 0.5, "aspect_ratio": "1:1"}, (1295, 810)),
        (ULTRA, {"prompt": "a ship"}, (1295, 810)),
    ],
)
def test_the_output_has_the_size_that_the_service_makes(service, body, size, services):
    services.invoke(service, **{"image": file(320, 200), **body, "output_format": "jpeg"})
    assert (services.painted[0]["width"], services.painted[0]["height"]) == size


def test_white_of_the_mask_is_edited_and_any_size_fits(services):
    mask = Image.new("RGB", (32, 32))
    ImageDraw.Draw(mask).rectangle((0, 0, 15, 31), "white")
    services.invoke("stable-image-inpaint", image=file(128, 64), mask=encode(mask), grow_mask=0)
    found = services.painted[0]["edit"].mask
    assert (found.mode, found.size) == ("L", (128, 64))
    assert (found.getpixel((30, 30)), found.getpixel((97, 30))) == (255, 0)


def half_transparent():
    """A picture whose right half is transparent."""
    image = Image.new("RGBA", (64, 64), "navy")
    image.paste((0, 0, 0, 0), (32, 0, 64, 64))
    return encode(image)


@pytest.mark.parametrize("service", ["stable-image-inpaint", "stable-image-erase-object"])
def test_without_a_mask_the_transparent_part_is_edited(service, services):
    services.invoke(service, image=half_transparent(), grow_mask=0)
    assert [services.painted[0]["edit"].mask.getpixel((x, 9)) for x in (9, 55)] == [0, 255]


def test_a_mask_takes_precedence_over_the_transparent_part(services):
    services.invoke("stable-image-inpaint", image=half_transparent(), mask=file(mode="L", color=0))
    assert services.painted[0]["edit"].mask.getextrema() == (0, 0)


def test_grow_mask_grows_the_mask_outward_with_a_soft_edge(services):
    mask = Image.new("L", (128, 64))
    ImageDraw.Draw(mask).rectangle((0, 0, 63, 63), 255)
    for grow in (0, 5, 20):
        services.invoke(
            "stable-image-inpaint", image=file(128, 64), mask=encode(mask), grow_mask=grow
        )
    none, some, much = (
        [each["edit"].mask.getpixel((x, 30)) for x in range(128)] for each in services.painted
    )
    assert sum(value > 0 for value in none) == 64
    assert sum(value > 0 for value in some) == 64 + 5
    assert sum(value > 0 for value in much) == 64 + 20
    assert some[:64] == much[:64] == [255] * 64
    assert sorted(much, reverse=True) == much


def test_an_edit_has_the_defaults_of_awss_page(services):
    services.invoke("stable-style-transfer")
    edit = services.painted[0]["edit"]
    assert edit.tool == "style-transfer" and edit.style.size == (64, 64)
    assert edit.settings == {
        "seed": 0,
        "output_format": "png",
        "composition_fidelity": 0.9,
        "style_strength": 1,
        "change_strength": 0.9,
    }


def test_outpaint_needs_at_least_one_direction(services):
    for zeros in ({"right": 0}, {"right": 0, "left": 0, "up": 0, "down": 0}):
        assert "#: no subschema matched out of the total 4" in services.refusal(
            "stable-outpaint", **zeros
        )


def test_image_to_image_needs_strength_on_sd35_and_has_a_default_on_ultra(services):
    body = {"prompt": "a ship", "image": file()}
    assert "required key [strength]" in services.refusal(SD35, **body)
    assert "required key [image]" in services.refusal(
        SD35, prompt="a ship", mode="image-to-image", strength=1
    )
    for strength in (0, 1):
        services.invoke(SD35, **body, strength=strength)
        services.invoke(ULTRA, **body, strength=strength)
    for strength in (-0.01, 1.01):
        assert "strength" in services.refusal(SD35, **body, strength=strength)
        assert "strength" in services.refusal(ULTRA, **body, strength=strength)
    services.invoke(ULTRA, **body)
    assert [each["edit"].settings["strength"] for each in services.painted] == [0, 0, 1, 1, 0.35]
    assert {each["edit"].tool for each in services.painted} == {"image-to-image"}


def test_an_answer_over_16_mib_is_an_error(monkeypatch, services):
    noise = Image.frombytes("RGB", (2400, 2400), os.urandom(2400 * 2400 * 3))
    monkeypatch.setattr(services.bedrock, "paint", lambda prompt, **settings: noise)
    message = services.refusal("stable-fast-upscale", output_format="png")
    size = int(json.loads(message)["detail"].split()[3])
    assert size > 16_777_216
    assert json.loads(message)["detail"] == (
        f"Response payload size {size} bytes exceeds the maximum allowed size of 16777216 bytes"
    )
    assert services.invoke("stable-fast-upscale", output_format="jpeg")["images"]


def test_the_filter_can_refuse_the_image_that_was_sent(services):
    answer = services.invoke("stable-image-inpaint", prompt="!filtered-input a ship")
    assert answer == {"finish_reasons": ["Filter reason: input image"]}


def test_a_denied_service_names_its_profile(services):
    profile = "us.stability.stable-image-inpaint-v1:0"
    body = SERVICES["stable-image-inpaint"][0] | {"prompt": "!denied"}
    with pytest.raises(ClientError, match=rf"us-east-1:123456789012:inference-profile/{profile}"):
        services.send(profile, body, "us-east-1")


def test_a_jpeg_shows_white_where_the_image_is_transparent(monkeypatch, services):
    clear = Image.new("RGBA", (64, 64))
    monkeypatch.setattr(services.bedrock, "paint", lambda prompt, **settings: clear)
    for output_format, pixel in (("png", (0, 0, 0, 0)), ("jpeg", (255, 255, 255))):
        answer = services.invoke("stable-image-remove-background", output_format=output_format)
        image = Image.open(io.BytesIO(base64.b64decode(answer["images"][0])))
        assert image.getpixel((9, 9)) == pixel
