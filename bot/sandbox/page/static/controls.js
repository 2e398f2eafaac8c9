/**
 * Block Kit's interactive elements.
 *
 * Each control is an element with `read()`, which returns the state that Slack would send for it ({type, value |
 * selected_..}). As in Slack, a change is sent at once outside an `input` block, and inside one only on submit.
 */

import { confirmed } from "./confirm.js";
import { h, icon } from "./dom.js";

const TEXT_TYPES = {
  plain_text_input: "text",
  number_input: "number",
  email_text_input: "email",
  url_text_input: "url",
};
const MOMENTS = {
  datepicker: ["date", "selected_date", "initial_date"],
  timepicker: ["time", "selected_time", "initial_time"],
};

/** Build the control of one Block Kit element; `block` is its block. */
export function control(spec, block, scope) {
  const tell = async (state) => {
    if (block.type === "input" && !block.dispatch_action) return;
    if (spec.confirm && !(await confirmed(spec.confirm))) return;
    scope.page.action(scope.container, { ...state, block_id: block.block_id, action_id: spec.action_id });
  };
  const node = make(spec, tell, scope.page.state);
  Object.assign(node.dataset, { action: spec.action_id ?? "", inBlock: block.block_id ?? "" });
  return node;
}

/** Read all controls under `root`: {block_id: {action_id: state}}, as in Slack's `state.values`. */
export function values(root) {
  const found = {};
  for (const node of root.querySelectorAll("[data-action]")) {
    if (node.read) (found[node.dataset.inBlock] ??= {})[node.dataset.action] = node.read();
  }
  return found;
}

function make(spec, tell, state) {
  if (spec.type in TEXT_TYPES) return textInput(spec, tell);
  if (spec.type in MOMENTS) return moment(spec, tell);
  if (spec.type === "checkboxes" || spec.type === "radio_buttons") return boxes(spec, tell);
  if (spec.type === "overflow") return overflow(spec, tell);
  if (spec.type === "button" || spec.type === "icon_button") return button(spec, tell);
  const [, many, kind] = spec.type.match(/^(multi_)?(static|users|conversations|channels)_select$/) ?? [];
  if (!kind) return h("em", { class: "faint" }, `The sandbox does not show elements of type “${spec.type}”.`);
  return (many ? multiSelect : select)(spec, choices(spec, kind, state), tell);
}

function button(spec, tell) {
  const press = () => {
    if (spec.url) window.open(spec.url, "_blank", "noopener");
    tell({ type: spec.type, value: spec.value, text: bare(spec.text) });
  };
  const props = {
    type: "button",
    class: `button ${spec.style ?? ""}`,
    "aria-label": spec.accessibility_label,
    on: { click: press },
  };
  return h("button", props, spec.type === "icon_button" ? icon("trash") : spec.text.text);
}

function textInput(spec, tell) {
  const shared = {
    placeholder: spec.placeholder?.text,
    minlength: spec.min_length,
    maxlength: spec.max_length,
    dir: "auto",
    autofocus: spec.focus_on_load,
    autocomplete: "off",
    class: "text-input",
  };
  const bounds = { min: spec.min_value, max: spec.max_value, step: spec.is_decimal_allowed ? "any" : 1 };
  const node = spec.multiline
    ? h("textarea", { ...shared, rows: "6" })
    : h("input", { ...shared, type: TEXT_TYPES[spec.type], ...(spec.type === "number_input" ? bounds : {}) });
  node.value = spec.initial_value ?? "";
  node.read = () => ({ type: spec.type, value: node.value || null });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || spec.multiline) return;
    event.preventDefault();
    tell(node.read());
  });
  return node;
}

function moment(spec, tell) {
  const [type, field, initial] = MOMENTS[spec.type];
  const node = h("input", { type, class: "text-input", value: spec[initial], on: { change: () => tell(node.read()) } });
  node.read = () => ({ type: spec.type, [field]: node.value || null });
  return node;
}

/** For each kind of select: its choices, and Slack's names of its value and its initial value. */
function choices(spec, kind, state) {
  const plain = (id, label) => ({ key: id, label, chosen: id });
  const named = (entries, sign) => entries.map((entry) => plain(entry.id, sign + state.name(entry.id)));
  const channels = [...state.channels.values()].filter((channel) => channel.kind === "channel");
  switch (kind) {
    case "users":
      return { what: "user", groups: [{ options: named([...state.users.values()], "") }] };
    case "channels":
      return { what: "channel", groups: [{ options: named(channels, "#") }] };
    case "conversations":
      return { what: "conversation", groups: [{ options: named(channels, "#") }] };
  }
  const listed = (options) =>
    options.map((option) => ({
      key: option.value,
      label: option.text.text,
      note: option.description?.text,
      chosen: bare(option),
    }));
  const groups = spec.option_groups?.map((group) => ({ label: group.label.text, options: listed(group.options) }));
  return { what: "option", groups: groups ?? [{ options: listed(spec.options ?? []) }] };
}

const initialKey = (initial) => initial?.value ?? initial ?? "";

function select(spec, { what, groups }, tell) {
  const all = groups.flatMap((group) => group.options);
  const rows = (options) =>
    options.map(({ key, label, note }) => h("option", { value: key }, note ? `${label}: ${note}` : label));
  const node = h(
    "select",
    { class: "select", on: { change: () => tell(node.read()) } },
    h("option", { value: "" }, spec.placeholder?.text ?? "Choose…"),
    groups.map((group) =>
      group.label ? h("optgroup", { label: group.label }, rows(group.options)) : rows(group.options),
    ),
  );
  node.value = initialKey(spec[`initial_${what}`]);
  node.read = () => ({
    type: spec.type,
    [`selected_${what}`]: all.find((option) => option.key === node.value)?.chosen ?? null,
  });
  return node;
}

function multiSelect(spec, { what, groups }, tell) {
  const preset = new Set((spec[`initial_${what}s`] ?? []).map(initialKey));
  const summary = h("summary", { class: "select" });
  const all = groups
    .flatMap((group) => group.options)
    .map((option) => {
      const box = h("input", { type: "checkbox", checked: preset.has(option.key) });
      return { ...option, box, row: h("label", { class: "choice" }, box, option.label) };
    });
  const chosen = () => all.filter((option) => option.box.checked);
  const name = () =>
    (summary.textContent =
      chosen()
        .map((option) => option.label)
        .join(", ") ||
      spec.placeholder?.text ||
      "Choose…");
  const node = h(
    "details",
    { class: "menu multi", on: { change: () => (name(), tell(node.read())) } },
    summary,
    h(
      "div",
      { class: "menu-items" },
      all.map((option) => option.row),
    ),
  );
  node.read = () => ({ type: spec.type, [`selected_${what}s`]: chosen().map((option) => option.chosen) });
  name();
  return node;
}

function boxes(spec, tell) {
  const one = spec.type === "radio_buttons";
  const preset = new Set((one ? [spec.initial_option] : (spec.initial_options ?? [])).map(initialKey));
  const group = crypto.randomUUID();
  const all = spec.options.map((option) => {
    const box = h("input", { type: one ? "radio" : "checkbox", name: group, checked: preset.has(option.value) });
    return {
      option,
      box,
      row: h(
        "label",
        { class: "choice" },
        box,
        h("span", {}, label(option.text), option.description && h("small", {}, label(option.description))),
      ),
    };
  });
  const chosen = () => all.filter(({ box }) => box.checked).map(({ option }) => bare(option));
  const node = h(
    "div",
    { class: "boxes", role: one ? "radiogroup" : "group", on: { change: () => tell(node.read()) } },
    all.map(({ row }) => row),
  );
  node.read = () => ({
    type: spec.type,
    ...(one ? { selected_option: chosen()[0] ?? null } : { selected_options: chosen() }),
  });
  return node;
}

function overflow(spec, tell) {
  const pick = (option) => {
    node.open = false;
    if (option.url) window.open(option.url, "_blank", "noopener");
    tell({ type: spec.type, selected_option: bare(option) });
  };
  const node = h(
    "details",
    { class: "menu" },
    h("summary", { class: "button", "aria-label": "More" }, icon("more")),
    h(
      "div",
      { class: "menu-items" },
      spec.options.map((option) =>
        h("button", { type: "button", on: { click: () => pick(option) } }, option.text.text),
      ),
    ),
  );
  return node;
}

function label(object) {
  return object.type === "mrkdwn" ? h("span", { html: object.html ?? "" }) : object.text;
}

/** Return a copy without the HTML that the server added for the page. */
function bare(object) {
  return object && JSON.parse(JSON.stringify(object, (key, value) => (key === "html" ? undefined : value)));
}
