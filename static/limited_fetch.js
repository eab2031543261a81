// What pages ask the server for by themselves. A browser makes six requests to a host at once: those that wait for a server that hangs
// would keep the others from leaving. And who has asked for something must not get it when she does something else.

const limit = 5000; // milliseconds, with the whole of the answer

export const limitedFetch = (address, { signal, ...options } = {}) =>
  fetch(address, { ...options, signal: AbortSignal.any([AbortSignal.timeout(limit), ...(signal ? [signal] : [])]) });
