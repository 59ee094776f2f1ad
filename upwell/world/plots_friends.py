"""Plots between friends: quarrel, illness, promise, farewell, secret, sharing, trick."""

from __future__ import annotations

from upwell.world.beats import begin_day, close, cry, delays, feel, introduce, introduce_two, thank
from upwell.world.lexicon import lexicon
from upwell.world.meaning import MANY, noun
from upwell.world.stage import Stage, chain, fixed, front, knew, say, was

Nouns = tuple[str, ...]
Turns = tuple[int, ...]


def quarrel(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """Two want the same thing, quarrel, are lonely, and make up, or do not."""
    toy, place, other = nouns
    how, way, end = turns
    hero, friend = s.name(), s.name()
    both = ("and", hero, friend)
    s.adorn(toy, 0.7)
    introduce_two(s, hero, friend)
    begin_day(
        s,
        was("get_from", hero, s.a(toy), noun(s.draw("kin"), ("of", hero)))
        if how == 0
        else was("find_at", hero, s.a(toy), s.at(place)),
    )
    s.goal = ("play_toy", "want", friend, s.the(toy))
    if how == 2:
        s.tell(s.goal, ("lend", "wouldnot", hero, s.the(toy), friend))
    else:
        s.tell(s.goal)
        s.tell(say(friend, ("ask", "yesno", ("lend", "will", "you", s.the(toy), "i")), to=hero, verb="ask"))
        s.tell(say(hero, fixed("no"), verb=s.one("answer", "say", "shout")))
    quarrelled = was("quarrel_over", hero, friend, s.the(toy))
    s.tell(quarrelled if s.flip() else was("quarrel", hero, friend))
    s.maybe(0.5, say(friend, fixed("not_fair"), verb="shout"))
    feel(s, friend, "angry", ("lend", "not", hero, s.the(toy), friend))
    s.tell(was("go_home", friend))
    if way == 0:
        s.tell(front("then", was("play_toy", hero, s.the(toy))))
        s.why(was("be", hero, "lonely"), was("be_alone", hero))
    elif way == 1:
        elder = noun(s.draw("kin"), ("of", hero))
        s.tell(front("that_evening", was("tell_truth", hero, elder)))
        s.tell(say(elder, ("apologize", "mustp", "you", friend), to=hero))
    else:
        s.tell(front("that_night", was("lie_awake", hero)))
        s.tell(was("think_of", hero, friend))
    s.turning = was("apologize", hero, friend)
    s.tell(
        front(s.one("next_day", "next_morning"), chain(was("visit", hero, friend), s.turning))
        if s.flip()
        else front("next_morning", s.turning)
    )
    s.maybe(0.4, say(hero, fixed("sorry"), to=friend))
    if end == 2 and s.level.number > 1:
        s.outcome = ("forgive", "not", friend, hero)
        s.tell(s.outcome)
        feel(s, hero, "sad", s.outcome)
        s.tell(knew("hope", hero, ("forgive", "would", friend, hero)))
        return -1
    s.outcome = was("make_up", hero, friend)
    s.tell(was("forgive", friend, hero))
    if end == 0:
        s.adorn(other, 0.7)
        s.tell(was("give", hero, s.a(other), friend))
        thank(s, friend, hero)
        s.tell(s.outcome)
    else:
        s.tell(s.outcome, front("after_that_day", ("share", "always", hero, s.the(toy), friend)))
    s.maybe(0.5, was("play_together", both))
    return 1


def sick_friend(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A friend is ill; what to bring, how to cheer; the friend gets well."""
    food, gift, place = nouns
    how, way, end = turns
    hero, friend = s.name(), s.name()
    introduce_two(s, hero, friend)
    if how == 0:
        begin_day(s, ("but", ("wait_for", "past", hero, friend), ("come", "not", friend, s.the(place))))
        s.tell(knew("hear", hero, was("fall ill", friend)))
    elif how == 1:
        begin_day(s, was("fall ill", friend))
        s.why(("go_out", "cannot", friend), was("be", friend, "ill"))
    else:
        begin_day(s, was("play_together", ("and", hero, friend)))
        s.tell(front("suddenly", was("rain")))
        s.tell(front("next_day", was("fall ill", friend)))
    feel(s, hero, s.one("worried", "sad"), was("be", friend, "ill"))
    s.goal = ("visit", "want", hero, friend)
    s.tell(s.goal)
    delays(s, hero, weather=how < 2)
    if way == 0:
        count = s.chance.between(2, 6)
        s.tell(chain(was("go", hero, s.the(s.draw("grocery"))), was("buy", hero, s.some(food, count))))
        s.turning = was("bring_to", hero, noun(food, "the", count), friend)
    elif way == 1:
        s.adorn(gift, 0.6)
        s.tell(
            was("make_for", hero, s.a(gift), friend)
            if gift in ("card", "picture", "scarf", "hat", "doll", "kite")
            else was("buy_for", hero, s.a(gift), friend)
        )
        s.turning = was("give", hero, s.the(gift), friend)
    else:
        count = s.chance.between(3, 9)
        s.tell(chain(was("go", hero, s.the(place)), was("pick", hero, s.some("flower", count))))
        s.turning = was("bring_to", hero, noun("flower", "the", count), friend)
    s.tell(front("then", s.turning) if s.flip() else s.turning)
    s.maybe(0.6, say(friend, fixed("thanks"), ("be", "pres", "i", ("so", "happy")), to=hero))
    s.maybe(0.4, front("every_day", was("visit", hero, friend)))
    s.outcome = was("get well", friend)
    s.tell(front(s.one("few_days", "week_later", "at_last"), s.outcome))
    feel(s, hero, "happy", s.outcome)
    if end == 0:
        s.tell(
            front("next_day", was("go", ("and", hero, friend), s.the(place))),
            was("play_together", ("and", hero, friend)),
        )
    elif end == 1:
        close(s, hero, friend)
    else:
        s.tell(knew("say", friend, was("be", hero, "kind")))
    return 1


def promise(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A promise to look after an animal; something tempts; it is kept, or broken and made good."""
    pet, kin, toy = nouns
    temptation, kept, end = turns
    hero, friend = s.name(), s.name()
    introduce(s, hero)
    elder = noun(kin, ("of", hero)) if s.flip() else s.name()
    s.adorn(pet, 0.5, ("colour", "size"))
    s.tell(was("have", elder, s.a(pet)))
    s.goal = ("look_after", "inf", "_", s.the(pet))
    begin_day(s, ("promise_to", "past", hero, elder, s.goal))
    s.goal = ("promise_to", "past", hero, elder, s.goal)
    s.tell(say(hero, ("feed", "will", "i", s.the(pet)), to=elder))
    if temptation == 0:
        s.tell(front("soon", was("meet", hero, friend)))
        s.tell(say(friend, ("go", "lets", "we", s.the(s.draw("outdoors"))), to=hero))
    elif temptation == 1:
        s.adorn(toy, 0.7)
        s.tell(front("soon", was("show", friend, s.a(toy), hero)))
        s.tell(("play_toy", "want", hero, s.the(toy)))
    else:
        s.tell(front("later", was("rain")))
        s.tell(("go_out", "wantnot", hero))
    if kept == 0:
        s.tell(say(hero, ("feed", "mustp", "i", s.the(pet)), verb=s.one("say", "think")))
        s.turning = was("feed", hero, s.the(pet))
        s.tell(s.turning)
        s.outcome = was("keep_promise", hero)
    elif kept == 1:
        s.tell(("feed", "forgot", hero, s.the(pet)))
        s.tell(front("that_evening", was("be", s.the(pet), "hungry")))
        feel(s, hero, "ashamed", ("feed", "not", hero, s.the(pet)))
        s.turning = chain(was("run_home", hero), was("feed", hero, s.the(pet)))
        s.tell(s.turning)
        s.outcome = was("keep_promise", hero)
    else:
        s.tell(("feed", "not", hero, s.the(pet)))
        s.tell(front("suddenly", was("run_away", s.the(pet))))
        feel(s, hero, "worried", was("run_away", s.the(pet)))
        s.tell(was("look_everywhere", ("and", hero, friend)))
        s.turning = was("find_at", hero, s.the(pet), s.spot(s.draw("outdoor_spot")))
        s.tell(front("at_last", s.turning))
        s.outcome = was("apologize", hero, elder)
    s.tell(s.outcome if kept == 2 else front("at_last", s.outcome))
    if end == 0:
        s.why(was("praise", elder, hero), s.outcome) if kept < 2 else s.tell(was("forgive", elder, hero))
    elif end == 1:
        s.tell(say(elder, fixed("well_done") if kept < 2 else fixed("never_mind"), to=hero))
        feel(s, hero, "proud" if kept < 2 else "relieved")
    else:
        s.tell(front("after_that_day", ("feed", "always", hero, s.the(pet))))
    return 1


def moving_away(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A friend moves away; a present, letters, and perhaps a visit."""
    gift, town, place = nouns
    way, after, end = turns
    hero, friend = s.name(), s.name()
    both = ("and", hero, friend)
    introduce_two(s, hero, friend)
    if s.sentences[-1] != front("every_day", was("play_together", both)):
        s.tell(front("every_day", was("play_together", both)))
    moving = ("move_to", "would", friend, s.the(town))
    if s.flip():
        begin_day(s, knew("tell", friend, moving, to=hero))
    else:
        begin_day(s, knew("hear", hero, moving))
    feel(s, hero, "sad", moving) if s.flip(0.5) else cry(s, hero, moving)
    s.goal = ("give", "want", hero, s.a(gift), friend)
    s.tell(s.goal)
    delays(s, hero)
    if way == 0:
        s.adorn(gift, 0.8)
        s.tell(was("buy", hero, s.a(gift)))
    elif way == 1:
        elder = noun(s.draw("kin"), ("of", hero))
        s.tell(was("get_from", hero, s.a(gift), elder))
    else:
        s.tell(was("choose", hero, s.a(gift)))
    s.turning = was("give", hero, s.the(gift), friend)
    s.tell(front(s.one("next_day", "that_day"), s.turning))
    s.tell(say(friend, ("write_to", "will", "i", "you"), verb="say", to=hero))
    s.tell(was("say_goodbye", hero, friend), front("then", was("move_to", friend, s.the(town))))
    if after == 0:
        s.outcome = was("write_to", friend, hero)
        s.tell(front(s.one("week_later", "few_days"), s.outcome))
        feel(s, hero, "happy", s.outcome)
    elif after == 1:
        s.outcome = was("visit", hero, friend)
        s.tell(was("miss_so", hero, friend), front("in_summer", s.outcome))
        s.tell(was("hug", friend, hero))
    else:
        newcomer = s.name()
        s.tell(was("miss_so", hero, friend))
        s.outcome = was("befriend", hero, newcomer)
        s.tell(front("one_day", was("meet_at", hero, newcomer, s.at(place))), s.outcome)
    if end == 0:
        s.tell(say(hero, fixed("together"), verb="think"))
        return 1
    s.tell(was("miss_so", friend, hero))
    return 1 if after != 2 else -1


def secret(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A secret is told; it is kept under pressure, or let out and forgiven."""
    thing, spot, place = nouns
    pressed, kept, end = turns
    hero, friend, third = s.name(), s.name(), s.name()
    s.adorn(thing, 0.7)
    introduce_two(s, hero, friend)
    s.tell(front(s.one("one_day", "one_evening"), was("find_at", hero, s.a(thing), s.at(place))))
    where = s.spot(spot)
    s.tell(was("hide_at", hero, s.the(thing), where))
    s.goal = ("keep_secret", "want", hero)
    s.tell(was("tell_secret", hero, friend))
    s.tell(say(friend, ("keep_secret", "will", "i"), to=hero))
    s.tell(front(s.one("next_day", "soon"), was("meet", friend, third)))
    if pressed == 0:
        s.tell(say(third, ("ask", "hole", ("be_at", "pres", s.the(thing), "where?")), to=friend, verb="ask"))
    elif pressed == 1:
        s.tell(say(third, ("ask", "yesno", ("tell_secret", "will", "you", "i")), to=friend, verb="ask"))
    else:
        lure = s.draw("snack")
        s.tell(
            say(
                third,
                (
                    "give",
                    "will",
                    "i",
                    noun(lure, "a", s.chance.between(2, 5)) if lexicon().noun[lure].plural else noun(lure, "some", -1),
                    "you",
                ),
                to=friend,
            )
        )
    if kept < 2:
        s.turning = was("say_nothing", friend) if kept == 0 else ("tell_secret", "wouldnot", friend, third)
        s.tell(s.turning)
        s.outcome = was("keep_secret", friend)
        s.tell(s.outcome)
        s.why(was("trust", hero, friend), s.outcome) if end == 0 else feel(s, hero, "grateful", s.outcome)
        close(s, hero, friend)
        return 1
    s.turning = was("tell_secret", friend, third)
    s.tell(s.turning)
    s.tell(front("then", ("find_at", "past", third, s.the(thing), where)))
    feel(s, hero, "angry", s.turning)
    s.tell(was("apologize", friend, hero))
    if end == 0:
        s.outcome = was("forgive", hero, friend)
        s.tell(was("give_back", third, s.the(thing), hero), front("at_last", s.outcome))
        return 1
    s.outcome = ("forgive", "not", hero, friend)
    s.tell(s.outcome)
    feel(s, friend, "sorry", s.turning)
    return -1


def sharing(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """Fruit is shared, or kept; what one gives comes back."""
    fruit, place, old = nouns
    first, way, end = turns
    hero, friend = s.name(), s.name()
    introduce(s, hero)
    have = s.chance.between(4, 9)
    s.adorn(fruit, 0.5, ("colour", "taste", "size"))
    if first == 0:
        begin_day(s, was("pick", hero, s.some(fruit, have)))
    elif first == 1:
        begin_day(s, was("buy", hero, s.some(fruit, have)))
    else:
        begin_day(s, was("get_from", hero, s.some(fruit, have), noun(s.draw("kin"), ("of", hero))))
    s.tell(front("on_the_way", was("meet_at", hero, friend, s.at(place))))
    s.why(was("be", friend, "sad"), was("be", friend, "hungry"))
    s.goal = ("eat", "want", friend, s.a(fruit))
    given = s.chance.between(1, have - 2)
    if way == 0:
        s.tell(say(hero, ("eat_together", "lets", "we", noun(fruit, "the", MANY)), to=friend))
    elif way == 1:
        s.tell(say(friend, ("ask", "yesno", ("give", "will", "you", s.a(fruit), "i")), to=hero, verb="ask"))
        s.tell(say(hero, fixed("yes"), verb="answer"))
    else:
        s.tell(("give", "wouldnot", hero, s.a(fruit), friend))
        cry(s, friend, was("be", friend, "hungry"))
        feel(s, hero, "ashamed", was("cry", friend))
    s.turning = was("give", hero, noun(fruit, "a", given), friend)
    s.tell(s.turning if way < 2 else front("then", s.turning))
    s.tell(was("have", hero, noun(fruit, "a", have - given)))
    thank(s, friend, hero)
    if end == 0:
        s.outcome = was("eat_together", ("and", hero, friend), noun(fruit, "the", MANY))
        s.tell(s.outcome)
    elif end == 1:
        back = s.draw("treasured", 0.7)
        s.outcome = was("bring_to", friend, s.a(back), hero)
        s.tell(front("next_day", s.outcome))
        feel(s, hero, s.one("happy", "surprised"), s.outcome)
    else:
        person = s.a(old)
        s.tell(front("then", was("meet", hero, person)))
        more = s.chance.between(1, have - given)
        s.outcome = was("give", hero, noun(fruit, "a", more), s.the(old))
        s.tell(s.outcome)
        s.tell(was("praise", s.the(old), hero))
    close(s, hero, friend)
    return 1


def trick(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """Somebody hides a thing for fun; the trick is found out; it is made good, or not."""
    thing, spot, place = nouns
    why, found, end = turns
    hero, rogue = s.name(), s.name()
    s.adorn(thing, 0.8)
    introduce_two(s, hero, rogue)
    s.tell(was("have", hero, s.a(thing)))
    if why == 0:
        s.why(was("be", rogue, "jealous"), was("cherish", hero, s.the(thing)))
        s.tell(("trick", "decide", rogue, hero))
    elif why == 1:
        begin_day(s, ("trick", "want", rogue, hero))
    else:
        begin_day(s, was("meet_at", rogue, hero, s.at(place)))
        s.tell(say(rogue, fixed("look"), to=hero))
    where = s.spot(spot)
    s.tell(front("then", was("take_from", rogue, s.the(thing), hero)))
    s.tell(("how", s.one("quietly", "quickly"), was("hide_at", rogue, s.the(thing), where)))
    s.goal = ("find", "want", hero, s.of(hero, thing))
    s.tell(front("soon", was("be_gone", s.of(hero, thing))))
    s.tell(say(hero, ("ask", "hole", ("be_at", "pres", noun(thing, ("of", "i")), "where?")), verb="ask"))
    feel(s, hero, "sad", was("be_gone", s.of(hero, thing)))
    if found == 0:
        s.turning = was("find_at", hero, s.the(thing), where)
        s.tell(was("look_everywhere", hero), front("at_last", s.turning))
        s.tell(say(hero, fixed("not_fair"), to=rogue))
    elif found == 1:
        witness = s.name()
        s.tell(knew("tell", witness, ("trick", "had", rogue, hero), to=hero))
        s.turning = was("find_at", ("and", hero, witness), s.the(thing), where)
        s.tell(s.turning)
    else:
        s.causes.append((was("be", rogue, "ashamed"), was("be", hero, "sad")))
        s.tell(("so", knew("see", rogue, was("be", hero, "sad")), was("be", rogue, "ashamed")))
        s.turning = was("tell_truth", rogue, hero)
        s.tell(s.turning)
        s.tell(was("fetch", rogue, s.the(thing)))
    if end < 2:
        s.tell(was("apologize", rogue, hero))
        s.outcome = was("forgive", hero, rogue)
        s.tell(s.outcome if end else front("at_last", s.outcome))
        s.maybe(0.6, say(rogue, ("trick", "wont", "i", "you"), to=hero))
        return 1
    s.outcome = ("play_with", "wouldnot", hero, rogue)
    s.tell(s.outcome)
    feel(s, rogue, "sorry")
    s.tell(front("after_that_day", ("trick", "never", rogue, hero)))
    return -1
