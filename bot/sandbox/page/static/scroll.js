/** Keeps a timeline scrolled to its end while it grows, if the reader was there; else shows a button to go down. */

import { h, icon } from "./dom.js";

const END_TOLERANCE_PIXELS = 48; // pixels that still count as the end

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
  const look = () => (button.hidden = atEnd || scroller.scrollHeight - scroller.clientHeight < END_TOLERANCE_PIXELS);
  scroller.addEventListener(
    "scroll",
    () => {
      atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < END_TOLERANCE_PIXELS;
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
