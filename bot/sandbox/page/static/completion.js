/** The list that completes `@name` anywhere and `/command` at the start, by mouse or by keyboard. */

import { avatar } from "./avatar.js";
import { h } from "./dom.js";

const MENTION = /(?:^|[\s(])@([\p{L}\p{N}.'-]*(?: [\p{L}\p{N}.'-]*)?)$/u;
const COMMAND = /^\/(\S*)$/;
const MAX_ROWS = 8;
let lists = 0;

/** Returns the list's element; it listens to the field and inserts the chosen name. */
export function completion(field, page) {
  const list = h("ul", {
    class: "completion",
    role: "listbox",
    id: `completion-${++lists}`,
    hidden: true,
    "aria-label": "Suggestions",
  });
  let offers = [];
  let chosen = 0;
  Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
    "aria-expanded": "false",
  }).forEach(([name, value]) => field.setAttribute(name, value));

  function show() {
    list.hidden = !offers.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    list.replaceChildren(
      ...offers.map((offer, index) =>
        h(
          "li",
          {
            role: "option",
            id: `${list.id}-${index}`,
            "aria-selected": String(index === chosen),
            on: { mousedown: (event) => event.preventDefault(), click: () => take(offer) },
          },
          ...offer.label,
        ),
      ),
    );
    if (list.hidden) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
  }

  function take({ text, typed }) {
    field.setRangeText(`${text} `, field.selectionStart - typed, field.selectionStart, "end");
    close();
    field.dispatchEvent(new Event("input"));
    field.focus();
  }

  function close() {
    offers = [];
    show();
  }

  field.addEventListener("input", () => {
    offers = offered(field.value.slice(0, field.selectionStart), page.state).slice(0, MAX_ROWS);
    chosen = 0;
    show();
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (!offers.length) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) chosen = (chosen + step + offers.length) % offers.length;
    else if (event.key === "Escape") offers = [];
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab")
      return (event.preventDefault(), take(offers[chosen]));
    else return;
    event.preventDefault();
    show();
  });
  return list;
}

function offered(before, state) {
  if (COMMAND.test(before)) return commands(before, state);
  const mention = before.match(MENTION);
  return mention ? mentions(mention[1].toLowerCase(), state) : [];
}

function commands(before, state) {
  const fitting = state.commands.filter(({ command }) => command.startsWith(before) && command !== before);
  return fitting.map(({ command, usage_hint: hint = "", description = "" }) => ({
    text: command,
    typed: before.length,
    label: [h("b", {}, command), h("span", { class: "faint" }, `${hint} ${description}`)],
  }));
}

function mentions(query, state) {
  const fits = (user) => {
    const name = state.name(user.id).toLowerCase();
    return [name, user.name.toLowerCase(), ...name.split(" ")].some((word) => word.startsWith(query));
  };
  const others = [...state.users.values()].filter((user) => user.id !== state.me && fits(user));
  others.sort((one, other) => Number(other.bot) - Number(one.bot));
  return others.map((user) => {
    const name = state.name(user.id);
    const badge = user.bot ? [h("span", { class: "app-badge" }, "APP")] : [];
    return { text: `@${name}`, typed: query.length + 1, label: [avatar(user, "small"), h("b", {}, name), ...badge] };
  });
}
