/** The screen: draws the page for a state and a place. `app.js` decides when. */

import { composer } from "./composer.js";
import { h, icon, iconButton, reconcile } from "./dom.js";
import { introduction } from "./introduction.js";
import { showSidebar } from "./sidebar.js";
import { timeline } from "./timeline.js";
import { tracePanel } from "./trace.js";
import { showHome } from "./views.js";

const $ = (id) => document.getElementById(id);

/** Build the parts once; returns the composers, and `draw()`, which draws at most once per animation frame. */
export function screen(page) {
  const write = (text) => page.post(text);
  const reply = (text) => page.post(text, page.place.thread);
  const channelComposer = composer({
    ...{ page, label: "Message", send: write, id: "composer-text" },
    ...{ testid: "composer", sendTestid: "send" },
  });
  const threadComposer = composer({
    ...{ page, label: "Reply", send: reply },
    ...{ testid: "thread-composer", sendTestid: "thread-send" },
  });
  $("composer").append(channelComposer);
  $("thread-composer").append(threadComposer);
  const showChannel = timeline($("timeline"), page);
  const showThread = timeline($("thread-timeline"), page);
  const showTrace = tracePanel($("trace"), () => page.go({ trace: page.place.trace ? "" : "1" }));
  let drawing = 0;

  function draw() {
    drawing ||= requestAnimationFrame(() => {
      drawing = 0;
      drawBar(page);
      drawHead(page);
      drawChannel(page, showChannel, channelComposer);
      drawThread(page, showThread, threadComposer);
      showSidebar($("sidebar"), page);
      showTrace(page.state.trace, Boolean(page.place.trace));
    });
  }

  return { draw, channelComposer, threadComposer };
}

/** The displayed name of a channel. */
function nameOf(channel, state) {
  return channel.kind === "im" ? state.bot.name : `#${channel.name}`;
}

function drawBar({ state, shortcut }) {
  const { bot } = state;
  $("workspace-name").textContent = state.team.name;
  $("bot-state").textContent = `${bot.name || "The bot"} is ${bot.connected ? "" : "not "}connected`;
  $("bot-state").className = bot.connected ? "on" : "";
  const shortcuts = state.shortcuts.filter(({ type }) => type === "global");
  $("shortcuts").hidden = !shortcuts.length;
  const button = (item) =>
    h("button", { type: "button", on: { click: () => shortcut(item) } }, item.name ?? item.callback_id);
  reconcile($("shortcuts").lastElementChild, shortcuts, (item) => item.callback_id, button);
}

function drawHead(page) {
  const { state, place } = page;
  const channel = state.channels.get(place.channel);
  for (const id of ["timeline", "composer"]) $(id).hidden = Boolean(place.home);
  $("home").hidden = !place.home;
  if (place.home) showHome($("home"), state.home, page);
  if (!channel) return;
  const name = place.home ? state.bot.name : nameOf(channel, state);
  const topic = place.home ? "Home" : (channel.topic ?? "");
  document.title = `${place.home ? "Home" : name} - ${state.team.name}`;
  $("place").replaceChildren(h("h1", {}, name), h("span", { class: "topic" }, topic));
}

function drawChannel(page, show, composer) {
  const { state, place } = page;
  const channel = state.channels.get(place.channel);
  if (!channel || place.home) return;
  const messages = state.in(channel.id);
  const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;
  const threads = Map.groupBy(messages.filter(isReply), (message) => message.thread_ts);
  const entries = messages
    .filter((message) => !isReply(message) || message.broadcast)
    .map((message) => ({
      message,
      replies: threads.get(message.ts) ?? [],
      status: place.thread === message.ts ? null : state.status(channel.id, message.ts),
    }));
  const fill = (text) => composer.fill(text);
  show(entries, {
    introduction: introduction(channel, state, entries.length === 0, fill),
    place: `${state.me} ${channel.id}`,
  });
  composer.place(channel.id, `Message ${nameOf(channel, state)}`);
}

function drawThread(page, show, composer) {
  const { state, place } = page;
  const root = !place.home && place.thread && state.message(place.channel, place.thread);
  $("thread").hidden = !root;
  if (!root) return;
  const replies = state.in(root.channel).filter(({ ts, thread_ts }) => thread_ts === root.ts && ts !== root.ts);
  const working = state.status(root.channel, root.ts);
  const whole = (message, index) => ({ message, replies: [], whole: true, apart: index === 1 });
  show([root, ...replies].map(whole), { working, place: `${state.me} ${root.channel} ${root.ts}` });
  const running = Boolean(working) || replies.some((message) => message.streaming);
  drawThreadHead(page, root, running);
  composer.place(`${root.channel} ${root.ts}`, "Reply…");
}

/** Buttons keep their elements while an answer grows, so that no click is lost between two drawings. */
function drawThreadHead({ state, send, go }, root, running) {
  const name = nameOf(state.channels.get(root.channel), state);
  const stop = () => send({ type: "stop", channel: root.channel, thread_ts: root.ts });
  const title = state.title(root.channel, root.ts) || "Thread";
  const parts = [
    { key: `title ${title}`, make: () => h("h1", { title, data: { testid: "thread-title" } }, title) },
    { key: name, make: () => h("span", { class: "topic" }, name) },
    running && {
      key: `stop ${root.ts}`,
      make: () =>
        h("button", { type: "button", class: "button stop", data: { testid: "stop" }, on: { click: stop } }, [
          icon("stop"),
          "Stop",
        ]),
    },
    { key: "close", make: () => iconButton("close", "Close the thread", () => go({ thread: "" })) },
  ];
  reconcile(
    $("thread-place"),
    parts.filter(Boolean),
    (part) => part.key,
    (part) => part.make(),
  );
}
