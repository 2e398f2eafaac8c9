"""Who may ask where, and who may steer: tables of what is decided, and what holds whatever is set."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import granting
from bot.core.access import NO_RULES, Admission, Person, Refusal, Rules, Spot, Standing, may_steer, refusal
from bot.core.granting import Grants

ADA = Person("U1", Standing.MEMBER)
GUEST = Person("U2", Standing.GUEST)
CHANNEL_GUEST = Person("U3", Standing.CHANNEL_GUEST)
STRANGER = Person("U4", Standing.EXTERNAL)
ROBOT = Person("U5", Standing.BOT)
NOBODY = Person("U6", Standing.UNKNOWN)
HERE = Spot(channel="C1", is_shared=False)
SHARED = Spot(channel="C2")
DIRECT = Spot(channel="D1", is_direct=True)


def admitting(*what: Admission, invited: frozenset[str] = frozenset()) -> Rules:
    return Rules(admits=frozenset(what), invited=invited)


@pytest.mark.parametrize(
    ("person", "spot", "rules", "expected"),
    [
        # nobody has decided anything
        (ADA, HERE, NO_RULES, None),
        (ADA, DIRECT, NO_RULES, None),
        (ADA, SHARED, NO_RULES, None),
        (GUEST, HERE, NO_RULES, Refusal.GUEST),
        (CHANNEL_GUEST, HERE, NO_RULES, Refusal.GUEST),
        (STRANGER, SHARED, NO_RULES, Refusal.EXTERNAL),
        (ROBOT, HERE, NO_RULES, Refusal.BOT),
        (NOBODY, HERE, NO_RULES, Refusal.UNKNOWN),
        # channels
        (ADA, HERE, Rules(channels=frozenset({"C1"})), None),
        (ADA, SHARED, Rules(channels=frozenset({"C1"})), Refusal.CHANNEL),
        (ADA, DIRECT, Rules(channels=frozenset({"C1"})), None),
        (ADA, HERE, Rules(denied_channels=frozenset({"C1"})), Refusal.CHANNEL),
        # people
        (ADA, HERE, Rules(people=frozenset({"U1"})), None),
        (ADA, HERE, Rules(people=frozenset({"U2"})), Refusal.PERSON),
        (GUEST, HERE, Rules(people=frozenset({"U2"})), None),
        (ADA, DIRECT, Rules(denied_people=frozenset({"U1"})), Refusal.PERSON),
        # what is let in as a whole, and by name
        (ADA, DIRECT, admitting(), Refusal.DIRECT),
        (ADA, SHARED, admitting(), Refusal.SHARED),
        (GUEST, HERE, admitting(Admission.GUESTS), None),
        (CHANNEL_GUEST, HERE, admitting(Admission.GUESTS), Refusal.GUEST),
        (CHANNEL_GUEST, HERE, admitting(Admission.CHANNEL_GUESTS), None),
        (STRANGER, SHARED, admitting(Admission.EXTERNAL), Refusal.SHARED),
        (STRANGER, SHARED, admitting(Admission.EXTERNAL, Admission.SHARED), None),
        (GUEST, HERE, admitting(invited=frozenset({"U2"})), None),
        (ROBOT, HERE, admitting(*Admission, invited=frozenset({"U5"})), Refusal.BOT),
        (NOBODY, HERE, admitting(*Admission, invited=frozenset({"U6"})), Refusal.UNKNOWN),
    ],
)
def test_who_may_ask_where(person: Person, spot: Spot, rules: Rules, expected: Refusal | None) -> None:
    assert refusal(person, spot, [rules]) is expected


def test_what_the_deployment_fixes_no_admin_loosens() -> None:
    """What it leaves open is theirs; and a guest whom it names is let in where they decide, too."""
    strict, loose = admitting(), admitting(*Admission, invited=frozenset({"U2"}))
    assert refusal(GUEST, HERE, [strict, loose]) is Refusal.GUEST
    assert refusal(GUEST, HERE, [NO_RULES, loose]) is None
    assert refusal(GUEST, HERE, [Rules(invited=frozenset({"U2"})), strict]) is None
    assert refusal(ADA, HERE, [Rules(channels=frozenset({"C1"})), Rules(channels=frozenset({"C2"}))])


def test_everybody_but_a_bot_is_told_why_in_a_sentence() -> None:
    assert {each for each in Refusal if not each.for_people} == {Refusal.BOT}


USERS = [f"U{number}" for number in range(1, 7)]
CHANNELS = ["C1", "C2", "D1"]
people = st.builds(Person, st.sampled_from(USERS), st.sampled_from(Standing))
spots = st.sampled_from([HERE, SHARED, DIRECT])
some_users = st.frozensets(st.sampled_from(USERS))
some_channels = st.frozensets(st.sampled_from(CHANNELS))
sets_of_rules = st.builds(
    Rules,
    channels=some_channels,
    people=some_users,
    denied_channels=some_channels,
    denied_people=some_users,
    invited=some_users,
    admits=st.none() | st.frozensets(st.sampled_from(Admission)),
)
rules_lists = st.lists(sets_of_rules, max_size=3)


@given(person=people, spot=spots, rules=rules_lists)
def test_denial_wins(person: Person, spot: Spot, rules: list[Rules]) -> None:
    for denial in (
        Rules(denied_people=frozenset({person.id})),
        Rules(denied_channels=frozenset({spot.channel})),
    ):
        assert refusal(person, spot, [*rules, denial])


@given(person=people, spot=spots, rules=rules_lists)
def test_what_nobody_knows_is_no_better_than_anything_it_could_be(
    person: Person, spot: Spot, rules: list[Rules]
) -> None:
    assert refusal(replace(person, standing=Standing.UNKNOWN), spot, rules)
    assert refusal(replace(person, standing=Standing.BOT), spot, rules) is Refusal.BOT
    if refusal(person, replace(spot, is_shared=True), rules) is None:
        assert refusal(person, replace(spot, is_shared=False), rules) is None


@given(person=people, spot=spots, rules=rules_lists)
def test_who_is_let_in_as_somebody_else_is_let_in_as_a_member(
    person: Person, spot: Spot, rules: list[Rules]
) -> None:
    if refusal(person, spot, rules) is None:
        assert refusal(replace(person, standing=Standing.MEMBER), spot, rules) is None


@given(person=people, spot=spots, rules=rules_lists, more=sets_of_rules)
def test_a_further_set_of_denials_lets_nobody_in(
    person: Person, spot: Spot, rules: list[Rules], more: Rules
) -> None:
    """Lists only narrow; a name in them tells of a guest, so it is left out here."""
    narrower = replace(more, people=frozenset(), invited=frozenset(), admits=None)
    if refusal(person, spot, rules):
        assert refusal(person, spot, [*rules, narrower])


@given(person=people, named=some_users, has_rank=st.booleans())
def test_no_rule_locks_out_the_admins_and_no_name_lets_others_steer(
    person: Person, named: frozenset[str], has_rank: bool
) -> None:
    """Who may steer is asked without any rules: whoever is denied everything still may."""
    is_member = person.standing is Standing.MEMBER
    assert may_steer(person, has_rank=has_rank, named=named) == (
        is_member and (has_rank or person.id in named)
    )


grants = st.builds(Grants, rules=sets_of_rules, stewards=some_users)


@given(grants=grants)
def test_what_is_written_is_read_again(grants: Grants) -> None:
    assert granting.from_json(granting.to_json(grants)) == grants


@given(old=grants, new=grants)
def test_a_difference_is_shown_exactly_where_there_is_one(old: Grants, new: Grants) -> None:
    assert bool(granting.diff(old, new)) == (old != new)


def test_every_list_has_its_words() -> None:
    assert {*granting.LISTS, "admits"} == {each.name for each in fields(Rules)}


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(ValueError, match="newer than this program"):
        granting.from_json('{"format": 2}')
