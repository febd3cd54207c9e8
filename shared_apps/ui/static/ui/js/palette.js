// The command palette: Ctrl-K (or Cmd-K) opens it. Every link or button with data-command is a command,
// so it offers exactly what this person may do on this page. WAI-ARIA combobox with a listbox.
import { icon } from "./texts.js";

let commands = [];
let shown = [];
let active = 0;

const part = (name) => document.querySelector(`#palette [data-part="${name}"]`);

function collect() {
  const seen = new Set();
  commands = [];
  for (const element of document.querySelectorAll("[data-command]")) {
    const label = (element.dataset.command || element.textContent).trim().replace(/\s+/g, " ");
    const key = `${label}|${element.href ?? ""}`;
    if (!label || seen.has(key) || element.disabled) continue;
    seen.add(key);
    commands.push({ label, element, group: element.dataset.commandGroup ?? "", icon: element.dataset.commandIcon ?? "arrow-right" });
  }
}

/** Every word of the query must begin a word of the label, or appear in it (ranked lower). */
function score(label, query) {
  const haystack = label.toLocaleLowerCase();
  let total = 0;
  for (const word of query.toLocaleLowerCase().split(/\s+/).filter(Boolean)) {
    const at = haystack.indexOf(word);
    if (at < 0) return -1;
    total += at === 0 ? 3 : /\s/.test(haystack[at - 1]) ? 2 : 1;
  }
  return total;
}

function render() {
  const input = part("input");
  const list = part("list");
  shown = commands
    .map((command) => ({ command, rank: score(`${command.label} ${command.group}`, input.value) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ command }) => command);
  active = 0;
  list.replaceChildren(...shown.map((command, index) => {
    const option = document.createElement("div");
    option.id = `palette-option-${index}`;
    option.setAttribute("role", "option");
    const group = document.createElement("small");
    group.textContent = command.group;
    option.append(icon(command.icon), command.label, group);
    option.addEventListener("click", () => run(index));
    option.addEventListener("pointermove", () => mark(index));
    return option;
  }));
  part("none").hidden = shown.length > 0;
  mark(0);
}

function mark(index) {
  active = index;
  for (const [at, option] of [...part("list").children].entries()) option.setAttribute("aria-selected", String(at === index));
  const option = part("list").children[index];
  part("input").setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

function run(index) {
  const command = shown[index];
  if (!command) return;
  document.getElementById("palette").close();
  command.element.click();
}

function open() {
  const dialog = document.getElementById("palette");
  if (dialog.open) return;
  collect();
  part("input").value = "";
  dialog.showModal();
  render();
  part("input").focus();
}

export function setUpPalette() {
  if (!document.getElementById("palette")) return;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  for (const button of document.querySelectorAll("[data-open-palette]")) button.addEventListener("click", open);
  part("input").addEventListener("input", render);
  part("input").addEventListener("keydown", (event) => {
    const last = shown.length - 1;
    const moves = { ArrowDown: active >= last ? 0 : active + 1, ArrowUp: active <= 0 ? last : active - 1, Home: 0, End: last };
    if (event.key in moves && last >= 0) {
      event.preventDefault();
      mark(moves[event.key]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(active);
    }
  });
}
