// Keys of one character. They work anywhere on the page where they would not be typed. A reader who dictates to the browser may
// press them with any word, so the account page has a switch (WCAG 2.1.4). The choice is kept in this browser.

const stored = "userlog.shortcut"; // "off" where they are not wanted

// Storage may be forbidden: then the choice is the page's.
function isWanted() {
  try {
    return localStorage.getItem(stored) !== "off";
  } catch {
    return true;
  }
}

function keepWish(wanted) {
  try {
    if (wanted) localStorage.removeItem(stored);
    else localStorage.setItem(stored, "off");
  } catch {
    // Then nothing is kept.
  }
}

const field = () => document.querySelector("[data-suggestions]");
const press = (selector) => document.querySelector(selector)?.click();

function search() {
  field()?.focus();
  field()?.select();
}

// isVisible asks in another way where a browser has no checkVisibility, which Safari has since 2024.
const isVisible = (place) => place.checkVisibility?.() ?? place.getClientRects().length > 0;

// places are what Enter opens: a row of a log, or a link to one.
const places = () => [...document.querySelectorAll("#rows summary, #rows td.user > a, #lists td.user > a")].filter(isVisible);

// move goes to the next row, or to the one before.
function move(by) {
  const all = places();
  const at = all.indexOf(document.activeElement?.closest("tr")?.querySelector("summary, td.user > a"));
  const next = all[at < 0 ? 0 : at + by];
  next?.focus({ focusVisible: true });
  next?.scrollIntoView({ block: "nearest" });
}

// showErrors shows errors only, or all again.
function showErrors() {
  const choice = document.getElementById("filter-show"); // of everyone
  if (choice) {
    choice.value = choice.value === "errors" ? "" : "errors";
    choice.form.requestSubmit();
  } else press(document.querySelector("[data-show=errors][aria-current]") ? "[data-show='']" : "[data-show=errors]");
}

// showKeys shows the list of keys. A browser without popovers has it at the end of the page.
function showKeys() {
  const keys = document.getElementById("keys");
  if (keys?.togglePopover) keys.togglePopover();
  else keys?.scrollIntoView();
}

const actions = {
  "/": search,
  j: () => move(1),
  k: () => move(-1),
  e: showErrors,
  c: () => press("#summary"),
  p: () => press("#pause"),
  "?": showKeys,
};

export function listenForKeys() {
  if (!field()) return;
  const box = document.getElementById("shortcut"); // on the account page
  let on = isWanted();

  function tell() {
    if (on) field().setAttribute("aria-keyshortcuts", "/");
    else field().removeAttribute("aria-keyshortcuts");
  }

  tell();
  if (box) {
    box.checked = on;
    box.closest("section").hidden = false;
    box.addEventListener("change", () => {
      on = box.checked;
      tell();
      keepWish(on);
    });
  }

  document.addEventListener("keydown", (event) => {
    const types = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (!on || !Object.hasOwn(actions, event.key) || types || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
  });
}
