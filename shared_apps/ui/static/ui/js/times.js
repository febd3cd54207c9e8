// Relative times ("2 min ago"); the exact time stays in the tooltip and in the datetime attribute.
const UNITS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
// The reader's own variety of the page's language: 17:45 for en-GB, 5:45 PM for en-US.
const page = document.documentElement.lang || "en";
export const language = navigator.languages.find((own) => own.split("-")[0] === page.split("-")[0]) ?? page;
const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

export function relative(date, now = Date.now()) {
  const seconds = (date.getTime() - now) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return format.format(Math.trunc(seconds / size), unit);
}

export function renewTimes(root = document) {
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const date = new Date(element.dateTime);
    element.title ||= date.toLocaleString(language, { dateStyle: "full", timeStyle: "long" });
    const next = relative(date);
    if (element.textContent !== next) element.textContent = next;
  }
}

// The server writes exact times in UTC; here they become the person's own, the UTC one moves to the tooltip.
const STYLES = { exact: { dateStyle: "medium", timeStyle: "short" }, seconds: { dateStyle: "medium", timeStyle: "medium" } };

export function localiseTimes(root = document) {
  for (const [name, style] of Object.entries(STYLES)) {
    for (const element of root.querySelectorAll(`time[data-${name}]:not([title])`)) {
      element.title = element.textContent;
      element.textContent = new Date(element.dateTime).toLocaleString(language, style);
    }
  }
}

export function setUpTimes() {
  localiseTimes();
  renewTimes();
  setInterval(() => renewTimes(), 15000);
}
