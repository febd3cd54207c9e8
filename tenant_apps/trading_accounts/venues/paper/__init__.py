"""The paper venue: a simulated exchange that fills orders against real or simulated candles."""
