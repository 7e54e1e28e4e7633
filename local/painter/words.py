"""What the painter understands of a prompt; knows nothing of how it is painted."""

import re
from dataclasses import dataclass

from .noise import Dice

TIMES = {
    "neon": "neon cyberpunk futuristic synthwave vaporwave",
    "aurora": "aurora auroras borealis northern",
    "night": "night midnight moonlit moonlight starry stars nocturnal dark lantern",
    "sunset": "sunset dusk evening golden twilight sundown",
    "dawn": "dawn sunrise morning daybreak",
    "storm": "storm stormy storms tempest thunder thunderstorm lightning gale hurricane",
    "fog": "fog foggy mist misty haze hazy",
    "day": "day noon sunny summer springtime",
}
PLACES = {
    "space": "space planet planets galaxy nebula cosmos universe orbit saturn ring rings",
    "city": "city skyline street town downtown skyscraper skyscrapers tokyo york london buildings",
    "sea": "sea ocean wave waves coast island harbour harbor bay shore beach water sailing",
    "lake": "lake river pond reflection reflections fjord",
    "desert": "desert dune dunes sahara sand oasis",
    "forest": "forest wood woods pine pines jungle trees woodland",
    "field": "field fields meadow flower flowers lavender poppy poppies tulips sunflowers garden "
    "countryside prairie",
    "mountain": "mountain mountains alps peak peaks summit valley glacier hill hills",
}
THINGS = {
    "snow": "snow snowy snowfall winter blizzard christmas",
    "rain": "rain rainy raining wet",
    "autumn": "autumn fall october",
    "ice": "frozen ice icy",
    "moon": "moon moons",
    "sun": "sun",
    "lavender": "lavender",
    "ship": "ship ships galleon schooner pirate frigate caravel",
    "boat": "boat boats sailboat sailboats yacht",
    "lighthouse": "lighthouse lighthouses",
    "castle": "castle castles fortress palace tower",
    "house": "house cabin cottage hut home barn farm houses cabins",
    "balloon": "balloon balloons",
    "birds": "bird birds gull gulls seagull seagulls geese swallows",
    "fox": "fox foxes vixen",
    "deer": "deer stag stags elk reindeer",
    "cat": "cat cats kitten kitty",
    "tree": "tree oak",
}
MANNERS = {
    "rays": "dramatic epic divine rays",
    "swell": "powerful huge giant wild rough stormy storm tempest hurricane towering",
}
STYLES = {
    "watercolour": "watercolor watercolour aquarelle watercolors",
    "sketch": "sketch pencil drawing charcoal lineart line-art",
    "pixel": "pixel pixels pixelart pixel-art 8bit 8-bit",
    "woodblock": "woodblock ukiyo ukiyo-e hokusai flat poster vector minimalist comic-book anime "
    "low-poly origami isometric 3d-model modeling-compound tile-texture cartoon",
    "oil": "oil painting painted impressionist impressionism monet gogh turner brushstrokes "
    "photographic cinematic analog-film digital-art enhance fantasy-art neon-punk",
}
_NAMED = """
red c23a2b crimson a3162c orange e07b28 gold d9a441 yellow efc94c green 4f8a4b
teal 2b8a8a turquoise 3fb8af blue 2f63b0 navy 1d2f5e indigo 3d3b8e violet 7a4fa3
purple 6f3f97 pink e58fa8 brown 7a5235 black 24242a grey 8b8f94 gray 8b8f94 white f2efe6
cream efe3c8
"""
COLOURS = dict(zip(_NAMED.split()[::2], _NAMED.split()[1::2], strict=True))
# What stands where nobody says where it stands.
HOMES = {"ship": "sea", "boat": "sea", "lighthouse": "sea", "house": "field", "deer": "forest"}
HOMES |= {"fox": "field", "cat": "field", "tree": "field", "castle": "mountain"}


@dataclass(frozen=True)
class Wish:
    """What is to be painted; `understood` is False when no word of scenery was among the words."""

    understood: bool
    time: str
    moods: frozenset[str]
    place: str
    things: frozenset[str]
    style: str
    colours: dict[str, str]
    unwanted: frozenset[str]


def read(prompt: str, negative: str, preset: str, cfg_scale: float, dice: Dice) -> Wish:
    """The wish behind a prompt; below a cfg_scale of 5, some of its words are not listened to."""
    unwanted = frozenset(name for word in _words(negative) for name in _names(word))
    named = [(word, name) for word in _words(prompt + " " + preset) for name in _names(word)]
    named = [pair for pair in named if pair[1] not in unwanted]
    heard = {name for _, name in named if dice.random() < cfg_scale / 5}
    time = next((name for name in TIMES if name in heard), "")
    return Wish(
        understood=any(name in TIMES | PLACES | THINGS for _, name in named),
        time=time or str(dice.choice(["day", "sunset", "dawn"])),
        moods=frozenset(heard & (MANNERS.keys() | TIMES.keys())),
        place=_place(heard, unwanted, dice),
        things=frozenset(heard & THINGS.keys()),
        style=next((name for name in STYLES if name in heard), "oil"),
        colours=_colours(_words(prompt)),
        unwanted=unwanted,
    )


def _words(text: str) -> list[str]:
    """Words in order, those with hyphens also in their parts: 'pixel-art', 'pixel', 'art'."""
    found = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", text.lower())
    return [part for word in found for part in dict.fromkeys([word, *word.split("-")])]


def _names(word: str) -> list[str]:
    tables = (TIMES, PLACES, THINGS, MANNERS, STYLES)
    return [name for table in tables for name, words in table.items() if word in words.split()]


def _place(heard: set[str], unwanted: frozenset[str], dice: Dice) -> str:
    homes = [home for thing, home in HOMES.items() if thing in heard and home not in unwanted]
    anywhere = [str(dice.choice(["mountain", "field", "lake", "sea"]))]
    return next(
        name for name in [*(place for place in PLACES if place in heard), *homes, *anywhere]
    )


def _colours(words: list[str]) -> dict[str, str]:
    """Colour codes by what they were said of: the thing within three words, or '' for none."""
    said = {}
    for at, word in enumerate(words):
        if word in COLOURS:
            things = [name for after in words[at + 1 : at + 5] for name in _names(after)]
            said[next((name for name in things if name in THINGS), word)] = COLOURS[word]
    return said
