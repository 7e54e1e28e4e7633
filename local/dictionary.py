"""A dictionary of what the painter can paint: German, Spanish and Japanese -> English.

It stands for a text model on a laptop. It knows these words and a simple order of words, no
grammar; every other word stays as it is.
"""

import re

# English: German | Spanish | Japanese. An underscore is a space.
NOUNS = """
fox: fuchs | zorro | キツネ 狐 きつね
foxes: füchse | zorros |
cat: katze kater | gato gata | 猫 ねこ ネコ
cats: katzen | gatos |
ship: schiff segelschiff | barco buque velero | 船 帆船
ships: schiffe | barcos |
boat: boot segelboot | bote barca | ボート 小舟
lighthouse: leuchtturm | faro | 灯台
castle: schloss burg | castillo | 城 お城
house: haus | casa | 家
cottage: hütte häuschen | cabaña | 小屋
balloon: ballon heißluftballon | globo | 気球 風船
balloons: ballons heißluftballons | globos |
lantern: laterne | farol farola linterna | 提灯 ランタン
lamp: lampe | lámpara | ランプ 街灯
snow: schnee | nieve | 雪
winter: winter | invierno | 冬
rain: regen | lluvia | 雨
autumn: herbst | otoño | 秋
summer: sommer | verano | 夏
lavender: lavendel | lavanda | ラベンダー
sea: meer see | mar | 海
ocean: ozean | océano | 大洋
beach: strand | playa | 浜辺 ビーチ
coast: küste | costa | 海岸
waves: wellen | olas | 波
lake: teich bergsee | lago laguna | 湖 池
forest: wald | bosque | 森 林
tree: baum | árbol | 木
trees: bäume bäumen | árboles | 木々
field: feld | campo | 野原 畑
meadow: wiese | prado pradera | 草原
mountain: berg | montaña | 山
mountains: berge bergen gebirge alpen | montañas | 山々
hills: hügel hügeln | colinas | 丘
valley: tal | valle | 谷
city: stadt großstadt | ciudad | 街 都市 町
skyline: skyline | horizonte | スカイライン
night: nacht nachts | noche | 夜
moon: mond mondlicht mondschein | luna | 月 月明かり
stars: sterne sternen | estrellas | 星 星空
sunset: sonnenuntergang abendrot | atardecer puesta_de_sol ocaso | 夕日 夕焼け 日没
dawn: morgengrauen morgendämmerung | amanecer alba | 夜明け
sunrise: sonnenaufgang | salida_del_sol | 日の出 朝日
dusk: dämmerung abend | anochecer crepúsculo | 夕暮れ 黄昏
morning: morgen | mañana | 朝
sun: sonne | sol | 太陽
fog: nebel | niebla bruma | 霧
storm: sturm gewitter | tormenta tempestad | 嵐
lightning: blitz blitze | relámpago rayo | 稲妻 雷
aurora: polarlicht nordlicht polarlichter nordlichter | aurora_boreal | オーロラ
neon: neon neonlicht | neón | ネオン
watercolor: aquarell | acuarela | 水彩画 水彩
sketch: skizze zeichnung | boceto dibujo | スケッチ
pixel-art: pixelkunst | pixel_art | ドット絵
origami: origami | papiroflexia | 折り紙
"""
ADJECTIVES = """
red: rot | rojo roja | 赤い 赤
orange: orange | naranja anaranjado anaranjada | オレンジ色
yellow: gelb | amarillo amarilla | 黄色い 黄色
green: grün | verde | 緑の 緑色の 緑
blue: blau | azul | 青い 青
violet: violett | violeta | 紫の 紫色の
pink: rosa | rosa rosado rosada | ピンクの 桃色の
brown: braun | marrón | 茶色い 茶色の
black: schwarz | negro negra | 黒い 黒
white: weiß weiss | blanco blanca | 白い 白
grey: grau | gris | 灰色の 灰色
gold: golden | dorado dorada | 金色の
navy: dunkelblau | azul_marino | 紺色の
turquoise: türkis | turquesa | 水色の
snowy: verschneit schneebedeckt | nevado nevada | 雪の積もった
foggy: neblig | brumoso brumosa | 霧の深い
starry: sternenklar | estrellado estrellada | 星の輝く
sunny: sonnig | soleado soleada | 晴れた
stormy: stürmisch | tormentoso tormentosa | 嵐の
small: klein | pequeño pequeña | 小さな 小さい
large: groß | grande | 大きな 大きい
old: alt | viejo vieja antiguo antigua | 古い
quiet: still ruhig | tranquilo tranquila | 静かな
"""
LITTLE = """
a: ein eine einen einem einer eines | un una unos unas |
the: der die das den dem des | el la los las |
in: in | en |
in the: im | |
on the: auf_dem auf_der auf_den | |
at: bei | |
at night: bei_nacht nachts | de_noche por_la_noche |
at the: am | al |
by the: am_meer_entlang | junto_al junto_a_la |
with: mit | con |
and: und | y e |
on: auf | sobre |
over: über | encima_de |
under: unter | bajo debajo_de |
in front of: vor | delante_de |
behind: hinter | detrás_de |
of: von | de |
of the: vom | del |
through: durch | por |
"""
# What follows a thing in Japanese and precedes it in English.
PLACES = {
    **{"の中の": "in the", "の中にいる": "in the", "の中を歩く": "in the", "にいる": "in the"},
    **{
        "の上の": "on the",
        "の上にある": "on the",
        "の下の": "under the",
        "の前の": "in front of the",
    },
    **{"のある": "with", "がある": "with", "に浮かぶ": "on the", "にある": "in the"},
}
JOINTS = {
    "と": "and",
    "、": ",",
    "。": "",
    "の": "",
    "で": "",
    "に": "",
    "が": "",
    "を": "",
    "は": "",
}
ENDINGS = re.compile("(es|en|em|er|e|s|n)$")  # of German nouns and adjectives, and Spanish plurals
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def read(table: str) -> list[dict[str, str]]:
    """One dictionary for each language."""
    languages: list[dict[str, str]] = [{}, {}, {}]
    for line in table.strip().splitlines():
        english, _, others = line.partition(":")
        for language, words in zip(languages, others.split("|"), strict=True):
            language |= {word.replace("_", " "): english for word in words.split()}
    return languages


THINGS, QUALITIES = read(NOUNS), read(ADJECTIVES)
FUNCTIONS = read(LITTLE)


def translate(text: str) -> str:
    """The text in English, as far as the dictionary knows its words."""
    if JAPANESE.search(text):
        return translate_japanese(text)
    tried = [translate_european(text, language) for language in (0, 1)]
    found, english = max(tried, key=lambda each: each[0])
    return english if found else text


def translate_european(text: str, language: int) -> tuple[int, str]:
    """How many words are known, and the text with them in English: adjectives before nouns."""
    words = re.findall(r"\w+(?:-\w+)*|[^\w\s]", text)
    out: list[tuple[str, str]] = []  # word, kind
    found = at = 0
    while at < len(words):
        for length in (3, 2, 1):
            phrase = " ".join(words[at : at + length])
            if entry := look_up(phrase.lower(), language):
                break
        english, kind = entry or (words[at], "")
        found += bool(entry)
        after_noun = out and out[-1][1] == "noun"
        # In Spanish an adjective follows its noun.
        out.insert(len(out) - bool(after_noun and kind == "adjective"), (english, kind))
        at += length
    sentence = " ".join(word for word, _ in out)
    return found, polish(sentence)


def look_up(word: str, language: int) -> tuple[str, str] | None:
    """The word in English and its kind."""
    tables = {"": FUNCTIONS, "noun": THINGS, "adjective": QUALITIES}
    for form in (word, ENDINGS.sub("", word)):
        for kind, table in tables.items():
            if form in table[language]:
                return table[language][form], kind
    return None


def translate_japanese(text: str) -> str:
    """What stands in a place comes first in English: 雪の中のキツネ, a fox in the snow."""
    known = {**THINGS[2], **QUALITIES[2]}
    pieces = sorted([*PLACES, *JOINTS, *known], key=len, reverse=True)
    phrases: list[str] = []
    place = ""
    for piece in re.findall("|".join(map(re.escape, pieces)) + r"|[^\W\d_]+?|\S", text):
        if piece in PLACES:
            place = f"{PLACES[piece]} {' '.join(phrases)} {place}"
            phrases = []
        else:
            phrases.append(known.get(piece, JOINTS.get(piece, piece)))
    return polish(f"{' '.join(phrases)} {place}")


def polish(sentence: str) -> str:
    """With `an` before a vowel, one space between words and none before punctuation."""
    sentence = re.sub(r"\ba (?=[aeiou])", "an ", " ".join(sentence.split()))
    return re.sub(r" (?=[,.;:!?)])", "", sentence)
