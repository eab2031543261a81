// The key that leads to the search field from anywhere on the page where it would not be typed, and its
// switch: for who dictates to the browser, any word may press it (WCAG 2.1.4). The choice is kept in
// this browser.
(() => {
  "use strict";

  const key = "userlog.shortcut"; // "off" where it is not wanted
  const field = document.querySelector("[data-suggestions]");
  if (!field) return;
  const wanted = document.getElementById("shortcut");

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
      if (wanted.checked) localStorage.removeItem(key);
      else localStorage.setItem(key, "off");
    } catch {
      // Then nothing is kept.
    }
  }

  function apply() {
    if (wanted.checked) field.setAttribute("aria-keyshortcuts", "/");
    else field.removeAttribute("aria-keyshortcuts");
  }

  wanted.checked = stored() !== "off";
  wanted.parentElement.hidden = false;
  apply();
  wanted.addEventListener("change", () => {
    apply();
    store();
  });

  document.addEventListener("keydown", (event) => {
    const types = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (!wanted.checked || event.key !== "/" || types || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
})();
