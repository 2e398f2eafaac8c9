/** The state that this person may see, updated by the server's frames. It does not know the page's elements. */

const MAX_TRACE_ENTRIES = 400;

export class State {
  constructor() {
    this.apply({
      type: "hello",
      me: "",
      team: { name: "" },
      users: [],
      channels: [],
      messages: [],
      statuses: [],
      titles: [],
      prompts: [],
      home: null,
      trace: [],
      bot: { id: "", name: "", connected: false },
      commands: [],
      shortcuts: [],
    });
  }

  apply(frame) {
    switch (frame.type) {
      case "hello":
        return this.#hello(frame);
      case "message":
        return this.#messages(frame.message.channel).set(frame.message.ts, frame.message);
      case "deleted":
        return this.#messages(frame.channel).delete(frame.ts);
      case "status":
        return this.statuses.set(`${frame.channel} ${frame.thread_ts}`, frame);
      case "title":
        return this.titles.set(`${frame.channel} ${frame.thread_ts}`, frame.title);
      case "prompts":
        return this.prompts.set(frame.channel, frame.prompts);
      case "home":
        return (this.home = frame.view);
      case "modals":
        return (this.modals = frame.views);
      case "connected":
        return (this.bot = { ...this.bot, connected: frame.connected });
      case "trace":
        return (this.trace = [...this.trace, frame.entry].slice(-MAX_TRACE_ENTRIES));
      case "notice":
        return frame.channel && this.#notice(frame);
    }
  }

  #hello(frame) {
    const { me, team, home, trace, bot, commands, shortcuts } = frame;
    Object.assign(this, { me, team, home, trace, bot, commands, shortcuts, modals: [] });
    this.users = new Map(frame.users.map((user) => [user.id, user]));
    this.channels = new Map(frame.channels.map((channel) => [channel.id, channel]));
    this.statuses = new Map(frame.statuses.map((status) => [`${status.channel} ${status.thread_ts}`, status]));
    this.titles = new Map(frame.titles.map((one) => [`${one.channel} ${one.thread_ts}`, one.title]));
    this.prompts = new Map(frame.prompts.map((one) => [one.channel, one.prompts]));
    this.messages = new Map();
    for (const message of frame.messages) this.#messages(message.channel).set(message.ts, message);
  }

  /** A notice is for this person only and lasts until the page is loaded again. */
  #notice({ channel, thread_ts = null, text, blocks }) {
    const ts = (Date.now() / 1000).toFixed(6);
    const shown = blocks?.length ? blocks : [{ type: "section", text: { type: "plain_text", text } }];
    this.apply({
      type: "message",
      message: {
        channel,
        ts,
        thread_ts,
        user: this.bot.id,
        bot: true,
        blocks: shown,
        text,
        reactions: [],
        edited: false,
        broadcast: false,
        streaming: false,
        notice: true,
      },
    });
  }

  #messages(channel) {
    if (!this.messages.has(channel)) this.messages.set(channel, new Map());
    return this.messages.get(channel);
  }

  /** All messages of a channel by time. Times are digits of one length, so they sort as text. */
  in(channel) {
    return [...this.#messages(channel).values()].sort((one, other) => (one.ts < other.ts ? -1 : 1));
  }

  message(channel, ts) {
    return this.#messages(channel).get(ts);
  }

  /** The status of a thread while there is one. */
  status(channel, thread) {
    const status = this.statuses.get(`${channel} ${thread}`);
    return status?.status ? status : null;
  }

  /** The title of a thread, if the app gave it one. */
  title(channel, thread) {
    return this.titles.get(`${channel} ${thread}`) ?? "";
  }

  /** The displayed name of a user or channel. */
  name(id) {
    const user = this.users.get(id);
    return user ? user.real_name || user.name : (this.channels.get(id)?.name ?? id);
  }

  people() {
    return [...this.users.values()].filter((user) => !user.bot);
  }

  /** Mentions as people write them -> `<@U..>`; the longest name first, so that no name hides another. */
  wire(text) {
    const names = [...this.users.values()].flatMap((user) => [
      [user.real_name, user.id],
      [user.name, user.id],
    ]);
    names.sort(([one], [other]) => other.length - one.length);
    return names
      .filter(([name]) => name)
      .reduce((wired, [name, id]) => {
        const literal = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        return wired.replace(new RegExp(`(?<![\\w<@])@${literal}(?![\\w])`, "gi"), `<@${id}>`);
      }, text);
  }

  /** The reverse of `wire`, for editing one's own message. */
  written(text) {
    const plain = text.replace(/<@([UW][A-Z0-9]+)(\|[^>]*)?>/g, (_, id) => `@${this.name(id)}`);
    return plain.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  }
}
