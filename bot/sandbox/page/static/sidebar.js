/** The sidebar: channels, direct messages, the app's Home. */

import { avatar } from "./avatar.js";
import { h, icon } from "./dom.js";

/** Redraw the sidebar if its content has changed. */
export function showSidebar(nav, page) {
  const { state, place, unread } = page;
  const shown = JSON.stringify([
    state.team,
    [...state.channels.values()],
    state.me,
    state.bot,
    place.channel,
    place.home,
    [...unread],
  ]);
  if (nav.shown === shown) return;
  nav.shown = shown;
  const channels = [...state.channels.values()];
  const link = (props, ...children) => h("button", { type: "button", class: "sidebar-item", ...props }, ...children);
  const badge = (id) =>
    unread.get(id)
      ? [h("span", { class: "unread", "aria-label": `${unread.get(id)} unread` }, String(unread.get(id)))]
      : [];
  const item = (channel) =>
    link(
      {
        data: { testid: `channel-${channel.id}` },
        "aria-current": !place.home && place.channel === channel.id ? "page" : null,
        on: { click: () => page.go({ channel: channel.id, thread: "", home: "" }) },
      },
      ...face(channel, state),
      ...badge(channel.id),
    );
  const home = link(
    {
      data: { testid: "home-tab" },
      "aria-current": place.home ? "page" : null,
      on: { click: () => page.go({ home: "1", thread: "" }) },
    },
    icon("home"),
    h("span", { class: "label" }, `${state.bot.name} Home`),
  );
  const focused = document.activeElement?.dataset.testid;
  nav.replaceChildren(
    h(
      "div",
      { class: "sidebar-head" },
      h("img", { src: "/page/icon.svg", alt: "", class: "avatar small" }),
      h("strong", {}, state.team.name),
    ),
    section("Channels", channels.filter(({ kind }) => kind === "channel").map(item)),
    section("Direct messages", channels.filter(({ kind }) => kind === "im").map(item)),
    section("Apps", [home]),
    h(
      "p",
      { class: "sidebar-foot" },
      "A local workspace. All data stays on this machine, except what you send to a model of your own.",
    ),
  );
  if (nav.contains(document.activeElement) || !focused) return;
  nav.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}

function section(title, items) {
  return h("section", {}, h("h2", {}, title), ...items);
}

function face(channel, state) {
  if (channel.kind === "channel")
    return [h("span", { class: "hash", "aria-hidden": "true" }, "#"), h("span", { class: "label" }, channel.name)];
  return [
    avatar(state.users.get(state.bot.id) ?? { bot: true }, "small"),
    h("span", { class: "label" }, state.bot.name),
    h("span", {
      class: `presence ${state.bot.connected ? "on" : ""}`,
      title: state.bot.connected ? "Connected" : "Not connected",
    }),
  ];
}
