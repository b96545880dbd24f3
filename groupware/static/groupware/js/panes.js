// Panes side by side: their edge can be moved by pointer and by arrow keys, and stays where it was put on this device.
// On a narrow window one pane is shown: data-pane on the frame names it, [data-show-pane] changes it.
//   <div class="pane-edge" role="separator" tabindex="0" data-resize="--folders-width" data-min data-max>

const STEP = 16;

function width(edge) {
  return edge.previousElementSibling.getBoundingClientRect().width;
}

function resize(edge, wanted) {
  const { resize: property, min = 160, max = 480 } = edge.dataset;
  const value = Math.round(Math.min(Number(max), Math.max(Number(min), wanted)));
  edge.parentElement.style.setProperty(property, `${value}px`);
  edge.setAttribute("aria-valuenow", value);
  return value;
}

function remember(edge, value) {
  try {
    localStorage.setItem(`pane:${edge.dataset.resize}`, value);
  } catch {
    // A browser that keeps nothing shows the usual width next time.
  }
}

function prepare(edge) {
  edge.setAttribute("aria-valuemin", edge.dataset.min ?? 160);
  edge.setAttribute("aria-valuemax", edge.dataset.max ?? 480);
  let kept = null;
  try {
    kept = Number(localStorage.getItem(`pane:${edge.dataset.resize}`));
  } catch {
    kept = null;
  }
  if (kept) resize(edge, kept);
  else edge.setAttribute("aria-valuenow", Math.round(width(edge)));
  const sign = () => (getComputedStyle(edge).direction === "rtl" ? -1 : 1);
  edge.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: sign(), ArrowLeft: -sign() }[event.key];
    if (!steps) return;
    event.preventDefault();
    remember(edge, resize(edge, width(edge) + steps * STEP));
  });
  edge.addEventListener("pointerdown", (down) => {
    const begin = width(edge);
    edge.setPointerCapture(down.pointerId);
    const move = (event) => resize(edge, begin + (event.clientX - down.clientX) * sign());
    edge.addEventListener("pointermove", move);
    edge.addEventListener("lostpointercapture", () => {
      edge.removeEventListener("pointermove", move);
      remember(edge, Math.round(width(edge)));
    }, { once: true });
  });
}

/** Shows one pane of the frame on a narrow window; beside each other they are all shown anyway. */
export function show(name) {
  const frame = document.querySelector("[data-pane]");
  if (frame) frame.dataset.pane = name;
}

export function start() {
  // On a narrow window the sections are one line that scrolls: the current one must be in sight.
  document.querySelector(".sections [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.querySelectorAll(".pane-edge[data-resize]").forEach(prepare);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-show-pane]");
    if (button) show(button.dataset.showPane);
  });
}
