// The key that leads to the search field, from anywhere on the page where it would not be typed. A reader who
// dictates to the browser may press it with any word, so it has a switch (WCAG 2.1.4). The choice is kept in this
// browser.

const key = "userlog.shortcut"; // "off" where it is not wanted

// Storage may be forbidden: then the choice is the page's.
function isWanted() {
  try {
    return localStorage.getItem(key) !== "off";
  } catch {
    return true;
  }
}

function keepWish(wanted) {
  try {
    if (wanted) localStorage.removeItem(key);
    else localStorage.setItem(key, "off");
  } catch {
    // Then nothing is kept.
  }
}

export function listenForShortcut() {
  const field = document.querySelector("[data-suggestions]");
  if (!field) return;
  const box = document.getElementById("shortcut"); // not on every page
  let on = isWanted();

  function tell() {
    if (on) field.setAttribute("aria-keyshortcuts", "/");
    else field.removeAttribute("aria-keyshortcuts");
  }

  tell();
  if (box) {
    box.checked = on;
    box.parentElement.hidden = false;
    box.addEventListener("change", () => {
      on = box.checked;
      tell();
      keepWish(on);
    });
  }

  document.addEventListener("keydown", (event) => {
    const types = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (!on || event.key !== "/" || types || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
