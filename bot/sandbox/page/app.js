/** The page: wires the feed, the state, the address and the views together. Frames come in, one drawing goes out. */

import { announce } from "./announce.js";
import { composer } from "./composer.js";
import { h, icon, iconButton } from "./dom.js";
import { Feed } from "./feed.js";
import { introduction } from "./introduction.js";
import { readPlace, writePlace } from "./place.js";
import { showSidebar } from "./sidebar.js";
import { State } from "./state.js";
import { timeline } from "./timeline.js";
import { tracePanel } from "./trace.js";
import { modals, showHome } from "./views.js";
import { values } from "./controls.js";

const $ = (id) => document.getElementById(id);
const FIRST_PERSON = "U0ADA";
const BESIDE = matchMedia("(min-width: 1000px)"); // wide enough for a thread beside its channel

const page = { state: new State(), place: readPlace(), unread: new Map(), emoji: {}, send, action, go, openThread, remove, dismiss, shortcut };
const feed = new Feed({ receive, connected });
let asked = ""; // the question whose thread opens by itself once somebody answers
let drawing = 0;

const channelComposer = composer({ page, label: "Message", testid: "composer", sendTestid: "send", id: "composer-text", send: (text) => post(text) });
const threadComposer = composer({ page, label: "Reply", testid: "thread-composer", sendTestid: "thread-send", send: (text) => post(text, page.place.thread) });
const showChannel = timeline($("timeline"), page);
const showThread = timeline($("thread-timeline"), page);
const showTrace = tracePanel($("trace"), () => go({ trace: page.place.trace ? "" : "1" }));
const stack = modals($("modal"), page);

// --- what comes from the workspace

function receive(frame) {
  const known = frame.type === "message" && page.state.message(frame.message.channel, frame.message.ts);
  page.state.apply(frame);
  if (frame.type === "hello") arrived();
  else if (frame.type === "message") heard(frame.message, !known);
  else if (frame.type === "status" && frame.status) unfold(frame.channel, frame.thread_ts);
  else if (frame.type === "modals") stack.show(frame.views);
  else if (frame.type === "errors") stack.errors(frame);
  else if (frame.type === "notice") noticed(frame);
  draw();
}

function arrived() {
  const { state, place } = page;
  stack.show([]);
  const at = state.channels.has(place.channel) ? place.channel : state.channels.keys().next().value;
  page.place = { ...place, channel: at ?? "", user: state.me };
  if (at !== place.channel) page.place.thread = "";
  writePlace(page.place, { replace: true });
  $("switch-user").replaceChildren(...state.people().map((user) =>
    h("option", { value: user.id, selected: user.id === state.me }, state.name(user.id) + (user.admin ? " (admin)" : ""))));
  visited();
}

function heard(message, fresh) {
  if (message.user === page.state.me) {
    if (fresh && !message.thread_ts) asked = message.ts;
    return;
  }
  announce(message, page.state.name(message.user));
  if (!fresh) return;
  if (message.thread_ts) unfold(message.channel, message.thread_ts);
  if (message.channel === page.place.channel && !page.place.home) return;
  page.unread.set(message.channel, (page.unread.get(message.channel) ?? 0) + 1);
}

/** Open the thread of the question just asked when its answer begins, unless the reader is busy elsewhere. */
function unfold(channel, thread) {
  if (thread !== asked || channel !== page.place.channel || page.place.home) return;
  asked = "";
  if (BESIDE.matches && threadComposer.empty()) go({ thread });
}

function noticed({ text, channel }) {
  stack.settle();
  if (channel) return;
  const toast = h("p", { class: "toast" }, text);
  $("toasts").append(toast);
  setTimeout(() => toast.remove(), 8000);
}

function connected(is) {
  $("banner").hidden = is;
  $("banner").textContent = is ? "" : "The connection to the workspace is lost. Trying again…";
}

// --- what the reader does

function send(frame) {
  const sent = feed.send(frame);
  if (!sent) connected(false);
  return sent;
}

function post(text, thread_ts) {
  const { channel } = page.place;
  const [name] = text.split(/\s/, 1);
  if (!text.startsWith("/")) return send({ type: "post", channel, text: page.state.wire(text), ...(thread_ts ? { thread_ts } : {}) });
  const refusal = !page.state.commands.some(({ command }) => command === name) ? `${name} is not a command here.`
    : thread_ts ? "Commands do not work in threads. Use it in the channel." : "";
  if (refusal) receive({ type: "notice", text: refusal });
  return !refusal && send({ type: "command", command: name, text: page.state.wire(text.slice(name.length).trim()), channel });
}

function action(container, what) {
  const root = container.type === "view" ? ($("modal").open ? $("modal") : $("home")) : null;
  send({ type: "action", container, action: what, ...(root ? { state: { values: values(root) } } : {}) });
}

function go(change) {
  page.place = { ...page.place, ...change };
  writePlace(page.place);
  document.body.classList.remove("menu-open");
  if ("channel" in change || "home" in change) visited();
  draw();
}

function openThread(channel, thread) {
  go({ channel, thread, home: "" });
  threadComposer.focusField();
}

function remove({ channel, ts }) {
  send({ type: "delete", channel, ts });
}

function dismiss({ channel, ts }) {
  receive({ type: "deleted", channel, ts });
}

function shortcut({ callback_id, type: kind }, message) {
  send({ type: "shortcut", callback_id, kind, ...(message ? { channel: message.channel, ts: message.ts } : {}) });
}

/** Tell the workspace what was opened: an app sees when its Home or its messages are. */
function visited() {
  const { state, place, unread } = page;
  unread.delete(place.channel);
  if (place.home) send({ type: "home" });
  else if (state.channels.get(place.channel)?.kind === "im") send({ type: "open", channel: place.channel });
}

// --- drawing

/** Draw once a frame, however much came in. */
function draw() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    drawFrame();
    drawPlace();
    drawThread();
    showSidebar($("sidebar"), page);
    showTrace(page.state.trace, Boolean(page.place.trace));
  });
}

function drawFrame() {
  const { state, place } = page;
  document.title = `${place.home ? "Home" : state.channels.get(place.channel)?.name ?? ""} - ${state.team.name}`;
  $("workspace-name").textContent = state.team.name;
  $("bot-state").textContent = state.bot.connected ? `${state.bot.name} is connected` : `${state.bot.name || "The bot"} is not connected`;
  $("bot-state").className = state.bot.connected ? "on" : "";
  const global = state.shortcuts.filter(({ type }) => type === "global");
  $("shortcuts").hidden = !global.length;
  $("shortcuts").lastElementChild.replaceChildren(...global.map((item) =>
    h("button", { type: "button", on: { click: () => shortcut(item) } }, item.name ?? item.callback_id)));
}

function drawPlace() {
  const { state, place } = page;
  const channel = state.channels.get(place.channel);
  for (const id of ["timeline", "composer"]) $(id).hidden = Boolean(place.home);
  $("home").hidden = !place.home;
  if (place.home) showHome($("home"), state.home, page);
  if (!channel) return;
  const name = channel.kind === "im" ? state.bot.name : `#${channel.name}`;
  $("place").replaceChildren(h("h1", {}, place.home ? `${state.bot.name}` : name),
    h("span", { class: "topic" }, place.home ? "Home" : channel.topic ?? ""));
  if (place.home) return;
  const threads = Map.groupBy(state.in(channel.id).filter((message) => message.thread_ts && message.thread_ts !== message.ts), (message) => message.thread_ts);
  const entries = state.in(channel.id).filter((message) => !message.thread_ts || message.thread_ts === message.ts || message.broadcast).map((message) => ({
    message, replies: threads.get(message.ts) ?? [], status: page.place.thread === message.ts ? null : state.status(channel.id, message.ts) }));
  const fill = (text) => channelComposer.fill(text);
  showChannel(entries, { introduction: introduction(channel, state, entries.length === 0, fill), place: `${state.me} ${channel.id}` });
  channelComposer.place(channel.id, `Message ${name}`);
}

function drawThread() {
  const { state, place } = page;
  const root = !place.home && place.thread && state.message(place.channel, place.thread);
  $("thread").hidden = !root;
  document.body.classList.toggle("thread-open", Boolean(root));
  if (!root) return;
  const replies = state.in(place.channel).filter((message) => message.thread_ts === root.ts && message.ts !== root.ts);
  const working = state.status(place.channel, root.ts);
  const entries = [root, ...replies].map((message, index) => ({ message, replies: [], whole: true, apart: index === 1 }));
  const running = working || replies.some((message) => message.streaming);
  const stop = () => send({ type: "stop", channel: place.channel, thread_ts: root.ts });
  const button = h("button", { type: "button", class: "button stop", on: { click: stop } }, icon("stop"), "Stop");
  const channel = state.channels.get(place.channel);
  $("thread-place").replaceChildren(h("h1", {}, "Thread"), h("span", { class: "topic" }, channel.kind === "im" ? state.bot.name : `#${channel.name}`),
    running ? button : "", iconButton("close", "Close the thread", () => go({ thread: "" })));
  showThread(entries, { working, place: `${state.me} ${root.channel} ${root.ts}` });
  threadComposer.place(`${root.channel} ${root.ts}`, "Reply…");
}

// --- the start

function start() {
  $("composer").append(channelComposer);
  $("thread-composer").append(threadComposer);
  $("menu-toggle").append(icon("menu"));
  $("menu-toggle").addEventListener("click", () => $("menu-toggle").setAttribute("aria-expanded", String(document.body.classList.toggle("menu-open"))));
  $("shade").addEventListener("click", () => document.body.classList.remove("menu-open"));
  $("skip").addEventListener("click", (event) => (event.preventDefault(), channelComposer.focusField()));
  $("switch-user").addEventListener("change", (event) => {
    go({ user: event.target.value, channel: page.state.channels.get(page.place.channel)?.kind === "im" ? "" : page.place.channel, thread: "" });
    feed.open(page.place.user);
  });
  document.addEventListener("click", follow);
  window.addEventListener("popstate", returned);
  setInterval(draw, 30_000); // "2 minutes ago" grows old
  feed.open(page.place.user || FIRST_PERSON);
}

/** Mentions of channels are ways to them; a menu closes when something else is clicked. */
function follow(event) {
  const { channel } = event.target.closest?.("a.mention")?.dataset ?? {};
  if (page.state.channels.has(channel)) go({ channel, thread: "", home: "" });
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
}

/** The browser's Back and Forward, or an address typed by hand. */
function returned() {
  const place = readPlace();
  const other = place.user && place.user !== page.place.user;
  page.place = { ...place, channel: place.channel || page.place.channel };
  if (other) feed.open(place.user);
  visited();
  draw();
}

page.emoji = await (await fetch("/page/emoji.json")).json();
start();
