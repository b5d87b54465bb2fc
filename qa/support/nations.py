"""Other names of countries: their capitals, their peoples, and what ends those names.

Tables only; which of two names are one is for `qa.support.names`.
"""

from __future__ import annotations

import re

ALIASES = (
    (r"United States(?: of America)?|U\.S\.A\.|U\.S\.|USA|US|Americans?", "Usa"),
    (r"United Nations|U\.N\.|UN", "Unitednations"),
    (r"United Kingdom|Great Britain|U\.K\.|UK|Britain|British|Britons?", "Unitedkingdom"),
    (r"European Union|E\.U\.|EU", "Europeanunion"),
    (r"DPRK|D\.P\.R\.K\.|Democratic People['’]s Republic of Korea", "North Korea"),
    (r"ROK|Republic of Korea", "South Korea"),
)
GOVERNMENTS = {
    "moscow": "russia",
    "kremlin": "russia",
    "washington": "usa",
    "white house": "usa",
    "pentagon": "usa",
    "seoul": "south korea",
    "pyongyang": "north korea",
    "beijing": "china",
    "tokyo": "japan",
    "kyiv": "ukraine",
    "kiev": "ukraine",
    "london": "unitedkingdom",
    "paris": "france",
    "berlin": "germany",
    "brussels": "europeanunion",
    "delhi": "india",
    "tehran": "iran",
    "hanoi": "vietnam",
}
"""Capitals that stand for governments. "In Moscow" is the city, and no other name of Russia."""
PEOPLES = {
    "french": "france",
    "dutch": "netherlands",
    "danish": "denmark",
    "dane": "denmark",
    "polish": "poland",
    "pole": "poland",
    "spanish": "spain",
    "spaniard": "spain",
    "welsh": "wales",
    "irish": "ireland",
    "swiss": "switzerland",
    "finnish": "finland",
    "thai": "thailand",
    "filipino": "philippines",
    "greek": "greece",
}
"""Peoples whose names do not show their countries' (see `qa.support.names`)."""
OF_PEOPLE = frozenset(
    re.findall(r"\w+", "n an ian ans ians ese ish i is egian vian ic s er ers ns")
)
OF_COUNTRY = frozenset(re.findall(r"\w+", "a e y ia o ain ay ey en land istan us")) | {""}
"""How the names of peoples and those of their countries end."""
