// Tables whose rows can be selected: all at once, a range with Shift, and the bar of what can be done with them.

function boxesOf(table) {
  return [...table.querySelectorAll("tbody .table-select input[type=checkbox]")];
}

function tell(table) {
  const boxes = boxesOf(table);
  const count = boxes.filter((box) => box.checked).length;
  const all = table.querySelector("[data-select-all]");
  if (all) {
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }
  const bar = table.closest("form")?.querySelector("[data-bulk]");
  if (!bar) return;
  bar.hidden = count === 0;
  bar.querySelector("[data-selected-count]").textContent = count;
}

export function start() {
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target;
    const table = box.closest?.("table[data-selectable]");
    if (!table || box.type !== "checkbox") return;
    const boxes = boxesOf(table);
    if (box.matches("[data-select-all]")) boxes.forEach((other) => { other.checked = box.checked; });
    else if (event.shiftKey && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      boxes.slice(from, to + 1).forEach((other) => { other.checked = box.checked; });
    }
    if (!box.matches("[data-select-all]")) last = box;
    tell(table);
  });
  document.querySelectorAll("table[data-selectable]").forEach(tell);
  keepThroughSwaps();
}

/** Ticks inside [data-keeps-selection] outlive a swap of that piece: rows are known by the values of their boxes. */
function keepThroughSwaps() {
  const kept = new Map();
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!detail.target.matches?.("[data-keeps-selection]")) return;
    const ticked = detail.target.querySelectorAll(".table-select input[name=selected]:checked");
    kept.set(detail.target.id, new Set([...ticked].map((box) => box.value)));
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, values] of kept) {
      kept.delete(id);
      const table = document.getElementById(id)?.querySelector("table[data-selectable]");
      if (!table) continue;
      boxesOf(table).forEach((box) => { box.checked = values.has(box.value); });
      tell(table);
    }
  });
}
