/** The introduction at the top of a channel, with suggestions if the channel is empty. */

import { avatar } from "./avatar.js";
import { h } from "./dom.js";

const SUGGESTIONS = {
  channel: ["hello", "show me a list, some code and a table", "explain threads to a newcomer"],
  im: ["Hello, who are you?", "Write a haiku about threads", "Explain Slack threads in three points"],
};

/** Returns the introduction for `timeline`; `fill(text)` puts a suggestion into the message box. */
export function introduction(channel, state, empty, fill) {
  const key = `${state.me} ${channel.id} ${empty} ${JSON.stringify(state.prompts.get(channel.id) ?? "")}`;
  return { key, make: () => opening(channel, state, empty, fill) };
}

function opening(channel, state, empty, fill) {
  const direct = channel.kind === "im";
  const bot = state.bot.name;
  const title = direct ? bot : `#${channel.name}`;
  const sentence = direct
    ? `This is the start of your conversation with ${bot}. Each message you send here begins a thread, and it answers there.`
    : `This is the start of #${channel.name}. Mention @${bot} and it answers in the thread of your message.`;
  const words = SUGGESTIONS[direct ? "im" : "channel"].map((each) => (direct ? each : `@${bot} ${each}`));
  const prompts = Object.entries(state.prompts.get(channel.id) ?? {});
  const tries = (prompts.length ? prompts : words.map((text) => [text, text])).map(([label, text]) =>
    h(
      "button",
      { type: "button", class: "suggestion", data: { testid: "suggestion" }, on: { click: () => fill(text) } },
      label,
    ),
  );
  return h(
    "div",
    { class: "opening" },
    direct
      ? avatar({ bot: true }, "large")
      : h("span", { class: "avatar large hash-face", "aria-hidden": "true" }, "#"),
    h("h2", {}, title),
    h("p", {}, sentence),
    empty && h("div", { class: "suggestions" }, h("p", { class: "faint" }, "Try one of these:"), tries),
  );
}
