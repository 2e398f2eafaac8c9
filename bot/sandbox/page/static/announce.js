/** Reads new messages to a screen reader, each once: a growing message when it has not changed for two seconds. */

const REST_MILLISECONDS = 2000; // milliseconds without a change
const MAX_SPOKEN_CHARACTERS = 300; // characters
const waiting = new Map();

export function announce(message, name) {
  const key = `${message.channel} ${message.ts}`;
  clearTimeout(waiting.get(key));
  waiting.set(
    key,
    setTimeout(() => {
      waiting.delete(key);
      document.getElementById("announcements").textContent = `${name}: ${message.text.slice(0, MAX_SPOKEN_CHARACTERS)}`;
    }, REST_MILLISECONDS),
  );
}
