// Waiting is shown only when it is felt: after 300 ms the target is marked busy and its skeleton appears.
//   <template data-skeleton-for="#reading"> … .skeleton … </template>
const LATE_MS = 300;
const clocks = new WeakMap();

function skeletonFor(target) {
  return target.id ? document.querySelector(`template[data-skeleton-for="#${CSS.escape(target.id)}"]`) : null;
}

export function start() {
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const { target, xhr } = detail;
    clocks.set(xhr, setTimeout(() => {
      target.setAttribute("aria-busy", "true");
      const skeleton = skeletonFor(target);
      if (skeleton) target.replaceChildren(skeleton.content.cloneNode(true));
    }, LATE_MS));
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    clearTimeout(clocks.get(detail.xhr));
    detail.target?.removeAttribute("aria-busy");
  });
}
