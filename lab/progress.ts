/** Lines on stderr for the person who waits: what is being waited for, for how long. */

export type Say = (line: string) => void;

/** Writes one line to stderr; stdout belongs to the answer. */
export const sayOnStderr: Say = (line) => {
  process.stderr.write(`${line}\n`);
};

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks every half second until it holds; whether it did within so many seconds. */
export async function until(holds: () => Promise<boolean>, seconds: number): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(500)) if (await holds()) return true;
  return false;
}

/** Seconds since `startedAt` (milliseconds of Date.now()), with one decimal. */
export const secondsSince = (startedAt: number): number => Math.round((Date.now() - startedAt) / 100) / 10;

/**
 * Runs `work` and says every `everySeconds` (default 10) that it is still going on.
 * `detail` adds what is known of the progress at that moment.
 */
export async function withProgress<T>(
  say: Say,
  what: string,
  usually: string,
  work: () => Promise<T>,
  detail: () => string = () => "",
  everySeconds = 10,
): Promise<T> {
  const startedAt = Date.now();
  say(`${what}: usually takes ${usually}`);
  const timer = setInterval(() => {
    const now = detail();
    say(`${what}: ${Math.round((Date.now() - startedAt) / 1000)} s${now ? `, ${now}` : ""}`);
  }, everySeconds * 1000);
  try {
    const result = await work();
    say(`${what}: done in ${secondsSince(startedAt)} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
