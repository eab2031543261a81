// What the admin's pages do by themselves, beyond what htmx does for them:
// resume a live log where it broke off, and say how the connection is. Nothing here is needed to read a
// static log. What else the live log does is in pause.js, steps.js, copy.js and now.js; the search field is in search.js
// and shortcut.js.
//
// Events are listened for on the document, so that it does not matter which elements come and go,
// and a page without htmx simply never hears one.
(() => {
  "use strict";

  // show sets the state of #connection, with the words that the server rendered for it.
  function show(state) {
    const connection = document.getElementById("connection");
    if (!connection || connection.dataset.state === state) return;
    connection.dataset.state = state;
    connection.textContent = connection.dataset[state];
  }

  // settle lets rows that come from now on be highlighted; the first ones are no news. It waits until
  // they have been painted: a long log comes in several messages.
  function settle() {
    const root = document.documentElement;
    if (root.classList.contains("settled")) return;
    requestAnimationFrame(() => requestAnimationFrame(() => root.classList.add("settled")));
  }

  // resumeAfter makes the next connection ask for what came after the newest entry that the page has.
  // The extension reads connection.url each time it connects.
  function resumeAfter(connection) {
    const cursor = document.getElementById("newest")?.dataset.cursor;
    if (!cursor) return;
    const url = new URL(connection.url);
    url.searchParams.set("after", cursor);
    connection.url = url.href;
  }

  const accessEnded = 4001; // as package live has it

  // checkAccess looks why there is no connection, which a websocket does not tell: where the page itself
  // would not be shown any longer, it is loaded again, and says what to do.
  async function checkAccess() {
    try {
      const page = await fetch(location.href, { method: "HEAD", redirect: "manual" });
      if (page.type === "opaqueredirect" || page.status === 401 || page.status === 403) location.reload();
    } catch {
      // The server can't be reached; the page says so already.
    }
  }

  const patience = 60_000; // ms; the server says something every 25 s

  let overdue;

  // listen expects to hear something soon. A connection can be dead without anybody having closed it, after
  // another network was joined for instance, and then its end is not heard of either: so the extension, which
  // would wait for it, is told.
  function listen(connection) {
    clearTimeout(overdue);
    overdue = setTimeout(() => {
      show("lost");
      const socket = connection.socket;
      const open = socket?.readyState === WebSocket.OPEN;
      socket?.close();
      if (open) socket.dispatchEvent(new CloseEvent("close", { code: 1006 }));
    }, patience);
  }

  // Live pages.
  document.addEventListener("htmx:ws:before:connection", ({ detail }) => listen(detail.connection));
  document.addEventListener("htmx:ws:after:connection", ({ detail }) => {
    show("live");
    listen(detail.connection);
  });
  document.addEventListener("htmx:ws:close", ({ detail }) => {
    clearTimeout(overdue);
    show("lost");
    if (detail.code === accessEnded) location.reload(); // leads to the login
    if (detail.code === 1006) checkAccess();
  });
  document.addEventListener("htmx:ws:error", () => show("lost"));
  document.addEventListener("htmx:ws:after:message:incoming", (event) => {
    listen(event.detail.connection);
    resumeAfter(event.detail.connection);
    settle();
  });

  // The static page and the home page, which refresh themselves. A request that fails leaves what is shown
  // as it is.
  const refreshes = (event) => ["log-section", "lists"].includes(event.detail.ctx.sourceElement.id);
  document.addEventListener("htmx:after:request", (event) => {
    if (!refreshes(event)) return;
    show(event.detail.ctx.response.status < 400 ? "refreshing" : "lost");
    settle();
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx && refreshes(event)) show("lost");
  });
})();
