// For how long a stated reason still holds: "29 min left". When it is over the page is loaded again,
// which asks for the reason anew.

import { serverTime } from "./clock.js";

// The server may find that the time is over before this page does, whose clock is behind by as long as a message takes, in milliseconds.
const early = 2000;

let end = Number.POSITIVE_INFINITY; // of the reason, by the server's clock

// isReasonOver reports whether a page that leaves now does so since its reason holds no longer.
export const isReasonOver = () => serverTime() >= end - early;

export function countDownReason() {
  const reason = document.querySelector(".reason[data-left]");
  if (!reason) return;
  end = serverTime() + 1000 * reason.dataset.left;

  function tick() {
    const seconds = Math.ceil((end - serverTime()) / 1000);
    if (seconds <= 0) {
      clearInterval(ticking);
      location.reload();
      return;
    }
    reason.querySelector("span").textContent =
      seconds < 60
        ? reason.dataset.seconds.replace("{seconds}", seconds)
        : reason.dataset.minutes.replace("{minutes}", Math.floor(seconds / 60));
  }

  const ticking = setInterval(tick, 1000);
  tick();
}
