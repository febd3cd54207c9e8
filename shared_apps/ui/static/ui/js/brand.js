// The page of the brand: what is typed shows in the preview at once; a suggested colour is taken by a press.
const COLOUR = /^#[0-9a-f]{6}$/i;

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function show(form) {
  for (const preview of form.querySelectorAll("[data-preview]")) {
    const colour = form.elements[preview.dataset.preview].value.trim();
    const names = ["--accent", "--accent-hover", "--accent-soft", "--on-accent"];
    if (!COLOUR.test(colour)) {
      names.forEach((name) => preview.style.removeProperty(name));
      continue;
    }
    const ground = preview.dataset.bsTheme === "dark" ? "#151a22" : "#ffffff";
    const ink = contrast("#ffffff", colour) >= contrast("#0b1022", colour) ? "#ffffff" : "#0b1022";
    const soft = `color-mix(in srgb, ${colour} ${ground === "#ffffff" ? 12 : 20}%, ${ground})`;
    [colour, colour, soft, ink].forEach((value, index) => preview.style.setProperty(names[index], value));
  }
  const name = form.elements.name.value.trim();
  for (const place of form.querySelectorAll("[data-preview-name]")) place.textContent = name;
}

for (const form of document.querySelectorAll("[data-brand-form]")) {
  form.addEventListener("input", () => show(form));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-use-colour]");
    if (!button) return;
    const control = document.getElementById(button.dataset.for);
    control.value = button.dataset.useColour;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.focus();
  });
  show(form);
}
