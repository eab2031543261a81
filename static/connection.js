// What pages do about their connection, beyond what htmx does: resume a live log where it broke off, and say
// how the connection is.
//
// Events are listened for on the document, so it does not matter which elements come and go.

import { hear, serverTime } from "./clock.js";
import { limitedFetch } from "./limited_fetch.js";

const accessEnded = 4001; // live.CloseAccessEnded on the server
const notServed = 1013; // live.Hub.Refuse; the page has been told why
const patientAttempt = 5; // number of an attempt of the extension, whose attempts come more and more rarely
// For how long nothing may be heard, in milliseconds. The server sends something every 5 s to a page that is looked at, and
// every 25 s to others.
const patience = { seen: 9000, hidden: 60_000, asleep: 2000 };

// How a page goes on that can't have its socket, in milliseconds: after how long it begins to poll, how often it polls, and for how long
// an answer tells the state of the connection.
const withoutSocket = { after: 8000, every: 2000, answers: 6000 };

// arrives reports whether what is new arrives, in this state of the connection.
export const arrives = (state) => ["live", "instead", "refreshing"].includes(state);

const loading = 5000; // milliseconds that htmx may need to load

// show sets the state of #connection, with the words that the server rendered for it. Without htmx, nothing is tried again.
function show(known) {
  const connection = document.getElementById("connection");
  const state = window.htmx ? known : "stuck";
  if (!connection || connection.dataset.state === state) return;
  connection.dataset.state = state;
  connection.textContent = connection.getAttribute(`data-${state}`);
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
  const url = new URL(connection.url);
  if (cursor) url.searchParams.set("after", cursor);
  else url.searchParams.delete("after"); // the log has expired meanwhile
  connection.url = url.href;
}

let checking = false; // whether checkAccess waits for an answer

// checkAccess finds out why there is no connection, because a websocket does not tell. If the server would not show
// the page any longer, the page is loaded again. The answer says what to do.
async function checkAccess() {
  if (checking) return; // sockets may fail faster than the server answers
  checking = true;
  try {
    const page = await limitedFetch(location.href, { method: "HEAD", redirect: "manual" });
    if (page.type === "opaqueredirect" || page.status === 401 || page.status === 403) location.reload();
  } catch {
    // The server can't be reached. The page says so already.
  }
  checking = false;
}

// served and polled are by performance.now(), because the computer's clock may be set back. That time may stand still while the computer
// sleeps. So after a sleep, a socket has its whole time before the page polls.
let served = performance.now(); // when the socket last brought something
let polled = Number.NEGATIVE_INFINITY; // when the server last answered what the page asked in its stead
let polling = false; // whether it asks at this moment
let refused = false; // the server has said why there is no socket

// lose says that the socket is lost. While the page polls in place of a socket, it says nothing: the answers tell the state, for
// example that recording is off.
function lose() {
  if (performance.now() - polled >= withoutSocket.answers) show("lost");
}

// isServed reports whether the page gets new entries by its socket, or may still. A socket that is open and has brought something counts:
// perhaps the computer has only slept.
const isServed = () =>
  performance.now() - served < withoutSocket.after || (current?.heard && current.socket?.readyState === WebSocket.OPEN);

// poll asks for what the socket would have brought. Some proxies let no socket through, or nothing that comes by it. The answer has the
// messages of a socket, with what the page says of the connection. A second request meanwhile would bring the same once more.
async function poll() {
  if (polling || refused || !window.htmx || isServed()) return;
  polling = true;
  const url = new URL(location.href);
  url.searchParams.set("after", document.getElementById("newest")?.dataset.cursor || "none");
  try {
    await window.htmx.ajax("GET", url.pathname + url.search, { source: "#live", swap: "none" });
  } finally {
    polling = false;
  }
}

// failPoll says that there was no answer to poll, or none that helps. If a socket has connected meanwhile, the socket tells the state.
function failPoll() {
  if (isServed()) return;
  polled = Number.NEGATIVE_INFINITY;
  show("lost");
}

// timeOf is the time in an answer of the admin. It is undefined for an answer that is not the admin's: see isOurs.
const timeOf = ({ response }) => response?.headers.get("Userlog-Time") ?? undefined;

// hearPoll takes notice of an answer to poll, unless a socket was quicker.
function hearPoll(ctx) {
  if (!timeOf(ctx) || ctx.response.status >= 400) return failPoll();
  if (isServed()) return;
  polled = performance.now();
  hear(Date.parse(timeOf(ctx)), ctx.asked);
  settle();
}

let current; // the live log's connection
let asked; // when the page asked whether the server is there; undefined = it waits for no answer

// ask tells the server that somebody looks at the page. It answers at once and from then on every five seconds, so that
// silence shows. live/keepalive.go has the other end.
function ask() {
  if (current?.socket?.readyState !== WebSocket.OPEN || document.hidden || asked) return;
  asked = Date.now();
  current.socket.send("seen");
}

// giveUp ends a connection. If the connection is dead, the browser does not hear of its end for long, and the extension would wait for
// that. So giveUp tells the extension that the connection has ended, and the extension connects again.
function giveUp() {
  lose();
  const socket = current?.socket;
  const open = socket?.readyState === WebSocket.OPEN;
  socket?.close();
  if (open) socket.dispatchEvent(new CloseEvent("close", { code: 1006 }));
}

let overdue; // timer

// expectMessage gives up a connection on which nothing is heard for too long. A connection can be dead without anybody
// having closed it, for instance after the computer has joined another network. If the page itself was stopped meanwhile, it may not
// have read yet what has come. Such a page asks the server, and waits a little longer.
function expectMessage(limit = longestSilence()) {
  clearTimeout(overdue);
  const due = Date.now() + limit;
  overdue = setTimeout(() => {
    if (Date.now() < due + patience.asleep) giveUp();
    else {
      ask();
      expectMessage(patience.asleep);
    }
  }, limit);
}

const longestSilence = () => (document.hidden ? patience.hidden : patience.seen);

// A message in JSON says nothing but what time it is.
const isTime = (message) => message.data.startsWith("{");

// If a message seems to be late by this much, in milliseconds, it was late, or the computer's clock has been set forward. The page asks
// the server a question, and its answer tells which.
const doubtful = 2000;

// hearTime learns what time it is.
function hearTime(message) {
  if (!isTime(message)) return;
  const { now, answers } = JSON.parse(message.data);
  if (now) hear(now, answers ? asked : undefined);
  if (answers) asked = undefined;
  else if (serverTime() - now > doubtful) ask();
}

let hiding; // timer

// watchVisibility asks less of the server for a page that nobody looks at. A reader who looks elsewhere for a moment makes no
// difference.
function watchVisibility() {
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden)
      hiding = setTimeout(() => current?.socket?.readyState === WebSocket.OPEN && current.socket.send("hidden"), 20_000);
    else ask();
    if (current) expectMessage();
  });
}

function watchSocket() {
  document.addEventListener("htmx:ws:before:connection", ({ detail }) => {
    current = detail.connection;
    resumeAfter(current); // a page that connects with tickets has a new connection each time
    expectMessage();
  });
  document.addEventListener("htmx:ws:after:connection", () => {
    current.heard = false; // the first message says whether the page is live
    asked = undefined;
    ask();
    expectMessage();
  });
  document.addEventListener("htmx:ws:close", ({ detail }) => {
    clearTimeout(overdue);
    if (detail.reason === "cancelled") return; // there was no connection: see socket_ticket.js
    refused = detail.code === notServed;
    if (refused) {
      detail.connection.attempt = patientAttempt;
      return;
    }
    lose();
    if (detail.code === accessEnded) location.reload(); // leads to the login
    if (detail.code === 1006) checkAccess();
  });
  document.addEventListener("htmx:ws:error", lose);
  document.addEventListener("htmx:ws:before:message:incoming", ({ detail }) => hearTime(detail.message));
  document.addEventListener("htmx:ws:after:message:incoming", ({ detail }) => {
    expectMessage();
    current.heard = true;
    served = performance.now();
    polled = Number.NEGATIVE_INFINITY;
    resumeAfter(detail.connection);
    if (!isTime(detail.message)) settle();
  });
  watchVisibility();
  if (document.getElementById("live")) setInterval(poll, withoutSocket.every);
}

// watchNetwork believes a browser that says it has no network. Should that be wrong, the next attempt shows it. A connection
// that was being made when the network came back may wait for an answer for long.
function watchNetwork() {
  addEventListener("offline", () => {
    polled = Number.NEGATIVE_INFINITY;
    show("lost");
    if (current) giveUp();
  });
  addEventListener("online", () => {
    if (current?.socket?.readyState === WebSocket.CONNECTING) giveUp();
  });
}

// stateOf is what an answer to a refresh says of the page: that it refreshes, or why nothing new can arrive.
const stateOf = ({ response }) => response.headers.get("Userlog-State") ?? "refreshing";

// The static log and the home page refresh themselves. A request that fails leaves what is shown as it is.
const isRefresh = (ctx) => ["log-section", "lists"].includes(ctx.sourceElement.id);

function watchRefreshes() {
  document.addEventListener("htmx:before:request", ({ detail }) => {
    detail.ctx.asked = Date.now();
  });
  document.addEventListener("htmx:after:request", ({ detail }) => {
    if (detail.ctx.sourceElement.id === "live") hearPoll(detail.ctx);
    if (!isRefresh(detail.ctx)) return;
    const time = timeOf(detail.ctx);
    if (time) hear(Date.parse(time), detail.ctx.asked);
    show(time && detail.ctx.response.status < 400 ? stateOf(detail.ctx) : "lost");
    settle();
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (!ctx?.asked || !ctx.sourceElement) return; // the content has come by a socket
    const polls = ctx.sourceElement.id === "live";
    if (polls && isServed()) event.preventDefault(); // the socket was quicker
    if ((polls || isRefresh(ctx)) && !timeOf(ctx)) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", () => {
    if (current) resumeAfter(current); // the next attempt may be waiting for its time already
  });
  document.addEventListener("htmx:error", ({ detail }) => {
    if (detail.ctx?.sourceElement?.id === "live") failPoll();
    else if (detail.ctx && isRefresh(detail.ctx)) show("lost");
  });
}

// expectHTMX says that a page does not refresh where htmx has not come: it is blocked, for example, or its address answers no more. Should it
// be late only, its first answer says how it is.
function expectHTMX() {
  setTimeout(() => {
    if (!window.htmx) show("stuck");
  }, loading);
}

export function watchConnection() {
  if (!document.getElementById("connection")) return;
  expectHTMX();
  watchSocket();
  watchRefreshes();
  watchNetwork();
}
