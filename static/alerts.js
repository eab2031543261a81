// Alerts about the user of a log, for an agent who looks at something else meanwhile: a notification, the title of the tab, and
// a sound. An agent switches them on for one log, and they end when this tab leaves it. What they are about is kept in this browser.
//
// The line about now tells what was done, since a filter takes no part in it. Times are those of the server.

import { keep, read } from "./browser_storage.js";
import { lastHeard } from "./clock.js";
import { arrives } from "./connection.js";

const wishes = "userlog.alerts"; // in localStorage: when an alert is wanted, and whether it is heard
const running = "userlog.alerting"; // in sessionStorage: the log that this tab alerts about, and what it knows
const silence = 60_000; // milliseconds without a request, after which a user who makes one is back
const apart = 3000; // milliseconds between two alerts
const lostFor = 30_000; // milliseconds after which an alert says that there can't be any
const late = 1000; // milliseconds after which a sound that could not be played is left out
const longest = 200; // characters of a notification

const stateOf = () => document.getElementById("connection")?.dataset.state;

// sentence is the line about now without its ages, which would be wrong in a notification that stays. Names in it stand apart from
// the text around them, as they do on the page.
function sentence(now) {
  const line = now.querySelector("p").cloneNode(true);
  for (const age of line.querySelectorAll(".idle, .since, .solved")) age.remove();
  for (const name of line.querySelectorAll("bdi")) name.textContent = `\u2068${name.textContent}\u2069`;
  const said = line.textContent.replace(/\s+/g, " ").trim();
  return said.length > longest ? `${said.slice(0, longest)}…` : said;
}

// show shows a notification about a user, where the browser allows it. A click on it leads to this tab.
function show({ user, name }, body, silent) {
  if (window.Notification?.permission !== "granted") return undefined;
  const { lang, dir } = document.documentElement;
  const shown = new Notification(name, { body, lang, dir, silent, tag: `userlog ${user}`, renotify: true });
  shown.addEventListener("click", () => {
    window.focus();
    shown.close();
  });
  return shown;
}

class Alerts {
  #panel;
  #button = document.getElementById("alerting");
  #state = document.getElementById("alerts-state");
  #boxes;
  #known; // when the user did something last, and when something failed last, in milliseconds, 0 = never; undefined = not known yet
  #count = 0; // alerts that nobody has seen
  #said = ""; // the last of them
  #shown; // its notification
  #impossible = false; // the browser has notifications, but lets no page show one
  #audio;
  #waiting; // timer, between two alerts
  #due; // the alert that waits for it
  #lost; // since when nothing can arrive
  #loss; // the notification that says so

  constructor(panel) {
    this.#panel = panel;
    this.#boxes = Object.fromEntries([...panel.querySelectorAll("input")].map((box) => [box.name, box]));
    for (const [name, wanted] of Object.entries(read("localStorage", wishes) ?? {}))
      if (this.#boxes[name]) this.#boxes[name].checked = wanted;
    const before = read("sessionStorage", running);
    this.#boxes.on.checked = before?.user === panel.dataset.username;
    // What the user did while the page was being loaded again is news.
    if (this.isOn) this.#known = before.known;
    else this.#remember();
    this.#listen();
    this.look();
    this.#tell();
  }

  get isOn() {
    return this.#boxes.on.checked;
  }

  // #of is the user, by the name itself and as it is shown.
  get #of() {
    return { user: this.#panel.dataset.username, name: this.#panel.dataset.user };
  }

  // title is what the tab is called while alerts wait to be seen.
  get title() {
    return this.#count > 0 ? `(${this.#count}) ${this.#panel.dataset.user} — ${this.#said} · userlog` : undefined;
  }

  #listen() {
    this.#panel.addEventListener("change", ({ target }) => this.#change(target));
    document.addEventListener("htmx:ws:after:message:incoming", () => this.look());
    document.addEventListener("htmx:after:swap", () => this.look());
    addEventListener("focus", () => this.#see());
    document.addEventListener("visibilitychange", () => this.#see());
    // A browser may hold a sound back until somebody has touched the page.
    for (const touch of ["pointerup", "keydown"]) document.addEventListener(touch, () => this.#unlock());
    navigator.permissions
      ?.query({ name: "notifications" })
      .then((permission) => permission.addEventListener("change", () => this.#tell()))
      .catch(() => {});
    setInterval(() => this.#watchLoss(), 1000);
    this.#button.hidden = false;
  }

  // #change takes over what the agent has ticked. Only here the browser is asked to allow notifications.
  async #change(box) {
    const { on, ...wanted } = this.#boxes;
    keep("localStorage", wishes, Object.fromEntries(Object.entries(wanted).map(([name, { checked }]) => [name, checked])));
    if (box === on) {
      this.#known ??= { done: lastHeard(), failed: lastHeard() };
      this.#remember();
      if (!this.isOn) this.#forget();
    }
    this.#unlock();
    if (this.isOn && box === wanted.sound) this.#ring(false);
    this.#tell();
    if (box !== on || !this.isOn) return;
    if (window.Notification?.permission === "default") await Notification.requestPermission();
    if (this.isOn) this.#notify(this.#panel.dataset.began); // so that the agent sees whether it comes
    this.#tell();
  }

  #remember() {
    keep("sessionStorage", running, this.isOn && { ...this.#of, known: this.#known });
  }

  // look finds out whether the user has done something since the last look. What the page begins with is no news.
  look() {
    const now = document.getElementById("now");
    if (!now || now.hidden) {
      if (arrives(stateOf())) this.#known ??= { done: 0, failed: 0 };
      return;
    }
    const done = Date.parse(now.dataset.since) || 0;
    const failed = Date.parse(now.dataset.troubleAt) || 0;
    const before = this.#known;
    this.#known = { done: Math.max(before?.done ?? 0, done), failed: Math.max(before?.failed ?? 0, failed) };
    if (!before || !this.isOn) return;
    this.#remember();
    const news = { done: done > before.done, failed: failed > before.failed };
    const back = news.done && done - before.done >= silence;
    const { acts, fails, back: returns } = this.#boxes;
    if (!((news.failed && fails.checked) || (back && returns.checked) || (news.done && acts.checked))) return;
    const said = sentence(now);
    this.#alert(back ? `${this.#panel.dataset.back} ${said}` : said, news.failed);
  }

  // #alert tells the agent. Of several at once, the last is told.
  #alert(said, bad) {
    if (this.#waiting) {
      this.#due = [said, bad || this.#due?.[1]];
      return;
    }
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      if (this.#due) this.#alert(...this.#due);
      this.#due = undefined;
    }, apart);
    if (this.#boxes.sound.checked) this.#ring(bad);
    if (document.hasFocus() && !document.hidden) return; // the agent sees it
    this.#count++;
    this.#said = said;
    this.#notify(said);
  }

  #notify(body) {
    try {
      this.#shown = show(this.#of, body, this.#boxes.sound.checked); // a notification is silent where the page plays its own sound
    } catch {
      this.#impossible = true; // as on Android
    }
  }

  // #see takes back what has been seen.
  #see() {
    if (document.hidden) return;
    this.#count = 0;
    this.#shown?.close();
    this.#shown = undefined;
  }

  // #forget ends what is under way.
  #forget() {
    clearTimeout(this.#waiting);
    this.#waiting = this.#due = undefined;
    this.#see();
  }

  // #watchLoss alerts once when nothing has been able to arrive for lostFor. Otherwise the agent would take the silence for good news.
  #watchLoss() {
    if (arrives(stateOf()) || !this.isOn) {
      this.#lost = undefined;
      this.#takeBackLoss();
      return;
    }
    this.#lost ??= performance.now(); // a clock that is set back does not stop it
    if (performance.now() - this.#lost < lostFor) return;
    this.#lost = Infinity;
    this.#tellLoss();
  }

  // #tellLoss counts nothing in the title, which says by itself that the connection is lost, for as long as it is.
  #tellLoss() {
    if (this.#boxes.sound.checked) this.#ring(true);
    if (document.hasFocus() && !document.hidden) return;
    this.#notify(document.getElementById("connection").textContent.trim());
    this.#loss = this.#shown;
  }

  // #takeBackLoss closes a notification that is not true any more.
  #takeBackLoss() {
    if (this.#loss && this.#loss === this.#shown) {
      this.#loss.close();
      this.#shown = undefined;
    }
    this.#loss = undefined;
  }

  // #unlock makes ready to play. It is called where somebody has touched the page.
  #unlock() {
    if (!this.isOn || !this.#boxes.sound.checked || !window.AudioContext) return;
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") this.#audio.resume().then(() => this.#tell());
    else this.#tell(); // a new one may play at once
  }

  // #ring plays two notes: upwards, or downwards where something has failed. One that could not be played at its time is left out.
  async #ring(bad) {
    const due = Date.now() + late;
    await this.#audio?.resume();
    if (!this.#audio || Date.now() > due) return;
    const notes = bad ? [523, 392] : [523, 659];
    notes.forEach((frequency, i) => {
      const from = this.#audio.currentTime + 0.16 * i;
      const tone = new OscillatorNode(this.#audio, { frequency });
      const volume = new GainNode(this.#audio, { gain: 0 });
      volume.gain.setTargetAtTime(0.15, from, 0.01);
      volume.gain.setTargetAtTime(0, from + 0.12, 0.04);
      tone.connect(volume).connect(this.#audio.destination);
      tone.start(from);
      tone.stop(from + 0.5);
    });
  }

  // #hindrance is why no notification can come; undefined = it can, as far as is known.
  #hindrance() {
    if (!window.isSecureContext) return "insecure";
    if (!window.Notification || this.#impossible) return "impossible";
    if (Notification.permission === "denied") return "blocked";
    return this.isOn && Notification.permission === "default" ? "unasked" : undefined;
  }

  // #tell says how it is.
  #tell() {
    const { dataset } = this.#state;
    const hindrance = this.#hindrance();
    let text = hindrance ? dataset[hindrance] : this.isOn ? dataset.granted : "";
    const held = this.isOn && this.#boxes.sound.checked && this.#audio?.state !== "running";
    if (held) text = `${text} ${dataset.held}`;
    if (this.#state.textContent !== text) this.#state.textContent = text;
    this.#button.textContent = this.isOn ? this.#button.dataset.going : this.#button.dataset.resting;
    this.#button.toggleAttribute("data-limited", this.isOn && Boolean(hindrance || held));
  }
}

let alerts;

// alertTitle is what the tab is called while alerts wait to be seen, or undefined.
export const alertTitle = () => alerts?.title;

// endAlerts ends the alerts of this tab, because the tab has left the log. If nobody looks at the tab, no agent has left the log: its
// session may have ended, for instance. Then an alert says which page has come in its place.
function endAlerts() {
  const ended = read("sessionStorage", running);
  keep("sessionStorage", running);
  if (!ended || (document.hasFocus() && !document.hidden)) return;
  const said = document.querySelector("#messages")?.textContent.trim() || document.querySelector("h1").textContent;
  try {
    show(ended, said.replace(/\s+/g, " "), false);
  } catch {
    // As on Android.
  }
}

// offerAlerts is for pages of one user's log. On any other, the alerts of this tab end.
export function offerAlerts() {
  const panel = document.getElementById("alerts");
  if (panel) alerts = new Alerts(panel);
  else endAlerts();
}
