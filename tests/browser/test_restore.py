"""Settings from a picture's file, chosen, dropped or pasted. Nothing runs by itself."""

import base64

import pytest
from playwright.sync_api import expect

from browser.acts import (
    choose_shape,
    download,
    expect_setting,
    forget_announcements,
    make_pictures,
    press_in_viewer,
    setting,
    show_configuration,
    thumbnail,
    viewer,
    watch_posts,
)
from browser.recipes import automatic1111_file

pytestmark = pytest.mark.slow

FILLED = "The settings are in the form."
ELSEWHERE = "is not available here. The other settings are in the form."
NO_PICTURE = "This file is not a picture that this browser can open."

HOLDING = """([base64, name, type]) => {
    const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
    const held = new DataTransfer()
    held.items.add(new File([bytes], name, { type }))
    return held
}"""


def choose(page, name, file):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open a picture…").click()
    chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": file})


def drop(page, name, file):
    held = page.evaluate_handle(HOLDING, [base64.b64encode(file).decode(), name, "image/png"])
    over = "held => document.body.dispatchEvent(new DragEvent('dragover', HOW))"
    how = "{ bubbles: true, cancelable: true, dataTransfer: held }"
    assert not held.evaluate(over.replace("HOW", how))  # otherwise the browser opens the file
    assert not held.evaluate(over.replace("HOW", how).replace("dragover", "drop"))


def paste(page, name, file):
    held = page.evaluate_handle(HOLDING, [base64.b64encode(file).decode(), name, "image/png"])
    setting(page, "Prompt").focus()
    how = "{ bubbles: true, cancelable: true, clipboardData: held }"
    held.evaluate(
        f"held => document.activeElement.dispatchEvent(new ClipboardEvent('paste', {how}))"
    )


def left_out_by(model, settings):
    return f"Left out, as {model} does not take them: {settings}."


def expect_form(page, **wanted):
    for label, value in wanted.items():
        expect_setting(page, label.replace("_", " "), value)


@pytest.fixture
def filled(page):
    """A page with a filled form, and the list of its POST requests."""
    show_configuration(page)
    setting(page, "Prompt").fill("mine")
    setting(page, "Seed").fill("9")
    choose_shape(page, "16:9")
    return page, watch_posts(page)


def expect_refused(page, sent, sentence):
    expect(page.get_by_role("status")).to_have_text(sentence)
    expect(page.locator("#toast p").filter(visible=True)).to_have_text(sentence)
    expect_form(page, Prompt="mine", Seed="9", Aspect_ratio="16:9", Model="stable-image-core")
    expect(page.locator("figure")).to_have_count(0)
    assert sent == []


@pytest.mark.parametrize(("bring", "format"), [(choose, "jpeg"), (drop, "png"), (paste, "jpeg")])
def test_restores_the_settings_of_a_downloaded_picture(open_page, page, bring, format):
    prompt = 'qwzx a "fox", 雪 🦊\nNegative prompt: none'
    setting(page, "Model").select_option("Stable Image Ultra")
    show_configuration(page)
    setting(page, "Negative prompt").fill("blurry: dark")
    choose_shape(page, "16:9")
    setting(page, "File format").select_option(format)
    make_pictures(page, prompt)
    page.locator("figure").get_by_role("button").click()
    seed = viewer(page).get_by_role("definition").nth(2).inner_text()
    name, file = download(page, lambda: press_in_viewer(page, "Download"))
    other = open_page()
    sent = watch_posts(other)
    bring(other, name, file)
    expect(other.get_by_role("status")).to_have_text(FILLED)
    show_configuration(other)
    expect_form(
        other, Prompt=prompt, Model="stable-image-ultra", Negative_prompt="blurry: dark",
        Aspect_ratio="16:9", File_format=format, Seed=seed,
    )  # fmt: skip
    assert sent == []


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_restores_known_settings_from_automatic1111(page, format):
    text = (
        "qwzx a fox\nin the snow\nNegative prompt: blurry, dark\n"
        "Steps: 30, Sampler: Euler a, CFG scale: 6.5, Seed: 7, Size: 512x768, "
        "Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Version: v1.10.1"
    )
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    sent = watch_posts(page)
    drop(page, "00001-7", automatic1111_file(text, format))
    left_out = left_out_by("Stable Diffusion XL", "Size 512x768, Sampler Euler a")
    sentences = f"v1-5-pruned-emaonly {ELSEWHERE} {left_out}"
    expect(page.get_by_role("status")).to_have_text(sentences)
    expect_form(
        page, Prompt="qwzx a fox\nin the snow", Negative_prompt="blurry, dark", Seed="7",
        Generation_steps="30", Model="stable-diffusion-xl", Size="1024x1024",
    )  # fmt: skip
    expect(setting(page, "Prompt strength (cfg_scale)")).to_have_value("6.5")
    assert sent == []


NO_PICTURES = {
    b"": "This file is empty.",
    b"no picture at all": NO_PICTURE,
    automatic1111_file("Steps: 30, Seed: 7, Size: 8x8", "PNG")[:80]: (
        "This picture is broken or incomplete."
    ),
}


@pytest.mark.parametrize("bring", [choose, drop, paste])
def test_rejects_a_file_that_is_no_picture(filled, bring):
    page, sent = filled
    for file, sentence in NO_PICTURES.items():
        bring(page, "file.png", file)
        expect_refused(page, sent, sentence)
        forget_announcements(page)


def test_reads_no_settings_from_a_file_of_51_megabytes(filled, tmp_path):
    page, sent = filled
    with (tmp_path / "large.png").open("wb") as large_file:
        large_file.write(b"Steps: 30, Seed: 7, Size: 8x8")
        large_file.truncate(51_000_000)
    page.get_by_label("A picture", exact=True).set_input_files(tmp_path / "large.png")
    expect_refused(page, sent, NO_PICTURE)


def test_rejects_a_file_that_cannot_be_read(filled):
    page, sent = filled
    page.evaluate("() => { Blob.prototype.arrayBuffer = async () => { throw new Error() } }")
    drop(page, "folder", b"")
    expect_refused(page, sent, "This file cannot be read.")


def test_ignores_hostile_values_in_a_file(filled):
    page, sent = filled
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    words = "<img src=x onerror=alert(1)> \u202egnp.exe"
    settings = (
        "Seed: -1, Aspect ratio: 1:7, Model name: __proto__, File format: exe, constructor: x"
    )
    drop(page, "x.png", automatic1111_file(f"{words}\n{settings}", "JPEG"))
    left_out = left_out_by("Stable Image Core", "Aspect ratio 1:7, File format exe, Seed -1")
    expect(page.get_by_role("status")).to_have_text(f"__proto__ {ELSEWHERE} {left_out}")
    expect_form(
        page, Prompt=words, Seed="", Aspect_ratio="1:1", File_format="jpeg",
        Model="stable-image-core",
    )  # fmt: skip
    expect(page.locator("img[src=x]")).to_have_count(0)
    assert sent == []


def test_fills_the_chosen_model_from_an_unknown_one(filled):
    page, sent = filled
    text = 'a fox\nSeed: 7, Model: Dream 9, Model name: dream-9, Aspect ratio: "1:1", Steps: 30'
    drop(page, "dream.png", automatic1111_file(text, "PNG"))
    left_out = left_out_by("Stable Image Core", "Steps 30")
    expect(page.locator("#toast p")).to_have_text(f"Dream 9 {ELSEWHERE} {left_out}")
    expect_form(page, Prompt="a fox", Seed="7", Aspect_ratio="1:1", Model="stable-image-core")
    assert sent == []


def test_a_file_dropped_early_waits_for_the_models(open_page):
    page = open_page()
    held = []
    page.route("**/api/models", lambda route: held.append(route))
    page.reload()
    expect(page.get_by_text("Loading the models")).to_be_visible()
    drop(
        page,
        "dream.png",
        automatic1111_file("a fox\nSeed: 7, Size: 1x1, Aspect ratio: 16:9", "PNG"),
    )
    expect(setting(page, "Prompt")).to_have_value("a fox")
    setting(page, "Prompt").fill("a red fox")
    held[0].continue_()
    show_configuration(page)
    expect_form(page, Prompt="a red fox", Seed="7", Aspect_ratio="16:9")


def test_the_same_file_can_be_chosen_twice(filled):
    page, sent = filled
    file = automatic1111_file("a fox\nSeed: 7, Steps: 30, Size: 8x8", "PNG")
    for _ in range(2):
        choose(page, "fox.png", file)
        expect_form(page, Prompt="a fox")
        setting(page, "Prompt").fill("mine")
        assert page.get_by_label("A picture", exact=True).input_value() == ""
    page.get_by_label("A picture", exact=True).set_input_files([])
    expect_form(page, Prompt="mine")
    assert sent == []


def test_leaves_dropped_text_to_the_browser(filled):
    page, sent = filled
    for kind, name, holder in (
        ("DragEvent", "dragover", "dataTransfer"),
        ("DragEvent", "drop", "dataTransfer"),
        ("ClipboardEvent", "paste", "clipboardData"),
    ):
        script = f"""() => {{
            const {holder} = new DataTransfer()
            {holder}.setData("text/plain", "words")
            const event = new {kind}("{name}", {{ bubbles: true, cancelable: true, {holder} }})
            return document.querySelector("textarea").dispatchEvent(event)
        }}"""
        assert page.evaluate(script)
    expect(page.get_by_role("status")).to_have_text("")
    assert sent == []


def test_opens_the_shelf_after_restoring_from_a_file(page):
    make_pictures(page, "qwzx hen")
    drop(page, "fox.png", automatic1111_file("qwzx fox\nSeed: 7, Steps: 30, Size: 8x8", "PNG"))
    expect_form(page, Prompt="qwzx fox")
    thumbnail(page, "qwzx hen").click()
    press_in_viewer(page, "Same seed")
    expect_form(page, Prompt="qwzx hen")
