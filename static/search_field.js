// The search field as a combobox with a list of suggestions, after the pattern of the ARIA Authoring
// Practices (list autocomplete, the first option is chosen). Without this script it is a plain field of a form.

import { isOurs, limitedFetch } from "./limited_fetch.js";
import { keepName, recentNames } from "./recent_names.js";
import { trust } from "./trusted_html.js";

const quiet = 100; // milliseconds without a keystroke, before names are asked for
const rereading = 1000; // milliseconds after which they are asked for again, where the server has not read all
const policy = trust("userlog");
const patience = 500; // milliseconds that Enter waits for an answer that is under way
const moves = { ArrowDown: "next", ArrowUp: "previous", Home: "first", End: "last" };

// recentOption looks like the options that the server renders.
function recentOption(name, i) {
  const option = document.createElement("li");
  option.id = `suggestion-${i}`;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.dataset.username = name;
  option.append(document.createElement("bdi"));
  option.firstChild.textContent = visible(name);
  return option;
}

// isSeen reports whether the blank at an index of a name is seen: it is at neither end, and behind no other.
const isSeen = (name, at) => at > 0 && at < name.length - 1 && name[at - 1] !== " ";

// visible is a name in which the characters that can't be seen stand as their numbers, such as "ada[U+200B]".
const visible = (name) =>
  name.replace(/ |[^\p{L}\p{M}\p{N}\p{P}\p{S}]|[\p{DI}\u2800]/gu, (found, at) =>
    found === " " && isSeen(name, at) ? found : `[U+${found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );

// folded is a name without case and accents.
const folded = (name) =>
  name
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();

class SearchField {
  #field;
  #form;
  #list = document.getElementById("suggestions");
  #status = document.getElementById("suggestions-status");
  #active; // the option that Enter chooses
  #question; // AbortController of the question under way
  #timer; // until the next question
  #answer; // settles when what was typed last has been answered; undefined = nothing is under way
  #answered; // what was typed when the list was filled
  #opening; // what the form opens as it stands
  #arrived = false; // it has the focus because the page was opened, and nothing has been typed

  constructor(field) {
    this.#field = field;
    this.#form = field.form;
    this.#opening = field.defaultValue;
    this.#describe();
    this.#arrive();
    this.#listen();
    if (document.activeElement === field && field.value !== field.defaultValue) this.#suggest(0); // typed before this script had come
  }

  // #arrive focuses the field where to search is what a reader does first. A phone would show its keyboard.
  #arrive() {
    if (!("first" in this.#field.dataset) || matchMedia("(pointer: coarse)").matches || document.activeElement !== document.body)
      return;
    this.#arrived = true;
    this.#field.focus({ preventScroll: true });
  }

  #describe() {
    this.#field.setAttribute("role", "combobox");
    this.#field.setAttribute("aria-autocomplete", "list");
    this.#field.setAttribute("aria-controls", this.#list.id);
    this.#field.setAttribute("aria-expanded", "false");
    const hint = document.getElementById("search-hint");
    hint.textContent = hint.dataset.suggesting;
  }

  #listen() {
    const field = this.#field;
    field.addEventListener("keydown", (event) => this.#press(event));
    field.addEventListener("input", () => {
      this.#arrived = false;
      this.#suggest(quiet);
    });
    field.addEventListener("focus", () => {
      if (field.value === "" && recentNames().length > 0) this.#suggest(0);
    });
    field.addEventListener("blur", () => this.#close());
    this.#list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.#list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.#open(option);
    });
    this.#form.addEventListener("submit", (event) => this.#submit(event));
  }

  #activate(option) {
    this.#active?.setAttribute("aria-selected", "false");
    this.#active = option;
    if (!option) {
      this.#field.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    this.#field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  #show(options, words) {
    this.#activate();
    this.#list.replaceChildren(...options);
    this.#list.hidden = options.length === 0;
    this.#field.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#status.textContent = words;
  }

  // #close forgets what is under way, too: an answer must not open the list again.
  #close() {
    clearTimeout(this.#timer);
    this.#question?.abort();
    this.#answer = undefined;
    this.#answered = undefined;
    this.#show([], "");
  }

  // #ask fills the list with the names that fit what was typed. The answer to an older question is dropped.
  async #ask() {
    this.#question?.abort();
    const question = new AbortController();
    this.#question = question;
    const typed = this.#field.value;
    try {
      const part = await this.#fetch(typed, question.signal);
      if (question.signal.aborted) return;
      this.#answered = typed;
      const words = part.querySelector("p");
      this.#show([...part.querySelectorAll("[role=option]")], words.textContent);
      // A user whose name only resembles what was typed may be somebody else. That log opens only if the reader chooses the name.
      if (typed !== "" && !("near" in words.dataset)) this.#activate(this.#list.firstElementChild ?? undefined);
      if ("unread" in words.dataset) this.#timer = setTimeout(() => this.#askAgain(), rereading);
    } catch {
      if (!question.signal.aborted) this.#show([], this.#field.dataset.lost);
    }
    if (!question.signal.aborted) this.#answer = undefined;
  }

  // #askAgain asks for names that the server had not read yet. If the reader has begun to choose, the list stays as it is.
  #askAgain() {
    if (this.#active === undefined || this.#active === this.#list.firstElementChild) this.#ask();
  }

  async #fetch(typed, signal) {
    const address = `${this.#field.dataset.suggestions}?${new URLSearchParams({ q: typed })}`;
    const response = await limitedFetch(address, { headers: { "HX-Request": "true" }, signal });
    if (response.status === 401) location.reload(); // leads to the login
    if (!response.ok || !isOurs(response)) throw new Error(response.statusText);
    const part = document.createElement("template");
    part.innerHTML = policy.createHTML(await response.text());
    return part.content;
  }

  // #suggest shows names for the text in the field: after a moment, since more may be typed. Until then no name is chosen, because the
  // list still has the names for the text before.
  #suggest(delay) {
    clearTimeout(this.#timer);
    this.#question?.abort();
    this.#answered = undefined;
    this.#activate();
    const names = recentNames();
    if (this.#field.value === "" && names.length > 0) {
      this.#answer = undefined;
      this.#show(names.map(recentOption), this.#field.dataset.recent);
      return;
    }
    this.#answer = new Promise((resolve) => {
      this.#timer = setTimeout(() => this.#ask().then(resolve), delay);
    });
  }

  #open(option) {
    this.#field.value = option.dataset.username;
    this.#opening = this.#field.value;
    this.#close();
    this.#form.requestSubmit();
  }

  // #move activates an option of an open list, or opens the list. While an answer is under way it does nothing: that would replace
  // the options under the reader's hand.
  #move(to) {
    if (this.#answer) return;
    if (this.#list.hidden) {
      this.#suggest(0);
      return;
    }
    const options = [...this.#list.children];
    const at = options.indexOf(this.#active);
    const last = options.length - 1;
    const next = { first: 0, last, next: at === last ? 0 : at + 1, previous: at <= 0 ? last : at - 1 }[to];
    this.#activate(options[next]);
  }

  #escape() {
    if (this.#list.hidden && this.#status.textContent === "") this.#field.value = "";
    this.#close();
    this.#opening = this.#field.value; // what is typed is what is meant
  }

  #press(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "/" && this.#arrived) {
      event.preventDefault(); // the key that leads here
      this.#arrived = false;
      if (recentNames().length > 0) this.#suggest(0);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.#escape();
    } else if (event.key === "Enter" && this.#active) {
      event.preventDefault();
      this.#open(this.#active);
    } else if (event.key.startsWith("Arrow") ? moves[event.key] : this.#active && moves[event.key]) {
      event.preventDefault(); // Home and End move in the text unless an option is active
      this.#move(moves[event.key]);
    }
  }

  // #isMeant reports whether the chosen name may be opened although the reader has not seen it: it differs from what was typed in
  // nothing but case, or no other name begins with what was typed.
  #isMeant() {
    const name = folded(this.#active.dataset.username);
    const typed = folded(this.#answered);
    return name === typed || (this.#list.children.length === 1 && name.startsWith(typed));
  }

  // #submit opens what was typed, if no name is chosen. The reader may press Enter before the answer has come that chooses a name. Then
  // #submit waits for the answer. Unless it is plain that the chosen name is meant, the list shows the name, and a second Enter opens it.
  async #submit(event) {
    if (this.#field.value === this.#opening) return;
    if (this.#answer) {
      event.preventDefault();
      await Promise.race([this.#answer, new Promise((resolve) => setTimeout(resolve, patience))]);
      if (this.#active && !this.#isMeant()) return;
      if (this.#active) this.#field.value = this.#active.dataset.username;
    }
    this.#opening = this.#field.value;
    this.#close();
    if (event.defaultPrevented) this.#form.requestSubmit(event.submitter);
  }
}

// keepOpened keeps the name of a log that is there. That of a live one comes over its socket.
function keepOpened(name) {
  if (!document.querySelector("#rows > tr")) return;
  keepName(name);
  document.removeEventListener("htmx:ws:after:message:incoming", onRows);
}

const onRows = () => keepOpened(document.querySelector("[data-suggestions]").defaultValue);

export function suggestUsers() {
  const field = document.querySelector("[data-suggestions]");
  if (!field) return;
  new SearchField(field);
  if (field.defaultValue === "") return;
  document.addEventListener("htmx:ws:after:message:incoming", onRows);
  onRows();
}
