/** Asks for confirmation before an action: Block Kit's `confirm` object. */

import { h } from "./dom.js";

/** Resolves to whether the person agreed; Escape means no. */
export function confirmed({ title, text, confirm, deny, style }) {
  const dialog = document.getElementById("confirm");
  const words = text.type === "mrkdwn" ? h("p", { html: text.html ?? "" }) : h("p", {}, text.text);
  dialog.replaceChildren(
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "confirm-title" }, title.text),
      words,
      h(
        "footer",
        {},
        h("button", { class: "button", value: "no" }, deny.text),
        h(
          "button",
          { class: `button ${style === "danger" ? "danger" : "primary"}`, value: "yes", autofocus: true },
          confirm.text,
        ),
      ),
    ),
  );
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
  );
}
