// The time by the server's clock, which is that of Redis: all times of requests are by it. The reader's clock may be
// wrong, so ages are never told by that.

let ahead = 0; // what the server's clock is ahead of the reader's, in milliseconds
let heard; // what it said last

// hear learns from a time that the server has told. An answer may have been on its way for long, even for hours in a
// computer that slept. So the server's clock is ahead by so much at least. What the page asked for was not made before it
// asked, which is at most.
export function hear(time, asked) {
  const least = time - Date.now();
  ahead = asked === undefined ? Math.max(ahead, least) : Math.min(Math.max(ahead, least), time - asked);
  heard = Math.max(heard, time);
}

// serverTime is what the server's clock says now, in milliseconds.
export const serverTime = () => Date.now() + ahead;

// lastHeard is until when the page knows what the user did. What happened later may still be on its way.
export const lastHeard = () => heard;

// setClock takes over the time at which the page was made.
export function setClock() {
  heard = Date.parse(document.documentElement.dataset.now);
  ahead = heard - Date.now();
}
