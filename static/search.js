// The search field as a combobox with a list of suggestions, after the pattern of the ARIA Authoring
// Practices (list autocomplete, selected by hand). Without this script it is a plain field of a form.
//
// Names that were opened lately are those of customers: they are kept in this tab only, at most eight,
// and forgotten at the logout, and wherever the login form is shown.
(() => {
  "use strict";

  const key = "userlog.recent";
  const keptNames = 8;
  const pause = 100; // milliseconds without a keystroke, before names are asked for
  const patience = 500; // milliseconds that Enter waits for an answer that is under way

  // Storage may be forbidden, and is not needed.
  function recent() {
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

  document.addEventListener("submit", ({ target }) => {
    if (target.getAttribute("action")?.endsWith("/logout")) keep([]);
  });
  if (document.getElementById("login")) keep([]);

  const field = document.querySelector("[data-suggestions]");
  if (!field) return;
  const { form } = field;
  const list = document.getElementById("suggestions");
  const status = document.getElementById("suggestions-status");
  const hint = document.getElementById("search-hint");

  let active; // the option that Enter chooses
  let asking; // AbortController of the question under way
  let waiting; // timer until the next question
  let answer; // settles when what was typed last has been answered; undefined = nothing is under way
  let answered; // what was typed when the list was filled
  let opening = field.defaultValue; // what is opened as it stands

  function activate(option) {
    active?.setAttribute("aria-selected", "false");
    active = option;
    if (!option) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function show(options, words) {
    activate();
    list.replaceChildren(...options);
    list.hidden = options.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = words;
  }

  // close forgets what is under way, too: an answer must not open the list again.
  function close() {
    clearTimeout(waiting);
    asking?.abort();
    answer = undefined;
    answered = undefined;
    show([], "");
  }

  function recentOption(name, i) {
    const option = document.createElement("li");
    option.id = `suggestion-${i}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.username = name;
    option.append(document.createElement("bdi"));
    option.firstChild.textContent = name;
    return option;
  }

  // ask fills the list with the names that begin as what was typed. The answer to an older question is
  // dropped.
  async function ask() {
    asking?.abort();
    const question = new AbortController();
    asking = question;
    const typed = field.value;
    try {
      const response = await fetch(`${field.dataset.suggestions}?${new URLSearchParams({ q: typed })}`, {
        headers: { "HX-Request": "true" },
        signal: question.signal,
      });
      if (response.status === 401) location.reload(); // leads to the login
      if (!response.ok) throw new Error(response.statusText);
      const part = document.createElement("template");
      part.innerHTML = await response.text();
      if (question.signal.aborted) return;
      answered = typed;
      show([...part.content.querySelectorAll("[role=option]")], part.content.querySelector("p").textContent);
    } catch {
      if (!question.signal.aborted) show([], field.dataset.lost);
    }
    if (!question.signal.aborted) answer = undefined;
  }

  // suggest shows names for what is in the field: after a moment, since more may be typed.
  function suggest(delay) {
    clearTimeout(waiting);
    asking?.abort();
    answered = undefined;
    const names = recent();
    if (field.value === "" && names.length > 0) {
      answer = undefined;
      show(names.map(recentOption), field.dataset.recent);
      return;
    }
    answer = new Promise((resolve) => {
      waiting = setTimeout(() => ask().then(resolve), delay);
    });
  }

  function open(option) {
    field.value = option.dataset.username;
    opening = field.value;
    close();
    form.requestSubmit();
  }

  // move activates an option of an open list, or opens the list.
  function move(to) {
    if (list.hidden) {
      suggest(0);
      return;
    }
    const options = [...list.children];
    const at = options.indexOf(active);
    const last = options.length - 1;
    const next = { first: 0, last, next: at === last ? 0 : at + 1, previous: at <= 0 ? last : at - 1 }[to];
    activate(options[next]);
  }

  function escape() {
    if (list.hidden && status.textContent === "") field.value = "";
    close();
    opening = field.value; // what is typed is what is meant
  }

  const moves = { ArrowDown: "next", ArrowUp: "previous", Home: "first", End: "last" };

  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Escape") {
      event.preventDefault();
      escape();
    } else if (event.key === "Enter" && active) {
      event.preventDefault();
      open(active);
    } else if (event.key.startsWith("Arrow") ? moves[event.key] : active && moves[event.key]) {
      event.preventDefault(); // Home and End move in the text unless an option is active
      move(moves[event.key]);
    }
  });
  field.addEventListener("input", () => suggest(pause));
  field.addEventListener("focus", () => {
    if (field.value === "" && recent().length > 0) suggest(0);
  });
  field.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option) open(option);
  });

  // settle puts the only name that begins as what was typed in its place, if there is one.
  function settle() {
    if (answered === field.value && list.children.length === 1) field.value = list.firstChild.dataset.username;
    opening = field.value;
    close();
  }

  form.addEventListener("submit", async (event) => {
    if (field.value === opening) return;
    if (answer) {
      event.preventDefault();
      await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, patience))]);
      settle();
      form.requestSubmit(event.submitter);
      return;
    }
    settle();
  });

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");
  hint.textContent = hint.dataset.suggesting;
  if (field.value !== "" && document.getElementById("log") && !document.querySelector("#messages [role=alert]")) {
    keep([field.value, ...recent().filter((name) => name !== field.value)]);
  }
})();
