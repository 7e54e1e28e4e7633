"""OpenAI's image edits: requests of real clients, masks, models and refusals."""

import base64
import json

import pytest

from chalicelib import edits
from conftest import PARAMETERS
from forms import PICTURE, WHITE, file, png

SD35, INPAINT = "stable-diffusion-3.5-large", "stable-image-inpaint"
OTHER = file(color="red", format="JPEG")


def encoded(content):
    return base64.b64encode(content).decode()


def data_url(content, type="image/png"):
    return f"data:{type};base64,{encoded(content)}"


def test_without_a_mask_openais_models_repaint_the_whole_image(edit, calls):
    status, answer, headers = edit(model="gpt-image-2", image=PICTURE, prompt="a hen", size="auto")
    assert status == 200, answer
    ((model_id, body),) = calls
    assert model_id == "stability.sd3-5-large-v1:0"
    assert (body["mode"], body["strength"], body["image"]) == (
        "image-to-image", 0.6, encoded(PICTURE),
    )  # fmt: skip
    assert headers["X-Image-Model"] == SD35
    assert answer["data"][0]["b64_json"] and answer["output_format"] == "jpeg"


def test_with_a_mask_openais_models_paint_what_is_transparent(edit, calls):
    mask = file(mode="RGBA", color=(9, 9, 9, 0))
    status, answer, headers = edit(image=PICTURE, mask=mask, prompt="a hen")
    assert (status, headers["X-Image-Model"]) == (200, INPAINT), answer
    ((model_id, body),) = calls
    assert model_id == "us.stability.stable-image-inpaint-v1:0"
    sent = edits.stability_mask(mask)
    assert body["mask"] == encoded(sent) != encoded(mask)


@pytest.mark.parametrize("mask", [WHITE, file(format="JPEG", color="white")])
def test_a_mask_without_transparency_is_stabilitys_own(edit, calls, mask):
    assert edit(image=PICTURE, mask=mask, prompt="a hen")[0] == 200
    assert calls[0][1]["mask"] == encoded(mask)


NAMES = ["image", "image[]", "image[0]"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("first", [True, False])
def test_reads_every_name_of_an_image_in_any_order(edit, calls, name, first):
    fields = [(name, PICTURE), ("prompt", "a hen"), ("n", "1")]
    assert edit(*(fields if first else reversed(fields)))[0] == 200
    assert calls[0][1]["image"] == encoded(PICTURE)


@pytest.mark.parametrize(
    "fields",
    [
        [("image", PICTURE), ("image", OTHER)], [("image[]", PICTURE), ("image[]", OTHER)],
        [("image[1]", OTHER), ("image[0]", PICTURE)], [("style_image", OTHER), ("image", PICTURE)],
    ],
)  # fmt: skip
def test_style_transfer_takes_two_images_in_order(edit, calls, fields):
    status, answer, _ = edit(*fields, model="stable-style-transfer")
    assert status == 200, answer
    body = calls[0][1]
    assert (body["init_image"], body["style_image"]) == (encoded(PICTURE), encoded(OTHER))


def test_our_models_take_their_own_parameters(edit, calls):
    fields = {"search_prompt": "a dog", "grow_mask": "9", "seed": "7", "output_format": "webp"}
    status, answer, headers = edit(
        model="stable-image-search-replace", image=PICTURE, prompt="a hen", size="1024x1024",
        quality="high", user="me", input_fidelity="high", **fields,
    )  # fmt: skip
    assert (status, answer["data"][0]["seed"], answer["output_format"]) == (200, 7, "webp")
    assert calls[0][1]["search_prompt"] == "a dog" and calls[0][1]["grow_mask"] == 9
    assert headers["X-Image-Ignored"] == "quality, user, input_fidelity, size"


def test_a_size_selects_a_shape_where_there_is_one(edit, calls):
    assert (
        edit(model="stable-image-style-guide", image=PICTURE, prompt="x", size="1536x1024")[0]
        == 200
    )
    assert calls[0][1]["aspect_ratio"] == "3:2"
    status, _, headers = edit(image=PICTURE, prompt="x", size="512x512")  # Open WebUI's default
    assert (status, headers["X-Image-Ignored"]) == (200, "size")


def test_a_prompt_for_a_service_without_one_is_named(edit, calls):
    status, answer, headers = edit(
        model="stable-image-remove-background", image=PICTURE, prompt="x", background="transparent"
    )
    assert (status, answer["output_format"]) == (200, "png")
    assert headers["X-Image-Ignored"] == "background, prompt"
    assert calls[0][1] == {"image": encoded(PICTURE), "output_format": "png"}
    assert "seed" not in answer["data"][0]


def test_several_images_have_consecutive_seeds(edit, calls):
    _, answer, headers = edit(image=PICTURE, prompt="a hen", n="3", seed="7", stream="false")
    assert [each["seed"] for each in answer["data"]] == [7, 8, 9]
    assert headers["X-Image-Price"] == "0.24"
    assert {body["image"] for _, body in calls} == {encoded(PICTURE)}


REFUSED = [
    ({"n": "5"}, "n must be one integer from 1 to 4, got 5", "n"),
    ({"n": "two"}, "n must be one integer from 1 to 4, got 'two'", "n"),
    ({"stream": "true"}, "stream must be false, got true", "stream"),
    ({"partial_images": "2"}, "partial_images must be 0, got 2", "partial_images"),
    ({"background": "transparent"}, "background must be auto or opaque, got 'transparent': only "
     "stable-image-remove-background makes it so", "background"),
    ({"markup": PICTURE}, "markup must be left out: send a mask, or say it in the prompt",
     "markup"),
    ({"output_format": "gif"}, "output_format must be one of jpeg, png, webp, got 'gif'",
     "output_format"),
    ({"output_format": "svg"}, "output_format must be one of jpeg, png, webp, got 'svg'",
     "output_format"),
    ({"frame_count": "4"}, f"a parameter must be one of {PARAMETERS}, got 'frame_count'", None),
    ({"response_format": "url"}, "response_format must be b64_json, got 'url': no picture is kept "
     "here that a URL could point to", "response_format"),
    ({"prompt": ""}, "prompt must not be empty", "prompt"),
    ({"image": b"GIF89a"}, "image must be a JPEG, PNG or WebP image, got a GIF", "image"),
    ({"image": None}, "image must be given", "image"),
    ({"image[]": PICTURE}, "image must have at most 1 file(s) for stable-diffusion-3.5-large, "
     "got 2", "image"),
    ({"mask": WHITE, "model": SD35}, "mask must be left out: stable-diffusion-3.5-large takes "
     "image only", "mask"),
    ({"mask": WHITE, "model": "stable-image-core"}, "image must have at most 0 file(s) for "
     "stable-image-core, got 1", "image"),
    ({"mask": file(mode="RGBA", color=(0, 0, 0, 255))}, "mask must mark an area to edit (white, or "
     "transparent for OpenAI), got none", "mask"),
    ({"mask": png(64, 64, 16, 6, bytes(99_999))}, "mask must be a PNG with an alpha channel of 8 "
     "bits, not interlaced", "mask"),
    ({"mask": png(50_000, 50_000, 8, 6, bytes(700_000))}, "mask must have 9437184 pixels at most",
     "mask"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message", "param"), REFUSED)
def test_refuses_an_edit_before_it_costs_anything(edit, calls, changes, message, param):
    fields = {"image": PICTURE, "prompt": "a hen"} | changes
    status, answer, headers = edit(**{n: v for n, v in fields.items() if v is not None})
    assert (status, answer["error"]["param"]) == (400, param), answer
    assert answer["error"]["message"].startswith(message)
    assert headers["x-should-retry"] == "false"
    assert calls == []


def test_an_unknown_model_is_openais_model_not_found(edit):
    status, answer, _ = edit(model="nonsense", image=PICTURE, prompt="a hen")
    assert (status, answer["error"]["code"]) == (404, "model_not_found")


JSON = "application/json"


@pytest.mark.parametrize(
    "fields",
    [
        {"images": [{"image_url": data_url(PICTURE)}]},
        {"images": [data_url(PICTURE)]},
        {"image": {"url": data_url(PICTURE), "type": "image_url"}},  # xAI's dialect
        {"image": data_url(PICTURE, "image/png;charset=x")},
    ],
)
def test_reads_data_urls_in_json(edit, calls, fields):
    body = json.dumps(fields | {"prompt": "a hen", "n": 2, "seed": 7, "user": None})
    status, answer, _ = edit(body=body, content_type=JSON)
    assert status == 200, answer
    assert [body["image"] for _, body in calls] == [encoded(PICTURE)] * 2


def test_reads_a_mask_in_json(edit, calls):
    mask = file(mode="LA", color=(9, 0))
    fields = {"images": [{"image_url": data_url(PICTURE)}], "mask": {"image_url": data_url(mask)}}
    status, answer, _ = edit(body=json.dumps(fields | {"prompt": "x"}), content_type=JSON)
    assert status == 200, answer
    assert calls[0][1]["mask"] == encoded(edits.stability_mask(mask))


@pytest.mark.parametrize(
    ("images", "got"),
    [
        ([{"image_url": "https://example.com/a.png"}], "'https://example.com/a.png'"),
        ([{"file_id": "file-123"}], "an object"),
        ([7], "7"),
        (["data:image/png,abc"], "'data:image/png,abc'"),
    ],
)
def test_fetches_nothing_for_callers(edit, calls, images, got):
    """`no_real_aws` fails if a request leaves this machine."""
    status, answer, _ = edit(body=json.dumps({"images": images, "prompt": "x"}), content_type=JSON)
    message = f"images must be a data URL (data:image/png;base64,...), got {got}"
    assert (status, answer["error"]["message"]) == (400, message)
    broken = {"images": [data_url(PICTURE) + "?"], "prompt": "x"}
    status, answer, _ = edit(body=json.dumps(broken), content_type=JSON)
    assert answer["error"]["message"] == "images must be base64 text in its data URL"
    assert calls == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_an_edit_in_another_format_is_unsupported(edit, content_type):
    assert edit(body="x", content_type=content_type)[0] == 415
