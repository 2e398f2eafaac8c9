/** The wire log: every call, event, acknowledgement and model request; collapsed, only the latest. */

import { h, icon, reconcile } from "./dom.js";
import { precise } from "./times.js";

const KINDS = ["api", "event", "ack", "model"];

/** Returns `show(entries, open)`; `toggle()` is called when the reader opens or closes it. */
export function tracePanel(section, toggle) {
  const hidden = new Set();
  let entries = [];
  const latest = h("span", { class: "latest" });
  const handle = h(
    "button",
    {
      type: "button",
      class: "trace-handle",
      data: { testid: "trace-toggle" },
      "aria-controls": "trace-list",
      on: { click: toggle },
    },
    icon("chevron"),
    h("b", {}, "Wire log"),
    latest,
  );
  const filters = h(
    "div",
    { class: "filters", role: "group", "aria-label": "What to show" },
    KINDS.map((kind) =>
      h(
        "button",
        {
          type: "button",
          class: `kind ${kind}`,
          "aria-pressed": "true",
          on: { click: (event) => flip(kind, event.currentTarget) },
        },
        kind,
      ),
    ),
  );
  const list = h("ol", { id: "trace-list", tabindex: "0" });
  section.append(h("header", {}, handle, filters), list);

  function flip(kind, button) {
    if (!hidden.delete(kind)) hidden.add(kind);
    button.setAttribute("aria-pressed", String(!hidden.has(kind)));
    draw();
  }

  function draw() {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    reconcile(
      list,
      entries.filter((entry) => !hidden.has(entry.kind)),
      (entry) => entry.id,
      row,
    );
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  return function show(shown, open) {
    section.classList.toggle("open", open);
    handle.setAttribute("aria-expanded", String(open));
    const last = shown.at(-1);
    if (last !== latest.entry)
      latest.replaceChildren(...(last ? [badge(last), ` ${last.name} `, verdict(last), ` ${duration(last)}`] : []));
    latest.entry = last;
    if (open && entries === shown) return;
    entries = shown;
    if (open) draw();
    else entries = null;
  };
}

const duration = ({ ms }) => (ms == null ? "" : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);
const badge = ({ kind }) => h("span", { class: `kind ${kind}` }, kind);
const verdict = ({ status }) =>
  h("span", { class: status === "ok" || status === "200" ? "ok" : "not-ok" }, status ?? "");

function row(entry) {
  return h(
    "li",
    { data: { testid: "trace-entry", kind: entry.kind, name: entry.name } },
    h("time", {}, precise(entry.at)),
    badge(entry),
    h("b", {}, entry.name),
    verdict(entry),
    h("span", { class: "ms" }, duration(entry)),
    h("span", { class: "detail", title: entry.detail ?? "" }, entry.detail ?? ""),
  );
}
