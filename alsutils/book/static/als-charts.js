/* Draw every .als-chart from the specification inside it, in the colours of the page's mode, to fit its box. */
(() => {
  "use strict";

  const NARROW = 560; // px; below it panels stand under each other
  const LEAST = 120; // px; no panel gets narrower
  const GLYPH = 6.3; // px; mean width of a letter of an axis title
  const MARGIN = 250; // px; what the labels of a single chart's vertical axis take, or less
  const NARROW_LABEL = 150; // px; the most that a label takes where the page is narrow
  const LONG_KEY = 12; // letters; of legends with longer entries one stands in a line
  const KEY_MARGIN = 90; // px beside the entries of a legend
  const KEY_LOST = 110; // px beside the entries of a legend where the page is narrow
  const KEY_LOST_PANELS = 190; // px of the same where panels stand under each other
  const KEY_SYMBOL = 40; // px of an entry's symbol and what stands about it
  const MOST_LINES = 4; // of an axis title; what is longer ends in an ellipsis
  const LONGEST_UP = 420; // px; the most that a title along the vertical axis takes
  const TWO_LINES = 30; // px; height of a row whose name is broken over two lines
  const CLOSE = 3; // px by which a drawing may be narrower than its box
  const AHEAD = 600; // px below and above what is seen, in which charts are drawn
  const PAUSE = 200; // ms before charts far off are drawn
  const READOUT = "readout"; // the name of the sentence that follows a chart's sliders

  const BELOW = { top: { anchor: "start", direction: "vertical" } }; // legends under each other

  const copy = (value) => JSON.parse(JSON.stringify(value));
  const mode = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");
  const isSingle = (spec) => "mark" in spec || "layer" in spec;

  /* Data come by columns, repeated texts once; Vega wants rows. */
  function unpacked(spec) {
    for (const [name, data] of Object.entries(spec.datasets || {})) {
      if (!data.columns) continue;
      const columns = data.columns.map(([key, values, texts]) => [key, texts ? values.map((place) => texts[place]) : values]);
      spec.datasets[name] = Array.from({ length: data.rows }, (_, row) => Object.fromEntries(columns.map(([key, values]) => [key, values[row]])));
    }
    return spec;
  }

  /* Numbers of panels beside each other that share the width. */
  function across(spec) {
    if (spec.hconcat) return spec.hconcat.length;
    if (spec.concat) return Math.min(spec.columns || spec.concat.length, spec.concat.length);
    if (spec.vconcat) return Math.max(...spec.vconcat.map(across));
    if (spec.facet || spec.repeat) return spec.alsAcross || 1;
    return 1;
  }

  /* Panels under each other where the page is narrow. */
  function stacked(spec) {
    const out = { ...spec };
    if (out.hconcat) {
      out.vconcat = out.hconcat.map(stacked);
      delete out.hconcat;
    } else if (out.vconcat) {
      out.vconcat = out.vconcat.map(stacked);
    } else if (out.concat) {
      out.columns = 1;
      out.concat = out.concat.map(stacked);
    } else if (out.facet || out.repeat) {
      if (out.facet && out.facet.column && !out.facet.row) {
        out.facet = { ...out.facet.column };
      }
      if (!(out.facet && (out.facet.row || out.facet.column))) out.columns = 1;
    }
    return out;
  }

  /* How many facets stand beside each other: said by `columns`, or counted in a first drawing. */
  function facetColumns(spec, view) {
    if (spec.columns) return spec.columns;
    if (spec.facet && spec.facet.row && !spec.facet.column) return 1;
    if (spec.repeat && spec.repeat.column) return spec.repeat.column.length;
    const cells = view && view.scenegraph().root.items[0].items.find((mark) => mark.name === "cell");
    if (!cells) return 1;
    return new Set(cells.items.map((item) => Math.round(item.x))).size;
  }

  /* Give every panel the same inner width. */
  function withWidth(spec, width) {
    const out = { ...spec };
    for (const key of ["hconcat", "vconcat", "concat"]) {
      if (out[key]) {
        out[key] = out[key].map((part) => withWidth(part, key === "vconcat" ? width * (across(spec) / across(part)) : width));
        return out;
      }
    }
    if (out.facet || out.repeat) out.spec = withWidth(out.spec, width);
    else if (isSingle(out) || "encoding" in out) out.width = Math.max(LEAST, Math.floor(width));
    return out;
  }

  /* Break the long names of rows over two lines, the first of at most so many letters. */
  const halves = (most) => {
    const lines = `split(replace(datum.label, regexp('^(.{6,${most}})\\\\s'), '$1\\n'), '\\n')`;
    return `length(datum.label) > ${most + 2} ? ${lines} : datum.label`;
  };
  const isNamed = (y) => y && (y.type === "nominal" || y.type === "ordinal") && y.axis !== null && !(y.axis && y.axis.labelExpr);
  const withBrokenLabels = (y, most) => ({ ...y, axis: { ...y.axis, labelExpr: halves(most), labelLineHeight: 12 } });

  const hasNames = (node) => Boolean(node.encoding && isNamed(node.encoding.y)) || (node.layer || []).some(hasNames);

  /* Rows of any panel have names, which push panels and legends to the right. */
  function anyNames(node) {
    if (!node || typeof node !== "object") return false;
    const y = node.encoding && node.encoding.y;
    const own = y && (y.type === "nominal" || y.type === "ordinal") && y.axis !== null;
    return Boolean(own) || Object.entries(node).some(([key, value]) => key !== "data" && key !== "datasets" && anyNames(value));
  }

  /* Several marks share a row: its height is counted by them. */
  const hasOffset = (node) => Boolean(node.encoding && node.encoding.yOffset) || (node.layer || []).some(hasOffset);

  /* Break titles of horizontal axes that are wider than the panel over lines. */
  function withBrokenTitles(spec, width, narrow) {
    const most = Math.max(20, Math.floor(width / GLYPH));
    const broken = (title) => {
      if (typeof title !== "string" || title.length <= most) return title;
      const lines = [""];
      for (const word of title.split(" ")) {
        const last = lines[lines.length - 1];
        if (last && last.length + word.length + 1 > most) lines.push(word);
        else lines[lines.length - 1] = last ? `${last} ${word}` : word;
      }
      return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]}…`] : lines;
    };
    const walk = (node) => {
      if (Array.isArray(node)) return node.map(walk);
      if (!node || typeof node !== "object") return node;
      const out = {};
      for (const [key, value] of Object.entries(node)) {
        if (key === "data" || key === "datasets") out[key] = value;
        else if (key === "x" && value && typeof value === "object" && "title" in value) out[key] = { ...value, title: broken(value.title) };
        else if (key === "height" && narrow && value && value.step && hasNames(node) && !hasOffset(node)) out[key] = { ...value, step: Math.max(value.step, TWO_LINES) };
        else if (key === "y" && isNamed(value)) out[key] = withBrokenLabels(value, narrow ? 20 : 38);
        else out[key] = walk(value);
      }
      return out;
    };
    return walk(spec);
  }

  /* Letters of the longest name that the spec gives a colour or a shape. */
  function longestKey(node) {
    if (!node || typeof node !== "object") return 0;
    const named = node.scale && Array.isArray(node.scale.domain) ? node.scale.domain : [];
    const lengths = named.map((name) => (typeof name === "string" ? name.length : 0));
    const inside = Object.entries(node).map(([key, value]) => (key === "data" || key === "datasets" ? 0 : longestKey(value)));
    return Math.max(0, ...lengths, ...inside);
  }

  /* Width in px of the names that the spec gives a colour or a shape, side by side. */
  function keyWidth(node) {
    if (!node || typeof node !== "object") return 0;
    const named = node.scale && Array.isArray(node.scale.domain) ? node.scale.domain : [];
    const own = named.filter((name) => typeof name === "string").reduce((sum, name) => sum + name.length * GLYPH + KEY_SYMBOL, 0);
    const inside = Object.entries(node).map(([key, value]) => (key === "data" || key === "datasets" ? 0 : keyWidth(value)));
    return Math.max(own, ...inside);
  }

  function themed(spec, width) {
    const config = copy(window.alsThemes[mode()]);
    config.axisX = { titleLimit: width };
    config.axisY = { titleLimit: LONGEST_UP };
    const named = anyNames(spec);
    const panel = width / Math.max(1, spec.columns || across(spec));
    config.header = { ...config.header, labelLimit: Math.max(LEAST, panel - (named ? MARGIN : KEY_MARGIN)) };
    config.title = { ...config.title, limit: panel - CLOSE };
    if (width < NARROW) {
      const long = longestKey(spec) > LONG_KEY;
      const lost = isSingle(spec) && !named ? KEY_LOST : KEY_LOST_PANELS;
      config.legend = { ...config.legend, columns: long ? 1 : 2, labelLimit: long ? width - lost : NARROW_LABEL };
      if (long) config.legend.layout = BELOW;
      if (named) config.header.labelLimit = width - KEY_LOST_PANELS;
      config.axis = { ...config.axis, labelLimit: NARROW_LABEL };
    } else if (keyWidth(spec) > width) {
      config.legend = { ...config.legend, columns: 1, labelLimit: width - KEY_LOST - (named ? MARGIN : 0), layout: BELOW };
    }
    return { ...spec, config: { ...config, ...(spec.config || {}) } };
  }

  /* Sliders stay where the reader has put them when the chart is drawn anew. */
  function withSettings(spec, drawing) {
    if (!drawing || !spec.params) return spec;
    const isSlider = (param) => param.bind && param.bind.input;
    const kept = (param) => (isSlider(param) ? { ...param, value: drawing.result.view.signal(param.name) } : param);
    return { ...spec, params: spec.params.map(kept) };
  }

  /* What the sliders come to, in a sentence that screen readers hear as well. */
  function addReadout(host, spec, view) {
    if (!(spec.params || []).some((param) => param.name === READOUT)) return;
    const line = document.createElement("p");
    line.className = "als-readout";
    line.setAttribute("role", "status");
    const write = (_, words) => {
      line.textContent = words;
    };
    write(READOUT, view.signal(READOUT));
    view.addSignalListener(READOUT, write);
    host.append(line);
  }

  async function embed(host, spec, width) {
    const options = { renderer: "svg", actions: false, tooltip: { theme: mode() }, ast: false };
    return window.vegaEmbed(host, themed(spec, width), options);
  }

  /* Draw; where panels share the width, correct their inner width by what the axes and legends took. */
  async function draw(chart) {
    const width = Math.floor(chart.box.clientWidth);
    if (!width) return;
    chart.width = width;
    chart.mode = mode();
    const narrow = width < NARROW;
    const whole = narrow ? stacked(copy(chart.spec)) : copy(chart.spec);
    const spec = withSettings(whole, chart.drawing);
    const host = document.createElement("div");
    host.className = "als-drawing";
    host.style.width = `${width}px`;
    host.dataset.mode = chart.mode;
    chart.box.append(host);
    try {
      let result;
      if (isSingle(spec)) {
        result = await embed(host, { ...withBrokenTitles(spec, width - (narrow ? NARROW_LABEL : MARGIN), narrow), width: "container", autosize: { type: "fit-x", contains: "padding" } }, width);
      } else {
        result = await drawPanels(host, spec, width);
      }
      // The words of the figure say it as a whole; a thousand marks would be read out one by one.
      host.querySelector("svg").setAttribute("aria-hidden", "true");
      addReadout(host, spec, result.view);
      retire(chart);
      chart.drawing = { host, result };
      chart.box.style.minHeight = "";
    } catch (error) {
      host.remove();
      throw error;
    }
  }

  async function drawPanels(host, spec, width) {
    const narrow = width < NARROW;
    let inner = width / Math.max(1, spec.columns || across(spec)) - 60;
    let result = await embed(host, withBrokenTitles(withWidth(spec, inner), inner, narrow), width);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const drawn = host.querySelector("svg").getBoundingClientRect().width;
      if ((drawn <= width && drawn >= width - CLOSE) || (inner <= LEAST && drawn >= width)) break;
      if (spec.facet || spec.repeat) spec.alsAcross = facetColumns(spec, result.view);
      inner = Math.max(LEAST, inner + (width - 1 - drawn) / across(spec));
      result.finalize();
      const { alsAcross, ...plain } = withWidth(spec, inner);
      result = await embed(host, withBrokenTitles(plain, inner, narrow), width);
    }
    return result;
  }

  function retire(chart) {
    if (!chart.drawing) return;
    chart.drawing.result.finalize();
    chart.drawing.host.remove();
    chart.drawing = null;
  }

  /* One drawing at a time for each chart; what changes meanwhile is drawn after it. */
  async function refresh(chart) {
    if (chart.busy || !chart.wanted) return;
    chart.busy = true;
    try {
      while (Math.abs(chart.box.clientWidth - (chart.width || 0)) > 1 || chart.mode !== mode()) {
        if (!chart.box.clientWidth) break;
        await draw(chart);
      }
    } catch (error) {
      console.error("A chart could not be drawn; its picture is shown instead.", error);
      chart.box.classList.add("als-failed");
    } finally {
      chart.busy = false;
    }
  }

  /* The picture for pages without scripts: also what is printed, and what is shown if drawing fails. */
  function addPicture(box) {
    const hidden = box.querySelector("noscript");
    if (!hidden) return;
    const holder = document.createElement("div");
    holder.innerHTML = hidden.textContent;
    const picture = holder.querySelector("img");
    if (!picture) return;
    picture.className = "als-picture";
    box.append(picture);
  }

  /* Charts that come near are drawn at once, the others one by one whenever the browser is idle. */
  function drawWhenWanted(charts) {
    const want = (chart) => {
      chart.wanted = true;
      return refresh(chart);
    };
    const near = new IntersectionObserver(
      (entries) => {
        for (const entry of entries.filter((each) => each.isIntersecting)) {
          near.unobserve(entry.target);
          want(charts.find((chart) => chart.box === entry.target));
        }
      },
      { rootMargin: `${AHEAD}px 0px` },
    );
    charts.forEach((chart) => near.observe(chart.box));
    const idle = window.requestIdleCallback || ((callback) => setTimeout(callback, PAUSE));
    const next = async () => {
      const chart = charts.find((each) => !each.wanted);
      if (!chart) return;
      await want(chart);
      idle(next);
    };
    setTimeout(() => idle(next), PAUSE);
  }

  /* Keep the room of a chart that is not drawn yet, so that little moves when it is. */
  function keepRoom(box) {
    const picture = box.querySelector(".als-picture");
    const high = picture ? picture.getAttribute("height") : null;
    if (high && box.clientWidth >= NARROW) box.style.minHeight = `${high}px`;
  }

  /* Pictures wait to be shown; a printer does not. */
  window.addEventListener("beforeprint", () => {
    for (const picture of document.querySelectorAll(".als-picture")) picture.loading = "eager";
  });

  function start() {
    const charts = [];
    const resized = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const chart = charts.find((candidate) => candidate.box === entry.target);
        clearTimeout(chart.timer);
        chart.timer = setTimeout(() => refresh(chart), chart.drawing ? 150 : 0);
      }
    });
    for (const box of document.querySelectorAll(".als-chart")) {
      addPicture(box);
      const chart = { box };
      try {
        chart.spec = unpacked(JSON.parse(box.querySelector("script[type='application/json']").textContent));
      } catch (error) {
        console.error("A chart's specification cannot be read.", error);
        box.classList.add("als-failed");
        continue;
      }
      charts.push(chart);
      keepRoom(box);
      resized.observe(box);
    }
    drawWhenWanted(charts);
    new MutationObserver(() => charts.forEach(refresh)).observe(document.documentElement, {
      attributes: true,
      attributeFilter: ["data-theme"],
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
