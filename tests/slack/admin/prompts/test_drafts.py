"""Drafts over real sockets: tried in a thread, then published, edited or discarded by their author."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.core.access.grants import Grants
from bot.core.chat.drafts import DRAFT_LIFETIME_SECONDS
from bot.core.config import Prompt, ScopeConfig
from bot.core.turns import AddressingKind, Author, ThreadKey
from bot.policy.saved_grants import GRANTS_CACHE_TTL_SECONDS
from bot.sandbox.workspace.records import WorkspaceMessage, WorkspaceView
from bot.slack.admin import authorization
from bot.slack.admin.prompts import draft_view, drafts, editor_views, form, history
from bot.slack.admin.signed_state import FormState, sign
from tests.slack.admin_client import ADA, CHANNEL, GRACE, JOAN, KEY, KIND, TEAM, WORKSPACE, AdminClient

BRIEF = ScopeConfig(prompt=Prompt("Be brief."))


async def tried(admin_client: AdminClient, question: str = "Why?", **changes: object) -> WorkspaceMessage:
    """Let Ada try a draft for a channel, and return the first message of its thread."""
    view = await admin_client.open_editor(ADA)
    await admin_client.press_in_form(ADA, view, form.TRY_ACTION, question=question, **{"prompt": "Be kind.", **changes})
    return admin_client.sent_messages(ADA)[-1]


def thread(head: WorkspaceMessage) -> ThreadKey:
    return ThreadKey(platform="slack", workspace=TEAM, channel=head.channel, root=head.ts)


def now(admin_client: AdminClient, head: WorkspaceMessage) -> WorkspaceMessage:
    return admin_client.workspace.state.message(head.channel, head.ts)


def fields(view: WorkspaceView) -> dict[str, object]:
    inputs = (block for block in view.content["blocks"] if block["type"] == "input")
    return {block["block_id"]: block["element"].get("initial_value") for block in inputs}


async def test_a_draft_is_tried_in_a_thread_with_its_admin(admin_client: AdminClient) -> None:
    """The thread shows the difference, then the question, asked in the admin's name."""
    head = await tried(admin_client, "Is <this> *it*?", temperature="0.3", note="Complaints.")
    for text in ("Draft for <#C0GENERAL>", "version 1", "not published", "+Be kind.", "temperature: 0.3"):
        assert text in str(head.blocks)
    _root, asked = admin_client.workspace.state.thread(head.channel, head.ts)
    assert "Is <this> *it*?" in str(asked.blocks), "to the letter, and nothing in it is markup"
    (incoming,) = admin_client.questions
    assert (incoming.thread, incoming.message_id) == (thread(head), asked.ts)
    assert (incoming.author, incoming.text) == (Author(id=ADA, name="ada"), "Is <this> *it*?")
    assert (incoming.addressed, incoming.sent_at) == (AddressingKind.DIRECT, float(asked.ts))
    draft = await admin_client.drafts.find_draft(thread(head))
    assert draft
    assert draft.config == ScopeConfig(prompt=Prompt("Be kind."), parameters={"temperature": 0.3})
    assert (draft.scope, draft.based_on, draft.author, draft.note) == (CHANNEL, 0, ADA, "Complaints.")
    assert await admin_client.saved_configs() == [], "nothing is published"


async def test_the_form_stays_open_below_the_link_to_the_thread(admin_client: AdminClient) -> None:
    await tried(admin_client)
    below, above = admin_client.workspace.views.stack(ADA)
    assert below.content["callback_id"] == editor_views.CONFIG_FORM_CALLBACK
    assert "slack.com/archives/D" in str(above.content)
    await admin_client.submit(ADA, below, prompt="Be kind.")
    assert await admin_client.saved_configs() == [KIND]


async def test_a_wrong_draft_shows_errors_and_asks_nothing(admin_client: AdminClient) -> None:
    """The same errors as on saving. The form keeps its input, and drops earlier errors."""
    await admin_client.versions.save(WORKSPACE, ScopeConfig(locks=frozenset({"n"})), based_on=0, by=Author(id=JOAN))
    view = await admin_client.open_editor(ADA)
    await admin_client.press_in_form(ADA, view, form.TRY_ACTION, prompt="Dear {name}", temperature="3", question=" ")
    shown = admin_client.top_view(ADA)
    assert shown.id == view.id
    assert fields(shown) == fields(view), "what was typed is kept by Slack where the fields stay the same"
    ids = [str(block.get("block_id", "")) for block in shown.content["blocks"]]
    for name in ("prompt:line:0", "temperature", "question"):
        assert ids[ids.index(name) + 1] == f"{form.ERROR_BLOCK_PREFIX}:{name}"
    assert "number from 0 to 2" in admin_client.shown_text(ADA)
    assert "`{name}` in line 1 is not a placeholder" in admin_client.shown_text(ADA)
    await admin_client.press_in_form(
        ADA, shown, form.TRY_ACTION, prompt="Dear {user}", question="Why?", temperature="3"
    )
    ids = [str(block.get("block_id", "")) for block in admin_client.top_view(ADA).content["blocks"]]
    assert [each for each in ids if each.startswith(form.ERROR_BLOCK_PREFIX)] == [
        f"{form.ERROR_BLOCK_PREFIX}:temperature"
    ]
    assert (admin_client.questions, admin_client.sent_messages(ADA)) == ([], [])


async def test_a_draft_is_published_from_its_thread(admin_client: AdminClient) -> None:
    """It becomes a version, and the thread offers its History."""
    head = await tried(admin_client, note="Complaints.")
    admin_client.now += DRAFT_LIFETIME_SECONDS - 1
    await admin_client.press_below(ADA, head, draft_view.PUBLISH_ACTION)
    (version,) = await admin_client.versions.list_history(CHANNEL, limit=9)
    assert (version.config, version.note) == (KIND, "Complaints.")
    assert version.author == Author(id=ADA, name="ada")
    assert await admin_client.drafts.find_draft(thread(head)) is None
    said = now(admin_client, head)
    assert "*Published* for <#C0GENERAL>: *Version 1*" in str(said.blocks)
    assert draft_view.PUBLISH_ACTION not in str(said.blocks)
    await admin_client.press_below(ADA, said, editor_views.HISTORY_ACTION)
    assert "Versions of <#C0GENERAL>" in admin_client.shown_text(ADA)


async def test_publishing_twice_is_publishing_once(admin_client: AdminClient) -> None:
    """Also if the draft was saved from its form in between."""
    head = await tried(admin_client)
    await admin_client.submit(ADA, admin_client.workspace.views.stack(ADA)[0], prompt="Be kind.")
    await admin_client.press_below(ADA, head, draft_view.PUBLISH_ACTION)
    assert await admin_client.saved_configs() == [KIND]
    assert "Published" in str(now(admin_client, head).blocks)
    await admin_client.press_below(ADA, head, draft_view.PUBLISH_ACTION)
    assert drafts.DRAFT_GONE in admin_client.shown_text(ADA)
    assert await admin_client.saved_configs() == [KIND]


async def test_the_author_opens_the_form_with_the_draft_in_it(admin_client: AdminClient) -> None:
    head = await tried(admin_client, temperature="0.3", note="Complaints.")
    admin_client.workspace.views.close_all(ADA)
    await admin_client.press_below(ADA, head, draft_view.EDIT_DRAFT_ACTION)
    shown = admin_client.top_view(ADA)
    found = fields(shown)
    assert [found[name] for name in ("prompt:line:0", "temperature", "note")] == ["Be kind.", "0.3", "Complaints."]
    await admin_client.submit(ADA, shown)
    (saved,) = await admin_client.saved_configs()
    assert saved == ScopeConfig(prompt=Prompt("Be kind."), parameters={"temperature": 0.3})


@pytest.mark.parametrize("action", [draft_view.PUBLISH_ACTION, draft_view.EDIT_DRAFT_ACTION])
async def test_a_draft_is_not_published_over_a_newer_version(admin_client: AdminClient, action: str) -> None:
    """The form shows both versions, with the draft in its inputs. The draft is kept."""
    head = await tried(admin_client)
    await admin_client.versions.save(CHANNEL, BRIEF, based_on=0, by=Author(id=JOAN, name="joan"), note="Shorter!")
    await admin_client.press_below(ADA, head, action)
    for text in ("joan was faster", "Shorter!", "-Be brief.", "+Be kind."):
        assert text in admin_client.shown_text(ADA)
    assert await admin_client.saved_configs() == [BRIEF]
    assert await admin_client.drafts.find_draft(thread(head))
    await admin_client.submit(ADA, admin_client.top_view(ADA))
    assert await admin_client.saved_configs() == [KIND, BRIEF]


async def test_a_draft_of_a_locked_field_is_not_published(admin_client: AdminClient) -> None:
    head = await tried(admin_client)
    await admin_client.versions.save(
        WORKSPACE, ScopeConfig(locks=frozenset({"prompt"})), based_on=0, by=Author(id=JOAN)
    )
    await admin_client.press_below(ADA, head, draft_view.PUBLISH_ACTION)
    assert "`prompt` is locked by" in admin_client.shown_text(ADA)
    assert await admin_client.saved_configs() == []
    assert await admin_client.drafts.find_draft(thread(head))


async def test_a_discarded_draft_is_gone(admin_client: AdminClient) -> None:
    head = await tried(admin_client)
    await admin_client.press_below(ADA, head, draft_view.DISCARD_ACTION)
    assert await admin_client.drafts.find_draft(thread(head)) is None
    assert "*Discarded*" in str(now(admin_client, head).blocks)
    await admin_client.press_below(ADA, head, draft_view.PUBLISH_ACTION)
    assert drafts.DRAFT_GONE in admin_client.shown_text(ADA)
    assert await admin_client.saved_configs() == []


@pytest.mark.parametrize("action", [draft_view.PUBLISH_ACTION, draft_view.EDIT_DRAFT_ACTION, draft_view.DISCARD_ACTION])
async def test_only_the_author_decides_about_a_draft(admin_client: AdminClient, action: str) -> None:
    """A member, another admin, a forged state, and an author who is no longer an admin."""
    head = await tried(admin_client)
    value = next(each["value"] for each in head.blocks[-1]["elements"] if each["action_id"] == action)
    joans = sign(FormState(scope=CHANNEL, based_on=0, user=JOAN, expires_at=admin_client.now + 99), KEY)
    elsewhere = sign(
        FormState(scope=replace(CHANNEL, channel="C0ENG"), based_on=0, user=ADA, expires_at=admin_client.now + 99), KEY
    )
    for user, signed, expected in (
        (GRACE, value, authorization.FORM_NOT_YOURS),
        (JOAN, value, authorization.FORM_NOT_YOURS),
        (JOAN, joans, drafts.DRAFT_GONE),
        (ADA, "nonsense", authorization.FORM_NOT_YOURS),
        (ADA, elsewhere, drafts.DRAFT_GONE),
    ):
        with capture_logs() as logs:
            await admin_client.press_below(user, head, action, signed)
        assert expected in admin_client.shown_text(user)
        assert "steering_denied" in [log["action"] for log in logs]
    assert now(admin_client, head) == head
    assert await admin_client.saved_configs() == []
    assert await admin_client.drafts.find_draft(thread(head))


async def test_a_signed_button_expires(admin_client: AdminClient) -> None:
    head = await tried(admin_client)
    admin_client.now += DRAFT_LIFETIME_SECONDS + 1
    await admin_client.press_below(ADA, head, draft_view.PUBLISH_ACTION)
    assert authorization.FORM_EXPIRED in admin_client.shown_text(ADA)
    assert await admin_client.saved_configs() == []


async def test_a_forged_form_starts_no_draft(admin_client: AdminClient) -> None:
    view = await admin_client.open_editor(ADA)
    for user, metadata, expected in (
        (ADA, "nonsense", authorization.FORM_NOT_YOURS),
        (JOAN, view.content["private_metadata"], authorization.FORM_NOT_YOURS),
        (GRACE, view.content["private_metadata"], authorization.FORM_NOT_YOURS),
    ):
        forged = admin_client.workspace.views.open(user, view.content | {"private_metadata": metadata})
        await admin_client.press_in_form(user, forged, form.TRY_ACTION, prompt="Mine!", question="Why?")
        assert expected in admin_client.shown_text(user)
    assert (admin_client.questions, admin_client.sent_messages(ADA)) == ([], [])


async def test_without_a_database_the_form_stays_as_it_is(admin_client: AdminClient) -> None:
    view = await admin_client.open_editor(ADA)
    admin_client.versions.is_away = True
    await admin_client.press_in_form(ADA, view, form.TRY_ACTION, prompt="Be kind.", question="Why?")
    below, above = admin_client.workspace.views.stack(ADA)
    assert below.id == view.id
    assert "can't reach my database" in str(above.content)
    assert admin_client.sent_messages(ADA) == []


async def test_a_very_long_draft_and_question_fit_their_messages(admin_client: AdminClient) -> None:
    """Only the shown difference is cut."""
    prompt, question = "<!here> & `*_~\n" * 190, "<&>" * 1_000
    head = await tried(admin_client, question, prompt=prompt.strip())
    draft = await admin_client.drafts.find_draft(thread(head))
    assert draft
    assert draft.config.prompt
    assert draft.config.prompt.text == prompt.strip()
    assert admin_client.questions[0].text == question
    await admin_client.press_below(ADA, head, draft_view.PUBLISH_ACTION)
    assert len(await admin_client.versions.list_history(CHANNEL, limit=2)) == 1
    assert history.RESTORE_ACTION not in str(now(admin_client, head).blocks)


async def test_a_steward_tries_and_publishes_a_draft(admin_client: AdminClient) -> None:
    """Access is checked again when the draft is published."""
    grants = Grants(stewards=frozenset({GRACE}))
    await admin_client.grants.save(CHANNEL, grants, based_on=0, by=Author(id=ADA))
    for publishes in (True, False):
        view = await admin_client.open_editor(GRACE)
        await admin_client.press_in_form(GRACE, view, form.TRY_ACTION, prompt=f"Be kind: {publishes}.", question="Why?")
        head = admin_client.sent_messages(GRACE)[-1]
        if not publishes:
            await admin_client.grants.save(CHANNEL, Grants(), based_on=1, by=Author(id=ADA))
            admin_client.now += GRANTS_CACHE_TTL_SECONDS
        await admin_client.press_below(GRACE, head, draft_view.PUBLISH_ACTION)
    assert [incoming.author.id for incoming in admin_client.questions] == [GRACE, GRACE]
    assert await admin_client.saved_configs() == [ScopeConfig(prompt=Prompt("Be kind: True."))]
    assert authorization.NOT_AN_ADMIN in admin_client.shown_text(GRACE)
