"""Finds the scenery, style and colors that a prompt names. Knows no painting."""

import re
from dataclasses import dataclass

from .noise import Dice

TIMES = {
    "neon": "neon cyberpunk synthwave futuristic",
    "aurora": "aurora auroras borealis northern",
    "night": "night midnight moon moonlit moonlight starry stars",
    "sunset": "sunset dusk twilight evening",
    "dawn": "dawn sunrise morning",
    "storm": "storm stormy tempest hurricane thunderstorm lightning",
    "fog": "fog foggy mist misty",
    "day": "noon sunny sun summer",
}
PLACES = {
    "city": "city cities skyline skyscraper skyscrapers",
    "sea": "sea ocean wave waves coast beach",
    "lake": "lake pond fjord",
    "forest": "forest woods woodland tree trees",
    "field": "field fields meadow meadows lavender",
    "mountain": "mountain mountains alps hills valley",
}
THINGS = {
    "snow": "snow snowy winter",
    "rain": "rain rainy",
    "autumn": "autumn",
    "lavender": "lavender",
    "ship": "ship ships galleon schooner boat boats sailboat",
    "lighthouse": "lighthouse lighthouses",
    "castle": "castle castles fortress",
    "house": "house houses cabin cottage hut",
    "balloon": "balloon balloons",
    "fox": "fox foxes",
    "cat": "cat cats kitten kittens",
    "lamp": "lamp lamps lantern lanterns streetlamp",
}
STYLES = {
    "watercolor": "watercolour watercolor sketch anime comic-book line-art low-poly origami",
    "pixel": "pixel pixel-art",
}
_NAMED = """
red c23a2b orange e07b28 yellow efc94c green 4f8a4b teal 2b8a8a blue 2f63b0 violet 7a4fa3
purple 6f3f97 pink e58fa8 brown 7a5235 black 24242a grey 8b8f94 gray 8b8f94 white f2efe6
gold d9a441 navy 1d2f5e turquoise 3fb8af
"""
COLORS = dict(zip(_NAMED.split()[::2], _NAMED.split()[1::2], strict=True))
# Where a thing stands if the prompt names no place.
HOMES = {
    **{"lighthouse": "sea", "castle": "mountain"},
    **dict.fromkeys(("house", "fox", "cat", "lamp"), "field"),
}


@dataclass(frozen=True)
class Subject:
    """What to paint. `recognized` is False if the prompt names no known scenery."""

    recognized: bool
    names: frozenset[str]
    time: str
    place: str
    style: str
    colors: dict[str, str]


def parse_prompt(prompt: str, negative: str, preset: str, cfg_scale: float, dice: Dice) -> Subject:
    """The subject of a prompt. Below a cfg_scale of 5, some of its words are skipped."""
    unwanted = {name for word in _words(negative) for name in _names(word)}
    named = [name for word in _words(prompt + " " + preset) for name in _names(word)]
    named = [name for name in named if name not in unwanted]
    kept = frozenset(name for name in named if dice.random() < cfg_scale / 5)
    times = [time for time in TIMES if time in kept]
    places = [place for place in PLACES if place in kept]
    ships = ["sea"] if "ship" in kept else []  # the painter can only paint ships on the sea
    homes = [home for thing, home in HOMES.items() if thing in kept]
    styles = [style for style in STYLES if style in kept]
    return Subject(
        recognized=any(name not in STYLES for name in named),
        names=kept,
        time=[*times, str(dice.choice(["day", "sunset", "dawn"]))][0],
        place=[*ships, *places, *homes, str(dice.choice(["mountain", "field", "lake", "sea"]))][0],
        style=[*styles, "oil"][0],
        colors=_colors(_words(prompt)),
    )


def color_codes(text: str) -> list[str]:
    """The codes of the colors in a text, in order."""
    return [COLORS[word] for word in _words(text) if word in COLORS]


def _words(text: str) -> list[str]:
    """The words in order. A compound also yields its parts: 'pixel-art', 'pixel', 'art'."""
    found = re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())
    return [part for word in found for part in dict.fromkeys([word, *word.split("-")])]


def _names(word: str) -> list[str]:
    tables = TIMES, PLACES, THINGS, STYLES
    return [name for table in tables for name, words in table.items() if word in words.split()]


def _colors(words: list[str]) -> dict[str, str]:
    """Color codes by the thing within the next four words, or by the color word itself."""
    colors = {}
    for at, word in enumerate(words):
        if word in COLORS:
            names = [name for after in words[at + 1 : at + 5] for name in _names(after)]
            colors[next((name for name in names if name in THINGS), word)] = COLORS[word]
    return colors
