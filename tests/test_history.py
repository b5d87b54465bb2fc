"""Follow-ups: each conversation's last question stands alone, and what stands alone stays as is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answer import ABSTENTION, Turn
from qa.history import stand_alone

CONVERSATIONS = Path(__file__).parent / "data" / "conversations.yaml"

CURIE = ("Who was Marie Curie?", "Marie Curie was a physicist who worked in Paris [1].")
TITANIC = ("Why did the Titanic sink?", "It struck an iceberg [1].")
AJAX = ("How many titles has Ajax won?", "Thirty-six league titles [1].")
MICROSOFT = ("Who founded Microsoft?", "Bill Gates and Paul Allen founded it [1].")
VIENNA = ("What was agreed at the Congress of Vienna?", "New borders for Europe [1].")
PENGUINS = ("Where do penguins live?", "In the southern hemisphere [1].")
CITIES = ("Which is larger, Lyon or Marseille?", "Marseille is larger [1].")
QUEEN = ("When did Queen Victoria marry Prince Albert?", "In 1840 [1].")
VASA = ("Did the Vasa sink on her first voyage?", "Yes, in Stockholm harbour [1].")
MUSK = ("What did Elon Musk buy in 2022?", "Twitter [1].")
TRIAL = ("Why was Galileo Galilei tried?", "For heresy, by the Inquisition in Rome [1].")
MANDELA = ("Did Nelson Mandela meet Fidel Castro?", "Yes, in Havana in 1991 [1].")
HARBOUR = ("Who is the head of Larkfield council?", ABSTENTION)
ARMSTRONG = (
    *("Who was Neil Armstrong?", "Neil Armstrong was the first man on the Moon [1]."),
    *("When did he land there?", "On 20 July 1969, with Buzz Aldrin [1]."),
)

PRONOUNS = [
    (CURIE, "What did she discover there?", "What did Marie Curie discover in Paris?"),
    (CURIE, "Who was her husband?", "Who was Marie Curie's husband?"),
    (("Who discovered penicillin?", "Alexander Fleming, in 1928 [1][2]."), "When did he die?",
     "When did Alexander Fleming die?"),
    (("Who wrote Hamlet?", "William Shakespeare [1]."), "When did he write it?",
     "When did William Shakespeare write Hamlet?"),
    (("Who is the mayor of London?", "Sadiq Khan [1]."), "How old is he?",
     "How old is Sadiq Khan?"),
    (TITANIC, "Who built it?", "Who built the Titanic?"),
    (VASA, "Where is she now?", "Where is the Vasa now?"),
    (AJAX, "When did they last win one?", "When did Ajax last win one?"),
    (MICROSOFT, "When was it founded?", "When was Microsoft founded?"),
    (MICROSOFT, "How did they meet?", "How did Bill Gates and Paul Allen meet?"),
    (MANDELA, "What did he say to him?", "What did Nelson Mandela say to Fidel Castro?"),
    (MANDELA, "Did Che Guevara meet him?", "Did Che Guevara meet Nelson Mandela?"),
    (("Did Ann Lee marry Kim Cole?", "Yes, and Ann Lee kept her name [1]."), "How old was he?",
     "How old was Kim Cole?"),
    (QUEEN, "How old was he?", "How old was Prince Albert?"),
    (QUEEN, "How many children did she have?", "How many children did Queen Victoria have?"),
    (PENGUINS, "Can they fly?", "Can penguins fly?"),
    (("When did Darwin publish On the Origin of Species?", "In 1859 [1]."), "Who reviewed it?",
     "Who reviewed the Origin of Species?"),
    (("Did Kepler's mother stand trial?", "Yes [1]."), "Was she freed?",
     "Was Kepler's mother freed?"),
]  # fmt: skip
FOLLOW_UPS = [
    *PRONOUNS,
    # places and dates
    (("Where is Rotterdam?", "In the Netherlands [1]."), "Is there a museum there?",
     "Is there a museum in Rotterdam?"),
    (TRIAL, "Did he ever go back there?", "Did Galileo Galilei ever go back to Rome?"),
    (("When did Cruyff join Barcelona?", "In 1973 [1]."), "Who was the coach then?",
     "Who was the coach in 1973?"),
    (ARMSTRONG, "What did he say then?", "What did Neil Armstrong say on 20 July 1969?"),
    (ARMSTRONG, "What did they bring back?", "What did Neil Armstrong and Buzz Aldrin bring back?"),
    # the question before, asked anew
    (TITANIC, "When?", "When did the Titanic sink?"),
    (TITANIC, "When was that?", "When did the Titanic sink?"),
    (TITANIC, "And the Lusitania?", "Why did the Lusitania sink?"),
    (AJAX, "What about Feyenoord?", "How many titles has Feyenoord won?"),
    (PENGUINS, "And polar bears?", "Where do polar bears live?"),
    (MUSK, "What else?", "What else did Elon Musk buy in 2022?"),
    (MUSK, "And in 2023?", "What did Elon Musk buy in 2023?"),
    (("Did Elon Musk travel to Bali by plane?", "Yes [1]."), "And by boat?",
     "Did Elon Musk travel to Bali by boat?"),
    (("Where was Johan Cruyff born?", "In Amsterdam [1]."), "And his wife?",
     "Where was Johan Cruyff's wife born?"),
    (("who is ada lovelace?", "Ada Lovelace wrote the first program [1]."), "what did she write?",
     "what did Ada Lovelace write?"),
    # two that were named together
    (CITIES, "How old is the other one?", "How old is Lyon?"),
    (CITIES, "When was the former founded?", "When was Lyon founded?"),
    (("What did Churchill and Roosevelt agree on?", "The Atlantic Charter [1]."),
     "Where did the two leaders meet?",
     "Where did the two leaders, Churchill and Roosevelt, meet?"),
    # the next in order
    (("How tall is the first tower of Aldby?", "60 metres [1]."), "And the second?",
     "How tall is the second tower of Aldby?"),
    (("When does the oldest lift in Norby open?", "At nine [1]."), "What about the newest one?",
     "When does the newest lift in Norby open?"),
    (("How long is the first act?", "An hour [1]."), "And the first night?",
     "And the first night? (the first act)"),
    # he and she are persons: no town, club or council, and no name that may be one
    (HARBOUR, "Did she resign?", "Did she resign? (the head of Larkfield council)"),
    (("Has Larsen Foods paid the fine?", "Larsen Foods have not paid [1]."), "Did he apologise?",
     "Did he apologise? (Larsen Foods has paid the fine)"),
    (("Who sings for Aldby Choir?", "Aldby's best voice, a baker, sings solo [1]. His mother taught"
      " him at Aldby [2]."), "Where did he study?", "Where did he study? (sings for Aldby Choir)"),
    (("What did the mayor of Aldby promise?", "Aldby will have a pool [1]."), "Is she popular?",
     "Is she popular? (Aldby will have a pool)"),
    (("Is the dam at risk?", '"Ulvik saw worse," he said [1].'), "Why did he say so?",
     "Why did he say so? (the dam at risk)"),
    (("Who advised Aldby council?", "Two lawyers did [1]."), "When did it meet?",
     "When did Aldby council meet?"),
    (("Why did Ajax lose?", "Ajax were tired, said the manager, Erik Holm [1]."), "Was he sacked?",
     "Was Erik Holm sacked?"),
    (("Did Corvane fund the study?", "Yes, its director, Dr Ida Brook, said so [1]."),
     "Did she explain why?", "Did Ida Brook explain why?"),
    (("Who runs the Alder orchestra?", "Ines Vogel. She came in 2019 [1]."), "Where did she study?",
     "Where did Ines Vogel study?"),
    (("Who will leave Norby?", "Karin Holt likes Norby [2]. Olga Brandt plans to leave [1]."),
     "Where will she go?", "Where will Olga Brandt go?"),
    (("Who will leave Norby?", "Karin Holt likes the sea [2]. She plans to leave [1]."),
     "Where will she go?", "Where will Karin Holt go?"),
    (("Were Curie's results doubted?", "No [1]."), "Where did she work?", "Where did Curie work?"),
    (("Why did Merrin sell the mill?", "It lost money [1]."), "Where does he live?",
     "Where does Merrin live?"),
    ((*("Who showed the bombs to Fermi?", "General Groves, at the Alamo airfield [1]."),
      *("Which car did Fermi bring with him?", "A Ford [1].")), "And who was his guide there?",
     "And who was Fermi's guide at the Alamo?"),
    # no clear antecedent: the topic in brackets, without what the question says itself
    (("How many eggs does a hen lay in a year?", "About 300 [1]."), "What about the ostrich?",
     "What about the ostrich? (eggs lay)"),
    (("How many lamps did houses in the valley have at the time?", "Two [1]."), "And the inn?",
     "And the inn? (lamps)"),
    (("What dose of quinine does Rosa Lund take?", "A small one [1]."), "When was it raised?",
     "When was it raised? (dose of quinine Rosa Lund takes: A small one)"),
    ((*("Who is the keeper of the lighthouse?", "The keeper, Anders Moe, is tired [1]."),
      *("What did he write about the storm of May?", ABSTENTION)), "What does he compare it to?",
     "What does Anders Moe compare it to? (wrote about the storm of May)"),
    (("Does Iceland have an army?", "No [1]."), "Why not?", "Why not? (Iceland has an army)"),
    (VIENNA, "Who attended the meeting?",
     "Who attended the meeting? (agreed at the Congress of Vienna)"),
    (TRIAL, "What was the verdict?", "What was the verdict? (Galileo Galilei was tried)"),
    (MUSK, "Was it expensive?", "Was it expensive? (Elon Musk bought in 2022: Twitter)"),
    (("Why did Steve Jobs leave Apple?", "He lost a fight [1]."), "Was anyone else fired?",
     "Was anyone else fired? (Steve Jobs left Apple)"),
    (("Why did President Roosevelt meet Stalin?", "To plan [1]."), "Tell me more",
     "Tell me more (President Roosevelt met Stalin)"),
]  # fmt: skip

STANDS_ALONE = [
    "How deep is Lake Baikal?",
    "What is photosynthesis?",
    "What is the capital of France?",
    "Is it true that bees can count?",
    "Is it legal to sell a castle?",
    "How long does it take to sail from Oslo to Bergen?",
    "Does it rain much in Bergen?",
    "Are there wolves in Norway?",
    "Did Alan Turing finish his thesis before he left Princeton?",
    "What did Alan Turing say about the machine that broke the code?",
    "Why do cats purr when they sleep?",
    "How do companies protect their data?",
    "Which companies protect their data best?",
    "How does a ship keep its balance?",
    "What is the largest ship that sails today?",
    "What is the significance of the summit, and why does it matter?",
    "How long is the armoured train, and where is it now?",
    "Who wrote 'It is what it is'?",
    "Thank you!",
    "  How do volcanoes\terupt ?",
]


def conversation(*texts: str) -> list[Turn]:
    """Turns from texts: the user's and the assistant's by turns, the user's first."""
    roles: tuple[Literal["user"], Literal["assistant"]] = ("user", "assistant")
    return [Turn(roles[at % 2], text) for at, text in enumerate(texts)]


def holds(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


@pytest.mark.parametrize(("history", "question", "expected"), FOLLOW_UPS)
def test_a_follow_up_stands_alone(history: tuple[str, ...], question: str, expected: str) -> None:
    assert stand_alone(question, conversation(*history)) == expected


@pytest.mark.parametrize(("history", "_", "expected"), PRONOUNS)
def test_what_was_made_to_stand_alone_does_so(
    history: tuple[str, ...], _: str, expected: str
) -> None:
    assert stand_alone(expected, conversation(*history)) == expected


@pytest.mark.parametrize("history", [CURIE, TITANIC, VIENNA])
@pytest.mark.parametrize("question", STANDS_ALONE)
def test_a_question_that_stands_alone_stays(history: tuple[str, ...], question: str) -> None:
    assert stand_alone(question, conversation(*history)) == question


def _shared() -> list[dict[str, Any]]:
    return list(yaml.safe_load(CONVERSATIONS.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", _shared(), ids=lambda case: case["question"])
def test_the_conversations_of_the_test_data(case: dict[str, Any]) -> None:
    history = [Turn(turn["role"], turn["text"]) for turn in case["history"]]
    question = stand_alone(case["question"], history)
    assert [words for words in case["expect"] if not holds(question, words)] == []
    assert [words for words in case["forbid"] if holds(question, words)] == []
    assert (question == case["question"]) == case["standalone"]


@pytest.mark.parametrize("question", [q for _, q, _ in FOLLOW_UPS])
def test_without_a_conversation_nothing_changes(question: str) -> None:
    assert stand_alone(question, []) == question


def test_a_chain_of_pronouns_leads_back_to_its_name() -> None:
    chain = ["Who was Ernest Shackleton?", "An explorer [1]."]
    for asked in ("What was his ship called?", "When did he sail?", "Who paid for him?"):
        chain += [asked, "The articles don't say."]
    assert stand_alone("Did he return?", conversation(*chain)) == "Did Ernest Shackleton return?"


def test_a_new_topic_replaces_the_old() -> None:
    turns = conversation(*CURIE, "Where was Alan Turing born?", "In London [1].")
    assert stand_alone("When did he die?", turns) == "When did Alan Turing die?"


def test_only_the_last_turns_count() -> None:
    old = conversation(*CURIE)
    new = conversation(*TITANIC) * 99
    assert stand_alone("Who built it?", old + new) == "Who built the Titanic?"
    assert "Curie" not in stand_alone("Was she rich?", old + new)


def test_courtesy_is_no_topic() -> None:
    turns = conversation(*TITANIC, "Thanks!", "You are welcome.")
    assert stand_alone("Who built it?", turns) == "Who built the Titanic?"


@pytest.mark.parametrize("first", [0, 1])
def test_roles_may_come_in_any_order(first: int) -> None:
    turns = [Turn("assistant", "Ask me about Nikola Tesla."), Turn("assistant", "Go on.")]
    turns.insert(first, Turn("user", "ok"))
    assert stand_alone("Where did he live?", turns) == "Where did Nikola Tesla live?"


def test_neither_the_question_nor_the_history_is_changed() -> None:
    turns = conversation(*CURIE)
    before = list(turns)
    assert stand_alone("Was she rich?", turns) == stand_alone("Was she rich?", turns)
    assert turns == before


@pytest.mark.parametrize(
    "question",
    ["", "   ", "?!", "(", "x" * 100_000, "he " * 33_000, "他做了什么？", "\x00\x01", "[1]"],
    ids=lambda question: repr(question[:8]),
)
def test_what_cannot_be_a_follow_up_comes_back(question: str) -> None:
    assert stand_alone(question, conversation(*CURIE)) == question


@pytest.mark.parametrize(
    "told", ["", "\x00", "\ud800", "She " * 50_000, "Marie Curie? " * 9_000, "((((", "* [1] [2]"]
)
def test_odd_turns_are_no_obstacle(told: str) -> None:
    turns = conversation("Who was Marie Curie?", told, told, "A physicist.")
    assert "did Marie Curie write" in stand_alone("What\x07 did she write?", turns)


VOCABULARY = (
    "he she it they him his that then there this the former other two leaders And Why What did is"
    " was Marie Curie the Titanic Paris in 2019 of . ? ' \" ( ) [1] – sink's"
)
WORDS = st.lists(st.sampled_from(VOCABULARY.split(" ")), max_size=9).map(" ".join)
TURNS = st.lists(st.tuples(st.booleans(), WORDS | st.text()), max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    WORDS | st.text(max_size=40), st.lists(st.tuples(st.booleans(), WORDS | st.text()), max_size=6)
)
def test_any_conversation_gives_a_question(question: str, told: list[tuple[bool, str]]) -> None:
    turns = [Turn("user" if user else "assistant", text) for user, text in told]
    answer = stand_alone(question, turns)
    assert bool(answer.strip()) == bool(question.strip())
    assert answer == stand_alone(question, turns)


@pytest.mark.parametrize("answer", ["It was won by a team.", "The articles don't say."])
def test_a_topic_that_was_refused_is_not_carried_on(answer: str) -> None:
    history = [Turn("user", "Who won the football world cup?"), Turn("assistant", answer)]
    asked = "How long did the handshake last?"
    refused = answer == "The articles don't say."
    assert (stand_alone(asked, history) == asked) is refused
