"""The words that turn a sentence round, in lists: negations, possibilities, opposites, amounts.

Words only; what they do to a sentence is for `qa.support.opposition`.
"""

from __future__ import annotations

import re


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


def _pairs(listed: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.split() for pair in listed.split(","))
    return tuple((one, other) for one, other in pairs)


LIGHT = _words("""
    a about above across after again against all almost along also although am among an and another
    any anyone anything are around as at away be because been before being below beside besides
    between both but by can could did do does doing done down during each either else even ever
    every few for from further get gets got had has have having he her here hers herself him himself
    his how however i if in into is it its itself just like made make makes making many may me might
    mine more most much must my myself near no nobody none nor not nothing now of off often on once
    one only onto or other others our ours out over own per quite rather said same say says shall
    she should since so some somebody someone something still such than that the their theirs them
    themselves then there therefore these they this those though through thus to together too toward
    towards under until up upon us very was we well were what when where whether which while who
    whom whose why will mr mrs ms dr with within without would yes yet you your yours yourself
    according s t
    """)
"""Words that say little by themselves; some of them do much to others (`qa.support.opposition`)."""
IRREGULAR = _pairs("""
went go, gone go, gave give, given give, took take, taken take, met meet, told tell, came come,
left leave, sold sell, bought buy, sent send, built build, won win, lost lose, rose rise, fell fall,
risen rise, fallen fall, began begin, begun begin, flew fly, flown fly, wrote write, written write,
spoke speak, spoken speak, held hold, paid pay, led lead, found find, grew grow, grown grow,
knew know, known know, saw see, seen see, ran run, brought bring, thought think, fought fight,
taught teach, caught catch, broke break, broken break, drove drive, driven drive, chose choose,
chosen choose, shot shoot, kept keep, felt feel, stood stand, sat sit, ate eat, drank drink,
sang sing, swam swim, wore wear, bore bear, stole steal, struck strike, shook shake, slept sleep,
spent spend, lent lend, meant mean, understood understand, became become, died die, dying die,
men man, women woman, children child, people person
""")
NO = re.compile(
    r"(?:no|not|never|nothing|nobody|none|neither|nor|nowhere|without|cannot|\w+n['’]t"
    r"|den(?:y|ies|ied|ying)|refus(?:e|es|ed|ing)|fail(?:s|ed|ing)?|declin(?:e|es|ed)|unable"
    r"|reject(?:s|ed)?|ruled)"
)
# What says "no" without the word, so that "did not open" may stand for "stayed closed".
ALMOST_NO = re.compile(
    r"un(?!der|it|ion|ivers|ique|til)\w{4,}"
    r"|dis(?:agree|allow|approv|continu|miss)\w*|\w{3,}less|lack\w*|miss\w*|few(?:er)?|little"
    r"|hardly|rarely|seldom|barely|scarcely|clos\w+|empty|lost|lose\w*|stop\w*|end(?:ed|s)?|avoid\w*|prevent\w*|ban\w*"
    r"|forb\w+|free|only|dud|duds|away|instead|except|doubt\w*|still|remain\w*|stay\w*|groundless"
    r"|absen\w+|against|abandon\w*|cancel\w*|gone|out|zero|secret|withh\w+|far|too|impossible|before"
)
NO_NEGATION = re.compile(
    r"\b(?:not only|not just|no more than|no (?:less|fewer|later|earlier) than|no doubt|not least"
    r"|fail(?:s|ed)? to reach)\b",
    re.IGNORECASE,
)
MAYBE = _words("""
    may might could would will possibly perhaps probably likely maybe plan plans planned planning
    intend intends intended hope hopes hoped hoping want wants wanted expect expects expected
    propose proposes proposed promise promises promised threaten threatens threatened offer offers
    offered consider considers considered considering aim aims aimed seek seeks sought try tries
    tried trying wish wishes wished pledged pledges pledge due set supposed
    scheduled ask asked urge urged demand demanded invite invited willing prepared ready potential
    possible should can must ought needs
    """)
SOFT = _words("can must should ought needs asked ask urge urged demand demanded")
"""What can or must be is asserted only by a verb in the past: "can veto" against "vetoed"."""
NEEDS_TO = _words("""
    offer offers offered seek seeks sought try tries tried due set ready prepared invite invited
    ask asked consider considers considered considering promise promises promised wants want wanted
    hope hopes hoped needs expect expects expected urge urged demand demanded threaten threatens
    threatened plan plans planned aim aims aimed wish wishes wished propose proposed proposes
    """)
"""These speak of what may come only before a verb: "offered to help", not "offered help"."""
SAID_TO_BE = _words("""
    accuse accuses accused accusing allege alleges alleged allegedly claim claims claimed
    maintains maintained described considers regards regarded
    reportedly rumoured rumored rumours suspected suspects apparently
    """)
SAYS = _words("""
    say says said according report reports reported think thinks thought believe believes believed
    estimate estimates estimated suggests suggested account charge charged told tell describes
    """)
IF = _words("if unless whether")

OPPOSITES = _pairs("""
more less, more fewer, most least, first last, north south, east west, northern southern,
eastern western, rise fall, rose fell, increase decrease, increase decline, grow shrink, up down,
accept reject, accept refuse, agree refuse, agree disagree, allow forbid, allow ban, permit ban,
open close, arrive leave, arrive depart, enter leave, win lose, won lost, begin end, began ended,
start end, start finish, start stop, import export, succeed fail, success failure,
successful unsuccessful, support oppose, legal illegal,
possible impossible, public secret, public private, military civilian, always never, often rarely,
usually rarely, inside outside, above below, indoors outdoors, day night, morning evening,
morning afternoon, morning night, summer winter, spring autumn, hot cold, heavy light,
heavier lighter, strong weak, stronger weaker, better worse, best worst, largest smallest,
longest shortest, highest lowest, oldest youngest, richest poorest, larger smaller, higher lower,
longer shorter, faster slower, older newer, older younger, fast slow, quickly slowly, early late,
earlier later, long short, big small, large small, high low, old new, young old, cheap expensive,
father mother, son daughter, brother sister, husband wife, king queen, man woman, men women,
boy girl, alive dead, born died, friend enemy, friendly hostile, confirm deny, admit deny,
praise criticise, praise condemn, welcome condemn, safe dangerous, full empty, rich poor,
gain lose, gained lost, save waste, build destroy, built destroyed, attack defend, victory defeat,
love hate, majority minority, maximum minimum, with without, optimistic pessimistic,
include exclude,
hire fire, lengthen shorten, strengthen weaken, widen narrow, raise lower, raised lowered,
true false, guilty innocent, wide narrow, left right, import export, urban rural, internal external,
domestic foreign, voluntary compulsory, temporary permanent, direct indirect, easy difficult,
clean dirty, near far, present absent, top bottom, front back, upper lower, wet dry, cheaper dearer,
approve reject, approved rejected, advance retreat, expand contract, encourage discourage,
within outside, allow break, allow violate, permit violate, respect violate, keep break,
propose veto, adopt veto, approve veto, support veto, buy sell,
daily weekly, daily monthly, daily yearly, weekly monthly, monthly yearly, weekly yearly
""")
AMOUNTS = (
    _words("all every everyone everybody always entire whole each"),
    _words("most majority mostly usually"),
    _words("many often"),
    _words("some several sometimes partly occasionally quarter third fifth half"),
    _words("few little rarely hardly seldom"),
)
MUTUAL = _words(
    """
    meet talk talks speak marry agree differ negotiate discuss border exchange share join summit
    deal trade relations versus vs
    """
)
"""What two do with one another, so that either may come first."""
GIVING = _words("give hand sell lend present supply deliver send pay award")
TAKING = _words("receive get buy borrow accept obtain purchase")
"""Who receives, from whom: the same as giving, seen from the other side."""
