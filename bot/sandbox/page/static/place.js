/**
 * Where the reader is: person, channel, thread, Home, wire log. Kept in the address, so that a reload and
 * the browser's own Back button work.
 */

const FIELDS = ["user", "channel", "thread", "home", "trace"];

export function readPlace() {
  const fields = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(FIELDS.map((name) => [name, fields.get(name) ?? ""]));
}

/** Remember a place; a new entry in the history only when the reader went somewhere. */
export function writePlace(place, { replace = false } = {}) {
  const fields = new URLSearchParams(FIELDS.filter((name) => place[name]).map((name) => [name, place[name]]));
  history[replace ? "replaceState" : "pushState"](null, "", `#${fields}`);
}
