// For how long the user of a live log has done nothing: "No request for 40 s".
//
// A request that arrives while we watch has just been made, whatever time it carries: its server's
// clock may be wrong. Only of those that were there before do we have to believe the time, and
// compare it with the clock of the server that sent the page, because the reader's may be wrong too.
(() => {
  "use strict";

  const live = document.getElementById("live");
  const idle = document.getElementById("idle");
  if (!live || !idle) return;
  const ahead = Date.parse(live.dataset.now) - Date.now(); // of the server's clock, in milliseconds
  const quiet = 10; // seconds that are not worth mentioning

  let newest; // id of the newest row
  let since; // when it came, in milliseconds by the reader's clock; undefined = there is none
  let connection; // #connection as it was before the message

  // A message that also says how the connection is, is the first after it was made or repaired: its
  // rows are what the log held.
  document.addEventListener("htmx:ws:before:message:incoming", () => {
    connection = document.getElementById("connection");
  });
  document.addEventListener("htmx:ws:after:message:incoming", () => {
    const row = document.querySelector("#rows > tr[data-id]");
    if (row && row.dataset.id !== newest) {
      newest = row.dataset.id;
      const caughtUp = connection !== document.getElementById("connection");
      since = caughtUp ? Date.parse(row.querySelector("relative-time").getAttribute("datetime")) - ahead : Date.now();
    }
    show();
  });

  function words(seconds) {
    const minutes = Math.floor(seconds / 60);
    if (minutes < 1) return idle.dataset.seconds.replace("{seconds}", seconds);
    if (minutes < 60) return idle.dataset.minutes.replace("{minutes}", minutes);
    return idle.dataset.hours.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", minutes % 60);
  }

  // show writes the line, or hides it where another silence explains this one.
  function show() {
    const seconds = Math.round((Date.now() - since) / 1000);
    const connected = document.getElementById("connection").dataset.state === "live";
    idle.hidden = !(connected && seconds >= quiet);
    if (!idle.hidden) idle.textContent = words(seconds);
  }
  setInterval(show, 1000);
})();
