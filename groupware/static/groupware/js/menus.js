// Native popovers placed beside the button that opened them; arrow keys inside menus.

const GAP = 4;
const EDGE = 8;

function invokerOf(menu) {
  return document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]:is(:focus, :hover, [data-invoker])`)
    ?? document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
}

/** Below the button, or above or beside it where there is more room; always inside the window. */
function place(menu, invoker) {
  const anchor = invoker.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isRightToLeft = getComputedStyle(document.documentElement).direction === "rtl";
  const fitsBelow = anchor.bottom + GAP + height <= innerHeight - EDGE;
  const fitsAbove = anchor.top - GAP - height >= EDGE;
  let top = fitsBelow || !fitsAbove ? anchor.bottom + GAP : anchor.top - GAP - height;
  let left = isRightToLeft ? anchor.right - width : anchor.left;
  if (!fitsBelow && !fitsAbove) left = isRightToLeft ? anchor.left - GAP - width : anchor.right + GAP;
  top = Math.min(Math.max(EDGE, top), Math.max(EDGE, innerHeight - height - EDGE));
  left = Math.min(Math.max(EDGE, left), Math.max(EDGE, innerWidth - width - EDGE));
  menu.style.setProperty("top", `${top}px`);
  menu.style.setProperty("left", `${left}px`);
}

function itemsOf(menu) {
  return [...menu.querySelectorAll(".menu-item")].filter((item) => item.checkVisibility() && !item.disabled);
}

function step(menu, key) {
  const items = itemsOf(menu);
  const here = items.indexOf(document.activeElement);
  const target = { ArrowDown: here + 1, ArrowUp: here < 0 ? -1 : here - 1, Home: 0, End: -1 }[key];
  items.at(target % items.length)?.focus();
}

export function start() {
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.(".menu[popover]")) return;
    const invoker = invokerOf(menu);
    invoker?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState !== "open" || !invoker) return;
    place(menu, invoker);
    if (menu.getAttribute("role") === "menu") itemsOf(menu)[0]?.focus();
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(".menu[popover]");
    if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
    if (event.target.matches("input, select, textarea") || itemsOf(menu).length === 0) return;
    event.preventDefault();
    step(menu, event.key);
  });
  // A choice closes its menu; a form inside a wide menu does so by loading the next page.
  document.addEventListener("click", (event) => {
    const item = event.target.closest?.('[role="menu"] .menu-item');
    if (item) item.closest("[popover]").hidePopover();
  });
}
