"""The page's recipe.js and formats.js, called from here; and files as AUTOMATIC1111 makes them."""

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

# What lines alone cannot hold, or would be read for something else.
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
def opened(chromium, site):
    """One window for all tests of a file: they call functions, and leave nothing behind."""
    page = chromium.new_page()
    page.goto(site.url)
    yield page
    page.close()


def in_page(page, expression, cases):
    """What a JavaScript function makes of each case, with both modules and `bytes(base64)`."""
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


def embedded(page, files, texts):
    """Each file with its text in it."""
    cases = [[encode(file), text] for file, text in zip(files, texts, strict=True)]
    made = in_page(page, "([file, text]) => base64(embed(bytes(file), text))", cases)
    return [base64.b64decode(file) for file in made]


def extracted(page, files):
    return in_page(page, "file => extract(bytes(file))", [encode(file) for file in files])


def encode(file):
    return base64.b64encode(file).decode()


def utf16(text):
    """The text as JavaScript has it, where two halves of an emoji side by side are one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def examples(strategy, count):
    """So many cases of Hypothesis's, to be tried in one visit to the page."""
    found = []

    @settings(max_examples=count, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(case):
        found.append(case)

    collect()
    return found


def gradient(mode="RGB", size=(37, 21)):
    """A picture with something in it, of odd sizes."""
    ramp = Image.linear_gradient("L").resize(size)
    turned = ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Image.merge(mode, [ramp, turned, ramp, turned][: len(mode)])


def saved(image, format, **how):
    file = io.BytesIO()
    image.save(file, format, **how)
    return file.getvalue()


def icc():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def pictures():
    """One file of each kind that a model may send or a person may drop, by name."""
    wide = gradient(size=(300, 20))
    transparent = gradient("RGBA")
    chunks = PngInfo()
    chunks.add_text("Software", "a program")
    chunks.add(b"caBX", b"content credentials")
    return {
        "png": saved(gradient(), "PNG"),
        "png alpha": saved(transparent, "PNG"),
        "png palette": saved(gradient().quantize(16), "PNG"),
        "png rich": saved(gradient(), "PNG", pnginfo=chunks, icc_profile=icc(), dpi=(72, 72)),
        "jpeg": saved(gradient(), "JPEG"),
        "jpeg progressive": saved(gradient(), "JPEG", progressive=True),
        "jpeg rich": saved(gradient(), "JPEG", icc_profile=icc(), xmp=b"<x/>", comment=b"hello"),
        "jpeg exif": saved(gradient(), "JPEG", exif=comment_exif("old")),
        "webp lossy": saved(wide, "WEBP"),
        "webp lossless": saved(wide, "WEBP", lossless=True),
        "webp lossy alpha": saved(transparent, "WEBP"),
        "webp lossless alpha": saved(transparent, "WEBP", lossless=True),
        "webp icc": saved(wide, "WEBP", icc_profile=icc()),
        "webp rich": saved(
            transparent, "WEBP", icc_profile=icc(), xmp=b"<x/>", exif=comment_exif("old")
        ),
        "webp moving": saved(
            wide, "WEBP", save_all=True, append_images=[gradient(size=(300, 20)).rotate(180)]
        ),
    }


def comment_exif(text):
    """EXIF as stable-diffusion-webui's save_image_with_geninfo makes it."""
    comment = piexif.helper.UserComment.dump(text, encoding="unicode")
    return piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}})


def automatic1111(text, format):
    """A file with the text, as stable-diffusion-webui's save_image_with_geninfo makes it."""
    if format == "PNG":
        info = PngInfo()
        info.add_text("parameters", text)
        return saved(gradient(), "PNG", pnginfo=info)
    made = io.BytesIO()
    piexif.insert(comment_exif(text), saved(gradient(), format), made)
    return made.getvalue()


def read(file):
    """The text as stable-diffusion-webui's read_info_from_image finds it, by Pillow and piexif."""
    with Image.open(io.BytesIO(file)) as image:
        if image.format == "PNG":
            return image.text.get("parameters", "")
        exif = piexif.load(image.info["exif"]) if "exif" in image.info else {"Exif": {}}
    comment = exif["Exif"].get(piexif.ExifIFD.UserComment)
    return piexif.helper.UserComment.load(comment) if comment else ""
