// The line about where the user is, kept true while nothing comes: it says for how long nothing was done. And the
// title of the window, which is all that is seen of a page behind others: it says what went wrong for the user, or
// that nothing is known any longer.
//
// The age of a request is told by the time at which it was made. The time at which it arrived here says nothing: it may arrive late.

import { alertTitle } from "./alerts.js";
import { lastHeard, serverTime } from "./clock.js";
import { arrives } from "./connection.js";

const staleAfter = 10_000; // milliseconds without word from the server, after which nobody is said to be active

const nowLine = () => document.getElementById("now");

const isStale = () => serverTime() - lastHeard() > staleAfter;

function idleWords({ dataset }, since) {
  const seconds = Math.floor((lastHeard() - since) / 1000);
  const minutes = Math.floor(seconds / 60);
  if (serverTime() - since < 1000 * dataset.activeSeconds) return dataset.active;
  if (minutes < 1) return dataset.seconds.replace("{seconds}", seconds);
  if (minutes < 60) return dataset.minutes.replace("{minutes}", minutes);
  return dataset.hours.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", minutes % 60);
}

// showIdle says how long ago the user did something, as far as is known. Where nothing can arrive, nobody knows whether a
// user is idle.
function showIdle(state) {
  const idle = nowLine()?.querySelector(".idle");
  if (!idle) return;
  idle.hidden = isStale() || !arrives(state);
  const text = idleWords(idle, Date.parse(nowLine().dataset.since));
  if (idle.textContent !== text) idle.textContent = text;
}

const title = document.title;
const troubleFor = 300_000; // milliseconds for which a problem is in the title

function titleFor(state, words) {
  if (state && state !== "connecting" && !arrives(state)) return `⚠ ${words} — ${title}`;
  if (alertTitle()) return alertTitle();
  const { trouble, troubleAt } = nowLine()?.dataset ?? {};
  return trouble && serverTime() - Date.parse(troubleAt) < troubleFor
    ? `● ${nowLine().dataset.user} — ${trouble} · userlog`
    : title;
}

function show() {
  const connection = document.getElementById("connection");
  const state = connection?.dataset.state;
  showIdle(state);
  // Also nobody else is active now, as far as is known: see home.css.
  document.documentElement.classList.toggle("stale", isStale() || ["lost", "store-lost", "stuck"].includes(state));
  const wanted = titleFor(state, connection?.textContent.trim());
  if (document.title !== wanted) document.title = wanted;
}

export function keepNowTrue() {
  if (!document.getElementById("connection")) return;
  document.addEventListener("htmx:ws:after:message:incoming", show);
  document.addEventListener("htmx:after:swap", show);
  addEventListener("focus", show); // an agent who has come back to the tab has seen the alerts, and the title ceases to count them
  show();
  const heading = document.querySelector(".heading"); // which has #connection
  new MutationObserver(show).observe(heading, { subtree: true, childList: true, attributeFilter: ["data-state"] });
  setInterval(show, 1000);
}
