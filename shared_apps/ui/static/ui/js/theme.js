// Runs before the first paint (a plain script in the head): sets the theme the person chose, so the page never flashes.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const preferred = root.dataset.theme || "system"; // the person's, where this browser has none of its own

  function choice() {
    const match = document.cookie.match(/(?:^|; )theme=(light|dark|system)/);
    return match ? match[1] : preferred;
  }

  function apply() {
    const chosen = choice();
    root.dataset.theme = chosen;
    root.dataset.bsTheme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
    root.dispatchEvent(new CustomEvent("theme:changed"));
  }

  dark.addEventListener("change", apply);
  window.setTheme = function (chosen) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${chosen}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    apply();
  };
  apply();
})();
