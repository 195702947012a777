/* Draws each <figure data-chart> when it nears the screen; Plotly is fetched with the first one. The figure's JSON
   carries data and series numbers; colours, type and grid come from the page's tokens, in either theme. */
(() => {
  "use strict";
  const here = document.currentScript;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const probe = document.createElement("canvas").getContext("2d");
  let library = null;

  const loadPlotly = () => {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = here.dataset.plotly;
      script.onload = () => { registerLocale(); resolve(window.Plotly); };
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  };

  const locale = JSON.parse(document.getElementById("chart-locale").textContent);
  const registerLocale = () => window.Plotly.register({ moduleType: "locale", name: locale.name, dictionary: {}, format: locale.format });

  /* light-dark() is resolved by the browser; a probe element gives the colour of the moment. */
  const resolveColor = (token) => {
    const element = document.createElement("i");
    element.style.color = `var(${token})`;
    document.body.append(element);
    const found = getComputedStyle(element).color;
    element.remove();
    probe.fillStyle = found;
    return probe.fillStyle;
  };
  const toRgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  const recolor = (value, palette) => {
    if (Array.isArray(value)) return value.map((part) => recolor(part, palette));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, recolor(part, palette)]));
    }
    if (typeof value !== "string") return value;
    if (palette.has(value)) return palette.get(value);
    const parts = /^rgba\((\d+),\s*(\d+),\s*(\d+),\s*([\d.]+)\)$/.exec(value);
    if (!parts) return value;
    const hex = "#" + parts.slice(1, 4).map((part) => Number(part).toString(16).padStart(2, "0")).join("");
    return palette.has(hex) ? `rgba(${toRgb(palette.get(hex)).join(",")},${parts[4]})` : value;
  };

  const makeLayout = (layout) => {
    const grid = resolveColor("--grid"), ink = resolveColor("--ink-soft"), surface = resolveColor("--surface");
    const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, tickcolor: grid, automargin: true, title: { standoff: 8 } };
    const merge = (own) => ({ ...axis, ...own });
    return {
      ...layout,
      xaxis: merge(layout.xaxis), yaxis: merge(layout.yaxis),
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: css("--font"), size: 12, color: ink },
      margin: { l: 8, r: 12, t: (layout.annotations || []).length ? 26 : 10, b: 8, ...layout.margin },
      legend: { orientation: "h", y: -0.24, yanchor: "top", x: 0, ...layout.legend },
      hoverlabel: { bgcolor: surface, bordercolor: grid, font: { color: resolveColor("--ink") } },
      separators: locale.separators, autosize: true, dragmode: false,
    };
  };

  const draw = async (figure) => {
    const plot = figure.querySelector(".chart-plot");
    try {
      const Plotly = await loadPlotly();
      const raw = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
      const palette = new Map(Object.entries(raw.layout.meta.palette).map(([light, token]) => [light, resolveColor(token)]));
      const config = { displayModeBar: false, responsive: true, locale: locale.name, scrollZoom: false };
      await Plotly.react(plot, recolor(raw.data, palette), makeLayout(recolor(raw.layout, palette)), config);
      figure.dataset.drawn = "yes";
    } catch (error) {
      figure.querySelector("[data-chart-table]").hidden = false;
      plot.hidden = true;
      console.warn("chart not drawn, its table is shown instead", error);
    }
    plot.removeAttribute("aria-busy");
  };

  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (!entry.isIntersecting) return;
    seen.unobserve(entry.target);
    draw(entry.target);
  }), { rootMargin: "300px" });
  const watch = (within) => within.querySelectorAll("figure[data-chart]:not([data-drawn])").forEach((figure) => seen.observe(figure));

  document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement || document));
  document.addEventListener("DOMContentLoaded", () => watch(document));
  document.addEventListener("themechange", () => document.querySelectorAll("figure[data-drawn]").forEach(draw));
  if (document.readyState !== "loading") watch(document);

  document.addEventListener("click", async (event) => {
    const figure = event.target.closest("figure[data-chart]");
    if (!figure) return;
    if (event.target.closest("[data-as-table]")) {
      const button = event.target.closest("[data-as-table]");
      const table = figure.querySelector("[data-chart-table]"), plot = figure.querySelector(".chart-plot");
      table.hidden = !table.hidden;
      plot.hidden = !table.hidden;
      button.setAttribute("aria-pressed", String(!table.hidden));
    }
    if (event.target.closest("[data-as-png]")) {
      const Plotly = await loadPlotly();
      const plot = figure.querySelector(".chart-plot");
      plot.hidden = false;
      const before = plot.layout.paper_bgcolor;
      await Plotly.relayout(plot, { paper_bgcolor: resolveColor("--surface") });
      const url = await Plotly.toImage(plot, { format: "png", scale: 2, width: Math.max(plot.clientWidth, 720), height: Math.max(plot.clientHeight, 320) });
      await Plotly.relayout(plot, { paper_bgcolor: before });
      plot.hidden = !figure.querySelector("[data-chart-table]").hidden;
      const link = document.createElement("a");
      link.href = url;
      link.download = `${figure.dataset.chart}.png`;
      link.click();
    }
  });
})();
