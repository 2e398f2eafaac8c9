/** Renders Slack's `rich_text` block, the tree in which Slack stores typed text. */

import { h } from "./dom.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code" };
const LISTS = { bullet: "ul", ordered: "ol" };

/** Elements of a rich_text block -> nodes. */
export function richText(elements, state) {
  return elements.map((part) => SECTIONS[part.type]?.(part, state) ?? "");
}

const run = (part, state) => part.elements.map((leaf) => styled(leaf, (LEAVES[leaf.type] ?? (() => ""))(leaf, state)));

const SECTIONS = {
  rich_text_section: (part, state) => h("div", { dir: "auto" }, run(part, state)),
  rich_text_quote: (part, state) => h("blockquote", { dir: "auto" }, run(part, state)),
  rich_text_preformatted: (part, state) => h("pre", {}, h("code", {}, run(part, state))),
  rich_text_list: (part, state) =>
    h(
      LISTS[part.style] ?? "ul",
      { style: `margin-left:${(part.indent ?? 0) * 1.5}em` },
      part.elements.map((item) => h("li", { dir: "auto" }, run(item, state))),
    ),
};

const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text),
  user: (leaf, state) => h("span", { class: "mention", data: { user: leaf.user_id } }, `@${state.name(leaf.user_id)}`),
  channel: (leaf, state) =>
    h("a", { class: "mention", data: { channel: leaf.channel_id } }, `#${state.name(leaf.channel_id)}`),
  usergroup: (leaf) => h("span", { class: "mention broadcast" }, `@${leaf.usergroup_id}`),
  broadcast: (leaf) => h("span", { class: "mention broadcast" }, `@${leaf.range}`),
  emoji: (leaf) =>
    leaf.unicode
      ? String.fromCodePoint(...leaf.unicode.split("-").map((code) => parseInt(code, 16)))
      : `:${leaf.name}:`,
  date: (leaf) => leaf.fallback ?? "",
};

function styled(leaf, content) {
  return Object.entries(STYLES).reduce(
    (inner, [style, tag]) => (leaf.style?.[style] ? h(tag, {}, inner) : inner),
    content,
  );
}

/** A link that opens in a new tab; a URL that is not http or https is shown as text. */
function link(address, label) {
  if (!/^(https?|mailto|tel):/i.test(address)) return label ?? address;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, label ?? address);
}
