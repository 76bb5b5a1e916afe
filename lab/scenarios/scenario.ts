import type { Lab } from "./lab";

/** One thing that the lab shows with packets, and the twin that shows that the check could have failed. */
export interface Scenario {
  /** One word or several with hyphens. */
  name: string;
  /** What it shows, one line. */
  shows: string;
  /** Its negative twin, one line. */
  twin: string;
  /** The stack program that it runs on. @default "lab" */
  program?: string;
  /** Seconds that it takes beside the lab's own start, in an emulated lab of 2 cores. */
  seconds: number;
  run(lab: Lab, report: Report): Promise<void>;
}

/** Where a scenario says what it saw. */
export interface Report {
  /** One named check: what must be so, whether it is, and what was seen. */
  check: (what: string, holds: boolean, seen?: string) => void;
  /** Begins a group of checks. */
  heading: (text: string) => void;
  /** A figure worth reading that nothing is judged by. */
  figure: (text: string) => void;
}

/** Prints each check as it is made and counts them. */
export class PrintedReport implements Report {
  passed = 0;
  failed = 0;

  // Arrow functions: scenarios take them out of the report by name.
  check = (what: string, holds: boolean, seen?: string): void => {
    if (holds) this.passed++;
    else this.failed++;
    console.log(`  ${holds ? "ok  " : "FAIL"} ${what}${seen !== undefined && seen !== "" ? `: ${oneLine(seen)}` : ""}`);
  };

  heading = (text: string): void => {
    console.log(`\n-- ${text}`);
  };

  figure = (text: string): void => {
    console.log(`       ${text}`);
  };
}

/** Tells what failed, and nothing else. */
export function failuresAlone(say: (line: string) => void): Report {
  return {
    check: (what, holds, seen) => {
      if (!holds) say(seen === undefined ? what : `${what}: ${seen}`);
    },
    figure: () => {},
    heading: () => {},
  };
}

function oneLine(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, " | ");
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}
