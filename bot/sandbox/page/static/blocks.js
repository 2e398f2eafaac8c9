/** Renders Block Kit's blocks for messages, the Home tab and modals. */

import { control } from "./controls.js";
import { graft, h, iconButton, reconcile } from "./dom.js";
import { richText } from "./rich-text.js";

/**
 * Show blocks in `parent`. An unchanged block keeps its element, and so the text that was typed in it. A block of
 * text always keeps its element: an edit may change its block_id, and a growing answer must not flicker.
 * `scope`: {container: the message or view of the blocks, for actions; page}.
 */
export function showBlocks(parent, blocks, scope) {
  const items = blocks.map((block, index) => ({
    block,
    key: `${block.type} ${isText(block) ? index : (block.block_id ?? index)}`,
  }));
  const make = ({ block }) => h("div", { class: `block ${block.type}`, data: { block: block.block_id ?? "" } });
  reconcile(
    parent,
    items,
    (item) => item.key,
    make,
    (node, { block }) => fill(node, block, scope),
  );
}

const isText = ({ type }) => type === "markdown" || type === "text";

function fill(node, block, scope) {
  if (isText(block)) return graft(node, block.html ?? "");
  const written = JSON.stringify(block);
  if (node.written === written) return;
  node.written = written;
  node.classList.remove("refused");
  const typed = node.querySelector(TYPED);
  node.replaceChildren(...(CONTENT[block.type] ?? unknown)(block, scope));
  if (typed) keep(node.querySelector(TYPED), typed);
}

const TYPED = "input.text-input, textarea.text-input";

/** Keep typed text where block_id and action_id stay the same. https://docs.slack.dev/reference/views/modal-views */
function keep(field, typed) {
  if (field && field.dataset.action === typed.dataset.action) field.value = typed.value;
}

/** Render a text object: the server's HTML for mrkdwn, else the plain text. */
export function text(object, tag = "span") {
  if (!object) return null;
  return object.type === "mrkdwn"
    ? h(tag, { html: object.html ?? "", dir: "auto" })
    : h(tag, { class: "plain-text", dir: "auto" }, object.text);
}

const CONTENT = {
  header: (block) => [text(block.text, "h2")],
  divider: () => [h("hr")],
  section: (block, scope) => [
    h(
      "div",
      { class: "section-text" },
      text(block.text, "div"),
      block.fields &&
        h(
          "div",
          { class: "fields" },
          block.fields.map((field) => text(field, "div")),
        ),
    ),
    ...(block.accessory ? [h("div", { class: "accessory" }, element(block.accessory, block, scope))] : []),
  ],
  context: (block, scope) =>
    block.elements.map((item) => (item.type === "image" ? element(item, block, scope) : text(item))),
  actions: (block, scope) => block.elements.map((item) => element(item, block, scope)),
  context_actions: (block, scope) => block.elements.map((item) => element(item, block, scope)),
  image: (block) => [block.title && text(block.title, "figcaption"), image(block)].filter(Boolean),
  input: (block, scope) => input(block, scope),
  rich_text: (block, scope) => richText(block.elements, scope.page.state),
  table: (block, scope) => [table(block, scope)],
};

function unknown(block) {
  return [h("em", { class: "faint" }, `The sandbox does not show blocks of type “${block.type}”.`)];
}

function image({ image_url: address, alt_text: words }) {
  return h("img", { src: address, alt: words ?? "", loading: "lazy", referrerpolicy: "no-referrer" });
}

function element(item, block, scope) {
  if (item.type === "image") return image(item);
  if (item.type === "feedback_buttons") return feedback(item, block, scope);
  return control(item, block, scope);
}

function feedback(item, block, scope) {
  const press = (choice, drawing) =>
    iconButton(
      drawing,
      choice.accessibility_label ?? choice.text.text,
      (event) => {
        const chosen = event.currentTarget;
        for (const other of chosen.parentElement.children) other.setAttribute("aria-pressed", String(other === chosen));
        scope.page.action(scope.container, {
          type: "feedback_buttons",
          block_id: block.block_id,
          action_id: item.action_id,
          value: choice.value,
        });
      },
      { "aria-pressed": "false", data: { testid: "feedback" } },
    );
  return h("span", { class: "feedback" }, press(item.positive_button, "up"), press(item.negative_button, "thumbdown"));
}

function input(block, scope) {
  const field = element(block.element, block, scope);
  const id = `input-${crypto.randomUUID()}`;
  const labelled = field.matches("input, textarea, select") ? field : (field.querySelector("summary, input") ?? field);
  labelled.id = id;
  labelled.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  const label = h(
    "label",
    { for: id },
    block.label.text,
    block.optional && h("span", { class: "faint" }, " (optional)"),
  );
  field.optional = Boolean(block.optional);
  return [
    label,
    field,
    h("p", { class: "hint", id: `${id}-hint` }, block.hint?.text ?? ""),
    h("p", { class: "field-error", id: `${id}-error`, role: "alert", data: { testid: "field-error" } }),
  ];
}

function table(block, scope) {
  const cell = (tag) => (content, column) => {
    const align = block.column_settings?.[column]?.align;
    const shown =
      content.type === "rich_text" ? richText(content.elements, scope.page.state) : [String(content.text ?? "")];
    return h(tag, { dir: "auto", style: align && `text-align:${align}` }, ...shown);
  };
  const [head, ...rows] = block.rows;
  return h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, head.map(cell("th")))),
      h(
        "tbody",
        {},
        rows.map((row) => h("tr", {}, row.map(cell("td")))),
      ),
    ),
  );
}
