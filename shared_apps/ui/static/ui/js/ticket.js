// The order ticket says what an order would come to while it is typed. An estimate: the review comes from the server.
document.addEventListener("alpine:init", () => {
  const quotes = new Map();
  const language = document.documentElement.lang || "en";

  async function quoteOf(address, symbol) {
    if (!quotes.has(symbol)) {
      const answer = await fetch(`${address}?symbol=${encodeURIComponent(symbol)}`, { headers: { Accept: "application/json" } });
      quotes.set(symbol, answer.ok ? await answer.json() : null);
    }
    return quotes.get(symbol);
  }

  window.Alpine.data("ticket", () => ({
    about: "",
    async estimate() {
      const form = this.$root.querySelector("form");
      const quantity = Number(form.elements.quantity?.value);
      const symbol = form.elements.symbol?.value;
      const quote = quantity > 0 && symbol ? await quoteOf(this.$root.dataset.quote, symbol) : null;
      this.about = quote
        ? `≈ ${(quantity * Number(quote.price)).toLocaleString(language, { maximumFractionDigits: 2 })} ${quote.currency}`
        : "";
    },
  }));
});
