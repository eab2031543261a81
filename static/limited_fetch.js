// What pages ask the server for by themselves. A browser makes six requests to a host at once: those that wait for a server that hangs
// would keep the others from leaving. And who has asked for something must not get it when she does something else.

const limit = 5000; // milliseconds, with the whole of the answer

// limitedFetch is fetch with a limit. It does without AbortSignal.any, which browsers have only since 2023 and 2024.
export function limitedFetch(address, { signal, ...options } = {}) {
  const ending = new AbortController();
  setTimeout(() => ending.abort(new DOMException("no answer came in time", "TimeoutError")), limit);
  signal?.addEventListener("abort", () => ending.abort(signal.reason));
  return fetch(address, { ...options, signal: ending.signal });
}
