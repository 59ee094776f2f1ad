"""The words by which entries are sorted: topics, semantic types, frames of verbs, kinds of adjectives and adverbs."""

from __future__ import annotations

TOPICS = (
    *("family", "work", "animals", "food", "home", "clothes", "body", "play", "music", "school"),
    *("market", "town", "travel", "farm", "garden", "forest", "sea", "weather", "celebration", "feelings"),
)
"""The 20 topics; every noun and verb has one."""

KINDS = {
    "person": "a human being, or one of fairy tales",
    "child": "a young person",
    "male": "spoken of as he",
    "female": "spoken of as she",
    "kin": "named by a relation in a family",
    "profession": "named by what they do",
    "tale": "of fairy tales",
    "animal": "a living animal",
    "pet": "an animal kept at home",
    "farm": "an animal kept on a farm",
    "wild": "an animal that lives free",
    "bird": "an animal that flies and has feathers",
    "fish": "an animal that lives under water",
    "insect": "a very small animal",
    "edible": "people eat it",
    "fruit": "grows on trees or bushes, is picked and eaten",
    "vegetable": "grows in a garden, is cooked and eaten",
    "drink": "people drink it",
    "cookable": "can be cooked",
    "dish": "what cooking gives",
    "portable": "one person can carry it",
    "hideable": "small enough to hide",
    "breakable": "breaks when it falls",
    "openable": "can be opened and closed",
    "container": "holds things inside",
    "furniture": "stands in a room",
    "wearable": "is put on the body",
    "toy": "children play with it",
    "tool": "is used for work",
    "instrument": "makes music",
    "vehicle": "people travel in or on it",
    "readable": "can be read",
    "plant": "grows from the ground",
    "building": "was built, has rooms",
    "place": "somebody can be there",
    "place_indoor": "a place under a roof",
    "place_outdoor": "a place under the sky",
    "weather": "comes from the sky",
    "nature": "a thing of nature, small enough to be found or seen",
    "body": "a part of the body",
    "material": "what things are made of",
    "treasure": "is worth much",
    "gift": "makes a good present",
    "abstract": "cannot be touched",
    "time": "a part of the day or year",
    "made": "a thing that people made",
    "sized": "is big or small",
    "coloured": "its colour varies, and is told",
    "furred": "an animal whose fur or feathers differ in colour",
    "lengthy": "is long or short",
    "weighty": "is heavy or light",
    "layered": "is thick or thin",
    "broad": "is wide or narrow",
    "deep": "is deep",
    "rounded": "may be round",
    "soft": "is soft",
    "hard": "is hard",
    "sharp": "cuts or pricks",
    "high": "is tall or low",
    "huge": "may be huge",
    "magical": "has powers in tales",
    "wooden": "may be made of wood",
    "warming": "keeps warm",
    "sweetish": "tastes sweet",
    "sourish": "tastes sour",
    "savoury": "tastes salty or hot",
    "bitterish": "tastes bitter",
    "ridable": "people ride it",
    "drivable": "people drive it",
    "climbable": "people climb it",
    "knitted": "is made of wool",
    "sewn": "is sewn",
    "writable": "is written",
    "learnable": "is learned",
    "winnable": "is won",
    "collectable": "is collected",
    "buildable": "is built",
    "paintable": "is painted",
    "pickable": "is picked",
    "waterable": "is watered",
    "plantable": "is planted",
    "cuttable": "is cut",
    "cuddly": "is hugged",
    "playable": "music is played on it",
    "clothing": "is put on the body (穿)",
    "headgear": "is worn on head, neck or hand (戴)",
    "ties": "is tied",
    "washable": "is washed",
}
"""The semantic types, with what each one means."""

FRAMES = ("intransitive", "transitive", "ditransitive", "motion", "communication", "mental", "change")
"""What a verb takes: nothing; an object; a receiver and an object; a place; a listener and what is said; a clause or an
object that is thought of; nothing or an object that becomes another state."""

ASPECTS = ("event", "activity", "state")
"""How a verb lies in time: an event ends of itself (找到了), an activity goes on (在跑), a state just holds (知道)."""

ADJECTIVE_KINDS = (
    *("colour", "size", "shape", "age", "quality", "taste", "temperature", "material"),
    *("state", "character", "value", "feeling"),
)
ADVERB_KINDS = ("manner", "time", "frequency", "place", "degree", "stance")
