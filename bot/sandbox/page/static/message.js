/** One message: author, blocks, reactions, the summary of its thread, and its buttons. */

import { avatar } from "./avatar.js";
import { showBlocks } from "./blocks.js";
import { composer } from "./composer.js";
import { h, icon, iconButton, reconcile } from "./dom.js";
import { ago, clock, exact } from "./times.js";

/** Entry: {message, grouped, replies: Message[], status, whole: whether all replies are shown beside it}. */
export function makeMessage({ message }, page) {
  const user = page.state.users.get(message.user);
  const name = h("strong", { class: "name" }, page.state.name(message.user));
  const node = h("li", {
    class: "message",
    data: { testid: "message", ts: message.ts, channel: message.channel },
    tabindex: "-1",
  });
  node.parts = {
    gutter: h("div", { class: "gutter" }, avatar(user), h("time", { title: exact(message.ts) }, clock(message.ts))),
    head: h(
      "div",
      { class: "head" },
      name,
      message.bot && h("span", { class: "app-badge" }, "APP"),
      h("time", { title: exact(message.ts) }, clock(message.ts)),
      message.notice && h("span", { class: "only-you" }, "Only visible to you"),
    ),
    blocks: h("div", { class: "blocks" }),
    edited: h("span", { class: "edited" }, "(edited)"),
    reactions: h("div", { class: "reactions" }),
    thread: h("div", { class: "thread-line" }),
  };
  const { gutter, head, blocks, edited, reactions, thread } = node.parts;
  node.append(
    gutter,
    h("div", { class: "content" }, head, blocks, edited, reactions, thread),
    toolbar(node, message, page),
  );
  return node;
}

/** Update a message's element; unchanged parts keep their elements. */
export function updateMessage(node, entry, page) {
  const { message, grouped } = entry;
  const { blocks, edited, reactions, thread } = node.parts;
  node.classList.toggle("grouped", grouped);
  updateThread(thread, entry, page);
  if (node.shown === message) return;
  node.shown = message;
  node.classList.toggle("streaming", message.streaming);
  node.classList.toggle("notice", Boolean(message.notice));
  edited.hidden = !message.edited;
  const { channel, ts } = message;
  showBlocks(blocks, message.blocks, { container: { type: "message", channel, ts }, page });
  for (const mention of blocks.querySelectorAll(`[data-user="${CSS.escape(page.state.me)}"]`))
    mention.classList.add("me");
  reconcile(
    reactions,
    message.reactions,
    (reaction) => `${reaction.name} ${reaction.count}`,
    (reaction) => reactionPill(reaction, page),
  );
}

function reactionPill({ name, count, users }, page) {
  const who = users.map((id) => page.state.name(id)).join(", ");
  return h(
    "span",
    { class: "reaction", title: `${who} reacted with :${name}:` },
    page.emoji[name] ?? `:${name}:`,
    h("b", {}, String(count)),
  );
}

function updateThread(line, { message, replies, status, whole }, page) {
  const last = replies.at(-1);
  const shown = whole ? "" : `${replies.length} ${last?.ts} ${last && ago(last.ts)} ${status?.status}`;
  if (line.shown === shown) return;
  line.shown = shown;
  line.hidden = whole || (!last && !status);
  const open = () => page.openThread(message.channel, message.ts);
  const authors = [...new Set(replies.map((reply) => reply.user))]
    .slice(0, 4)
    .map((id) => avatar(page.state.users.get(id), "small"));
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  line.replaceChildren(
    ...(last
      ? [
          h(
            "button",
            { type: "button", class: "thread-summary", data: { testid: "thread-summary" }, on: { click: open } },
            ...authors,
            h("b", {}, count),
            h("span", { class: "faint" }, `Last reply ${ago(last.ts)}`),
          ),
        ]
      : []),
    ...(status ? [thinking(status, page)] : []),
  );
}

/** The status line, such as "Threadkeeper is thinking…". */
export function thinking({ status, loading_messages: messages }, page) {
  const words = messages?.length ? messages[0] : `${page.state.bot.name} ${status}`;
  return h(
    "p",
    { class: "thinking", data: { testid: "status" }, role: "status" },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", { class: "shimmer" }, words),
  );
}

function toolbar(node, message, page) {
  const mine = message.user === page.state.me;
  const root = message.thread_ts ?? message.ts;
  const shortcuts = page.state.shortcuts.filter((shortcut) => shortcut.type === "message");
  return h(
    "div",
    { class: "toolbar", role: "group", "aria-label": "What to do with this message" },
    !message.notice && iconButton("reply", "Reply in thread", () => page.openThread(message.channel, root)),
    mine && iconButton("edit", "Edit", () => edit(node, page)),
    mine && iconButton("trash", "Delete", () => page.remove(node.shown)),
    message.notice && iconButton("close", "Dismiss", () => page.dismiss(message)),
    shortcuts.length > 0 &&
      !message.notice &&
      h(
        "details",
        { class: "menu" },
        h("summary", { class: "quiet", "aria-label": "More" }, icon("more")),
        h(
          "div",
          { class: "menu-items" },
          shortcuts.map((shortcut) =>
            h(
              "button",
              { type: "button", on: { click: () => page.shortcut(shortcut, message) } },
              shortcut.name ?? shortcut.callback_id,
            ),
          ),
        ),
      ),
  );
}

function edit(node, page) {
  const { blocks } = node.parts;
  const { channel, ts, text } = node.shown;
  const done = () => {
    editor.remove();
    blocks.hidden = false;
  };
  const save = (written) => {
    const sent = page.send({ type: "edit", channel, ts, text: page.state.wire(written) });
    if (sent) done();
    return sent;
  };
  const editor = composer({ page, label: "Edit the message", send: save, cancel: done });
  blocks.hidden = true;
  blocks.after(editor);
  editor.fill(page.state.written(text));
}
