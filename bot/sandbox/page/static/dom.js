/**
 * Building and updating elements.
 *
 * Text is always inserted as text. Only `graft` and `html` insert HTML, and only HTML from the server.
 */

const PATHS = {
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5L5 15",
  send: "M3 10l14-7-4 14-3.5-5.5L3 10zM9.5 11.5L17 3",
  reply: "M4 4h12v9H9l-4 3v-3H4z",
  edit: "M4 16l1-4 8.5-8.5 3 3L8 15l-4 1z",
  trash: "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  chevron: "M5 8l5 5 5-5",
  back: "M12 5l-5 5 5 5",
  down: "M10 4v12M5 11l5 5 5-5",
  at: "M13 7v4.5a2 2 0 004 0V10a7 7 0 10-3 5.7M13 10a3 3 0 11-6 0 3 3 0 016 0z",
  home: "M3 9l7-6 7 6M5 8v9h10V8M8.5 17v-5h3v5",
  zap: "M11 2L4 12h5l-1 6 7-10h-5z",
  stop: "M6 6h8v8H6z",
  up: "M7 9v8H4V9zM7 9l3-6c2 0 2 1 2 2v3h4l-1 8c0 1-1 1-2 1H7",
  thumbdown: "M7 11V3H4v8zM7 11l3 6c2 0 2-1 2-2v-3h4l-1-8c0-1-1-1-2-1H7",
};

/** Make an element. `props`: attributes, plus `on` (listeners), `data` (dataset), `html` (the server's markup). */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "html") graft(node, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

/** Make an icon; it has no text, so its button needs a label. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Make a button with an icon and a label for screen readers. */
export function iconButton(name, label, click, props = {}) {
  return h(
    "button",
    { type: "button", class: "quiet", "aria-label": label, title: label, on: { click }, ...props },
    icon(name),
  );
}

/**
 * Make the children of `parent` show `items`, in order. An item with the same key keeps its element, so focus,
 * selection, scroll positions and typed text are kept.
 */
export function reconcile(parent, items, key, make, update = () => {}) {
  const keys = new Set(items.map(key));
  for (const node of [...parent.children]) if (!keys.has(node.key)) node.remove();
  const kept = new Map([...parent.children].map((node) => [node.key, node]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const node = kept.get(key(item)) ?? Object.assign(make(item), { key: key(item) });
    update(node, item);
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}

/** Show the server's HTML in `target`; only nodes that differ are changed, so a growing answer does not flicker. */
export function graft(target, html) {
  if (target.shown === html) return;
  target.shown = html;
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const pre of template.content.querySelectorAll("pre")) frame(pre, "code-frame", copyButton(pre));
  for (const table of template.content.querySelectorAll("table")) frame(table, "table-frame");
  for (const node of template.content.querySelectorAll("p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote"))
    node.dir = "auto";
  graftChildren(target, template.content);
}

function graftChildren(target, source) {
  const fresh = [...source.childNodes];
  fresh.forEach((node, index) => {
    const old = target.childNodes[index];
    if (!old) target.append(node);
    else if (!old.isEqualNode(node)) graftNode(old, node);
  });
  while (target.childNodes.length > fresh.length) target.lastChild.remove();
}

function graftNode(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE && fresh.nodeType === Node.TEXT_NODE) old.data = fresh.data;
  else if (old.cloneNode().isEqualNode(fresh.cloneNode())) graftChildren(old, fresh);
  else old.replaceWith(fresh);
}

function frame(node, name, ...extra) {
  const box = h("div", { class: name });
  node.replaceWith(box);
  box.append(node, ...extra);
}

function copyButton(pre) {
  const language = pre.firstElementChild?.className.replace("language-", "") ?? "";
  return h("button", { type: "button", class: "copy", data: { language }, "aria-label": "Copy the code" }, "Copy");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.(".copy");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
});
