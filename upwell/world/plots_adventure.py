"""Plots out of doors: a race, a storm, a lost animal, something learned, help that comes back, work for a wish."""

from __future__ import annotations

from upwell.world.beats import begin_day, close, cry, delays, feel, introduce, introduce_two, thank, visit_shop
from upwell.world.lexicon import lexicon
from upwell.world.meaning import noun
from upwell.world.stage import Stage, chain, fixed, front, knew, say, was

Nouns = tuple[str, ...]
Turns = tuple[int, ...]


def race(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """The strong one laughs at the small one, and loses; or stops to help."""
    small, big, place = nouns
    how, turn, end = turns
    s.adorn(small, 0.5, ("colour",))
    little, strong = s.name(), s.name()
    s.tell(front("once", was("once_lived", s.a(small), little, s.at(place))))
    s.tell(front(s.one("one_day", "one_morning"), was("meet_named", little, s.a(big), strong)))
    if how == 0:
        s.tell(say(strong, ("run_fast", "canp", "i"), verb="say"), was("tease", strong, little))
    elif how == 1:
        s.tell(say(little, ("ask", "yesno", ("race", "will", "you", "i")), to=strong, verb="ask"))
        s.tell(say(strong, fixed("yes"), verb="answer"))
    else:
        s.tell(("that", "believe", "past", strong, None, ("win", "would", strong, s.the("race"))))
        s.tell(knew("think", strong, was("be", little, "weak")))
    s.goal = ("win", "want", little, s.the("race"))
    s.tell(("so", ("race", "decide", little, strong), was("go", ("and", little, strong), s.the(s.draw("outdoors")))))
    s.tell(say(s.a(s.draw("wild")), fixed("ready"), verb="shout"))
    s.tell(was("run_fast", strong))
    if turn == 0:
        s.tell(front("soon", chain(was("sit down", strong), was("sleep", strong))))
        s.turning = was("overtake", little, strong)
        s.tell(("walk_on", "past", little), s.turning, front("later", was("awake", strong)))
        winner = little
    elif turn == 1:
        s.tell(front("suddenly", was("fall_down", strong)))
        s.turning = was("help_up", little, strong)
        s.tell(s.turning)
        winner = s.one(strong, little)
    else:
        s.tell(front("suddenly", was("get_lost", strong)))
        s.turning = was("overtake", little, strong)
        s.tell(("walk_on", "past", little), s.turning)
        winner = little
    loser = strong if winner == little else little
    s.outcome = was("win", winner, s.the("race"))
    s.tell(front("at_last", s.outcome))
    if end == 0:
        feel(s, loser, "ashamed", was("lose_race", loser))
        s.tell(was("apologize", loser, winner) if loser == strong else was("praise", winner, loser))
    elif end == 1:
        s.tell(say(loser, fixed("well_done"), to=winner))
        feel(s, winner, "proud", s.outcome)
    else:
        s.tell(was("befriend", strong, little))
    if loser == strong:
        s.maybe(0.4, front("after_that_day", ("tease", "never", strong, little)))
    return 1


def storm(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """Bad weather far from home; shelter; somebody who knows the way."""
    place, hut, helper = nouns
    sky, help_, end = turns
    hero, friend = s.name(), s.name()
    both = ("and", hero, friend)
    introduce(s, hero)
    goal = s.one(
        ("pick", "inf", "_", s.some("mushroom", s.chance.between(5, 12))),
        ("play", "inf", "_"),
        ("pick", "inf", "_", s.some("flower", s.chance.between(3, 9))),
    )
    begin_day(s, ("go_to_do", "past", both, s.the(place), goal))
    s.goal = ("go_to_do", "past", both, s.the(place), goal)
    s.scene(place)
    s.tell(front("at_first", was("fine_day")))
    s.tell(front("suddenly", was(("rain", "storm", "snow")[sky])))
    s.maybe(0.5, was("thunder") if sky < 2 else was("dark"))
    feel(s, friend, "afraid", was(("thunder", "wind", "dark")[sky]))
    s.maybe(0.6, say(hero, fixed("do_not_worry"), to=friend))
    s.tell(("but", ("go_home", "want", both), ("get_lost", "past", both)))
    s.adorn(hut, 0.5, ("size", "age"))
    s.tell(
        chain(
            was("see", both, s.a(hut)),
            was("run_into" if lexicon().noun[hut].preposition == "in" else "run", both, s.the(hut)),
        )
    )
    if help_ == 0:
        s.tell(was("knock", hero, s.the("door")), was("open", s.a(helper), s.the("door")))
        s.tell(was("help", s.the(helper), both))
        s.turning = was("lead_home", s.the(helper), both)
        s.tell(front("later", s.turning))
    elif help_ == 1:
        s.tell(was("shelter", both, s.at(hut)))
        s.turning = was("rain_stops") if sky == 0 else was("sun")
        s.tell(front("at_last", s.turning))
        s.tell(was("go_home", both))
    else:
        s.tell(front("in_the_evening", was("meet", both, s.a(helper))))
        s.turning = was("lead_home", s.the(helper), both)
        s.tell(say(s.the(helper), ("help", "will", "i", "you"), to=hero), s.turning)
    s.outcome = was("come_home", both)
    if end == 0:
        elder = noun(s.draw("kin"), ("of", hero))
        s.outcome = was("hug", elder, hero)
        s.why(s.outcome, was("be", elder, "worried")) if s.flip() else s.tell(s.outcome)
    elif end == 1 and help_ != 1:
        s.outcome = was("thank", both, s.the(helper))
        s.tell(s.outcome)
        s.tell(front("next_day", was("bring_to", both, s.a(s.draw("gift", 0.5)), s.the(helper))))
    else:
        feel(s, both, "relieved", was("go_home", both))
        s.outcome = was("go_home", both)
        s.maybe(0.5, front("that_night", ("how", "quietly", was("sleep", both))))
    return 1


def lost_pet(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """An animal runs away; people are asked; it is found, or comes back by itself."""
    pet, place, person = nouns
    how, finder, end = turns
    hero, friend = s.name(), s.name()
    introduce(s, hero)
    s.adorn(pet, 0.9, ("colour", "size"))
    s.tell(was("have", hero, s.a(pet)))
    s.maybe(0.6, was("cherish", hero, s.the(pet)))
    if how == 0:
        begin_day(s, ("close", "forgot", hero, s.the("gate")))
        s.tell(("so", ("close", "not", hero, s.the("gate")), was("run_away", s.the(pet))))
        cause = was("run_away", s.the(pet))
    elif how == 1:
        begin_day(s, was("thunder"))
        s.why(was("run_away", s.the(pet)), was("be", s.the(pet), "afraid"))
        cause = was("run_away", s.the(pet))
    else:
        begin_day(s, was("be_gone", s.the(pet)))
        cause = was("be_gone", s.the(pet))
    s.goal = ("find", "want", hero, s.of(hero, pet))
    feel(s, hero, s.one("worried", "sad"), cause)
    s.tell(front("then", was("look for", ("and", hero, friend), s.the(pet))))
    s.maybe(0.5, was("look_at_place", hero, s.spot(s.draw("outdoor_spot"))))
    delays(s, hero)
    s.tell(was("meet", hero, s.a(person)))
    s.tell(say(hero, ("ask", "yesno", ("see", "past", "you", noun(pet, ("of", "i")))), to=s.the(person), verb="ask"))
    if finder == 0:
        s.tell(
            say(s.the(person), ("see_at", "past", "i", noun(pet, ("of", "you")), s.at(place)), to=hero, verb="answer")
        )
        s.turning = was("find_at", hero, s.the(pet), s.at(place))
        s.tell(was("hurry", ("and", hero, friend), s.the(place)), s.turning)
    elif finder == 1:
        s.tell(say(s.the(person), ("see", "not", "i", noun(pet, ("of", "you"))), to=hero, verb="answer"))
        s.tell(("give_up", "not", hero))
        s.turning = was("hear", friend, s.the(pet))
        s.tell(front("suddenly", s.turning), was("find_at", friend, s.the(pet), s.at(place)))
    else:
        s.tell(say(s.the(person), ("see", "not", "i", noun(pet, ("of", "you"))), to=hero, verb="answer"))
        s.tell(front("that_evening", chain(was("go_home", hero), was("cry", hero))))
        s.turning = was("come back", s.the(pet))
        s.tell(front("just_then", s.turning))
    s.outcome = was("hug", hero, s.the(pet)) if finder == 2 or s.flip() else was("lead_home", hero, s.the(pet))
    s.tell(s.outcome)
    feel(s, hero, "happy", s.turning if finder != 1 else was("find_at", friend, s.the(pet), s.at(place)))
    if end == 0:
        s.tell(
            front("after_that_day", ("close", "always", hero, s.the("gate")))
            if how == 0
            else front("after_that_day", ("look_after", "always", hero, s.the(pet)))
        )
    elif end == 1:
        thank(s, hero, friend if finder else s.the(person))
    else:
        close(s, hero, friend)
    return 1


def learning(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """Something hard is learned: failure, a teacher, practice, success, or not yet."""
    instrument, old, place = nouns
    what, help_, end = turns
    hero, friend = s.name(), s.name()
    introduce(s, hero)
    skill = (
        ("swim", "inf", "_"),
        ("play_instrument", "inf", "_", s.the(instrument)),
        s.one(("ride", "inf", "_", s.a("bicycle")), ("dance", "inf", "_"), ("skate", "inf", "_")),
    )[what]
    s.goal = ("learn_to", "want", hero, skill)
    begin_day(s, s.goal)
    known = noun(old, ("of", hero)) if old in ("grandmother", "grandfather") else s.the(old)
    if what == 1:
        s.adorn(instrument, 0.5, ("colour", "age"))
        s.tell(was("get_from", hero, s.a(instrument), noun(s.draw("kin"), ("of", hero))))
        s.tell(("but", ("try_hard", "past", hero), (skill[0], "cannot", hero, *skill[3:])))
    else:
        s.tell(
            ("but", ("try_hard", "past", hero), ("fall_down", "past", hero))
            if what == 2
            else ("but", ("try_hard", "past", hero), ("swim", "cannot", hero))
        )
    if s.flip():
        teaser = s.name()
        s.tell(was("tease", teaser, hero))
        feel(s, hero, "ashamed", was("tease", teaser, hero))
    else:
        feel(s, hero, s.one("sad", "disappointed"), (skill[0], "cannot", hero, *skill[3:]))
        s.maybe(0.5, ("give_up", "want", hero))
    if help_ == 0:
        s.tell(was("meet_at", hero, s.a(old), s.at(place)) if type(known[1]) is str else was("comfort", known, hero))
        s.tell(say(known, fixed("you_can"), to=hero))
        s.turning = ("teach_to", "past", known, hero, skill)
        s.tell(s.turning)
    elif help_ == 1:
        s.tell(say(friend, ("try_again", "lets", "we"), to=hero))
        s.turning = was("encourage", friend, hero)
        s.tell(s.turning)
    else:
        s.turning = front("every_day", was("practise", hero, skill))
        s.tell(s.turning)
    if help_ != 2:
        s.maybe(0.5, front("every_day", was("try_hard", hero)))
    if end == 2 and s.level.number > 1:
        s.outcome = ("learn_to", "cannot", hero, skill)
        s.tell(front("every_day", was("practise", hero, skill)), front("week_later", s.outcome))
        s.tell(say(hero, ("give_up", "wont", "i")))
        return -1
    s.outcome = was("learn_to", hero, skill)
    s.tell(front(s.one("at_last", "week_later", "few_days"), s.outcome))
    feel(s, hero, s.one("proud", "happy"), s.outcome)
    if end == 0:
        s.tell(say(friend, fixed("well_done"), to=hero))
    else:
        thank(s, hero, known if help_ == 0 else friend)
    return 1


def helped(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """The strong one spares or helps the small one, and is helped by it in need."""
    big, small, place = nouns
    first, need, end = turns
    strong, little = s.name(), s.name()
    s.adorn(small, 0.5, ("colour",))
    s.tell(front("once", was("once_lived", s.a(big), strong, s.at(place))))
    s.scene(place)
    begin_day(s, was("meet_named", strong, s.a(small), little))
    if first == 0:
        s.tell(was("catch", strong, little))
        s.tell(say(little, ("let_go", "imp", "you", "i"), ("help", "will", "i", "you"), to=strong))
        s.maybe(0.5, say(strong, ("ask", "yesno", ("help", "canp", "you", "i")), verb="ask"))
        s.tell(was("let_go", strong, little))
    elif first == 1:
        s.tell(front("suddenly", was("fall_into", little, s.the("pond"))))
        s.tell(say(little, fixed("help_me"), verb="shout"), was("rescue", strong, little))
        thank(s, little, strong)
    else:
        s.why(was("be", little, "hungry"), ("have_no", "past", little, "bread"))
        s.tell(was("give", strong, s.some(s.draw("fruit"), s.chance.between(2, 4)), little))
    if need == 0:
        s.tell(front("few_days", was("fall_into", strong, s.the("hole"))))
        trouble = was("fall_into", strong, s.the("hole"))
    elif need == 1:
        s.tell(front("in_winter", was("snow")), was("get_lost", strong))
        trouble = was("get_lost", strong)
    else:
        s.tell(front("week_later", was("hurt", strong)))
        trouble = was("hurt", strong)
    s.goal = ("help", "want", little, strong)
    feel(s, strong, s.one("afraid", "sad"), trouble)
    s.tell(was("hear", little, strong), s.goal)
    if need == 0:
        s.turning = was("bring_to", little, s.a("rope"), strong)
        s.tell(s.turning)
        s.outcome = was("rescue", little, strong)
    elif need == 1:
        s.turning = was("find", little, strong)
        s.tell(front("at_last", s.turning))
        s.outcome = was("lead_home", little, strong)
    else:
        s.turning = was("call", little, s.a("doctor"))
        s.tell(s.turning)
        s.outcome = was("look_after", little, strong)
    s.tell(s.outcome)
    if end == 0:
        thank(s, strong, little)
    elif end == 1:
        s.tell(knew("know", strong, was("be", little, s.one("brave", "clever"))))
    s.tell(front("after_that_day", was("be_friends", ("and", strong, little))))
    return 1


def caged_bird(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A bird in a cage does not sing; it is set free, and comes back."""
    bird, kin, place = nouns
    how, way, end = turns
    hero, it = s.name(), s.name()
    introduce(s, hero)
    s.adorn(bird, 0.8, ("colour", "size"))
    s.looks.setdefault(bird, ("small",))
    if how == 0:
        begin_day(s, was("get_from", hero, s.a(bird), noun(kin, ("of", hero))))
    elif how == 1:
        begin_day(s, was("find_at", hero, s.a(bird), s.at(place)))
    else:
        begin_day(s, was("buy", hero, s.a(bird)))
    s.tell(was("call_it", hero, s.the(bird), it), was("put", hero, it, ("in", s.the("cage"))))
    s.goal = knew("hope", hero, ("sing", "would", it))
    s.tell(s.goal if s.flip() else front("every_day", was("feed", hero, it)))
    s.tell(("but", was("wait", hero), ("sing", "not", it)))
    s.why(was("be", it, "sad"), was("be_at", it, ("in", s.the("cage"))))
    if way == 0:
        s.tell(say(noun(kin, ("of", hero)), ("miss", "pres", it, s.the(place)), to=hero))
    elif way == 1:
        s.tell(front("one_morning", was("hear", hero, s.a(s.draw("bird")))))
        s.tell(knew("find_out", hero, was("be", it, "lonely")))
    else:
        cry(s, hero, was("be", it, "sad"))
    s.turning = was("open", hero, s.the("cage"))
    s.tell(front("at_last", chain(s.turning, was("let_go", hero, it))))
    s.tell(was("fly_away", it))
    if end == 0:
        s.outcome = was("come back", it)
        s.tell(front(s.one("next_morning", "few_days"), s.outcome), was("sing", it))
        feel(s, hero, "happy", was("sing", it))
    elif end == 1:
        s.outcome = ("sing", "past", it)
        s.tell(front("after_that_day", ("sing", "often", it)) if s.flip() else front("every_day", s.outcome))
        feel(s, hero, "happy")
    else:
        s.outcome = was("miss", hero, it)
        s.tell(("come back", "not", it))
        feel(s, hero, "lonely", ("come back", "not", it))
        return -1
    return 1


def earning(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A wish costs more than one has; work; and the wish is bought, or something better is done."""
    wish, seller, shop = nouns
    trouble, way, end = turns
    hero, friend = s.name(), s.name()
    introduce(s, hero)
    s.adorn(wish, 0.8)
    visit_shop(s, hero, shop, wish)
    s.goal = ("buy", "want", hero, s.the(wish))
    s.tell(s.goal)
    have, price = s.chance.between(2, 6), s.chance.between(7, 15)
    if trouble == 0:
        s.tell(("but", was("have", hero, noun("coin", "a", have)), ("buy", "cannot", hero, s.the(wish))))
    elif trouble == 1:
        s.why(("buy", "cannot", hero, s.the(wish)), was("be", s.the(wish), "expensive"))
    else:
        s.why(("buy", "cannot", hero, s.the(wish)), was("have_no", hero, "coin"))
    s.maybe(0.5, say(hero, ("try_hard", "mustp", "i"), verb="think"))
    delays(s, hero)
    if way == 0:
        s.tell(front("next_day", was("work_for", hero, s.a(seller))))
        s.turning = was("earn", hero, noun("coin", "a", price))
    elif way == 1:
        s.tell(front("every_day", was("sell_to", hero, s.some(s.draw("fruit"), s.chance.between(3, 8)), s.a(seller))))
        s.turning = was("earn", hero, noun("coin", "a", price))
    else:
        s.tell(front("every_day", was("help", hero, noun(s.draw("kin"), ("of", hero)))))
        s.turning = was("save_up", hero)
    s.tell(front(s.one("week_later", "at_last"), s.turning))
    if end == 0:
        s.outcome = was("buy", hero, s.the(wish))
        s.tell(front("then", s.outcome) if s.flip() else chain(was("hurry", hero, s.the(shop)), s.outcome))
        feel(s, hero, "happy", s.outcome)
    elif end == 1:
        s.tell(("but", was("go", hero, s.the(shop)), was("be_gone", s.the(wish))))
        feel(s, hero, "disappointed", was("be_gone", s.the(wish)))
        s.outcome = was("give", friend, s.the(wish), hero)
        s.tell(("buy", "had", friend, s.the(wish)), say(friend, fixed("surprise"), to=hero), s.outcome)
    else:
        s.tell(front("on_the_way", was("meet", hero, friend)))
        s.why(was("cry", friend), was("be", friend, "hungry"))
        s.outcome = was("buy_for", hero, s.some(s.draw("dish"), 2), friend)
        s.tell(s.outcome)
        thank(s, friend, hero)
    return 1


def night_noise(s: Stage, nouns: Nouns, turns: Turns) -> int:
    """A noise at night frightens; courage finds what made it."""
    animal, room, spot = nouns
    who, help_, end = turns
    hero, friend = s.name(), s.name()
    introduce_two(s, hero, friend) if who else introduce(s, hero)
    s.adorn(animal, 0.9, ("colour", "size"))
    s.tell(front("one_evening", was("dark") if s.flip() else was("wind")))
    s.tell(front("suddenly", was("hear", hero, noun("noise", "a"))))
    feel(s, hero, "afraid", was("hear", hero, noun("noise", "a")))
    s.goal = knew("find_out", hero, was("make_noise", s.a(animal)))
    where = s.spot(spot)
    if help_ == 0:
        s.tell(was("call", hero, noun(s.draw("kin"), ("of", hero))))
        s.tell(say(hero, ("hear", "past", "i", noun("noise", "a"))))
        s.turning = was("light_lamp", hero, s.the("lamp"))
        s.tell(s.turning)
    elif help_ == 1:
        s.tell(say(hero, fixed("be_careful"), verb="think"))
        s.turning = ("how", s.one("quietly", "slowly", "carefully"), was("walk", hero, s.the(room)))
        s.tell(s.turning)
    else:
        s.tell(was("hide_self", hero, ("under", s.the("bed"))))
        s.turning = was("look_at_place", hero, where)
        s.tell(front("at_last", s.turning))
    s.tell(was("see_at", hero, s.a(animal), where))
    s.why(was("make_noise", s.the(animal)), was("be", s.the(animal), s.one("hungry", "afraid", "thirsty")))
    if end == 0:
        s.outcome = was("feed", hero, s.the(animal))
        s.tell(was("laugh", hero), s.outcome)
    elif end == 1:
        s.outcome = was("run_away", s.the(animal))
        s.tell(was("open", hero, s.the("door")), s.outcome)
        feel(s, hero, "relieved")
    else:
        s.outcome = was("befriend", hero, s.the(animal))
        s.tell(was("comfort", hero, s.the(animal)), s.outcome)
    s.maybe(0.5, front("after_that_day", was("be", hero, "brave")))
    return 1
