"""The page's languages: the sentences of each, and what is left in English."""

import json
import re

from conftest import ROOT

FRONTEND = ROOT / "frontend"
LANGUAGES = {"de": "de-DE", "es": "es-ES", "ja": "ja-JP"}  # and a browser's locale
PLACE = r"\{(\w+)\}"

WALK = """() => {
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


def words(language):
    """The language's file; each sentence stands in it once."""
    text = (FRONTEND / f"words/{language}.js").read_text()
    body = re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE).removeprefix("export default ")
    pairs = json.loads(re.sub(r",\s*\}\s*$", "}", body), object_pairs_hook=list)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def english(page, known):
    """What the page says in English though the language has other words; hidden or not."""
    patterns = [pattern(key) for key, sentence in known.items() if key != sentence]
    return [text for text in page.evaluate(WALK) if any(each.search(text) for each in patterns)]


def pattern(key):
    """A sentence may stand beside others and has values in its places; a word stands alone."""
    searched = ".+".join(map(re.escape, re.split(r"\{\w+\}", key)))
    return re.compile(searched if " " in key else f"^{searched}$")
