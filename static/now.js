// The line about where the user is, kept true while nothing comes: it says for how long nothing was done. And the
// title of the window, which is all that is seen of a page behind others: it says what went wrong for the user, or
// that nothing is known any longer.
//
// What arrives while we watch has just been done, whatever time it carries: its server's clock may be wrong. Only
// of what was there before do we have to believe the time. We compare it with the clock of the server that sent
// the page, because the reader's may be wrong too.

const activeFor = 10; // seconds in which a user who does nothing is not idle

const nowLine = () => document.getElementById("now");

function idleWords({ dataset }, seconds) {
  const minutes = Math.floor(seconds / 60);
  if (seconds < activeFor) return dataset.active;
  if (minutes < 1) return dataset.seconds.replace("{seconds}", seconds);
  if (minutes < 60) return dataset.minutes.replace("{minutes}", minutes);
  return dataset.hours.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", minutes % 60);
}

let since; // when the user last did something, in milliseconds by the reader's clock

// showIdle says how long ago the user did something. Where nothing can arrive, nobody knows whether a user is idle.
function showIdle(state) {
  const idle = nowLine()?.querySelector(".idle");
  if (!idle || since === undefined) return;
  idle.hidden = state !== "live" && state !== "refreshing";
  const text = idleWords(idle, Math.max(0, Math.floor((Date.now() - since) / 1000)));
  if (idle.textContent !== text) idle.textContent = text;
}

const title = document.title;

function titleFor(state, words) {
  if (["lost", "store-lost", "nobody"].includes(state)) return `⚠ ${words} — ${title}`;
  const trouble = nowLine()?.dataset.trouble;
  return trouble ? `● ${nowLine().dataset.user} — ${trouble} · userlog` : title;
}

function show() {
  const connection = document.getElementById("connection");
  const state = connection?.dataset.state;
  showIdle(state);
  const wanted = titleFor(state, connection?.textContent.trim());
  if (document.title !== wanted) document.title = wanted;
}

let latest; // data-since as it was last
let newest; // id of the row on top, as it was last

// note looks whether the user has done something. justNow: it has come while we watched. ahead: what the server's
// clock is ahead of the reader's, in milliseconds.
function note(justNow, ahead) {
  const time = nowLine()?.dataset.since;
  const top = document.querySelector("#rows > tr[data-id]")?.id;
  if (time && (time !== latest || (justNow && top !== newest))) {
    latest = time;
    since = justNow ? Date.now() : Date.parse(time) - ahead;
  }
  newest = top;
  show();
}

export function keepNowTrue() {
  const page = document.querySelector("[data-now]");
  if (!page) return;
  const ahead = Date.parse(page.dataset.now) - Date.now();

  // A message that also says how the connection is, is the first after it was made or repaired: what it
  // brings is what the log held.
  let connection;
  document.addEventListener("htmx:ws:before:message:incoming", () => {
    connection = document.getElementById("connection");
  });
  document.addEventListener("htmx:ws:after:message:incoming", () => {
    note(connection === document.getElementById("connection"), ahead);
  });
  document.addEventListener("htmx:after:swap", () => note(latest !== undefined, ahead));

  note(false, ahead);
  const heading = document.querySelector(".heading"); // which has #connection
  new MutationObserver(show).observe(heading, { subtree: true, childList: true, attributeFilter: ["data-state"] });
  setInterval(show, 1000);
}
