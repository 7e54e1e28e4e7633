"""The page's languages: their sentences, and what a page still says in English."""

import json
import re

from conftest import ROOT

FRONTEND = ROOT / "frontend"
LANGUAGES = {"de": "de-DE", "es": "es-ES", "ja": "ja-JP"}  # and the locale of a browser
PLACEHOLDER = r"\{(\w+)\}"

ALL_TEXTS = """() => {
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT)
  const texts = [document.querySelector("[name=description]").content]
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode
    if (!parentElement.closest("script, noscript, textarea")) texts.push(data.trim())
  }
  for (const name of ["aria-label", "placeholder", "title"]) {
    texts.push(...[...document.querySelectorAll(`[${name}]`)].map(each => each.getAttribute(name)))
  }
  return texts
}"""


def translations(language):
    """The translations of a language by English sentence, each listed once, in one file."""
    files = [FRONTEND / f"words/{part}{language}.js" for part in ("", "edit/")]
    listed = [pair for file in files for pair in pairs(file.read_text())]
    assert len(listed) == len(dict(listed))
    return dict(listed)


def pairs(text):
    body = re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE).removeprefix("export default ")
    return json.loads(re.sub(r",\s*\}\s*$", "}", body), object_pairs_hook=list)


def untranslated(page, known):
    """The texts, visible or hidden, that are in English although the language translates them."""
    patterns = [pattern(key) for key, sentence in known.items() if key != sentence]
    return [
        text for text in page.evaluate(ALL_TEXTS) if any(each.search(text) for each in patterns)
    ]


def pattern(key):
    """Matches a sentence anywhere, with any values in its placeholders; a word, or a preposition
    with its values, only alone."""
    words = re.split(r"\{\w+\}", key)
    if len("".join(words).strip()) < 5:
        alone = r"\S+".join(map(re.escape, words))
        return re.compile(f"^{alone}$")
    searched = ".+".join(map(re.escape, words))
    return re.compile(searched if " " in key else f"^{searched}$")
