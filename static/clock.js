// The time by the server's clock, which is that of Redis: all times of requests are by it. The reader's clock may be
// wrong, so ages are never told by that.

let ahead = 0; // by how much the server's clock is ahead of the reader's, in milliseconds
let heard; // the latest time that the server has told

// hear learns from a time that the server has told. The message may have been on its way for long, even for hours if the computer
// slept. So the server's clock is ahead by at least the difference between that time and now. If the message answers a question of
// the page, it was made after the page had asked: so the clock is ahead by at most the difference between that time and the question.
// A time that was told before and lies behind all this was wrong: the server has set its clock back, or did not know Redis' clock yet.
export function hear(time, asked) {
  const least = time - Date.now();
  ahead = Math.max(ahead, least);
  heard = Math.max(heard, time);
  if (asked === undefined) return;
  ahead = Math.min(ahead, time - asked);
  heard = Math.min(heard, time + Math.max(0, Date.now() - asked));
}

// serverTime is the time by the server's clock now, in milliseconds. The reader's clock may have been set back since the server told the time.
export const serverTime = () => Math.max(Date.now() + ahead, heard);

// lastHeard is until when the page knows what the user did. What happened later may still be on its way.
export const lastHeard = () => heard;

// setClock takes over the time at which the page was made.
export function setClock() {
  heard = Date.parse(document.documentElement.dataset.now);
  ahead = heard - Date.now();
}
