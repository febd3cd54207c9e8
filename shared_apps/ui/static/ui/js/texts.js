// The translated texts that scripts show; base.html writes them as JSON, in the page's language.
const source = document.getElementById("ui-texts");
const texts = source ? JSON.parse(source.textContent) : {};

/** The text of `key` with `%(name)s` places filled from `values`. */
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}

/** An icon of the sprite, hidden from assistive technology. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.sprite}#${name}`);
  svg.append(use);
  return svg;
}
