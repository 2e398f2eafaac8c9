/** A list of messages by time: with day lines, consecutive messages of one author grouped, scrolled to its end. */

import { h, reconcile } from "./dom.js";
import { makeMessage, thinking, updateMessage } from "./message.js";
import { keepAtEnd } from "./scroll.js";
import { day } from "./times.js";

const GROUPING_SECONDS = 300; // seconds within which one author's messages form a run

/** Turn a section into a timeline; returns `show(entries, {intro, status, place})`. */
export function timeline(section, page) {
  const intro = h("div", { class: "intro" });
  const list = h("ol", { class: "messages" });
  const status = h("div", { class: "status-line" });
  const content = h("div", { class: "timeline-content" }, intro, list, status);
  section.append(content);
  const toEnd = keepAtEnd(section, content);
  let shown = null;

  return function show(entries, { introduction, working = null, place }) {
    reconcile(
      intro,
      introduction ? [introduction] : [],
      (item) => item.key,
      (item) => item.make(),
    );
    const make = (item) => (item.day ? divider(item.day) : makeMessage(item, page));
    const update = (node, item) => item.message && updateMessage(node, item, page);
    reconcile(
      list,
      withDays(entries),
      (item) => item.day ?? `${page.state.me} ${item.message.channel} ${item.message.ts}`,
      make,
      update,
    );
    reconcile(
      status,
      working ? [working] : [],
      (item) => item.status,
      (item) => thinking(item, page),
    );
    if (shown !== place) toEnd();
    shown = place;
  };
}

function divider(name) {
  return h("li", { class: "day", role: "separator" }, h("span", {}, name));
}

function withDays(entries) {
  const items = [];
  let before = null;
  for (const entry of entries) {
    const { message } = entry;
    const name = day(message.ts);
    const newDay = !before || day(before.ts) !== name;
    if (newDay) items.push({ day: name });
    const together =
      !newDay &&
      !entry.apart &&
      before.user === message.user &&
      !before.notice === !message.notice &&
      message.ts - before.ts < GROUPING_SECONDS;
    items.push({ ...entry, grouped: together });
    before = message;
  }
  return items;
}
