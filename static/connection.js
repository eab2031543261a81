// What pages do about their connection, beyond what htmx does: resume a live log where it broke off, and say
// how the connection is.
//
// Events are listened for on the document, so it does not matter which elements come and go.

const accessEnded = 4001; // live.CloseAccessEnded on the server
const patience = 60_000; // ms; the server sends something every 25 s

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

// checkAccess looks why there is no connection, which a websocket does not tell. Where the page itself
// would not be shown any longer, it is loaded again, and says what to do.
async function checkAccess() {
  try {
    const page = await fetch(location.href, { method: "HEAD", redirect: "manual" });
    if (page.type === "opaqueredirect" || page.status === 401 || page.status === 403) location.reload();
  } catch {
    // The server can't be reached. The page says so already.
  }
}

let overdue; // timer

// expectMessage gives up a connection on which nothing is heard. A connection can be dead without anybody
// having closed it, for instance after the computer has joined another network. Then its end is not heard of
// either, and the extension would wait for it. So the extension is told.
function expectMessage(connection) {
  clearTimeout(overdue);
  overdue = setTimeout(() => {
    show("lost");
    const socket = connection.socket;
    const open = socket?.readyState === WebSocket.OPEN;
    socket?.close();
    if (open) socket.dispatchEvent(new CloseEvent("close", { code: 1006 }));
  }, patience);
}

function watchSocket() {
  document.addEventListener("htmx:ws:before:connection", ({ detail }) => expectMessage(detail.connection));
  document.addEventListener("htmx:ws:after:connection", ({ detail }) => {
    show("live");
    expectMessage(detail.connection);
  });
  document.addEventListener("htmx:ws:close", ({ detail }) => {
    clearTimeout(overdue);
    show("lost");
    if (detail.code === accessEnded) location.reload(); // leads to the login
    if (detail.code === 1006) checkAccess();
  });
  document.addEventListener("htmx:ws:error", () => show("lost"));
  document.addEventListener("htmx:ws:after:message:incoming", ({ detail }) => {
    expectMessage(detail.connection);
    resumeAfter(detail.connection);
    settle();
  });
}

// The static log and the home page refresh themselves. A request that fails leaves what is shown as it is.
const isRefresh = (ctx) => ["log-section", "lists"].includes(ctx.sourceElement.id);

function watchRefreshes() {
  document.addEventListener("htmx:after:request", ({ detail }) => {
    if (!isRefresh(detail.ctx)) return;
    show(detail.ctx.response.status < 400 ? "refreshing" : "lost");
    settle();
  });
  document.addEventListener("htmx:error", ({ detail }) => {
    if (detail.ctx && isRefresh(detail.ctx)) show("lost");
  });
}

export function watchConnection() {
  watchSocket();
  watchRefreshes();
}
