"""The history in a real browser: storing, searching, and sharing between windows."""

import hashlib
import re
import zipfile

import pytest

from browser.chromium import find
from browser.histories import (
    add,
    open_window,
    page_without_app,
    prompts,
    reason,
    reload_with_script,
    run,
    stub_app,
)
from conftest import ROOT

pytestmark = pytest.mark.slow

VENDOR = ROOT / "frontend/vendor"


@pytest.fixture
def page(chromium, quick_site):
    with page_without_app(chromium, quick_site) as page:
        yield page


def test_vendored_files_match_their_published_hashes():
    table = (VENDOR / "README.md").read_text()
    rows = re.findall(r"^\| (\S+\.js) .*, (\S+) \| (\w{64}) \|$", table, re.MULTILINE)
    assert {name for name, _, _ in rows} == {file.name for file in VENDOR.glob("*.js")}
    for name, license, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
        assert "Permission" in (VENDOR / license).read_text()


def test_a_picture_and_its_record_survive_a_reload(page):
    values = {"prompt": "a fox", "negative_prompt": "blurry", "model": "core", "seed": ""}
    known = {"prompt": "a fox", "title": "Stable Image Core", "seed": "7", "values": values}
    known |= {"price": "0.04", "made": 1_700_000_000_000, "seconds": 4.2}
    sent = run(page, "return digest(window.sent = await noise(640, 360))")
    added = run(page, "return history.add(argument, sent)", known)
    page.reload()
    (record,) = run(page, "return history.page()")
    measured = {"star": 0, "width": 640, "height": 360, "type": "image/jpeg"}
    assert record == added == known | measured | {"id": added["id"]}
    assert run(page, "return digest(await history.file(argument))", added["id"]) == sent
    assert reason(page) == ""


def test_pictures_survive_a_restart_of_the_browser(chromium, quick_site, tmp_path):
    def browser():
        return chromium.browser_type.launch_persistent_context(
            tmp_path, executable_path=find(), args=["--no-sandbox"]
        )

    for act in ("await add('a fox'); await history.star(await id('fox'), true)", ""):
        with browser() as context:
            stub_app(context)
            page = context.pages[0]
            page.goto(quick_site.url)
            run(page, act)
            assert prompts(page, starred=True) == ["a fox"]
            assert run(page, "return file('fox')") == "a fox"


def test_lists_the_newest_pictures_first(page):
    run(
        page,
        "for (const made of argument) await add(`${made}`, { made })",
        [3000, 1000, 4000, 2000],
    )
    assert prompts(page) == ["4000", "3000", "2000", "1000"]
    assert prompts(page, limit=2) == ["4000", "3000"]
    third = run(page, "return id('3000')")
    assert prompts(page, before=third, limit=1) == ["2000"]


def test_keeps_pictures_added_at_the_same_time_in_two_windows(page, quick_site):
    other = open_window(page, quick_site)
    script = "window.adding = Promise.all([...'abcdefgh'].map(each => add(each, { made: 1e12 })))"
    for act in (script + "; return 0", "await adding"):
        for each in (page, other):
            run(each, act)
    assert sorted(prompts(page)) == sorted("abcdefgh" * 2)
    assert run(other, "return history.count()") == 16


def test_reads_no_more_records_than_it_returns(page):
    script = """
      const { openDB } = await import("./vendor/idb.js")
      const { store, done } = (await openDB("easel", 1)).transaction("pictures", "readwrite")
      for (let made = 1e12; made < 1e12 + 2000; made++) {
        const prompt = `ship ${made % 1000}${made % 1000 === 7 ? " and a heron" : ""}`
        const id = `${made}-0`
        store.put({ id, made, prompt, title: "Core", values: {}, star: 0 }, id)
      }
      await done
      return history.count()
    """
    assert run(page, script) == 2000
    reload_with_script(
        page,
        """
        window.read = []
        const { transaction } = IDBDatabase.prototype
        IDBDatabase.prototype.transaction = function (...all) {
          read.push(...all[0])
          return transaction.apply(this, all)
        }
        const { continue: step } = IDBCursor.prototype
        IDBCursor.prototype.continue = function () {
          read.push("step")
          step.call(this)
        }
        IDBObjectStore.prototype.getAll = undefined
        """,
    )
    run(page, "read.splice(0)")
    assert prompts(page, limit=60)[-1] == "ship 940"
    read = page.evaluate("read")
    assert set(read) == {"pictures", "step"}  # no file
    assert read.count("step") <= 60
    assert prompts(page, words="HERON ship") == ["ship 7 and a heron"] * 2
    assert prompts(page, words="heron zebra") == []


def test_finds_pictures_by_words_and_star(page):
    run(page, "await add('A red Fox in the snow', { title: 'Stable Image Core' })")
    run(page, "await add('A fox at night', { title: 'Stable Image Ultra' })")
    add(page, "Cafe\u0301 on the corner")
    run(page, "await history.star(await id('night'), true)")
    assert prompts(page, words="fox") == ["A fox at night", "A red Fox in the snow"]
    assert prompts(page, words="  fox RED ") == ["A red Fox in the snow"]
    assert prompts(page, words="ultra fox") == ["A fox at night"]
    assert prompts(page, words="caf\u00e9") == ["Cafe\u0301 on the corner"]
    assert prompts(page, words="undefined") == []
    page.reload()
    assert prompts(page, starred=True) == ["A fox at night"]
    assert prompts(page, starred=True, words="snow") == []
    assert run(page, "return history.star(await id('night'), false)")["star"] == 0
    assert prompts(page, starred=True) == []


def test_undo_restores_a_removed_picture_in_its_place(page, quick_site):
    add(page, "fox", "hen", "owl")
    before = run(page, "return history.star(await id('hen'), true)")
    run(page, "window.undo = await history.remove(await id('hen'))")
    assert prompts(page) == ["owl", "fox"]
    gone = "return [await history.file(argument), await history.thumb(argument)]"
    assert run(page, gone, before["id"]) == [None, None]
    run(page, "await Promise.all([undo(), undo()])")
    other = open_window(page, quick_site)
    assert prompts(other) == ["owl", "hen", "fox"]
    assert run(other, "return history.page({ starred: true })") == [before]
    assert run(other, "return file('hen')") == "hen"


def test_ignores_an_unknown_id(page):
    run(page, "const undo = await history.remove('none'); await undo()")
    for act in ("star", "file", "thumb"):
        assert run(page, f"return history.{act}('none')") is None
    assert (run(page, "return history.count()"), reason(page)) == (0, "")


def test_two_windows_share_one_history(page, quick_site):
    other = open_window(page, quick_site)
    for each in (page, other):
        run(each, "window.heard = []; history.onchange = change => heard.push(change)")
    add(page, "fox")
    add(other, "hen")
    assert prompts(page) == prompts(other) == ["hen", "fox"]
    fox, hen = (run(page, "return id(argument)", name) for name in ("fox", "hen"))
    run(other, "await history.star(argument, true); await (await history.remove(argument))()", fox)
    page.wait_for_function("heard.length === 4")
    told = [("added", hen), ("starred", fox), ("removed", fox), ("added", fox)]
    assert page.evaluate("heard") == [{"kind": kind, "id": id} for kind, id in told]
    assert other.evaluate("heard") == [{"kind": "added", "id": fox}]


SHAPES = {
    (1024, 1024): [400, 400], (1344, 768): [700, 400], (640, 1536): [400, 960],
    (16, 16): [16, 16], (2000, 3): [2000, 3],
}  # fmt: skip


def test_a_thumbnail_is_small_and_keeps_the_aspect_ratio(page):
    script = """
      const record = await history.add({}, await noise(...argument))
      const thumb = await history.thumb(record.id)
      const { width, height } = await createImageBitmap(thumb)
      return [[record.width, record.height], [width, height], thumb.type, thumb.size]
    """
    for shape, small in SHAPES.items():
        whole, drawn, type, size = run(page, script, shape)
        assert (whole, drawn, type) == (list(shape), small, "image/webp")
        assert size < 300_000  # noise compresses worst


def test_makes_thumbnails_without_webp_or_canvas(page):
    thumb = "return (await history.thumb((await history.add({}, await noise(640, 640))).id)).type"
    without_webp = """
      const { convertToBlob } = OffscreenCanvas.prototype
      OffscreenCanvas.prototype.convertToBlob = function ({ type }) {
        return convertToBlob.call(this, { type: type.replace("webp", "png") })
      };
    """
    assert run(page, without_webp + thumb) == "image/jpeg"
    add(page, "no picture at all")
    assert run(page, "return (await history.thumb(await id('all'))).text()") == "no picture at all"


def test_asks_for_persistent_storage_once_without_waiting(page):
    asking = "StorageManager.prototype.persist = () => { asked++; return new Promise(() => {}) }"
    reload_with_script(page, f"window.asked = 0; {asking}")
    assert prompts(page) == [] and page.evaluate("asked") == 0
    add(page, "fox", "hen")
    assert page.evaluate("asked") == 1


def test_zips_all_pictures_but_those_just_removed(page):
    names = ["gone", "Ein Fuchs im Schnee, größer", "雪の中の狐", "🦊"]
    add(page, *names)
    script = """
      const { createDownloads } = await import("./wall/downloads.js")
      const downloads = createDownloads({
        loadFile: id => history.file(id),
        loadMetadata: async () => ({}), embedsSettings: () => false,
        announce: () => {}, toast: sentence => { window.said = sentence },
      })
      const records = await history.page()
      await history.remove(await id("gone"))
      await downloads.saveAll(records, document.createElement("button"))
    """
    with page.expect_download() as waiting:
        run(page, script)
    archive = zipfile.ZipFile(waiting.value.path())
    assert page.evaluate("said").startswith("3 pictures saved")
    assert [name[5:].split(" .")[0] for name in archive.namelist()] == names[:0:-1]
    assert [archive.read(name).decode() for name in archive.namelist()] == names[:0:-1]
