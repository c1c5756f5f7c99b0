// The words that explain themselves: keep the definition on the screen, and let Escape put it away.
(() => {
  const margin = 8;

  const place = (term) => {
    term.classList.remove("als-quiet");
    const left = term.getBoundingClientRect().left;
    const width = parseFloat(getComputedStyle(term, "::after").width) || 0;
    const over = left + width + margin - document.documentElement.clientWidth;
    term.style.setProperty("--als-shift", `${-Math.max(0, Math.min(over, left - margin))}px`);
  };

  for (const term of document.querySelectorAll("a.als-term")) {
    term.addEventListener("mouseenter", () => place(term));
    term.addEventListener("focus", () => place(term));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const term of document.querySelectorAll("a.als-term:hover, a.als-term:focus")) {
      term.classList.add("als-quiet");
    }
  });
})();
