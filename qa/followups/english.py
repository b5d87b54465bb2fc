"""The small closed classes of English words that the rules for follow-ups rest on; no names.

Lists and nothing else: what a word of a list means for a question is said where it is used.
"""

from __future__ import annotations


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


FUNCTION_WORDS = _words(
    """a about after again against all also although am an and another any anyone anything are
    as at be because been before being below between both but by can could did do does doing
    done down during each either else ever every everyone few first for from further had has
    have having he hello her here hers hi him his how however i if in indeed into is it its
    itself just last let like many may me meanwhile might more moreover most much must my near
    neither next no nobody none nor not nothing now of off ok okay on once one only or other
    others otherwise our out over own perhaps please rather same shall she should since so some
    someone something still such than thank thanks that the their theirs them then there these
    they thing things this those though through thus to today too tomorrow towards two under
    until up upon us very was we well were what when where whether which while who whom whose
    why will with within without would yes yesterday yet you your according tell explain
    describe give list name compare summarise summarize show say finally instead often recently
    later earlier despite besides maybe really sure right exactly"""
)
"""Words that carry grammar, not a subject; never the name of anything."""

HELPERS = _words(
    """do does did is are was were has have had can could will would should may might must don't
    doesn't didn't isn't aren't wasn't weren't hasn't haven't hadn't can't couldn't won't
    wouldn't shouldn't"""
)
"""The verbs that come before the subject in a question."""

GRAMMAR = FUNCTION_WORDS | HELPERS
"""Everything that is not a word of content."""

BE = _words("""is are was were isn't aren't wasn't weren't""")
"""Forms of "be", which join a subject to what is said of it."""

TITLES = _words(
    """mr mrs ms miss dr sir lady lord professor prof president vice prime minister chairman
    chairwoman chancellor senator governor general colonel captain admiral secretary ambassador
    foreign defense defence marshal comrade leader leaders supreme pope saint mayor judge"""
)
"""What stands before a person's name and is capitalised with it."""

CALLINGS = _words(
    """leader president premier king queen actor actress singer writer author poet novelist
    painter scientist physicist chemist engineer captain coach manager striker founder spokesman
    spokeswoman wife husband sister brother daughter son father mother colleague friend
    counterpart by"""
)
"""What a person is or does, before the name: "the physicist Marie Curie"."""

MEN = _words("king prince sir lord mr")
"""How a man's name begins, where it tells."""

WOMEN = _words("queen princess lady mrs ms miss")
"""How a woman's name begins, where it tells."""

HIS_KIN = _words("father brother son husband uncle grandfather grandson nephew")
"""Relatives that "he" may stand for: "Kim's father"."""

HER_KIN = _words("mother sister daughter wife aunt grandmother niece")
"""Relatives that "she" may stand for: "Kim's sister"."""

BEFORE_NOUN = _words("""own first last next many few other only very most two name list show say""")
"""Words among those of grammar that follow "her" where it means whose."""

PEOPLE_ONLY = _words(
    """travel travels travelled traveled marry married born die died wear wore eat ate arrive
    arrived speak spoke spoken write wrote writes discover discovered invent invented resign
    resigned study studied teach taught think thinks thought believe believes believed walk
    walked sing sang"""
)
"""Verbs that only a person is the subject of."""

MOSTLY_PEOPLE = _words(
    """say says said ask asks asked want wants wanted meet meets met invite invited offer
    offered tell told promise promised bring brought visit visits visited sign signed thank
    thanked call called go goes went come came praise praised live lived know knew feel felt
    talk talked"""
)
"""Verbs that a person is the subject of, and sometimes a country or a company."""

PLACE_HEADS = _words(
    """river lake island islands city mountain mountains mount bay sea ocean street square
    bridge airport station valley port region province state states kingdom republic
    coast north south east west northern southern eastern western new san saint fort palace park"""
)
"""Words that make a name a place's when they begin or end it."""

THING_HEADS = _words(
    """university council forum bank company inc corp ltd party ministry agency institute museum
    league cup war treaty act union united fc club committee organization organisation army navy
    airlines times news post prize award conference association group nations college school
    orchestra theatre festival games olympics department office court program programme"""
)
"""Words that make a name that of an organisation, an event or a thing."""

ORGANISATIONS = _words(
    """council bank company university party ministry agency institute museum league union club
    committee organization organisation army navy airlines group college school orchestra theatre
    department court government parliament police hospital firm team borough city town village
    county district region province island river valley bridge airport station port"""
)
"""Nouns that, right after a name, tell that it is no person's: "the Wexbourne council"."""

INSIDE = _words("""in at near on into across via throughout outside inside around aboard""")
"""Prepositions before a place."""

MOTION = _words("""to from through towards""")
"""Prepositions before a place, or a person."""

PARTICLES = _words("""of de la le van von der den di da del du bin al ibn el y""")
"""Small words inside a name: "Bank of England", "Ludwig van Beethoven"."""

BEFORE_THAT = _words(
    """about after before of for with by from in at on since like to despite without than during"""
)
"""Words after which "that" stands for something and does not join a clause."""

EXPECTED = _words(
    """meeting summit talks talk deal agreement treaty visit trip journey event leader leaders
    president company firm team club ship boat city town village country war battle book film
    song author writer painter founder discovery decision project plan report attack accident
    result results outcome rest former latter man woman couple pair sides parties match game
    final season incident crew government conference ceremony statement speech negotiations
    alliance relationship guests delegation train artist scientist inventor device machine law
    case election campaign cause causes reason reasons purpose aim goal score referee crash
    disaster voyage expedition mission experiment theory two"""
)
"""Nouns that with "the" point to something named before: "the meeting"."""

UNIQUE = _words("""world sun moon internet future past earth sea sky public same most""")
"""Nouns that with "the" point to the only one there is."""

PAST = dict(
    pair.split(":")
    for pair in _words(
        """be:was become:became begin:began break:broke bring:brought build:built buy:bought
    catch:caught choose:chose come:came cost:cost cut:cut die:died do:did drink:drank
    drive:drove eat:ate fall:fell feel:felt fight:fought find:found fly:flew get:got give:gave
    go:went grow:grew have:had hear:heard hit:hit hold:held keep:kept know:knew lead:led
    leave:left lose:lost make:made mean:meant meet:met pay:paid put:put read:read ride:rode
    rise:rose run:ran say:said see:saw sell:sold send:sent set:set shoot:shot sing:sang
    sink:sank sit:sat sleep:slept speak:spoke spend:spent stand:stood swim:swam take:took
    teach:taught tell:told think:thought understand:understood wear:wore win:won write:wrote
    travel:travelled"""
    )
)
"""Verbs whose past does not end in "ed"."""
