// What pages ask the server for by themselves, with a time limit. A browser makes six requests to a host at once: if the server hangs, six
// that wait would keep all others from leaving. And an answer must not come so late that the reader does something else by then.

const limit = 5000; // milliseconds, with the whole of the answer

// limitedFetch is fetch with a limit. It does without AbortSignal.any, which browsers have only since 2023 and 2024.
export function limitedFetch(address, { signal, ...options } = {}) {
  const ending = new AbortController();
  setTimeout(() => ending.abort(new DOMException("no answer came in time", "TimeoutError")), limit);
  signal?.addEventListener("abort", () => ending.abort(signal.reason));
  return fetch(address, { ...options, signal: ending.signal });
}

// isOurs reports whether the admin has answered. A network with a login page of its own may answer in its place.
export const isOurs = (response) => response.headers.has("Userlog-Time");
