/** How soon a name loses a machine, in seconds: Route 53's fast interval, and the least of failures that is no single lost packet. */
export const nameTimers = { interval: 10, threshold: 2, timeToLive: 30 } as const;

/** After which nobody is told of a machine any more that shut its health port; 10 s for checkers that differ. */
export const drainSeconds = nameTimers.interval * nameTimers.threshold + nameTimers.timeToLive + 10;
