// The candle chart: lightweight-charts in the page's colours, the bot's trades as markers, a legend that follows the crosshair.
import { text } from "./texts.js";
import { language } from "./times.js";

// The axis in the person's own time zone, like every other time of the page; the library alone would draw UTC.
const TICKS = [{ year: "numeric" }, { month: "short" }, { day: "numeric", month: "short" }, { hour: "2-digit", minute: "2-digit" }, { timeStyle: "medium" }];
const tick = (time, kind) => new Date(time * 1000).toLocaleString(language, TICKS[kind]);
const moment = (time) => new Date(time * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });

const FEW = 120; // so many candles fill the chart at the width it begins with

function tokens() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    ink: token("--ink-3"), line: token("--line"), strong: token("--line-strong"), accent: token("--accent"),
    up: token("--candle-up"), down: token("--candle-down"), surface: token("--surface"), upInk: token("--up"), downInk: token("--down"),
  };
}

function chartColours(colours) {
  return {
    layout: { background: { type: "solid", color: colours.surface }, textColor: colours.ink, attributionLogo: false },
    grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
    rightPriceScale: { borderColor: colours.line },
    timeScale: { borderColor: colours.line },
    crosshair: { vertLine: { color: colours.strong, labelBackgroundColor: colours.strong }, horzLine: { color: colours.strong, labelBackgroundColor: colours.strong } },
  };
}

function seriesColours(colours) {
  return { upColor: colours.up, downColor: colours.down, wickUpColor: colours.up, wickDownColor: colours.down, borderVisible: false };
}

/** A candle of the API ({opened_at, open, high, low, close} with decimal strings) as the chart wants it. Floats only draw. */
export function toBar(candle) {
  return {
    time: Math.floor(new Date(candle.opened_at).getTime() / 1000),
    open: Number(candle.open), high: Number(candle.high), low: Number(candle.low), close: Number(candle.close),
  };
}

function toMarker(trade, colours) {
  const buy = trade.side === "buy";
  return {
    time: Math.floor(new Date(trade.time).getTime() / 1000),
    position: buy ? "belowBar" : "aboveBar",
    shape: buy ? "arrowUp" : "arrowDown",
    color: buy ? colours.upInk : colours.downInk,
    text: trade.label ?? text(buy ? "buy" : "sell"),
    id: trade.id,
  };
}

/** Draw a chart into `figure`. Returns {setCandles, update, setTrades, chart}. */
export function candleChart(figure) {
  const canvas = figure.querySelector(".chart-canvas");
  const legend = figure.querySelector(".chart-legend");
  const library = window.LightweightCharts;
  const digits = Number(figure.dataset.digits ?? 5);
  let colours = tokens();
  let trades = [];
  const chart = library.createChart(canvas, {
    autoSize: true,
    localization: { locale: language, timeFormatter: moment },
    handleScale: { axisPressedMouseMove: true },
    ...chartColours(colours),
    layout: { ...chartColours(colours).layout, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11 },
    timeScale: { borderColor: colours.line, timeVisible: true, secondsVisible: false, rightOffset: 4, tickMarkFormatter: tick },
  });
  const series = chart.addSeries(library.CandlestickSeries, {
    ...seriesColours(colours),
    priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits },
  });
  const markers = library.createSeriesMarkers(series, []);

  const drawTrades = () => markers.setMarkers([...trades].sort((a, b) => new Date(a.time) - new Date(b.time)).map((trade) => toMarker(trade, colours)));

  const number = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  let last = null;
  const say = (bar) => {
    if (!legend || !bar) return;
    const parts = ["open", "high", "low", "close"].map((name) => {
      const piece = document.createElement("span");
      const value = document.createElement("b");
      value.textContent = number.format(bar[name]);
      piece.append(`${text(name)} `, value);
      return piece;
    });
    legend.replaceChildren(...parts);
  };
  chart.subscribeCrosshairMove((event) => say(event.seriesData.get(series) ?? last));
  chart.subscribeClick((event) => {
    const trade = trades.find((known) => known.id === event.hoveredObjectId);
    if (trade) figure.dispatchEvent(new CustomEvent("chart:trade", { bubbles: true, detail: trade }));
  });
  document.documentElement.addEventListener("theme:changed", () => {
    colours = tokens();
    chart.applyOptions(chartColours(colours));
    series.applyOptions(seriesColours(colours));
    drawTrades();
  });

  return {
    chart,
    setCandles(candles) {
      canvas.querySelector(".skeleton")?.remove();
      const bars = candles.map(toBar);
      series.setData(bars);
      last = bars.at(-1) ?? null;
      say(last);
      if (bars.length < FEW) chart.timeScale().fitContent();
      figure.dataset.drawn = String(bars.length);
    },
    update(candle) {
      const bar = toBar(candle);
      if (last && bar.time < last.time) return;
      series.update(bar);
      last = bar;
      say(bar);
    },
    setTrades(list) {
      trades = list;
      drawTrades();
    },
  };
}

/** Draw columns into `figure`: what each period came to, gains and losses in their colours. Returns {setPoints, chart}. */
export function columnChart(figure) {
  const canvas = figure.querySelector(".chart-canvas");
  const legend = figure.querySelector(".chart-legend");
  const library = window.LightweightCharts;
  const digits = Number(figure.dataset.digits ?? 2);
  const day = (time) => new Date(`${time}T00:00:00Z`).toLocaleDateString(language, { dateStyle: "medium", timeZone: "UTC" });
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  let colours = tokens();
  let points = [];
  const chart = library.createChart(canvas, {
    autoSize: true,
    localization: { locale: language, timeFormatter: (time) => (typeof time === "string" ? day(time) : moment(time)) },
    ...chartColours(colours),
    layout: { ...chartColours(colours).layout, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11 },
  });
  const series = chart.addSeries(library.HistogramSeries, { priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits } });
  const draw = () => series.setData(points.map((point) => ({ time: point.time, value: Number(point.net), color: Number(point.net) < 0 ? colours.down : colours.accent })));
  const say = (value, time) => {
    if (!legend || value === undefined) return;
    const shown = document.createElement("b");
    shown.textContent = number.format(value);
    legend.replaceChildren(`${day(time)} `, shown);
  };
  const sayLast = () => points.length && say(Number(points.at(-1).net), points.at(-1).time);
  chart.subscribeCrosshairMove((event) => {
    const hit = event.seriesData.get(series);
    if (hit) say(hit.value, hit.time); else sayLast();
  });
  document.documentElement.addEventListener("theme:changed", () => {
    colours = tokens();
    chart.applyOptions(chartColours(colours));
    draw();
  });
  return {
    chart,
    setPoints(list) {
      canvas.querySelector(".skeleton")?.remove();
      points = list;
      draw();
      sayLast();
      chart.timeScale().fitContent();
      figure.dataset.drawn = String(points.length);
    },
  };
}
