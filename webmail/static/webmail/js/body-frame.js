// The frame of an HTML message is as high as its content. We look at it from outside: nothing runs inside the frame.
import { eachOf } from "../../groupware/js/page.js";

function measure(frame) {
  const inside = frame.contentDocument?.documentElement;
  if (!inside) return;
  frame.style.setProperty("block-size", "0");
  frame.style.setProperty("block-size", `${Math.max(inside.scrollHeight, inside.offsetHeight)}px`);
}

function watch(frame) {
  let width = 0;
  const settle = () => {
    measure(frame);
    for (const image of frame.contentDocument?.images ?? []) {
      if (!image.complete) image.addEventListener("load", () => measure(frame), { once: true });
    }
  };
  frame.addEventListener("load", settle);
  if (frame.contentDocument?.readyState === "complete") settle();
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) < 1) return;
    width = entry.contentRect.width;
    measure(frame);
  }).observe(frame);
}

export function start() {
  eachOf("iframe[data-body-frame]", watch);
}
