// Where the user is, kept true while nothing comes: for how long nothing was done. And the title of the
// window, which is what is seen of a page that is behind others: what went wrong for the user, or that
// nothing is known any longer.
//
// What arrives while we watch has just been done, whatever time it carries: its server's clock may be
// wrong. Only of what was there before do we have to believe the time, and compare it with the clock of
// the server that sent the page, because the reader's may be wrong too.
(() => {
  "use strict";

  const page = document.querySelector("[data-now]");
  if (!page) return;
  const ahead = Date.parse(page.dataset.now) - Date.now(); // of the server's clock, in milliseconds
  const title = document.title;
  const active = 10; // seconds in which somebody who does nothing is not idle

  let stamp; // data-since as it was last
  let newest; // the row on top, as it was last
  let since; // what it says, in milliseconds by the reader's clock
  let connection; // #connection as it was before the message

  const now = () => document.getElementById("now");

  // note looks whether the user has done something. justNow: it has come while we watched.
  function note(justNow) {
    const latest = now()?.dataset.since;
    const top = document.querySelector("#rows > tr[data-id]")?.id;
    if (latest && (latest !== stamp || (justNow && top !== newest))) {
      stamp = latest;
      since = justNow ? Date.now() : Date.parse(latest) - ahead;
    }
    newest = top;
    show();
  }

  function words(idle, seconds) {
    const minutes = Math.floor(seconds / 60);
    if (seconds < active) return idle.dataset.active;
    if (minutes < 1) return idle.dataset.seconds.replace("{seconds}", seconds);
    if (minutes < 60) return idle.dataset.minutes.replace("{minutes}", minutes);
    return idle.dataset.hours.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", minutes % 60);
  }

  // fresh says how long ago the user did something. Where nothing can arrive, nobody knows whether
  // somebody is idle.
  function fresh(state) {
    const idle = now()?.querySelector(".idle");
    if (!idle || since === undefined) return;
    idle.hidden = state !== "live" && state !== "refreshing";
    const text = words(idle, Math.max(0, Math.floor((Date.now() - since) / 1000)));
    if (idle.textContent !== text) idle.textContent = text;
  }

  function titleFor(state, saying) {
    if (["lost", "store-lost", "nobody"].includes(state)) return `⚠ ${saying} — ${title}`;
    const trouble = now()?.dataset.trouble;
    return trouble ? `● ${now().dataset.user} — ${trouble} · userlog` : title;
  }

  function show() {
    const connection = document.getElementById("connection");
    const state = connection?.dataset.state;
    fresh(state);
    const wanted = titleFor(state, connection?.textContent.trim());
    if (document.title !== wanted) document.title = wanted;
  }

  // A message that also says how the connection is, is the first after it was made or repaired: what it
  // brings is what the log held.
  document.addEventListener("htmx:ws:before:message:incoming", () => {
    connection = document.getElementById("connection");
  });
  document.addEventListener("htmx:ws:after:message:incoming", () => {
    note(connection === document.getElementById("connection"));
  });
  document.addEventListener("htmx:after:swap", () => note(stamp !== undefined));

  note(false);
  new MutationObserver(show).observe(document.querySelector(".heading"), { subtree: true, childList: true, attributeFilter: ["data-state"] });
  setInterval(show, 1000);
})();
