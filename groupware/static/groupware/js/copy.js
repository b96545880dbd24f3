// Copy buttons: data-copy="#id of what is copied", data-copied="word shown for a moment".

function textOf(source) {
  return "value" in source && source.tagName !== "OUTPUT" ? source.value : source.textContent.trim();
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const word = button.querySelector("[data-copy-word]");
  try {
    await navigator.clipboard.writeText(textOf(source));
  } catch {
    // Without the permission, or over plain http, the text is selected: one key is left to press.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return;
  }
  if (!word || word.dataset.before) return;
  word.dataset.before = word.textContent;
  word.textContent = button.dataset.copied;
  word.setAttribute("role", "status");
  setTimeout(() => {
    word.textContent = word.dataset.before;
    delete word.dataset.before;
  }, 2000);
}

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
}
