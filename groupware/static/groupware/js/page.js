// What several modules read from the page: settings in <meta>, icons of the sprite, new content of htmx.

/** The content of <meta name="…">, or an empty text. */
export function meta(name) {
  return document.head.querySelector(`meta[name="${name}"]`)?.content ?? "";
}

/** An icon of the sprite, hidden from screen readers. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${meta("icons")}#${name}`);
  picture.append(use);
  return picture;
}

/** Calls `visit` for each element of `selector`, now and whenever htmx brings new ones. */
export function eachOf(selector, visit) {
  const within = (root) => {
    if (root.matches?.(selector)) visit(root);
    root.querySelectorAll(selector).forEach(visit);
  };
  within(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) within(event.detail.elt);
  });
}

/** True while letters go into a text: a field, an editor, or an input method that is composing. */
export function isTyping(event) {
  if (event.isComposing || event.keyCode === 229) return true;
  const place = event.target;
  if (!(place instanceof HTMLElement)) return false;
  if (place.isContentEditable || place.matches("textarea, select")) return true;
  return place.matches("input") && !["checkbox", "radio", "button", "submit"].includes(place.type);
}
