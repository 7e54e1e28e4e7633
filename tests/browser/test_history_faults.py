"""The history where storage is off, full, broken, or taken away under the page."""

import pytest

from browser.histories import add, bare_page, devtools, prompts, reason, replaced, run, window

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium, site):
    with bare_page(chromium, site) as page:
        yield page


OFF = {
    "absent": "Object.defineProperty(window, 'indexedDB', { value: undefined })",
    "forbidden": "indexedDB.open = () => { throw new DOMException('', 'SecurityError') }",
    "full at first": """
      const create = IDBDatabase.prototype.createObjectStore
      IDBDatabase.prototype.createObjectStore = function (name) {
        const { transaction } = create.call(this, name)
        if (name === "pictures") queueMicrotask(() => transaction.abort())
      }""",
    "of a newer page": "indexedDB.open('easel', 2)",
    "without Blobs": """
      const { put } = IDBObjectStore.prototype
      IDBObjectStore.prototype.put = function (value, id) {
        if (value instanceof Blob) throw new DOMException("", "DataCloneError")
        return put.call(this, value, id)
      }""",
}
NO_CHANNEL = "window.BroadcastChannel = class { constructor() { throw new Error() } }"


@pytest.mark.parametrize("storage", OFF)
def test_where_storage_is_off_the_history_lasts_as_long_as_the_page(page, storage):
    replaced(page, f"{OFF[storage]}; {NO_CHANNEL}")
    assert reason(page) == ("" if storage == "without Blobs" else "off")
    add(page, "fox", "hen", "owl")
    assert (prompts(page), reason(page)) == (["owl", "hen", "fox"], "off")
    run(page, "await history.star(await id('hen'), true)")
    assert prompts(page, starred=True) == prompts(page, words="hen") == ["hen"]
    run(page, "window.undo = await history.remove(await id('owl'))")
    assert prompts(page) == ["hen", "fox"]
    run(page, "await undo()")
    assert prompts(page) == ["owl", "hen", "fox"]
    assert run(page, "return (await history.thumb(await id('owl'))).text()") == "owl"
    assert run(page, "return history.count()") == 3
    page.reload()
    assert prompts(page) == []


def test_when_storage_is_full_pictures_last_as_long_as_the_page(page, site):
    # Before anything is written, as Chromium remembers for a while how much room there is.
    devtools(page, site, "overrideQuotaForOrigin", quotaSize=3_000_000)
    script = "for (const name of argument) await add(name.padEnd(1_000_000, '.'))"
    run(page, script, ["one", "two", "three"])
    words = [prompt.strip(".") for prompt in prompts(page)]
    assert (words, reason(page)) == (["three", "two", "one"], "full")
    assert run(page, "return file('three')") == "three".ljust(1_000_000, ".")
    assert len(prompts(window(page, site))) < 3
    devtools(page, site, "overrideQuotaForOrigin")  # someone made room
    add(page, "four")
    assert reason(page) == ""
    page.reload()
    assert len(prompts(page)) == 4


def test_removing_what_was_too_much_ends_the_trouble(page, site):
    devtools(page, site, "overrideQuotaForOrigin", quotaSize=1_000_000)
    add(page, "large".ljust(2_000_000, "."), "small")
    assert reason(page) == "full"
    run(page, "await history.remove(await id('large'))")
    assert reason(page) == ""
    page.reload()
    assert prompts(page) == ["small"]


def test_pictures_are_kept_when_the_site_data_is_cleared_under_the_page(page, site):
    add(page, "fox")
    devtools(page, site, "clearDataForOrigin", storageTypes="all")
    assert prompts(page) == []
    add(page, "hen")
    page.reload()
    assert (prompts(page), reason(page)) == (["hen"], "")


@pytest.mark.parametrize(
    "breakage",
    [
        "throw new DOMException('closed', 'InvalidStateError')",
        "const cut = first.apply(this, all); setTimeout(() => cut.abort()); return cut",
    ],
)
def test_what_a_broken_connection_left_undone_is_done_again(page, breakage):
    add(page, "fox")
    script = f"""
      const first = IDBDatabase.prototype.transaction
      IDBDatabase.prototype.transaction = function (...all) {{
        IDBDatabase.prototype.transaction = first
        {breakage}
      }}
      await add("hen")
    """
    run(page, script)
    page.reload()
    assert (prompts(page), reason(page)) == (["hen", "fox"], "")


@pytest.mark.parametrize(
    ("act", "after"),
    [("deleteDatabase('easel')", (["hen"], "")), ("open('easel', 2)", (["hen"], "off"))],
)
def test_a_window_that_deletes_or_renews_the_database_does_not_wait(page, site, act, after):
    add(page, "fox")
    script = """new Promise((resolve, reject) => {
      Object.assign(indexedDB.ACT, { onsuccess: () => resolve(), onblocked: reject })
    })"""
    window(page, site).evaluate(script.replace("ACT", act))
    add(page, "hen")
    assert (prompts(page), reason(page)) == after


def test_nobody_waits_for_a_database_that_does_not_open(page, site):
    other = window(page, site)
    script = """new Promise(resolve => {
      const opening = indexedDB.open("easel", 1)
      opening.onsuccess = () => {
        window.held = opening.result // and lets nobody delete it
        indexedDB.deleteDatabase("easel").onblocked = () => resolve()
      }
    })"""
    other.evaluate(script)
    page.clock.install()
    page.evaluate("import('./files/history.js').then(module => { Object.assign(window, module) })")
    page.evaluate("openHistory().then(history => { window.opened = history }); 0")
    page.clock.fast_forward(3_000)  # milliseconds
    page.wait_for_function("window.opened", timeout=10_000)
    add(page, "fox")
    assert (prompts(page), reason(page)) == (["fox"], "off")
    other.evaluate("held.close()")
    page.wait_for_function("indexedDB.databases().then(all => all.length)")
    add(page, "hen")
    page.reload()
    assert (prompts(page), reason(page)) == (["hen", "fox"], "")
