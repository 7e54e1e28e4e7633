"""The history when storage is off, full, broken, or cleared while the page is open."""

import pytest

from browser.histories import (
    add,
    open_window,
    page_without_app,
    prompts,
    reason,
    reload_with_script,
    run,
    send_storage_command,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium, quick_site):
    with page_without_app(chromium, quick_site) as page:
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
}
NO_CHANNEL = "window.BroadcastChannel = class { constructor() { throw new Error() } }"


@pytest.mark.parametrize("storage", OFF)
def test_keeps_the_history_in_memory_without_storage(page, storage):
    reload_with_script(page, f"{OFF[storage]}; {NO_CHANNEL}")
    assert reason(page) == "off"
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


def test_keeps_new_pictures_in_memory_when_storage_is_full(page, quick_site):
    # Before the first write, as Chromium caches the free space for a while.
    send_storage_command(page, quick_site, "overrideQuotaForOrigin", quotaSize=3_000_000)
    script = "for (const name of argument) await add(name.padEnd(1_000_000, '.'))"
    run(page, script, ["one", "two", "three"])
    words = [prompt.strip(".") for prompt in prompts(page)]
    assert (words, reason(page)) == (["three", "two", "one"], "full")
    assert run(page, "return file('three')") == "three".ljust(1_000_000, ".")
    assert len(prompts(open_window(page, quick_site))) < 3
    send_storage_command(page, quick_site, "overrideQuotaForOrigin")  # storage is freed
    add(page, "four")
    assert reason(page) == ""
    page.reload()
    assert len(prompts(page)) == 4


def test_removing_the_unsaved_picture_clears_the_reason(page, quick_site):
    send_storage_command(page, quick_site, "overrideQuotaForOrigin", quotaSize=1_000_000)
    add(page, "large".ljust(2_000_000, "."), "small")
    assert reason(page) == "full"
    run(page, "await history.remove(await id('large'))")
    assert reason(page) == ""
    page.reload()
    assert prompts(page) == ["small"]


def test_saves_pictures_after_the_site_data_is_cleared(page, quick_site):
    add(page, "fox")
    send_storage_command(page, quick_site, "clearDataForOrigin", storageTypes="all")
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
def test_retries_a_write_after_the_database_connection_breaks(page, breakage):
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
def test_does_not_block_another_window_from_deleting_the_database(page, quick_site, act, after):
    add(page, "fox")
    script = """new Promise((resolve, reject) => {
      Object.assign(indexedDB.ACT, { onsuccess: () => resolve(), onblocked: reject })
    })"""
    open_window(page, quick_site).evaluate(script.replace("ACT", act))
    add(page, "hen")
    assert (prompts(page), reason(page)) == after


def test_does_not_wait_for_a_database_that_does_not_open(page, quick_site):
    other = open_window(page, quick_site)
    script = """new Promise(resolve => {
      const opening = indexedDB.open("easel", 1)
      opening.onsuccess = () => {
        window.held = opening.result // which blocks its deletion
        const deletion = indexedDB.deleteDatabase("easel")
        deletion.onblocked = () => resolve()
        deletion.onsuccess = () => { window.deleted = true }
      }
    })"""
    other.evaluate(script)
    page.clock.install()
    script = "import('./pictures/history.js').then(module => { Object.assign(window, module) })"
    page.evaluate(script)
    page.evaluate("openHistory().then(history => { window.opened = history }); 0")
    page.clock.fast_forward(3_000)  # milliseconds
    page.wait_for_function("window.opened", timeout=10_000)
    add(page, "fox")
    assert (prompts(page), reason(page)) == (["fox"], "off")
    other.evaluate("held.close()")
    other.wait_for_function("window.deleted")
    page.wait_for_function("indexedDB.databases().then(all => all.length)")
    add(page, "hen")
    page.reload()
    assert (prompts(page), reason(page)) == (["hen", "fox"], "")
