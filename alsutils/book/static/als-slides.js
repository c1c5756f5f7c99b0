/* Show the slides in the colours that the reader has chosen in the book, at the size of the window. */
(() => {
  "use strict";

  const D = 68; // the key

  function chosen() {
    let mode = null;
    try {
      mode = localStorage.getItem("mode");
    } catch (error) {
      // A page opened from a folder may not be allowed to remember.
    }
    if (mode === "dark" || mode === "light") return mode;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function show(mode) {
    document.documentElement.dataset.theme = mode;
  }

  show(chosen());

  document.addEventListener("DOMContentLoaded", () => {
    const deck = new window.Reveal(document.querySelector(".reveal"), {
      width: "100%",
      height: "100%",
      margin: 0,
      minScale: 1,
      maxScale: 1,
      center: false,
      hash: true,
      slideNumber: "c/t",
      transition: "none",
      backgroundTransition: "none",
      scrollActivationWidth: null,
      // Keys belong to a slider while it is in use.
      keyboardCondition: () => !/^(INPUT|SELECT)$/.test(document.activeElement.tagName),
    });
    deck.initialize();
    deck.addKeyBinding({ keyCode: D, key: "D", description: "Dark or light" }, () => {
      show(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    });
  });
})();
