// Where another host serves the live log, that host knows no cookie of ours. So the page asks its own server for a ticket before each
// connection, and shows it as a protocol: in the address it would stand in the logs of proxies.

import { limitedFetch } from "./limited_fetch.js";

const first = 300; // milliseconds until a second attempt
const longest = 5000;

// isTicket reports whether a text is a ticket: 32 random bytes in base64url. Whatever else answers in the server's place is none.
const isTicket = (text) => /^[\w-]{43}$/.test(text);

// pause is how long to wait before an attempt. Pages that lost their server at the same time don't come back all at once.
const pause = (attempt) => (attempt === 0 ? 0 : Math.min(first * 2 ** (attempt - 1), longest) * (0.7 + 0.6 * Math.random()));

export function bringTickets() {
  const live = document.getElementById("live");
  const address = live?.dataset.ticket;
  if (!address) return;
  const log = new URL(live.getAttribute("hx-ws:connect"), location.href).searchParams;
  let ticket; // for the next connection
  let attempts = 0; // since the last connection

  function later() {
    setTimeout(connect, pause(attempts));
    attempts++;
  }

  async function connect() {
    try {
      const form = new URLSearchParams({ username: log.get("username") ?? "", everyone: log.get("everyone") ?? "" });
      const answer = await limitedFetch(address, { method: "POST", body: form, redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        location.reload(); // the page itself would not be shown any longer, and says what to do
        return;
      }
      const text = await answer.text();
      if (answer.ok && isTicket(text)) ticket = text;
    } catch {
      // The server can't be reached. The page asks again.
    }
    if (ticket) live.dispatchEvent(new CustomEvent("connect"));
    else {
      document.dispatchEvent(new CustomEvent("htmx:ws:error"));
      later();
    }
  }

  document.addEventListener("htmx:ws:before:connection", (event) => {
    const { connection } = event.detail;
    if (ticket) {
      connection.config.protocols = ["userlog", `userlog.ticket.${ticket}`];
      ticket = undefined;
      return;
    }
    event.preventDefault();
    connection.cancelled = true;
    attempts = Math.max(attempts, connection.attempt);
    later();
  });
  document.addEventListener("htmx:ws:after:connection", () => {
    attempts = 0;
  });
}
