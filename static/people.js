// The names of users on the page of everyone, for which the admin asks the host's directory. Without this script, or that
// directory, there are usernames.

import { limitedFetch } from "./limited_fetch.js";

const quiet = 200; // milliseconds for which users are gathered, to ask for them with one question
const again = 10_000; // milliseconds until a directory that did not answer is asked again
const atOnce = 20; // how many users one question has: their names are in its address
const kept = 2000; // names

// usernameOf is the user of a link to a log. Its text may hold more.
const usernameOf = (link) => new URL(link.href).searchParams.get("username");

class Names {
  #rows;
  #lost = document.getElementById("names-lost");
  #known = new Map(); // names by username, "" for none
  #timer;

  constructor(rows) {
    this.#rows = rows;
    new MutationObserver(() => this.#show()).observe(rows, { childList: true, subtree: true });
  }

  // #show names the users of the rows, and asks for those who are not known.
  #show() {
    let unknown = false;
    for (const link of this.#rows.querySelectorAll("td.user > a")) {
      const name = this.#known.get(usernameOf(link));
      if (name === undefined) unknown = true;
      if (!name || link.nextElementSibling) continue;
      const shown = document.createElement("bdi");
      shown.className = "name";
      shown.textContent = name;
      link.after(" ", shown);
    }
    if (unknown) this.#timer ??= setTimeout(() => this.#ask(), quiet);
  }

  #unknown() {
    const users = new Set();
    for (const link of this.#rows.querySelectorAll("td.user > a"))
      if (!this.#known.has(usernameOf(link))) users.add(usernameOf(link));
    return [...users].slice(0, atOnce);
  }

  async #ask() {
    const users = this.#unknown();
    if (this.#known.size > kept) this.#known.clear();
    try {
      const query = new URLSearchParams(users.map((username) => ["username", username]));
      const response = await limitedFetch(`${this.#rows.dataset.names}?${query}`, { headers: { "HX-Request": "true" } });
      const { names, lost } = await response.json();
      this.#lost.hidden = !lost;
      for (const username of users) {
        const named = Object.hasOwn(names, username); // a user may be called "constructor"
        if (named || !lost) this.#known.set(username, named ? names[username] : "");
      }
      this.#timer = lost ? setTimeout(() => this.#ask(), again) : undefined;
    } catch {
      this.#timer = setTimeout(() => this.#ask(), again);
    }
    this.#show();
  }
}

export function nameUsers() {
  const rows = document.querySelector("[data-names]");
  if (rows) new Names(rows);
}
