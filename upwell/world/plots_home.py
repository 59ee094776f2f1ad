"""Plots at home: something lost, something broken, a meal, a birthday, a garden."""

from __future__ import annotations

from upwell.world.beats import (
    ask_where,
    begin_day,
    close,
    comfort,
    cry,
    delays,
    feel,
    introduce,
    search,
    thank,
    visit_shop,
)
from upwell.world.lexicon import lexicon
from upwell.world.meaning import noun
from upwell.world.stage import Stage, chain, fixed, front, knew, say, was

Nouns = tuple[str, ...]
Turns = tuple[int, ...]


def lost_thing(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """Something dear is lost, looked for, and found by one who knows where to look."""
    thing, place, wrong_spot, right_spot = nouns
    how, finder, end = turns
    hero, friend = s.name(), s.name()
    s.adorn(thing, 0.8)
    mine = s.the(thing)
    introduce(s, hero)
    s.tell(was("have", hero, s.a(thing)))
    if s.flip(0.7):
        s.tell(was("cherish", hero, s.the(thing)))
    giver = noun(s.draw("kin"), ("of", hero))
    s.maybe(0.3, was("get_from", hero, s.the(thing), giver))
    if how == 0:
        begin_day(s, chain(was("go", hero, s.the(place)), was("put", hero, mine, s.spot(right_spot))))
        s.scene(place)
        s.tell(was("play_with", hero, friend))
        s.tell(front("in_the_evening", was("go_home", hero)))
        lost = was("leave_at", hero, mine, s.at(place))
        s.goal = ("find", "want", hero, mine)
    elif how == 1:
        begin_day(s, ("go_to_do", "past", hero, s.the(place), ("play", "inf", "_")))
        s.scene(place)
        lost = was("lose", hero, mine)
        s.tell(was("meet_at", hero, friend, s.at(place)))
        s.goal = ("find", "want", hero, mine)
    else:
        lost = was("be_gone", mine)
        begin_day(s, ("but", ("show", "want", hero, mine, friend), lost))
        s.goal = ("find", "want", hero, mine)
    if how < 2:
        s.tell(front("next_morning" if how == 0 else s.one("suddenly", "later"), was("be_gone", mine)))
    s.tell(ask_where(s, hero, thing))
    search(s, hero, [wrong_spot] if s.level.events < 2 else [wrong_spot, s.draw("spot")])
    s.tell(
        ("find", "cannot", hero, mine)
        if s.flip()
        else ("but", ("look_everywhere", "past", hero), ("find", "not", hero, mine))
    )
    if how == 1:
        feel(s, hero, "sad", lost)
    else:
        feel(s, hero, s.one("sad", "worried"), was("be_gone", mine))
    if s.flip(0.6):
        comfort(s, friend, hero)
    delays(s, hero)
    here = s.spot(right_spot) if how != 0 else ("near", s.the(right_spot))
    if finder == 0:
        s.tell(say(friend, ("help", "will", "i", "you")))
        s.turning = was("find_at", friend, mine, here)
        s.tell(front(s.one("soon", "at_last", "luckily"), s.turning))
        s.tell(was("give_back", friend, mine, hero))
        s.outcome = was("give_back", friend, mine, hero)
    elif finder == 1:
        pet = s.draw("pet", 0.5, ("colour", "size"))
        s.tell(front("just_then", was("see", hero, s.a(pet))))
        s.tell(chain(was("follow", hero, s.the(pet)), was("find_at", hero, mine, here)))
        s.turning = was("find_at", hero, mine, here)
        s.outcome = (
            was("hug", hero, s.the(pet)) if "cuddly" in lexicon().noun[pet].kinds else was("thank", hero, s.the(pet))
        )
        s.tell(s.outcome)
    else:
        s.tell(knew("remember", hero, ("be_at", "past", mine, here)))
        s.tell(
            chain(was("hurry", hero, s.the(place)), was("find", hero, mine))
            if s.flip()
            else front("at_last", was("find", hero, mine))
        )
        s.turning = was("find", hero, mine)
        s.outcome = was("show", hero, mine, friend)
        s.tell(s.outcome)
    feel(s, hero, s.one("happy", "relieved"), was("find", hero, mine) if finder else None)
    if end == 0:
        if finder == 0:
            thank(s, hero, friend)
        close(s, hero, friend)
    elif end == 1:
        s.tell(front("after_that_day", ("put", "always", hero, mine, ("in", s.the(s.draw("holder"))))))
    else:
        s.tell(front("that_evening", was("play_with", hero, friend)))
    return 1


def broken_thing(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """Something breaks; the truth is told late or at once, and it is forgiven."""
    thing, kin, spot = nouns
    how, truth, end = turns
    hero = s.name()
    s.adorn(thing, 0.6)
    elder = noun(kin, ("of", hero))
    introduce(s, hero)
    s.tell(was("have", elder, s.a(thing)))
    s.maybe(0.5, was("cherish", elder, s.the(thing)))
    breaking = was("break", hero, s.the(thing))
    if how == 0:
        begin_day(s, was("play_toy", hero, s.a(s.draw("toy", 0.5))))
    elif how == 1:
        pet = s.draw("house_pet", 0.4, ("colour", "size"))
        begin_day(s, was("chase", hero, s.a(pet)))
    else:
        begin_day(
            s,
            ("wash", "want", hero, s.the(thing))
            if "washable" in lexicon().noun[thing].kinds
            else ("show", "want", hero, s.the(thing), s.name()),
        )
    s.tell(front("suddenly", chain(was("fall_down", hero), breaking) if how == 0 else breaking))
    feel(s, hero, s.one("afraid", "worried"), breaking)
    s.goal = ("mend", "want", hero, s.the(thing))
    if truth == 0:
        s.tell(was("hide_at", hero, s.the(thing), s.spot(spot)))
        s.tell(say(elder, ("ask", "hole", ("be_at", "pres", noun(thing, ("of", "i")), "where?")), verb="ask"))
        s.tell(s.one(was("say_nothing", hero), ("tell_truth", "wantnot", hero, elder)))
        s.tell(front("that_night", was("lie_awake", hero)))
        s.turning = was("tell_truth", hero, elder)
        s.tell(front(s.one("next_morning", "at_last"), s.turning))
    elif truth == 1:
        s.turning = was("tell_truth", hero, elder)
        s.tell(chain(was("hurry", hero, s.the(s.draw("room"))), s.turning))
    else:
        s.tell(knew("notice", elder, was("be", s.the(thing), "broken")))
        s.tell(say(elder, fixed("what_wrong"), verb="ask"))
        s.turning = was("tell_truth", hero, elder)
        s.tell(s.turning)
    s.tell(say(hero, fixed(s.one("my_fault", "sorry")), to=elder if s.flip() else None))
    s.maybe(0.5, say(elder, fixed("never_mind")))
    if end == 0:
        s.outcome = was("forgive", elder, hero)
        s.tell(("because", s.outcome, was("tell_truth", hero, elder)))
        s.causes.append((s.outcome, was("tell_truth", hero, elder)))
    elif end == 1:
        s.outcome = was("mend", ("and", hero, elder), s.the(thing))
        s.tell(front("later", s.outcome))
        feel(s, hero, "happy")
    else:
        s.tell(was("work_for", hero, s.a(s.draw("seller"))))
        s.outcome = was("buy_for", hero, noun(thing, "another"), elder)
        s.tell(front("few_days", s.outcome))
        feel(s, elder, "happy")
    s.maybe(0.5, front("after_that_day", ("tell_truth", "always", hero, elder)))
    return 1


def cooking(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A dish for somebody; something is missing or goes wrong; the second try is good."""
    dish, need, old = nouns
    trouble, help_, end = turns
    hero, friend = s.name(), s.name()
    elder = noun(s.draw("kin"), ("of", hero))
    introduce(s, hero)
    eater = elder if s.flip(0.6) else friend
    s.goal = ("make_for", "want", hero, s.a(dish), eater)
    begin_day(s, s.goal)
    if trouble == 0:
        s.why(was("be", hero, "worried"), was("have_no", hero, need))
        if help_ == 0:
            neighbour = s.a(old)
            s.turning = was("borrow", hero, s.some(need, s.chance.between(2, 5)), s.the(old))
            s.tell(chain(was("visit", hero, neighbour), s.turning))
        elif help_ == 1:
            s.turning = was("buy", hero, s.some(need, s.chance.between(2, 6)))
            s.tell(chain(was("go", hero, s.the(s.draw("grocery"))), s.turning), was("run_home", hero))
        else:
            s.turning = was("bring_to", friend, s.some(need, s.chance.between(2, 5)), hero)
            s.tell(front("luckily", s.turning))
            thank(s, hero, friend)
    elif trouble == 1:
        s.tell(("but", was("make", hero, s.the(dish)), was("burn", s.the(dish))))
        s.world.gone.discard(dish)
        cry(s, hero, was("burn", s.the(dish)))
        s.world.gone.discard(dish)
        if eater != friend:
            s.tell(front("just_then", was("visit", friend, hero)))
        comfort(s, friend, hero)
        s.turning = was("try_again", hero)
        s.tell(was("help", friend, hero), s.turning)
    else:
        s.tell(say(hero, ("ask", "yesno", ("help", "canp", "you", "i")), to=elder, verb="ask"))
        s.tell(say(elder, fixed("yes"), verb=s.one("answer", "say")))
        s.turning = ("teach_to", "past", elder, hero, ("make", "inf", "_", s.the(dish)))
        s.tell(s.turning)
        s.maybe(0.5, was("work_together", ("and", hero, elder)))
    s.tell(front(s.one("at_last", "soon", "in_the_evening"), was("smell_good", s.the(dish))))
    s.outcome = was("eat_together", ("and", hero, eater), s.the(dish))
    if end == 0:
        s.tell(s.outcome)
        s.tell(say(eater, fixed("delicious"), verb=s.one("say", "shout")))
    elif end == 1:
        s.tell(was("taste", eater, s.the(dish)), say(eater, fixed("delicious")))
        s.outcome = was("praise", eater, hero)
        s.tell(s.outcome)
    else:
        s.tell(say(hero, fixed("surprise"), to=eater))
        s.tell(s.outcome)
    feel(s, hero, s.one("proud", "happy"))
    return 1


def birthday(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A present that cannot be bought is made, or earned, or was there all the time."""
    made, wished, shop = nouns
    trouble, way, end = turns
    hero, friend = s.name(), s.name()
    s.adorn(wished, 0.6)
    introduce(s, hero)
    s.tell(was("birthday_comes", friend))
    s.goal = ("give", "want", hero, s.a(wished if trouble == 0 else made), friend)
    s.tell(s.goal)
    if trouble == 0:
        visit_shop(s, hero, shop, wished)
        s.why(("buy", "cannot", hero, s.the(wished)), was("have_no", hero, "coin"))
        feel(s, hero, s.one("sad", "disappointed"))
    elif trouble == 1:
        s.why(was("be", hero, "worried"), was("have_no", hero, "coin"))
    else:
        s.tell(knew("know", hero, was("like_kind", friend, made)))
        s.tell(say(hero, ("make", "will", "i", noun(made, "a")), verb="think"))
    delays(s, hero)
    if way == 0:
        elder = noun(s.draw("kin"), ("of", hero))
        s.tell(say(elder, fixed("you_can"), to=hero))
        s.turning = was("make_for", hero, s.a(made), friend)
    elif way == 1:
        s.tell(was("have_idea", hero))
        s.turning = was("make_for", hero, s.a(made), friend)
    else:
        s.tell(front("that_night", was("try_hard", hero)))
        s.turning = was("make_for", hero, s.a(made), friend)
    s.tell(
        front("next_day" if way == 2 else s.one("then", "next_day", "that_evening"), s.turning)
        if s.flip(0.6)
        else s.turning
    )
    s.tell(front("at_last", was("be_birthday", friend)))
    s.tell(say(hero, fixed("happy_birthday"), to=friend))
    s.outcome = was("give", hero, s.the(made), friend)
    s.tell(s.outcome)
    if end == 0:
        feel(s, friend, "happy", was("get_from", friend, s.the(made), hero))
    elif end == 1:
        s.tell(say(friend, fixed("how_lovely"), verb=s.one("say", "shout")))
        thank(s, friend, hero)
    else:
        s.tell(was("cherish", friend, s.the(made)))
        s.tell(was("hug", friend, hero))
    close(s, hero, friend)
    return 1


def garden(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A plant that nearly dies; patience and water; it blooms, or it does not."""
    plant, old, animal = nouns
    trouble, help_, end = turns
    hero = s.name()
    introduce(s, hero)
    teacher = s.a(old) if lexicon().noun[old].kinds & {"profession"} else noun(old, ("of", hero))
    known = s.the(old) if lexicon().noun[old].kinds & {"profession"} else teacher
    s.adorn(plant, 0.6, ("colour", "size"))
    begin_day(s, was("plant_at", hero, s.a(plant), ("at", s.the("garden"))))
    s.goal = knew("hope", hero, ("bloom", "would", s.the(plant)))
    s.tell(s.goal)
    s.tell(front("every_day", was("water", hero, s.the(plant))))
    if trouble == 0:
        s.tell(front("in_summer", was("hot_day")))
        feel(s, hero, "worried", was("be", s.the(plant), "dry"))
    elif trouble == 1:
        s.tell(front("few_days", was("wither", s.the(plant))))
        cry(s, hero, was("wither", s.the(plant)))
    else:
        s.tell(front("one_evening", was("wind")))
        feel(s, hero, "worried", was("wind"))
        s.tell(was("lie_awake", hero))
    s.tell(was("visit", teacher, hero) if known != teacher else was("comfort", teacher, hero))
    s.tell(say(known, fixed("do_not_worry"), ("help", "will", "i", "you"), to=hero))
    if help_ == 0:
        s.turning = was("encourage", known, hero)
        s.tell(s.turning, ("give_up", "not", hero))
    elif help_ == 1:
        s.turning = ("water", "past", ("and", hero, known), s.the(plant))
        s.tell(front("every_day", s.turning))
    else:
        s.tell(front("next_morning", was("rain")), front("later", was("rain_stops")))
        s.turning = was("sun")
        s.tell(s.turning)
    if end < 2:
        s.outcome = was("bloom", s.the(plant))
        s.tell(front(s.one("week_later", "few_days", "at_last"), s.outcome))
        feel(s, hero, s.one("happy", "proud"), was("bloom", s.the(plant)))
        if end == 0:
            s.tell(was("thank", hero, known))
        else:
            s.tell(was("see_at", hero, s.a(animal), ("near", s.the(plant))))
            s.tell(say(hero, fixed("how_lovely")))
        return 1
    s.outcome = ("but", ("try_hard", "past", hero), ("bloom", "not", s.the(plant)))
    s.tell(s.outcome)
    feel(s, hero, "sad", ("bloom", "not", s.the(plant)))
    s.tell(say(known, ("plant", "lets", "we", noun(plant, "another")), to=hero))
    s.maybe(0.5, ("give_up", "not", hero))
    return -1
