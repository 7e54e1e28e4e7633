"""Calls of the page's recipe.js and formats.js, and files as AUTOMATIC1111 writes them."""

import base64
import contextlib
import io
import json

import piexif
import piexif.helper
from hypothesis import HealthCheck, Phase, given, settings
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

RECIPE = {
    "prompt": "a ship in a storm",
    "negative_prompt": "calm",
    "seed": "7",
    "model": "stable-image-core",
    "title": "Stable Image Core",
    "width": "1344",
    "height": "768",
    "aspect_ratio": "16:9",
    "output_format": "png",
}

PROMPTS = [
    "a ship in a storm, oil on canvas: \"quoted\", 'so', (weighted:1.2), [less], <lora:x:0.8>",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇳🇱 a family",
    "嵐の海を行く船、劇的な光",
    "سفينة في بحر عاصف",
    "first line\nsecond line\n\nfourth line",
    "\u202eevil\u202c \u2066isolate\u2069 \ufeff bom \u2028 separator \x85 next",
    "a sign that says Negative prompt: none",
    "Steps: 3, Sampler: Euler, Seed: 1, Size: 8x8",
    "a ship\nSteps: 3, Sampler: Euler, Seed: 1, Size: 8x8",
    'Prompt: "x", Version: Easel',
    '\\ " \\" \\\\"',
    "",
]

# Prompts that plain lines cannot hold, or that would be read as something else.
ODD_PROMPTS = [
    "  space around  ",
    "\nempty lines around\n\n",
    "space before \n a line's end",
    "a sign\nNegative prompt: none\nNegative prompt: at all",
    "Negative prompt:",
    "windows\r\nlines\r",
    "nul \0 in it",
    "half an emoji \ud83d and \udc00",
    " ",
]


@contextlib.contextmanager
def open_for_functions(chromium, site):
    """One page for all tests of a file, as they only call functions."""
    page = chromium.new_page()
    page.goto(site.url)
    yield page
    page.close()


def map_in_page(page, expression, cases):
    """The results of a JavaScript function, which may use both modules and `bytes(base64)`."""
    script = """async text => {
        const at = name => new URL(name, document.baseURI)
        const { describe, parse } = await import(at("files/recipe.js"))
        const { embed, extract } = await import(at("files/formats.js"))
        const letters = bytes => Array.from(bytes, byte => String.fromCharCode(byte)).join("")
        const base64 = bytes => btoa(letters(bytes))
        const bytes = base64 => Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
        const made = []
        for (const one of JSON.parse(text)) made.push(await (EXPRESSION)(one))
        return JSON.stringify(made)
    }"""
    return json.loads(page.evaluate(script.replace("EXPRESSION", expression), json.dumps(cases)))


def embed_texts(page, files, texts):
    """The files, each with its text embedded."""
    cases = [[to_base64(file), text] for file, text in zip(files, texts, strict=True)]
    made = map_in_page(page, "([file, text]) => base64(embed(bytes(file), text))", cases)
    return [base64.b64decode(file) for file in made]


def extract_texts(page, files):
    return map_in_page(page, "file => extract(bytes(file))", [to_base64(file) for file in files])


def to_base64(file):
    return base64.b64encode(file).decode()


def as_javascript_text(text):
    """The text as JavaScript has it, where two adjacent surrogates are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def draw_examples(strategy, count):
    """`count` examples from Hypothesis, to send to the page in one call."""
    found = []

    @settings(max_examples=count, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(case):
        found.append(case)

    collect()
    return found


def gradient(mode="RGB", size=(37, 21)):
    """An image with varied pixels and odd sides."""
    ramp = Image.linear_gradient("L").resize(size)
    turned = ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Image.merge(mode, [ramp, turned, ramp, turned][: len(mode)])


def to_file(image, format, **how):
    file = io.BytesIO()
    image.save(file, format, **how)
    return file.getvalue()


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def sample_files():
    """One file of each kind that a model may return or a person may drop, by name."""
    wide = gradient(size=(300, 20))
    transparent = gradient("RGBA")
    chunks = PngInfo()
    chunks.add_text("Software", "a program")
    chunks.add(b"caBX", b"content credentials")
    return {
        "png": to_file(gradient(), "PNG"),
        "png alpha": to_file(transparent, "PNG"),
        "png palette": to_file(gradient().quantize(16), "PNG"),
        "png rich": to_file(
            gradient(), "PNG", pnginfo=chunks, icc_profile=srgb_profile(), dpi=(72, 72)
        ),
        "jpeg": to_file(gradient(), "JPEG"),
        "jpeg progressive": to_file(gradient(), "JPEG", progressive=True),
        "jpeg rich": to_file(
            gradient(), "JPEG", icc_profile=srgb_profile(), xmp=b"<x/>", comment=b"hello"
        ),
        "jpeg exif": to_file(gradient(), "JPEG", exif=exif_with_comment("old")),
        "webp lossy": to_file(wide, "WEBP"),
        "webp lossless": to_file(wide, "WEBP", lossless=True),
        "webp lossy alpha": to_file(transparent, "WEBP"),
        "webp lossless alpha": to_file(transparent, "WEBP", lossless=True),
        "webp icc": to_file(wide, "WEBP", icc_profile=srgb_profile()),
        "webp rich": to_file(
            transparent,
            "WEBP",
            icc_profile=srgb_profile(),
            xmp=b"<x/>",
            exif=exif_with_comment("old"),
        ),
        "webp moving": to_file(
            wide, "WEBP", save_all=True, append_images=[gradient(size=(300, 20)).rotate(180)]
        ),
    }


def exif_with_comment(text):
    """EXIF as stable-diffusion-webui's save_image_with_geninfo writes it."""
    comment = piexif.helper.UserComment.dump(text, encoding="unicode")
    return piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}})


def automatic1111_file(text, format):
    """A file with the text, as stable-diffusion-webui's save_image_with_geninfo writes it."""
    if format == "PNG":
        info = PngInfo()
        info.add_text("parameters", text)
        return to_file(gradient(), "PNG", pnginfo=info)
    made = io.BytesIO()
    piexif.insert(exif_with_comment(text), to_file(gradient(), format), made)
    return made.getvalue()


def read_parameters(file):
    """The text as stable-diffusion-webui's read_info_from_image finds it, by Pillow and piexif."""
    with Image.open(io.BytesIO(file)) as image:
        if image.format == "PNG":
            return image.text.get("parameters", "")
        exif = piexif.load(image.info["exif"]) if "exif" in image.info else {"Exif": {}}
    comment = exif["Exif"].get(piexif.ExifIFD.UserComment)
    return piexif.helper.UserComment.load(comment) if comment else ""
