// One tab stop for a list: arrows, Home, End and Page keys move the focus; what is focused is not yet selected.
//   data-roving="selector of the items"   on the list, grid or toolbar
//   data-roving-axis="horizontal"         for toolbars; vertical without it
import { eachOf } from "./page.js";

const PAGE = 10;

/** The items of a roving list that can be seen. */
export function itemsOf(list) {
  return [...list.querySelectorAll(list.dataset.roving)].filter((item) => item.checkVisibility());
}

/** Makes `item` the tab stop of its list, and focuses it unless told otherwise. */
export function rove(list, item, { focus = true } = {}) {
  itemsOf(list).forEach((other) => { other.tabIndex = other === item ? 0 : -1; });
  if (focus) {
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function target(list, key) {
  const items = itemsOf(list);
  const here = items.findIndex((item) => item === document.activeElement || item.contains(document.activeElement));
  const isHorizontal = list.dataset.rovingAxis === "horizontal";
  const rtl = isHorizontal && getComputedStyle(list).direction === "rtl" ? -1 : 1;
  const steps = isHorizontal
    ? { ArrowRight: rtl, ArrowLeft: -rtl, Home: -Infinity, End: Infinity }
    : { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -Infinity, End: Infinity };
  if (here < 0 || !(key in steps)) return null;
  return items[Math.min(items.length - 1, Math.max(0, here + steps[key]))];
}

function prepare(list) {
  const items = itemsOf(list);
  const first = items.find((item) => item.tabIndex === 0) ?? items.find((item) => item.ariaSelected === "true") ?? items[0];
  if (first) rove(list, first, { focus: false });
}

export function start() {
  eachOf("[data-roving]", prepare);
  document.addEventListener("htmx:afterSettle", (event) => {
    const list = event.target.closest?.("[data-roving]");
    if (list) prepare(list);
  });
  document.addEventListener("keydown", (event) => {
    const list = event.target.closest?.("[data-roving]");
    if (!list || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    const item = target(list, event.key);
    if (!item) return;
    event.preventDefault();
    rove(list, item);
    item.dispatchEvent(new CustomEvent("rove", { bubbles: true, detail: { extends: event.shiftKey } }));
  });
}
