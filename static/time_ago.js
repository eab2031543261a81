// <time-ago datetime="…"> says how long ago something was, in the reader's language and to the second, by the server's
// clock. Its own text, the time itself, is for pages without scripts. A morph changes that text only: what is shown is in
// the shadow.

import { serverTime } from "./clock.js";

const units = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });

// ago is a number of seconds in the largest unit that fits, rounded down.
function ago(seconds) {
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? units.at(-1);
  return format.format(-Math.max(1, Math.floor(seconds / size)), unit);
}

const shown = new Set();

class TimeAgo extends HTMLElement {
  static observedAttributes = ["datetime"];
  #text = this.attachShadow({ mode: "open" });

  connectedCallback() {
    shown.add(this);
    this.tell();
  }

  disconnectedCallback() {
    shown.delete(this);
  }

  attributeChangedCallback() {
    this.tell();
  }

  tell() {
    const text = ago((serverTime() - Date.parse(this.getAttribute("datetime"))) / 1000);
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }
}

export function tellAges() {
  customElements.define("time-ago", TimeAgo);
  setInterval(() => {
    for (const element of shown) element.tell();
  }, 1000);
}
