/** The app's Home tab, and modals: the top one of a stack is shown. */

import { showBlocks } from "./blocks.js";
import { values } from "./controls.js";
import { h, iconButton } from "./dom.js";

/** Show the Home tab; unchanged blocks keep their elements. */
export function showHome(section, view, page) {
  if (section.shown === view && section.person === page.state.me) return;
  Object.assign(section, { shown: view, person: page.state.me });
  const body = section.body ?? (section.body = h("div", { class: "blocks" }));
  if (!body.isConnected) section.replaceChildren(body);
  if (view) showBlocks(body, view.blocks, { container: { type: "view", view_id: view.id }, page });
  else
    body.replaceChildren(
      h("p", { class: "faint empty-home" }, `${page.state.bot.name} has not published its Home yet.`),
    );
}

/** Shows modals in a <dialog>. `show(views)` takes the whole stack, `errors(frame)` the errors of a submission. */
export function modals(dialog, page) {
  const open = new Map();
  let top = null;

  function show(views) {
    for (const id of open.keys()) if (!views.some((view) => view.id === id)) open.delete(id);
    top = views.at(-1) ?? null;
    if (!top) return dialog.close();
    const form = open.get(top.id) ?? frame(top);
    open.set(top.id, form);
    update(form, top);
    if (dialog.firstElementChild !== form) dialog.replaceChildren(form);
    if (!dialog.open) dialog.showModal();
  }

  function frame(view) {
    const submit = (event) => {
      event.preventDefault();
      if (!valid(form)) return;
      if (page.send({ type: "submit", view_id: view.id, values: values(form) })) busy(form, true);
    };
    const close = () => page.send({ type: "close", view_id: view.id });
    const form = h("form", { class: "view", novalidate: true, on: { submit } });
    form.body = h("div", { class: "blocks" });
    form.head = h("h2", { id: "modal-title" });
    form.foot = h("footer");
    form.close = close;
    form.append(h("header", {}, form.head, iconButton("close", "Close", close)), form.body, form.foot);
    return form;
  }

  function update(form, view) {
    if (form.shown === view) return;
    form.shown = view;
    form.head.textContent = view.title?.text ?? "";
    showBlocks(form.body, view.blocks, { container: { type: "view", view_id: view.id }, page });
    form.foot.replaceChildren(
      h(
        "button",
        { type: "button", class: "button", on: { click: form.close } },
        view.close?.text ?? (view.submit ? "Cancel" : "Close"),
      ),
      ...(view.submit
        ? [h("button", { type: "submit", class: "button primary", data: { testid: "modal-submit" } }, view.submit.text)]
        : []),
    );
    busy(form, false);
  }

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (top) page.send({ type: "close", view_id: top.id });
  });

  return {
    show,
    errors({ view_id: id, errors }) {
      const form = open.get(id);
      if (!form) return;
      busy(form, false);
      say(form, errors);
    },
    settle: () => open.forEach((form) => busy(form, false)),
  };
}

function busy(form, is) {
  for (const button of form.querySelectorAll("[type=submit]")) button.disabled = is;
}

/** Check what the browser can check: fields that are required, too short, or out of range. */
function valid(form) {
  const errors = {};
  for (const node of form.querySelectorAll(".block.input [data-action]")) {
    const { type, ...state } = node.read();
    const empty = Object.values(state).every((value) => value == null || value.length === 0);
    if (empty && !node.optional) errors[node.dataset.inBlock] = "Please complete this required field.";
    else if (node.validationMessage) errors[node.dataset.inBlock] = node.validationMessage;
  }
  say(form, errors);
  return Object.keys(errors).length === 0;
}

function say(form, errors) {
  for (const block of form.querySelectorAll(".block.input")) {
    const sentence = errors[block.dataset.block] ?? "";
    block.classList.toggle("refused", Boolean(sentence));
    block.querySelector(".field-error").textContent = sentence;
  }
  form.querySelector(".refused [data-action]")?.focus();
}
