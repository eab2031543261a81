// The key that leads to the search field from anywhere on the page where it would not be typed, and its
// switch: for who dictates to the browser, any word may press it (WCAG 2.1.4). The choice is kept in
// this browser.
(() => {
  "use strict";

  const key = "userlog.shortcut"; // "off" where it is not wanted
  const field = document.querySelector("[data-suggestions]");
  if (!field) return;
  const wanted = document.getElementById("shortcut"); // not on every page
  let on = stored() !== "off";

  // Storage may be forbidden: then the choice is the page's.
  function stored() {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  function store() {
    try {
      if (on) localStorage.removeItem(key);
      else localStorage.setItem(key, "off");
    } catch {
      // Then nothing is kept.
    }
  }

  function apply() {
    if (on) field.setAttribute("aria-keyshortcuts", "/");
    else field.removeAttribute("aria-keyshortcuts");
  }

  apply();
  if (wanted) {
    wanted.checked = on;
    wanted.parentElement.hidden = false;
    wanted.addEventListener("change", () => {
      on = wanted.checked;
      apply();
      store();
    });
  }

  document.addEventListener("keydown", (event) => {
    const types = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (!on || event.key !== "/" || types || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
})();
