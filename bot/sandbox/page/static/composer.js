/** The message box: grows with the text, completes names and commands, sends on Enter. */

import { completion } from "./completion.js";
import { h, iconButton } from "./dom.js";

/**
 * `send(text)` returns whether the text was sent; only then is the field cleared. With `cancel` it edits an existing
 * message. Returns the element, with `fill(text)` and `place(key, placeholder)`, which keeps a draft for each place.
 */
export function composer({ page, label, send, cancel, testid, sendTestid, id }) {
  const drafts = new Map();
  let here = "";
  const field = h("textarea", {
    id,
    rows: "1",
    dir: "auto",
    "aria-label": label,
    autocomplete: "off",
    data: { testid },
  });
  const button = iconButton("send", cancel ? "Save" : "Send", () => submit(), {
    class: "quiet send",
    data: { testid: sendTestid },
    disabled: true,
  });
  const suggestions = completion(field, page);
  const node = h(
    "form",
    { class: "composer", on: { submit: (event) => event.preventDefault() } },
    suggestions,
    field,
    h(
      "div",
      { class: "composer-bar" },
      iconButton("at", "Mention someone", () => insert("@")),
      h(
        "span",
        { class: "hint" },
        h("kbd", {}, "Enter"),
        " to send, ",
        h("kbd", {}, "Shift"),
        "+",
        h("kbd", {}, "Enter"),
        " for a new line",
      ),
      cancel && h("button", { type: "button", class: "plain", on: { click: cancel } }, "Cancel"),
      button,
    ),
  );

  function changed() {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
    button.disabled = !field.value.trim();
    drafts.set(here, field.value);
  }

  function submit() {
    const text = field.value.trim();
    if (!text || !send(text)) return;
    field.value = "";
    changed();
  }

  function insert(text) {
    const before = field.selectionStart && !/\s$/.test(field.value.slice(0, field.selectionStart)) ? " " : "";
    field.focus();
    field.setRangeText(before + text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input"));
  }

  field.addEventListener("input", changed);
  field.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") cancel?.();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    submit();
  });

  node.fill = (text) => {
    field.value = text;
    field.focus();
    changed();
  };
  node.empty = () => !field.value.trim();
  node.focusField = () => field.focus();
  node.place = (key, placeholder) => {
    field.placeholder = placeholder;
    if (key === here) return;
    drafts.set(here, field.value);
    here = key;
    field.value = drafts.get(key) ?? "";
    changed();
  };
  return node;
}
