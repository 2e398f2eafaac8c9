/** Keeps a timeline at its end while it grows, but only if the reader was there; else offers the way down. */

import { h, icon } from "./dom.js";

const NEAR = 48; // pixels that still count as the end

export function keepAtEnd(scroller, content) {
  let atEnd = true;
  const button = h(
    "button",
    { type: "button", class: "jump", hidden: true, on: { click: () => toEnd() } },
    icon("down"),
    "Latest messages",
  );
  const toEnd = () => {
    atEnd = true;
    scroller.scrollTop = scroller.scrollHeight;
  };
  const look = () => (button.hidden = atEnd || scroller.scrollHeight - scroller.clientHeight < NEAR);
  scroller.addEventListener(
    "scroll",
    () => {
      atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
      look();
    },
    { passive: true },
  );
  const observer = new ResizeObserver(() => {
    if (atEnd) toEnd();
    look();
  });
  observer.observe(content);
  observer.observe(scroller);
  scroller.append(button);
  return toEnd;
}
