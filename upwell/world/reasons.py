"""Causes and what follows from them, for sentences with because, so, when and if that stand alone.

One line a cause: what happened, then what followed, each as construction/argument/…; X is whom it follows for, Y somebody
else, ? what is drawn to fit, and any other word a quality.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class Reason(NamedTuple):
    """That something happened, and that something else followed."""

    cause: str
    effect: str


TABLE = """
find/X/?                be/X/happy, be/X/relieved, be/X/surprised, laugh/X
get_from/X/?/Y          be/X/happy, be/X/grateful, be/X/surprised, thank/X/Y, hug/X/Y
bring_to/Y/?/X          be/X/grateful, be/X/happy, thank/X/Y
help/Y/X                be/X/grateful, thank/X/Y, smile/X
rescue/Y/X              be/X/grateful, be/X/relieved, thank/X/Y, hug/X/Y
comfort/Y/X             be/X/calm, be/X/relieved, smile/X
visit/Y/X               be/X/happy, be/X/excited, smile/X
praise/Y/X              be/X/proud, be/X/happy, smile/X
invite/Y/X/?            be/X/excited, be/X/happy, cheer/X
win/X/?                 be/X/proud, be/X/happy, cheer/X, be/Y/jealous, dance/X
mend/X/?                be/X/proud, be/X/satisfied
bake/X/?                be/X/satisfied, be/X/proud
build/X/?               be/X/tired, be/X/proud
keep_promise/Y          be/X/happy, trust/X/Y
lose/X/?                be/X/sad, be/X/worried, cry/X, look_everywhere/X
lose_race/X             be/X/disappointed, be/X/sad, cry/X
break/X/?               be/X/sorry, be/X/ashamed, be/X/afraid, be/Y/angry, apologize/X/Y
break/Y/?               be/X/angry, be/X/sad, scold/X/Y
steal/Y/?               be/X/angry, chase/X/Y
tease/Y/X               be/X/angry, be/X/sad, cry/X
trick/Y/X               be/X/angry, be/X/sad
trick/X/Y               be/X/sorry, be/X/ashamed, apologize/X/Y
tease/X/Y               be/X/sorry, be/X/ashamed, apologize/X/Y
cheat/X/Y               be/X/ashamed, apologize/X/Y
scold/Y/X               be/X/sad, cry/X, be/X/ashamed
break_promise/Y         be/X/disappointed, be/X/angry, quarrel/X/Y
quarrel/X/Y             be/X/sad, be/X/lonely
forgive/Y/X             be/X/relieved, be/X/grateful, hug/X/Y
tell_truth/Y/X          forgive/X/Y, be/X/surprised
apologize/Y/X           forgive/X/Y, make_up/X/Y
miss_so/X/Y             write_to/X/Y, visit/X/Y, be/X/lonely
be_alone/X              be/X/lonely, be/X/bored, be/X/afraid
move_to/Y/?             be/X/sad, be/X/lonely, miss_so/X/Y
say_goodbye/Y/X         be/X/sad, wave/X, cry/X
get_lost/X              be/X/afraid, be/X/worried, cry/X
get_lost/Y              be/X/worried, look_everywhere/X
fall ill/Y              be/X/worried, visit/X/Y, look_after/X/Y
get well/Y              be/X/relieved, be/X/happy
hurt/Y                  help/X/Y, be/X/worried, look_after/X/Y
hurt/X                  cry/X, stay_at_home/X
fall_down/X             cry/X, hurt/X
fall_down/Y             help_up/X/Y, laugh/X
come back/Y             be/X/happy, be/X/relieved, hug/X/Y
be_late/Y               be/X/angry, be/X/worried
be_late/X               apologize/X/Y, hurry/X/?
sing/Y                  smile/X, dance/X
dance/Y                 laugh/X, cheer/X
snore/Y                 lie_awake/X, awake/X
shout/Y                 be/X/afraid, awake/X
appear/Y                be/X/surprised
disappear/Y             be/X/worried, be/X/surprised
run_fast/X              be/X/tired, be/X/thirsty, overtake/X/Y
whole_day/X             be/X/tired, rest/X, be/X/hungry
lie_awake/X             be/X/tired
be/X/tired              rest/X, sleep/X, sit down/X, go_home/X, yawn/X, give_up/X
be/X/hungry             eat/X/?, cook/X/?, bake/X/?, buy/X/?
be/X/thirsty            drink/X/?
be/X/afraid             tremble/X, run_away/X, run_home/X, shout/X, hide_self/X/?
be/X/angry              shout/X, quarrel/X/Y, scold/X/Y, say_nothing/X
be/X/sad                cry/X, say_nothing/X, go_home/X
be/Y/sad                comfort/X/Y, hug/X/Y, stay_with/X/Y
be/Y/hungry             share/X/?/Y, bring_to/X/?/Y
be/X/happy              sing/X, dance/X, laugh/X, smile/X
be/X/excited            shout/X, cheer/X, wave/X
be/X/lonely             write_to/X/Y, visit/X/Y, call/X/Y
be/X/ill                stay_at_home/X, rest/X, cough/X
be/Y/ill                look_after/X/Y, bring_to/X/?/Y
be/X/bored              yawn/X, draw/X/?, read/X/?
be/X/sorry              apologize/X/Y
be/X/curious            open/X/?, follow/X/Y
be/X/lazy               sleep/X, not work/X
be/Y/greedy             not share/Y/?/X
be/X/brave              rescue/X/Y, climb/X/?
be/X/kind               help/X/Y, forgive/X/Y, share/X/?/Y
rain                    stay_at_home/X, run_home/X, shelter/X/?
snow                    ski/X, put on/X/?
storm                   be/X/afraid, shelter/X/?, hurry/X/?
thunder                 be/X/afraid, tremble/X, hide_self/X/?
wind                    run_home/X, be/X/afraid
dark                    go_home/X, light_lamp/X/?, be/X/afraid
light                   get_up/X, awake/X, go_out/X
sun                     go_out/X, be/X/happy
fine_day                go_out/X, skate/X, water/X/?
hot_day                 swim/X, drink/X/?, be/X/thirsty, rest/X
cold_day                put on/X/?, stay_at_home/X, knit/X/?
rain_stops              go_out/X, be/X/happy
"""


@cache
def all_reasons() -> tuple[Reason, ...]:
    """All pairs of a cause and one of its effects."""
    found = []
    for line in TABLE.strip().splitlines():
        cause, effects = line[:24].strip(), line[24:]
        found += [Reason(cause, effect.strip()) for effect in effects.split(",")]
    return tuple(found)
