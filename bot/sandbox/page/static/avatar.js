/** The avatar of a person or an app. */

import { h } from "./dom.js";

/** A square with initials in the person's colour; the app has its mark instead. */
export function avatar(user, size = "") {
  if (user?.bot) return h("img", { class: `avatar ${size}`, src: "/page/icon.svg", alt: "" });
  const initials = (user?.real_name || user?.name || "?")
    .split(/\s+/)
    .map((word) => [...word][0])
    .slice(0, 2)
    .join("");
  return h(
    "span",
    { class: `avatar ${size}`, style: `background:${user?.color ?? "#777"}`, "aria-hidden": "true" },
    initials.toUpperCase(),
  );
}
