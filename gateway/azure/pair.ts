/** How Azure's load balancer asks a machine: each 5 s, which is the least, and two answers or silences decide. */
export const pairProbe = { interval: 5, threshold: 2 } as const;

/** Seconds after which it leads nobody any more to a machine that shut its health port: the probes, and one more. */
export const drainSeconds = pairProbe.interval * (pairProbe.threshold + 1);

/** Where it asks from, in every region: Microsoft, "What is IP address 168.63.129.16?". */
export const probeRanges = ["168.63.129.16/32"] as const;
