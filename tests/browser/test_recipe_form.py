"""A recipe in the form: every parameter, what does not fit, hostile sizes, control characters."""

import base64
import json
import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.acts import (
    choose_shape,
    expect_setting,
    last_announcement,
    make_pictures,
    press_in_viewer,
    setting,
    show_configuration,
    thumbnail,
)
from browser.recipes import automatic1111_file, gradient, to_file
from browser.test_restore import FILLED, drop, left_out_by

pytestmark = pytest.mark.slow

FOUND = Path(__file__).parent / "found"
OWN = "a fox\nNegative prompt: \nSteps: 0, Sampler: unknown, Seed: 7, Size: 8x8, Version: Easel"


def leave_settings(page):
    show_configuration(page)
    setting(page, "Negative prompt").fill("fog")
    choose_shape(page, "16:9")
    setting(page, "File format").select_option("png")
    setting(page, "Seed").fill("9")


def expect_settings(page, **wanted):
    defaults = {"Negative_prompt": "", "Aspect_ratio": "1:1", "File_format": "jpeg"}
    for label, value in (defaults | wanted).items():
        expect_setting(page, label.replace("_", " "), value)


def test_what_a_file_lacks_gets_its_default(page):
    leave_settings(page)
    drop(page, "fox.png", automatic1111_file(OWN, "PNG"))
    expect_settings(page, Prompt="a fox", Seed="7")
    expect(page.locator("#toast p")).to_have_text("The settings are in the form.")


def test_same_seed_sets_what_the_picture_left_at_its_default(page):
    make_pictures(page, "qwzx fox")
    leave_settings(page)
    thumbnail(page, "qwzx fox").click()
    press_in_viewer(page, "Same seed")
    expect_settings(page, Prompt="qwzx fox")


def test_a_link_that_names_a_model_sets_every_parameter(page, quick_site):
    leave_settings(page)
    page.goto(f"{quick_site.url}#prompt=qwzx&model=stable-image-core&seed=7")
    expect_settings(page, Prompt="qwzx", Seed="7")
    leave_settings(page)
    page.goto("about:blank")
    page.goto(f"{quick_site.url}#prompt=fox&model=stable-image-core")
    show_configuration(page)
    expect_settings(page, Prompt="fox", Seed="")


def test_a_link_without_a_model_changes_nothing_else(page, quick_site):
    leave_settings(page)
    kept = {"Negative_prompt": "fog", "Aspect_ratio": "16:9", "File_format": "png", "Seed": "9"}
    page.goto(f"{quick_site.url}#prompt=hen")
    expect_settings(page, Prompt="hen", **kept)


def test_says_which_settings_do_not_fit(page, quick_site):
    leave_settings(page)
    drop(page, "seed.png", (FOUND / "seed-1.png").read_bytes())
    left_out = left_out_by(
        "Stable Image Core", "Size 512x512, Prompt strength 7, Steps 20, Sampler Euler, Seed -1"
    )
    expect(page.locator("#toast p")).to_have_text(left_out)
    expect_settings(page, Prompt="a ship in a storm", Negative_prompt="fog", Seed="")
    page.goto(f"{quick_site.url}#seed=-2&aspect_ratio=16:9")
    expect(page.locator("#toast p")).to_have_text(left_out_by("Stable Image Core", "Seed -2"))
    expect_settings(
        page, Prompt="a ship in a storm", Negative_prompt="fog", Seed="", Aspect_ratio="16:9"
    )


def test_a_size_of_another_program_is_the_requested_size(page):
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    text = "a fox\nSteps: 20, Seed: 7, Size: 1344x768"
    drop(page, "fox.jpg", automatic1111_file(text, "JPEG"))
    expect_setting(page, "Size", "1344x768")
    expect(page.locator("#toast p")).to_have_text("The settings are in the form.")


def png_with(name, body):
    file = to_file(gradient(), "PNG")
    chunk = name + body
    return (
        file[:33]
        + struct.pack(">I", len(body))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + file[33:]
    )


def bomb(level):
    """What zlib makes of 900 MB of zeros, megabyte by megabyte, as compressing them takes 3 s."""
    compressor = zlib.compressobj(level, wbits=-15)
    megabyte = compressor.compress(bytes(1_000_000)) + compressor.flush(zlib.Z_FULL_FLUSH)
    checksum = (900_000_000 % 65_521) << 16 | 1  # Adler-32 of zeros (RFC 1950, section 8.2)
    end = zlib.compressobj(wbits=-15).flush() + checksum.to_bytes(4)
    return b"\x78\x9c" + 900 * megabyte + end


SETTINGS = "\nSteps: 0, Sampler: unknown, Seed: 7"
NARROW = "This picture is too narrow: each side needs at least 64 pixels."
HUGE = {
    "a prompt of 5 MB": png_with(
        b"tEXt", b"parameters\0" + (b"fox " * 1_250_000) + SETTINGS.encode()
    ),
    "a prompt of 900 kB": png_with(
        b"tEXt", b"parameters\0" + (b"fox " * 225_000) + SETTINGS.encode()
    ),
    "a bomb of 4 MB": png_with(b"iTXt", b"parameters\0\1\0\0\0" + bomb(1)[:3_900_000]),
    "a bomb of 900 kB": png_with(b"zTXt", b"parameters\0\0" + bomb(9)),
    "EXIF of 5 MB": to_file(
        gradient(),
        "WEBP",
        exif=b"II*\0\x08\0\0\0\1\0\x86\x92\7\0"
        + struct.pack("<II", 5_000_008, 26)
        + b"ASCII\0\0\0"
        + b"fox " * 1_250_000,
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_text_in_a_file_costs_milliseconds(page, tmp_path, name):
    (tmp_path / "huge.png").write_bytes(HUGE[name])
    longest = watch_longest_pause(page)
    page.get_by_label("A picture", exact=True).set_input_files(tmp_path / "huge.png")
    fits = name == "a prompt of 900 kB"
    expect(last_announcement(page)).to_have_text(FILLED if fits else NARROW)
    assert longest() < 1_000  # milliseconds, as the machine may be busy
    assert len(setting(page, "Prompt").input_value()) == (20_000 if fits else 0)


def test_an_inflated_text_is_bounded_in_memory(page):
    script = """async base64 => {
        const { inflate } = await import(new URL("pictures/bytes.js", document.baseURI))
        const bomb = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
        let read = 0
        bomb.slice = (start, end) => {
            read += end - start
            return bomb.subarray(start, end)
        }
        return [(await inflate(bomb, 1_000_000)).length, read]
    }"""
    size, read = page.evaluate(script, base64.b64encode(bomb(1)).decode())
    assert size == 0 and read <= 16_384  # bytes, each of which inflates to at most 1032


def watch_longest_pause(page):
    """A function that returns the longest time for which the page did not answer, in ms."""
    page.evaluate("""() => {
      window.longest = 0
      let last = performance.now()
      setInterval(() => {
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
      }, 10)
    }""")
    return lambda: page.evaluate("new Promise(done => setTimeout(() => done(longest), 50))")


def test_a_huge_link_is_cut_to_what_the_form_takes(page, quick_site):
    page.goto("about:blank")
    page.goto(f"{quick_site.url}#prompt={'fox%20' * 316_000}&negative_prompt={'a' * 100_000}")
    page.wait_for_selector("[type=submit]:enabled")
    show_configuration(page)
    assert len(setting(page, "Prompt").input_value()) == 20_000
    assert len(setting(page, "Negative prompt").input_value()) == 20_000
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")


WHITE = "a\u000bship\u000cin\u0085a\u001cstorm\u001fat sea, ex\u0002ample\r\nend"
CLEAN = "a\nship\nin\na\nstorm at sea, example\nend"


def test_control_characters_of_white_space_become_white_space(page, quick_site):
    drop(
        page,
        "fox.png",
        automatic1111_file(f"x\nSteps: 1, Seed: 7, Prompt: {json.dumps(WHITE)}", "JPEG"),
    )
    expect(setting(page, "Prompt")).to_have_value(CLEAN)
    page.goto(f"{quick_site.url}#prompt=fox")
    expect(setting(page, "Prompt")).to_have_value("fox")
    page.evaluate("text => { location.hash = '#' + new URLSearchParams({ prompt: text }) }", WHITE)
    expect(setting(page, "Prompt")).to_have_value(CLEAN)


def test_pasted_control_characters_become_white_space_and_can_be_undone(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    prompt = setting(page, "Prompt")
    prompt.fill("mine: ")
    prompt.press("End")
    page.evaluate("navigator.clipboard.writeText('a ship\\vin a storm')")
    prompt.press("Control+v")
    expect(prompt).to_have_value("mine: a ship\nin a storm")
    prompt.press("Control+z")
    expect(prompt).to_have_value("mine: ")
    page.evaluate("navigator.clipboard.writeText('plain')")
    prompt.press("Control+v")
    expect(prompt).to_have_value("mine: plain")
