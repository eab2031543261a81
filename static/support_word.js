// What the customer of a call reads goes when the code of the call ends. The customer does not see it any more, either.

import { serverTime } from "./clock.js";

export function endSupportWord() {
  const support = document.getElementById("support");
  if (!support) return;
  const end = serverTime() + 1000 * support.dataset.left;
  const ticking = setInterval(() => {
    if (serverTime() < end) return;
    clearInterval(ticking);
    support.hidden = true;
  }, 1000);
}
