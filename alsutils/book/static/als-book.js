/* Fit what is wider than the paper, and let what is longer than half of it break. */
(() => {
  "use strict";

  const LONG = 520; // px; about half of a page
  const LEAST = 0.45; // of its size; what is smaller nobody reads

  for (const box of document.querySelectorAll(".als-table, div.math, .output table, .sd-card-body > table")) {
    const inner = box.querySelector("table, math") || box;
    const room = box.parentElement.clientWidth;
    const taken = Math.max(inner.scrollWidth, inner.getBoundingClientRect().width);
    if (taken > room + 1) inner.style.zoom = Math.max(LEAST, room / taken);
  }
  for (const box of document.querySelectorAll(".als-table")) {
    if (box.getBoundingClientRect().height > LONG) box.classList.add("als-breaks");
  }
})();
