"""What makes sense: which things, moods and manners go with which constructions, in sentences that no story carries.

The lexicon says what a verb takes at all; here is what a reader expects of it: who lights something lights a lamp, and
nobody is polite to a chair. Nothing else of the grammar depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from upwell.world.chance import Table
from upwell.world.constructions import HAPPENING, PURPOSE, Construction, constructions, manner_adverbs, moods_of
from upwell.world.lexicon import Noun, lexicon
from upwell.world.places import is_place_noun

_WALKING = frozenset("hen rooster chick ostrich penguin peacock duck goose ant caterpillar cricket".split())
_NO_GOODS = frozenset("soap glue medicine bandage nest log pillow match nail wheel board cage".split())


_ROOMS = frozenset(
    ("bedroom", "kitchen", "living room", "classroom", "attic", "library", "bathroom", "workshop", "barn", "cellar")
)


def _ids(words: str) -> Callable[[Noun], bool]:
    known = frozenset(word.replace("_", " ") for word in words.split())
    return lambda noun: noun.id in known


POOLS: dict[str, Callable[[Noun], bool]] = {
    "thing": lambda n: "portable" in n.kinds and not n.animate and "container" not in n.kinds and n.id not in _NO_GOODS,
    "goods": lambda n: bool(n.kinds & {"toy", "wearable", "readable", "tool", "instrument", "dish", "fruit", "vegetable"})
    and "portable" in n.kinds and n.id != "snowball",
    "kept": lambda n: {"portable", "hideable"} <= n.kinds and not n.kinds & {"edible", "plant", "container"}
    and bool(n.kinds & {"toy", "treasure", "readable", "wearable", "magical"}) and n.id not in ("snowball", "stone", "newspaper"),
    "gift": lambda n: "gift" in n.kinds and "portable" in n.kinds,
    "toy": lambda n: "toy" in n.kinds and "portable" in n.kinds and "instrument" not in n.kinds and n.id != "snowball",
    "food": lambda n: "edible" in n.kinds and "portable" in n.kinds,
    "lent": lambda n: bool(n.kinds & {"tool", "toy", "readable"}) and "portable" in n.kinds
    and n.id not in ("newspaper", "card", "letter", "diary", "nail", "glue", "bandage", "balloon", "snowball"),
    "thrown": _ids("ball football basketball snowball stone pebble marble bone"),
    "made": _ids("kite doll puppet mask scarf hat sweater cake pie pizza pancake sandwich toy_boat toy_car necklace"),
    "hidden": lambda n: {"portable", "hideable"} <= n.kinds and bool(n.kinds & {"toy", "treasure", "readable", "gift"}),
    "planted": _ids("tree flower rose sunflower tulip apple_tree seed carrot potato cabbage bean pumpkin corn pine_tree"),
    "watered": _ids("tree flower rose sunflower tulip lily daisy bush apple_tree grass bamboo"),
    "played": lambda n: "playable" in n.kinds,
    "lit": _ids("lamp candle lantern torch fireplace"),
    "knocked": _ids("door window gate"),
    "eaten up": lambda n: "edible" in n.kinds and not n.plural,
    "fragrant": lambda n: ("dish" in n.kinds and "plant" not in n.kinds) or n.id in ("flower", "rose", "lily", "soap"),
    "machine": _ids("bicycle bus train car clock watch robot toy_car toy_train lorry taxi tractor telephone camera music_box"),
    "baked": lambda n: "dish" in n.kinds and n.id not in ("soup", "noodle", "porridge", "dumpling", "rice", "sausage"),
    "burnt": lambda n: "dish" in n.kinds and n.id not in ("soup", "noodle"),
    "cooked": lambda n: "cookable" in n.kinds or n.id in ("noodle", "dumpling", "rice"),
    "waited for": _ids("bus train taxi ship plane rain snow postman doctor friend"),
    "fallen off": _ids("tree ladder roof wall chair horse bed swing slide bicycle fence donkey camel"),
    "fallen into": _ids("bucket barrel pot bathtub"),
    "entered": _ids("cave barn tent cabin castle house tower palace"),
    "shelter": _ids("cave barn tent cabin stable tower temple lighthouse windmill treehouse bus_stop"),
    "home": _ids("house town village city castle farm forest island cabin palace lighthouse cave tower harbour valley"),
    "goal": lambda n: is_place_noun(n) and n.countable and n.id not in ("house", "tent", "hotel", "waterfall", "bathroom"),
    "fixed": _ids("doll kite puppet robot toy_car toy_train music_box clock watch lamp umbrella chair table bed bench stool "
                  "shelf cupboard bicycle cart boat car drum guitar violin piano ladder broom fishing_net swing"),
    "near": _ids("garden yard kitchen bedroom bathroom living_room classroom"),
    "outdoors": lambda n: is_place_noun(n) and "place_outdoor" in n.kinds
    and n.id not in ("bus stop", "crossroads", "airport", "station", "pond", "waterfall", "swimming pool", "street", "bridge"),
    "room": lambda n: "place_indoor" in n.kinds and n.id in _ROOMS,
    "holder": lambda n: "container" in n.kinds and n.countable and n.id not in ("fridge", "oven", "nest", "cage", "glass", "cup"),
    "spot": lambda n: n.id in ("table", "chair", "bed", "bench", "desk", "sofa", "tree", "stool", "shelf"),
    "hiding place": lambda n: n.id in ("tree", "bush", "door", "sofa", "bed", "fence", "gate", "wall", "wardrobe"),
    "animal": lambda n: "animal" in n.kinds and n.plural != n.english and "tale" not in n.kinds,
    "tame": lambda n: bool(n.kinds & {"pet", "farm"}) and n.plural != n.english,
    "sliced": lambda n: "cuttable" in n.kinds and n.id not in ("rope", "cloth"),
    "dropped": lambda n: {"portable", "breakable"} <= n.kinds and n.id not in ("guitar", "violin", "crystal", "umbrella"),
    "used": _ids("hammer knife rope ladder shovel brush needle pen pencil axe spade rake broom telescope paintbrush ruler "
                 "glue watering_can fishing_rod fishing_net spoon fork"),
    "flying": lambda n: bool(n.kinds & {"bird", "insect"}) and n.id not in _WALKING,
    "blooming": _ids("flower rose sunflower tulip lily daisy lotus apple_tree cactus bush"),
    "pet": lambda n: "pet" in n.kinds and "fish" not in n.kinds,
    "scary": _ids("wolf bear lion tiger snake spider shark bat crocodile dragon witch giant pirate mouse"),
    "drawn": lambda n: "animal" in n.kinds or n.id in
    ("tree", "flower", "house", "castle", "car", "boat", "ship", "train", "rocket", "rose", "tower", "lighthouse"),
    "trade": lambda n: "profession" in n.kinds or ("tale" in n.kinds and "person" in n.kinds),
    "being": lambda n: ("profession" in n.kinds or "animal" in n.kinds) and n.plural != n.english,
    "child": _ids("boy girl"),
    "relative": lambda n: "kin" in n.kinds or n.id in ("friend", "neighbour", "teacher", "classmate"),
    "counted": lambda n: bool(n.kinds & {"toy", "fruit", "animal", "readable"}) and n.countable and n.plural != n.english,
    "gathered": lambda n: "collectable" in n.kinds,
    "liked": lambda n: bool(n.kinds & {"animal", "fruit", "dish", "toy"}) and n.countable and n.plural != n.english,
    "heard": _ids("song noise story joke riddle bird dog cat wolf owl cricket frog rooster"),
    "money": _ids("coin"),
    "found": lambda n: "portable" in n.kinds and not n.animate and bool(n.kinds & {"toy", "treasure", "nature", "tool"}),
    "melted": _ids("ice snow snowman ice_cream butter chocolate snowball candle"),
    "bright": _ids("star moon sun diamond pearl crown crystal ring lantern"),
    "rolled": _ids("ball marble football basketball"),
    "heavy": lambda n: "weighty" in n.kinds and n.id not in ("drum", "bell", "watermelon", "pot", "bag", "hammer"),
    "swept": lambda n: n.id in _ROOMS or n.id in ("yard", "school", "shop", "stable"),
    "decorated": lambda n: n.id in _ROOMS or n.id in ("house", "shop", "school", "treehouse"),
    "tidied": lambda n: n.id in _ROOMS or n.id in ("desk", "bed", "shelf", "bookcase", "wardrobe", "cupboard"),
    "filled": _ids("bucket bottle basket cup bowl jar bag box pot barrel sack glass teapot bathtub backpack suitcase vase"),
    "dug": lambda n: n.id in ("chest", "coin", "bone", "potato", "carrot", "turnip", "diamond", "crystal", "ring", "gold"),
    "caught": lambda n: n.id in ("ball", "butterfly", "fish", "goldfish", "balloon", "dragonfly", "cricket", "football"),
    "stolen": lambda n: "portable" in n.kinds and bool(n.kinds & {"treasure", "dish", "fruit", "toy", "instrument"}),
    "person": lambda n: "profession" in n.kinds,
}  # fmt: skip
"""Nouns by what can sensibly be done with them."""

OBJECTS: dict[str, str] = {
    **dict.fromkeys(("give", "get_from", "buy_for", "wrap", "think_of"), "gift"),
    **dict.fromkeys(("give_back", "lend", "borrow"), "lent"),
    **dict.fromkeys(("hand", "bring_to", "show", "take_from", "bring", "fetch", "put", "leave_at", "take_out"), "thing"),
    **dict.fromkeys(("own", "need", "have", "belong"), "goods"),
    **dict.fromkeys(("lose", "look for", "forget", "cherish", "be_gone"), "kept"),
    **dict.fromkeys(("sell_to", "buy_from", "buy", "take away", "choose"), "goods"),
    **dict.fromkeys(("throw_to", "throw", "kick"), "thrown"),
    **dict.fromkeys(("make_for", "make"), "made"),
    **dict.fromkeys(("hide_at", "hide"), "hidden"),
    **dict.fromkeys(("plant_at", "plant"), "planted"),
    **dict.fromkeys(("find_at", "see_at", "find", "pick up", "discover", "notice", "have_no"), "found"),
    **dict.fromkeys(("share", "eat_together", "pick_from", "taste"), "food"),
    **dict.fromkeys(("like", "love", "like_kind", "see", "hate"), "liked"),
    **dict.fromkeys(("fear", "fear_kind"), "scary"),
    **dict.fromkeys(("miss", "remember", "admire", "trust"), "person"),
    **dict.fromkeys(("play_toy", "quarrel_over"), "toy"),
    "water": "watered", "play_instrument": "played", "light_lamp": "lit", "knock": "knocked", "run_out": "eaten up",
    "smell": "fragrant", "smell_good": "fragrant", "broke_down": "machine", "burn": "burnt", "bake": "baked",
    "cook": "cooked", "wait_for": "waited for", "fall_from": "fallen off", "fall_into": "kept", "bloom": "blooming", "wither": "blooming",
    "run_into": "entered", "reach": "outdoors", "leave": "goal", "mend": "fixed", "carry_to": "heavy", "earn": "money", "count": "counted",
    "collect": "gathered", "hear": "heard", "draw": "drawn", "watch": "animal", "fly": "flying", "fly_away": "flying",
    "carry": "heavy", "lift": "heavy", "push": "heavy", "pull": "heavy", "sweep": "swept", "decorate": "decorated",
    "tidy": "tidied", "fill": "filled", "dig up": "dug", "catch": "caught", "steal": "stolen", "melt": "melted",
    "shine": "bright", "roll": "rolled", "chase": "animal", "feed": "tame", "drop": "dropped", "cut": "sliced", "use": "used", "touch": "animal", "call_it": "pet",
    "there_be": "found",
}  # fmt: skip
"""What is the thing of a construction; the others take what the lexicon says."""
NEW = frozenset(
    "draw buy find make build write knit sew bake cook plant choose win earn need make_for buy_for get_from have "
    "discover see_at find_at plant_at there_be have_no notice see hear smell collect".split()
) | {"dig up", "pick up"}
"""What they take is mostly new: a kite."""
MADE = frozenset("draw make make_for bake build knit sew cook write".split())
"""What they take was not there before."""
ALONE = frozenset(
    "fear shine carry carry_to push pull lift climb drive ride play_instrument light_lamp sweep tidy decorate reach leave".split()
)
"""What they take is one, and not described."""
INDOORS = frozenset("cook bake read sew knit sleep wash draw write play_instrument play_toy practise".split())
"""What one does in a room; all else under the sky."""
PEOPLE = frozenset(
    "write_to earn light_lamp play_instrument work_for sell_to buy_from buy_for save_up lend make_for plant_at knock".split()
)
"""What no animal does, not even in tales."""
IN_PLURAL = frozenset(("noodle", "bean", "pea"))
"""What nobody has only one of."""
SKILLS = "sing dance swim skate ski write draw cook bake knit sew ride drive play_instrument climb".split()
"""What is learned."""
WISHES = [
    *SKILLS,
    *"visit help look|for feed play_toy play_with read rest sleep work water buy fetch watch plant".split(),
]
"""What one does because one wants to."""
GOALS = {
    **dict.fromkeys(("jump", "crawl", "roll"), "near"),
    "move_to": "home",
    "live_at": "home",
    "shelter": "shelter",
    "hide_self": "hiding place",
    "plant_at": "outdoors",
}
"""Where, if not just any place."""
REPEATED = frozenset(
    "help thank greet comfort visit praise tease scold trick encourage play_with play_toy talk_with look_after rest work "
    "go run walk come go_home go_out apologize tell_story share smile laugh cry sing dance sleep wave nod yawn sneeze".split()
)
"""What somebody may do always, often or never."""
OWED = frozenset(
    "feed water close wash bring bring_to give_back buy mend tidy sweep write_to visit thank put take_out fill check wrap "
    "apologize invite plant".split()
) | {"wake up"}
"""What somebody may forget to do."""

MANNERS: dict[str, str] = {
    "quickly": "go run walk come go_back run_away go_out leave climb open close put hide_at hide wash take_out eat drink "
    "cut draw write fetch pick|up stand|up escape wrap tidy",
    "slowly": "walk go_back go_home climb open close eat drink read sit|down stand|up turn_back push pull sweep lift "
    "crawl draw write walk_on",
    "quietly": "go_out leave open close read cry sit|down sing come_home follow hide_self wait sleep go_back knock talk_with",
    "carefully": "open carry lift put wash cut wrap tie mend fill climb paint draw sew build check plant_at water drive "
    "count tidy examine write look_at_place push",
    "happily": "sing dance smile laugh play wave go_home skate swim nod play_together play_toy come_home eat chat ski hug",
    "sadly": "cry go_home sit|down wave say_goodbye nod smile turn_back sing leave walk_on",
    "loudly": "sing laugh shout cry snore sneeze cough knock cheer yawn play_instrument read cheer_for",
    "gently": "touch hug comfort kiss wash close wake|up wave knock push help_up",
    "bravely": "protect rescue climb jump chase escape catch help walk_on",
    "angrily": "shout scold kick push throw leave go_home close quarrel run_away go_out",
    "politely": "greet thank apologize invite nod wave knock say_goodbye wait praise",
    "proudly": "smile walk wave nod show stand|up sing cheer",
    "secretly": "hide hide_at follow leave steal eat take|away run_away watch go_out tell_secret put",
    "clumsily": "dance jump skate climb carry walk draw ski cut tie paint",
    "cheerfully": "sing wave greet work dance chat cook bake go_home play_together sweep water skate",
    "patiently": "wait wait_for comfort look_after learn practise read mend knit sew help stay_with watch",
    "excitedly": "jump shout wave cheer run_home open tell_story talk_with cheer_for laugh",
}
"""Which deeds are done in which manner; | stands for a blank."""


_CHOSEN = frozenset("always often keep must mustp can canp cannot cannotp wont".split())


@cache
def pool(name: str, size: int) -> Table[str]:
    """The nouns of a pool among the `size` most common ones, the common ones more often; a few rarer ones where too
    few are left."""
    found = [noun.id for noun in lexicon().nouns if POOLS[name](noun)]
    within = [word for word in found if lexicon().noun[word].rank < size]
    return Table.zipf(within if len(within) > 2 else found[:8])


@cache
def taken_by(construction: str, size: int) -> Table[str] | None:
    """The nouns that a construction takes as its thing; None where the lexicon does not say."""
    if construction in OBJECTS:
        return pool(OBJECTS[construction], size)
    verb = lexicon().verb.get(constructions()[construction].verb)
    if verb is None:
        return None
    kinds = verb.object or verb.subject
    found = [
        noun.id
        for noun in lexicon().nouns
        if lexicon().fits(kinds, noun) and not ("any" in kinds and noun.kinds & {"time", "abstract"})
    ]
    within = [word for word in found if lexicon().noun[word].rank < size]
    return Table.zipf(within or found)


@cache
def manners_of(construction: str) -> tuple[str, ...]:
    """In which manners a deed may be done."""
    known = manner_adverbs()
    return tuple(manner for manner, deeds in MANNERS.items() if manner in known and construction in _deeds(manner))


@cache
def _deeds(manner: str) -> frozenset[str]:
    return frozenset(word.replace("|", " ") for word in MANNERS[manner].split())


@cache
def moods_in_sense(construction: Construction, lives: bool, speech: bool) -> Table[str]:
    """The moods that make sense of a clause that stands alone, the plain ones more often.

    Arguments: `lives`, whether the subject is alive: nothing else means to do what it does.
    """
    weights = {}
    for mood in moods_of(construction, speech=speech):
        if mood in ("always", "often", "never") and construction.id not in REPEATED:
            continue
        if not lives and mood not in ("past", "not", "had", "pres", "presnot", "would", "will"):
            continue
        if mood in ("pres", "presnot") and construction.aspect != "state":
            continue
        if mood == "forgot" and construction.id not in OWED:
            continue
        if mood in ("keep", "begin") and construction.id in ("run_fast", "try_hard"):
            continue
        if construction.id in HAPPENING and mood in PURPOSE | _CHOSEN:
            continue
        weights[mood] = (
            8.0 if mood == "past" and not speech else 2.0 if mood in ("not", "prog", "will", "pres") else 1.0
        )
    return Table(tuple(weights), tuple(weights.values()))
