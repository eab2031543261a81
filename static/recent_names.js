// The names that were opened lately. They are those of customers, so they are kept in this tab only, at most
// eight, and forgotten at the logout, and wherever the login form is shown.

import { atLogout, keep, read } from "./browser_storage.js";

const key = "userlog.recent";
const keptNames = 8;

export const recentNames = () => read("sessionStorage", key) ?? [];

function keepAll(names) {
  keep("sessionStorage", key, names.length > 0 && names.slice(0, keptNames));
}

// keepName puts a name before the others.
export function keepName(name) {
  keepAll([name, ...recentNames().filter((other) => other !== name)]);
}

// forgetNamesAtLogout forgets all names where nobody is logged in any longer.
export function forgetNamesAtLogout() {
  atLogout(() => keepAll([]));
  if (document.getElementById("login")) keepAll([]);
}
