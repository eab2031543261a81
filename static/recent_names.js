// The names that were opened lately. They are those of customers, so they are kept in this tab only, at most
// eight, and forgotten at the logout, and wherever the login form is shown.

const key = "userlog.recent";
const keptNames = 8;

// Storage may be forbidden, and is not needed.
export function recentNames() {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    return [];
  }
}

function keep(names) {
  try {
    if (names.length > 0) sessionStorage.setItem(key, JSON.stringify(names.slice(0, keptNames)));
    else sessionStorage.removeItem(key);
  } catch {
    // Then nothing is kept.
  }
}

// keepName puts a name before the others.
export function keepName(name) {
  keep([name, ...recentNames().filter((other) => other !== name)]);
}

// forgetNamesAtLogout forgets all names where nobody is logged in any longer.
export function forgetNamesAtLogout() {
  document.addEventListener("submit", ({ target }) => {
    if (target.getAttribute("action")?.endsWith("/logout")) keep([]);
  });
  if (document.getElementById("login")) keep([]);
}
