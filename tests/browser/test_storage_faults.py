"""The history in a browser that refuses Blobs, and with records that it cannot read."""

import json

import pytest
from playwright.sync_api import expect

from browser.acts import fill_shelf, shelf, thumbnail, thumbnails, viewer
from browser.histories import add, page_without_app, prompts, reason, reload_with_script, run

pytestmark = pytest.mark.slow


@pytest.fixture
def history(chromium, quick_site):
    with page_without_app(chromium, quick_site) as page:
        yield page


# WebKit's private windows, at once or when the transaction ends.
REFUSES_BLOBS = {
    "at once": "throw new DOMException('', 'DataCloneError')",
    "later": "setTimeout(() => { try { transaction.abort() } catch {} })",
}
REFUSE = """
  const { put } = IDBObjectStore.prototype
  IDBObjectStore.prototype.put = function (value, id) {
    const { transaction } = this
    if (value instanceof Blob) { REFUSAL }
    return put.call(this, value, id)
  }"""


@pytest.mark.parametrize("refusal", REFUSES_BLOBS.values(), ids=REFUSES_BLOBS)
def test_keeps_pictures_where_blobs_cannot_be_stored(history, refusal):
    reload_with_script(history, REFUSE.replace("REFUSAL", refusal))
    sent = run(history, "window.sent = await noise(640, 480); return digest(sent)")
    run(history, "await history.add({ prompt: 'fox' }, sent)")
    add(history, "hen")
    assert (prompts(history), reason(history)) == (["hen", "fox"], "")
    history.reload()
    assert (prompts(history), reason(history)) == (["hen", "fox"], "")
    assert run(history, "return digest(await history.file(await id('fox')))") == sent
    thumb = "const thumb = await history.thumb(await id('fox')); return [thumb.type, thumb.size]"
    type, size = run(history, thumb)
    assert type == "image/webp" and size > 0
    run(history, "await (await history.remove(await id('fox')))()")
    history.reload()
    assert run(history, "return digest(await history.file(await id('fox')))") == sent


def test_pictures_stored_as_blobs_stay_readable_there(history):
    add(history, "fox")
    reload_with_script(history, REFUSE.replace("REFUSAL", REFUSES_BLOBS["at once"]))
    add(history, "hen")
    history.reload()
    assert prompts(history) == ["hen", "fox"]
    assert run(history, "return [await file('fox'), await file('hen')]") == ["fox", "hen"]


GOOD = {"made": 1, "prompt": "p", "values": {"model": "m"}, "title": "T", "seed": "7"}
BAD = {
    "null": "null",
    "number": "7",
    "text": "'record'",
    "list": "[]",
    "without anything": "{ id }",
    "without a prompt": "{ ...good, id, prompt: undefined }",
    "without values": "{ ...good, id, values: undefined }",
    "null values": "{ ...good, id, values: null }",
    "values of wrong types": "{ ...good, id, values: { steps: {} } }",
    "a prompt of the wrong type": "{ ...good, id, prompt: { toString: 7 } }",
    "a title of the wrong type": "{ ...good, id, title: 7 }",
    "a seed of the wrong type": "{ ...good, id, seed: [] }",
    "a type of the wrong type": "{ ...good, id, type: null }",
    "a date of the wrong type": "{ ...good, id, made: 'yesterday' }",
    "a width of the wrong type": "{ ...good, id, width: 'wide' }",
    "another id": "{ ...good, id: 'other' }",
}
WRITE = """
  const { openDB } = await import("./vendor/idb.js")
  const database = await openDB("easel", 1)
  const good = GOOD
  const write = (id, record) => database.put("pictures", record, id)
"""


def write_records(page, records):
    """Write records as JavaScript, newest first, beside what the page wrote."""
    lines = [
        f"{{ const id = '9{9 - n}'; await write(id, {each}) }}" for n, each in enumerate(records)
    ]
    script = WRITE.replace("GOOD", json.dumps(GOOD)) + "\n".join(lines) + "\ndatabase.close()"
    page.evaluate(f"async () => {{ {script} }}")


def test_skips_records_that_it_cannot_read(history):
    add(history, "fox")
    assert run(history, "return history.unreadable") is False
    for record in BAD.values():
        write_records(history, [record])
        assert prompts(history) == ["fox"], record
        assert run(history, "return history.unreadable"), record
        run(history, "history.unreadable = false; await history.remove('99')")
    write_records(history, ["{ ...good, id }"])
    assert prompts(history, limit=1) == ["p"]
    assert run(history, "return history.unreadable") is False


def test_says_that_records_were_skipped_and_shows_the_rest(page):
    fill_shelf(page, 2)
    write_records(page, [BAD["null"], BAD["without values"], "{ ...good, id }"])
    page.reload()
    expect(thumbnails(page)).to_have_count(3)
    note = shelf(page).locator(".storage-note")
    expect(note).to_have_text("Some pictures kept here cannot be read, and are not shown.")
    thumbnail(page, "picture 2").click()
    expect(viewer(page).locator(".prompt-text")).to_have_text("picture 2")
    page.keyboard.press("ArrowLeft")  # whose file is gone
    expect(page.locator("#toast p")).to_have_text("This picture is no longer in this browser.")


def test_says_so_where_no_record_can_be_read(page):
    fill_shelf(page, 1)
    page.evaluate("""async () => {
      const { openDB } = await import("./vendor/idb.js")
      const database = await openDB("easel", 1)
      await database.clear("pictures")
      await database.put("pictures", null, "1")
      database.close()
    }""")
    page.reload()
    expect(shelf(page).locator(".storage-note")).to_contain_text("cannot be read")
