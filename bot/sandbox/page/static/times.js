/** Formats times for people. `ts` is Slack's "seconds.micros"; all times are in the reader's time zone. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const date = (ts) => new Date(Number(ts) * 1000);

export const clock = (ts) => CLOCK.format(date(ts));
export const exact = (ts) => EXACT.format(date(ts));

/** "Today", "Yesterday" or "Monday, 3 March". */
export function day(ts) {
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
  const days = Math.round((midnight(new Date()) - midnight(date(ts))) / 86400000);
  return ["Today", "Yesterday"][days] ?? DAY.format(date(ts));
}

/** "2 minutes ago"; "just now" within the first minute. */
export function ago(ts) {
  const seconds = Date.now() / 1000 - Number(ts);
  const step = STEPS.find(([, length]) => seconds >= length);
  return step ? AGO.format(-Math.floor(seconds / step[1]), step[0]) : "just now";
}

/** Hours, minutes, seconds and milliseconds, for the wire log. */
export function precise(seconds) {
  const moment = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const millis = String(moment.getMilliseconds()).padStart(3, "0");
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${millis}`;
}
