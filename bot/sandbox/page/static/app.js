/**
 * The page's main module. A frame of the server changes the state, an action of the reader changes the place
 * (which channel, which thread); after either, the page is drawn once.
 */

import { announce } from "./announce.js";
import { values } from "./controls.js";
import { h, icon } from "./dom.js";
import { Feed } from "./feed.js";
import { readPlace, writePlace } from "./place.js";
import { screen } from "./screen.js";
import { State } from "./state.js";
import { modals } from "./views.js";

const $ = (id) => document.getElementById(id);
const FIRST_PERSON = "U0ADA";
const PERMALINK = /^https:\/\/sandbox\.slack\.com\/archives\/(\w+)\/p(\d+)(\d{6})/; // a permalink
const WIDE_WINDOW = matchMedia("(min-width: 1000px)"); // wide enough for a thread beside its channel

const page = {
  state: new State(),
  place: readPlace(),
  unread: new Map(),
  emoji: {},
  send,
  post,
  action,
  go,
  openThread,
  remove,
  dismiss,
  shortcut,
};
const feed = new Feed({ receive, connected });
let asked = ""; // ts of the question whose thread opens when an answer begins
const { draw, channelComposer, threadComposer } = screen(page);
const stack = modals($("modal"), page);

// --- frames of the server

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
  const option = (user) =>
    h(
      "option",
      { value: user.id, selected: user.id === state.me },
      state.name(user.id) + role(user, state.team),
    );
  $("switch-user").replaceChildren(...state.people().map(option));
  visited();
}

function role(user, team) {
  if (user.team !== team.id) return " (external)";
  return user.admin ? " (admin)" : user.guest ? " (guest)" : "";
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

/** Open the thread of the last question when its answer begins, unless the reader is typing or has gone elsewhere. */
function unfold(channel, thread) {
  if (thread !== asked || channel !== page.place.channel || page.place.home) return;
  asked = "";
  if (WIDE_WINDOW.matches && threadComposer.empty()) go({ thread });
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

// --- actions of the reader

function send(frame) {
  const sent = feed.send(frame);
  if (!sent) connected(false);
  return sent;
}

/** Send a text to the present channel or thread; returns whether it was sent. */
function post(written, thread_ts) {
  const { channel } = page.place;
  const text = page.state.wire(written);
  if (written.startsWith("/")) return command(written, channel, thread_ts);
  return send({ type: "post", channel, text, ...(thread_ts ? { thread_ts } : {}) });
}

function command(written, channel, thread_ts) {
  const [name] = written.split(/\s/, 1);
  const known = page.state.commands.some(({ command }) => command === name);
  if (known && !thread_ts) {
    return send({ type: "command", command: name, text: page.state.wire(written.slice(name.length).trim()), channel });
  }
  const why = known ? "Commands do not work in threads. Use it in the channel." : `${name} is not a command here.`;
  receive({ type: "notice", text: why });
  return false;
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

/** Switch to another person. */
function become(user) {
  page.place = { ...page.place, user, thread: "" };
  writePlace(page.place);
  page.unread.clear();
  feed.open(user);
}

function openThread(channel, thread) {
  go({ channel, thread, home: "" });
  if (WIDE_WINDOW.matches) requestAnimationFrame(() => threadComposer.focusField());
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

/** Tell the server that the Home tab or the direct message was opened; the app receives an event. */
function visited() {
  const { state, place, unread } = page;
  unread.delete(place.channel);
  if (place.home) send({ type: "home" });
  else if (state.channels.get(place.channel)?.kind === "im") send({ type: "open", channel: place.channel });
}

// --- start

function start() {
  $("menu-toggle").append(icon("menu"));
  $("shortcuts").firstElementChild.append(icon("zap"), h("span", { class: "label" }, "Shortcuts"));
  $("menu-toggle").addEventListener("click", () =>
    $("menu-toggle").setAttribute("aria-expanded", String(document.body.classList.toggle("menu-open"))),
  );
  $("shade").addEventListener("click", () => document.body.classList.remove("menu-open"));
  $("skip").addEventListener("click", (event) => (event.preventDefault(), channelComposer.focusField()));
  $("switch-user").addEventListener("change", (event) => become(event.target.value));
  document.addEventListener("click", follow);
  window.addEventListener("popstate", returned);
  setInterval(draw, 30_000); // keeps "2 minutes ago" up to date
  feed.open(page.place.user || FIRST_PERSON);
}

/** A click on a channel mention or a permalink goes there; a click elsewhere closes an open menu. */
function follow(event) {
  const [, at, seconds, rest] = event.target.closest?.("a[href]")?.href.match(PERMALINK) ?? [];
  if (page.state.channels.has(at)) {
    event.preventDefault();
    const root = new URL(event.target.closest("a").href).searchParams.get("thread_ts");
    go({ channel: at, thread: root ?? `${seconds}.${rest}`, home: "" });
  }
  const { channel } = event.target.closest?.("a.mention")?.dataset ?? {};
  if (page.state.channels.has(channel)) go({ channel, thread: "", home: "" });
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
}

/** Follow the browser's Back and Forward buttons, and an address typed by hand. */
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
