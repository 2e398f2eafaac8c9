/** Says new messages to a screen reader once, when a growing one has come to rest. */

const REST = 2000; // milliseconds without a change
const SPOKEN = 300; // characters
const waiting = new Map();

export function announce(message, name) {
  const key = `${message.channel} ${message.ts}`;
  clearTimeout(waiting.get(key));
  waiting.set(
    key,
    setTimeout(() => {
      waiting.delete(key);
      document.getElementById("announcements").textContent = `${name}: ${message.text.slice(0, SPOKEN)}`;
    }, REST),
  );
}
