/* Let the reader sort and filter every .als-table[data-sortable]; without this script it stands as it was written. */
(() => {
  "use strict";

  const AFTER_SORT = { none: "first", first: "second", second: "none" };
  const PLAIN_FIRST = { first: "ascending", second: "descending" };
  const LARGEST_FIRST = { first: "descending", second: "ascending" };
  const NUMBER = /^[<>]?\s*(-?(?:\d[\d,]*(?:\.\d+)?|∞))/;

  const text = (cell) => (cell ? cell.textContent.trim() : "");

  /* The number that a cell starts with; "<0.001" is just below 0.001. */
  function figure(cell) {
    const found = NUMBER.exec(text(cell).replace(/−/g, "-"));
    if (!found) return null;
    const value = Number(found[1].replace(/,/g, "").replace("∞", "Infinity"));
    const lead = text(cell)[0];
    return lead === "<" ? value - 1e-9 : lead === ">" ? value + 1e-9 : value;
  }

  /* Rows as heads with the rows under them; a heading of a group is a head without cells. */
  function blocks(body) {
    const out = [];
    for (const row of [...body.rows]) {
      const first = row.cells[0];
      const under = first.style.getPropertyValue("--als-level") === "1";
      const heading = row.classList.contains("gt_group_heading_row");
      const last = out[out.length - 1];
      if (heading) out.push({ head: row, heading, rows: [] });
      else if (last && (under || last.heading)) last.rows.push(row);
      else out.push({ head: row, heading: false, rows: [] });
    }
    return out;
  }

  /* Missing values stand last whichever way; equal ones keep their order. */
  function ordered(items, cellOf, sign) {
    const numeric = items.some((item) => figure(cellOf(item)) !== null);
    const key = (item) => (numeric ? figure(cellOf(item)) : text(cellOf(item)).toLowerCase());
    const empty = (value) => value === null || value === "" || value === "–";
    return items
      .map((item) => [item, key(item)])
      .sort(([, a], [, b]) => {
        if (empty(a) || empty(b)) return empty(a) - empty(b);
        return a === b ? 0 : sign * (numeric ? a - b : a.localeCompare(b));
      })
      .map(([item]) => item);
  }

  function sort(table, column, direction) {
    const body = table.tBodies[0];
    let parts = table.alsBlocks;
    if (direction !== "none") {
      const sign = direction === "ascending" ? 1 : -1;
      parts = parts.map((part) => ({ ...part, rows: ordered(part.rows, (row) => row.cells[column], sign) }));
      // A group without cells of its own goes by its foremost row.
      const leader = (part) => (part.heading ? part.rows[0] : part.head);
      parts = ordered(parts, (part) => leader(part) && leader(part).cells[column], sign);
    }
    body.append(...parts.flatMap((part) => [part.head, ...part.rows]));
  }

  function filter(table, words, status) {
    const wanted = words.trim().toLowerCase();
    const holds = (row) => row.textContent.toLowerCase().includes(wanted);
    let shown = 0;
    for (const { head, heading, rows } of table.alsBlocks) {
      const all = !wanted || holds(head);
      const kept = rows.filter((row) => {
        row.hidden = !(all || holds(row));
        return !row.hidden;
      });
      head.hidden = !all && kept.length === 0;
      shown += kept.length + (head.hidden || heading ? 0 : 1);
    }
    status.textContent = shown === 1 ? "1 row" : `${shown.toLocaleString("en")} rows`;
  }

  /* Put a button into each heading of a column; the heading says which way the rows are sorted. */
  function addButtons(table) {
    const cells = [...table.tBodies[0].rows].find((row) => !row.classList.contains("gt_group_heading_row")).cells;
    const columns = [...cells].map((cell) => (cell.getAttribute("headers") || "").split(" ").pop());
    const headings = [...table.tHead.querySelectorAll("th.gt_col_heading")];
    for (const heading of headings) {
      const column = columns.indexOf(heading.id);
      if (column < 0) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "als-sort";
      button.append(...heading.childNodes);
      heading.append(button);
      heading.alsState = "none";
      button.addEventListener("click", () => {
        const state = AFTER_SORT[heading.alsState];
        const numeric = heading.classList.contains("gt_right");
        const direction = state === "none" ? "none" : (numeric ? LARGEST_FIRST : PLAIN_FIRST)[state];
        for (const other of headings) {
          other.alsState = "none";
          other.removeAttribute("aria-sort");
        }
        heading.alsState = state;
        if (direction !== "none") heading.setAttribute("aria-sort", direction);
        sort(table, column, direction);
      });
    }
  }

  function addFilter(box, table) {
    const bar = document.createElement("div");
    bar.className = "als-table-bar";
    const label = document.createElement("label");
    label.append("Filter ");
    const input = document.createElement("input");
    input.type = "search";
    input.setAttribute("aria-label", `Filter the rows of: ${box.getAttribute("aria-label")}`);
    label.append(input);
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    bar.append(label, status);
    box.before(bar);
    input.addEventListener("input", () => filter(table, input.value, status));
    filter(table, "", status);
  }

  function start() {
    for (const box of document.querySelectorAll(".als-table[data-sortable]")) {
      const table = box.querySelector("table");
      if (!table || !table.tHead || !table.tBodies.length || !table.tBodies[0].rows.length) continue;
      table.alsBlocks = blocks(table.tBodies[0]);
      addButtons(table);
      if ("long" in box.dataset) addFilter(box, table);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
