/**
 * The place of the reader: person, channel, thread, Home, wire log. It is kept in the URL's fragment, so that reload
 * and the Back button work.
 */

const FIELDS = ["user", "channel", "thread", "home", "trace"];

export function readPlace() {
  const fields = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(FIELDS.map((name) => [name, fields.get(name) ?? ""]));
}

/** Write a place into the URL; adds a history entry only if the reader went elsewhere. */
export function writePlace(place, { replace = false } = {}) {
  const fields = new URLSearchParams(FIELDS.filter((name) => place[name]).map((name) => [name, place[name]]));
  history[replace ? "replaceState" : "pushState"](null, "", `#${fields}`);
}
