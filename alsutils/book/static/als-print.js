// Paper is white: print a dark page in the colours of a light one.
(() => {
  const root = document.documentElement;
  let shown = null;
  window.addEventListener("beforeprint", () => {
    shown = root.dataset.theme;
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    if (shown !== null) root.dataset.theme = shown;
    shown = null;
  });
})();
