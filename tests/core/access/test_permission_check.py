"""Who may ask where, and who may configure the bot: tables of decisions, and properties of rules."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.access import grants as granting
from bot.core.access.grants import Grants
from bot.core.access.permission_check import (
    NO_ACCESS_RULES,
    AccessRefusal,
    AccessRules,
    AccessSubject,
    Admission,
    MemberType,
    RequestLocation,
    find_refusal,
    may_configure,
)

ADA = AccessSubject("U1", MemberType.MEMBER)
GUEST = AccessSubject("U2", MemberType.GUEST)
CHANNEL_GUEST = AccessSubject("U3", MemberType.CHANNEL_GUEST)
STRANGER = AccessSubject("U4", MemberType.EXTERNAL)
ROBOT = AccessSubject("U5", MemberType.BOT)
UNCLEAR = AccessSubject("U7", MemberType.UNCLEAR)
NOBODY = AccessSubject("U6", MemberType.UNKNOWN)
HERE = RequestLocation(channel="C1", is_shared=False)
SHARED = RequestLocation(channel="C2")
DIRECT = RequestLocation(channel="D1", is_direct=True)


def admitting(*what: Admission, invited: frozenset[str] = frozenset()) -> AccessRules:
    return AccessRules(admits=frozenset(what), invited=invited)


@pytest.mark.parametrize(
    ("person", "location", "rules", "expected"),
    [
        # nobody has decided anything
        (ADA, HERE, NO_ACCESS_RULES, None),
        (ADA, DIRECT, NO_ACCESS_RULES, None),
        (ADA, SHARED, NO_ACCESS_RULES, None),
        (GUEST, HERE, NO_ACCESS_RULES, AccessRefusal.GUEST),
        (CHANNEL_GUEST, HERE, NO_ACCESS_RULES, AccessRefusal.GUEST),
        (STRANGER, SHARED, NO_ACCESS_RULES, AccessRefusal.EXTERNAL),
        (ROBOT, HERE, NO_ACCESS_RULES, AccessRefusal.BOT),
        (NOBODY, HERE, NO_ACCESS_RULES, AccessRefusal.UNKNOWN),
        (UNCLEAR, HERE, NO_ACCESS_RULES, AccessRefusal.UNCLEAR),
        # channels
        (ADA, HERE, AccessRules(channels=frozenset({"C1"})), None),
        (ADA, SHARED, AccessRules(channels=frozenset({"C1"})), AccessRefusal.CHANNEL),
        (ADA, DIRECT, AccessRules(channels=frozenset({"C1"})), None),
        (ADA, HERE, AccessRules(denied_channels=frozenset({"C1"})), AccessRefusal.CHANNEL),
        # people
        (ADA, HERE, AccessRules(people=frozenset({"U1"})), None),
        (ADA, HERE, AccessRules(people=frozenset({"U2"})), AccessRefusal.PERSON),
        (GUEST, HERE, AccessRules(people=frozenset({"U2"})), None),
        (ADA, DIRECT, AccessRules(denied_people=frozenset({"U1"})), AccessRefusal.PERSON),
        # what is let in as a whole, and by name
        (ADA, DIRECT, admitting(), AccessRefusal.DIRECT),
        (ADA, SHARED, admitting(), AccessRefusal.SHARED),
        (GUEST, HERE, admitting(Admission.GUESTS), None),
        (CHANNEL_GUEST, HERE, admitting(Admission.GUESTS), AccessRefusal.GUEST),
        (CHANNEL_GUEST, HERE, admitting(Admission.CHANNEL_GUESTS), None),
        (STRANGER, SHARED, admitting(Admission.EXTERNAL), AccessRefusal.SHARED),
        (STRANGER, SHARED, admitting(Admission.EXTERNAL, Admission.SHARED), None),
        (UNCLEAR, HERE, AccessRules(people=frozenset({"U7"})), None),
        (UNCLEAR, HERE, admitting(invited=frozenset({"U7"})), None),
        (UNCLEAR, HERE, admitting(Admission.GUESTS), AccessRefusal.UNCLEAR),
        (UNCLEAR, HERE, admitting(Admission.GUESTS, Admission.CHANNEL_GUESTS), None),
        (GUEST, HERE, admitting(invited=frozenset({"U2"})), None),
        (ROBOT, HERE, admitting(*Admission, invited=frozenset({"U5"})), AccessRefusal.BOT),
        (NOBODY, HERE, admitting(*Admission, invited=frozenset({"U6"})), AccessRefusal.UNKNOWN),
    ],
)
def test_who_may_ask_where(
    person: AccessSubject, location: RequestLocation, rules: AccessRules, expected: AccessRefusal | None
) -> None:
    assert find_refusal(person, location, [rules]) is expected


def test_admins_cannot_loosen_the_deployments_rules() -> None:
    """Admins decide what the deployment leaves open; a guest whom it names is admitted there too."""
    strict, loose = admitting(), admitting(*Admission, invited=frozenset({"U2"}))
    assert find_refusal(GUEST, HERE, [strict, loose]) is AccessRefusal.GUEST
    assert find_refusal(GUEST, HERE, [NO_ACCESS_RULES, loose]) is None
    assert find_refusal(GUEST, HERE, [AccessRules(invited=frozenset({"U2"})), strict]) is None
    assert find_refusal(ADA, HERE, [AccessRules(channels=frozenset({"C1"})), AccessRules(channels=frozenset({"C2"}))])


def test_everybody_but_a_bot_is_told_why_in_a_sentence() -> None:
    assert {each for each in AccessRefusal if not each.for_people} == {AccessRefusal.BOT}


USERS = [f"U{number}" for number in range(1, 7)]
CHANNELS = ["C1", "C2", "D1"]
people = st.builds(AccessSubject, st.sampled_from(USERS), st.sampled_from(MemberType))
locations = st.sampled_from([HERE, SHARED, DIRECT])
some_users = st.frozensets(st.sampled_from(USERS))
some_channels = st.frozensets(st.sampled_from(CHANNELS))
sets_of_rules = st.builds(
    AccessRules,
    channels=some_channels,
    people=some_users,
    denied_channels=some_channels,
    denied_people=some_users,
    invited=some_users,
    admits=st.none() | st.frozensets(st.sampled_from(Admission)),
)
rules_lists = st.lists(sets_of_rules, max_size=3)


@given(person=people, location=locations, rules=rules_lists)
def test_denials_win(person: AccessSubject, location: RequestLocation, rules: list[AccessRules]) -> None:
    for denial in (
        AccessRules(denied_people=frozenset({person.id})),
        AccessRules(denied_channels=frozenset({location.channel})),
    ):
        assert find_refusal(person, location, [*rules, denial])


@given(person=people, location=locations, rules=rules_lists)
def test_unknown_facts_count_as_the_worst_case(
    person: AccessSubject, location: RequestLocation, rules: list[AccessRules]
) -> None:
    assert find_refusal(replace(person, member_type=MemberType.UNKNOWN), location, rules)
    assert find_refusal(replace(person, member_type=MemberType.BOT), location, rules) is AccessRefusal.BOT
    if find_refusal(person, replace(location, is_shared=True), rules) is None:
        assert find_refusal(person, replace(location, is_shared=False), rules) is None


@given(person=people, location=locations, rules=rules_lists)
def test_a_person_admitted_as_a_guest_is_admitted_as_a_member(
    person: AccessSubject, location: RequestLocation, rules: list[AccessRules]
) -> None:
    if find_refusal(person, location, rules) is None:
        assert find_refusal(replace(person, member_type=MemberType.MEMBER), location, rules) is None


@given(person=people, location=locations, rules=rules_lists, more=sets_of_rules)
def test_a_further_set_of_denials_admits_no_one(
    person: AccessSubject, location: RequestLocation, rules: list[AccessRules], more: AccessRules
) -> None:
    """Lists only narrow; but a listed name admits a guest, so guests are left out here."""
    narrower = replace(more, people=frozenset(), invited=frozenset(), admits=None)
    if find_refusal(person, location, rules):
        assert find_refusal(person, location, [*rules, narrower])


@given(person=people, named=some_users, has_rank=st.booleans())
def test_no_rule_locks_out_admins_and_only_members_may_configure(
    person: AccessSubject, named: frozenset[str], has_rank: bool
) -> None:
    """`may_configure` takes no rules: an admin who is denied everything may still configure the bot."""
    is_member = person.member_type is MemberType.MEMBER
    assert may_configure(person, has_rank=has_rank, named=named) == (is_member and (has_rank or person.id in named))


grants = st.builds(Grants, rules=sets_of_rules, stewards=some_users)


@given(grants=grants)
def test_json_is_read_back(grants: Grants) -> None:
    assert granting.from_json(granting.to_json(grants)) == grants


@given(old=grants, new=grants)
def test_a_difference_is_shown_exactly_where_there_is_one(old: Grants, new: Grants) -> None:
    assert bool(granting.diff(old, new)) == (old != new)


def test_every_list_has_its_words() -> None:
    assert {*granting.RULE_LISTS, "admits"} == {each.name for each in fields(AccessRules)}


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(ValueError, match="newer than this program"):
        granting.from_json('{"format": 2}')


@pytest.mark.parametrize(("person", "helps"), [(NOBODY, False), (UNCLEAR, True)])
def test_a_person_is_told_that_a_name_helps_only_where_it_does(person: AccessSubject, *, helps: bool) -> None:
    refused = find_refusal(person, HERE, [NO_ACCESS_RULES])
    assert refused
    assert ("by name" in refused.for_people) is helps
    assert (find_refusal(person, HERE, [AccessRules(people=frozenset({person.id}))]) is None) is helps
