// <time-ago datetime="…"> says how long ago something was, in the reader's language and to the second, by the
// server's clock. Its own text, the time itself, is for pages without scripts. A morph changes that text only: what is shown is in
// the shadow.

import { serverTime } from "./clock.js";

const sizes = [86_400, 3600, 60, 1]; // of a day, an hour, a minute and a second
const words = document.documentElement.dataset.ago.split("|"); // such as "{n} min ago", in the order of sizes

// ago is a number of seconds in the largest unit that fits, rounded down.
function ago(seconds) {
  const fits = sizes.findIndex((size) => seconds >= size);
  const unit = fits < 0 ? sizes.length - 1 : fits;
  return words[unit].replace("{n}", Math.max(1, Math.floor(seconds / sizes[unit])));
}

const shown = new Set();

class TimeAgo extends HTMLElement {
  static observedAttributes = ["datetime"];
  #text = document.createElement("span");

  constructor() {
    super();
    this.#text.part = "ago";
    const time = document.createElement("slot");
    time.part = "time"; // media.css shows one or the other
    this.attachShadow({ mode: "open" }).append(this.#text, time);
  }

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
