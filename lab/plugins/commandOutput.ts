/** What a command printed: kept for the outputs, streamed to the person line by line. */
import { StringDecoder } from "node:string_decoder";
import type { ResourceLog } from "./engineLog";

/** Which of the two streams are shown while the command runs. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** A finished command. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order in which they came. */
  readonly both: string;
}

/** Gathers a command's output and shows it as it comes. */
export class CommandOutput {
  private readonly streams = { stdout: new Stream(), stderr: new Stream() };
  private both = "";

  constructor(
    private readonly log: ResourceLog,
    private readonly logging: Logging,
  ) {}

  /** Takes a piece of one stream. */
  take(name: "stdout" | "stderr", chunk: Buffer): void {
    const piece = this.streams[name].add(chunk);
    this.both += piece.text;
    if (this.logging === name || this.logging === "stdoutAndStderr") {
      piece.lines.forEach((line) => this.log.info(line));
    }
  }

  /** Shows what ended without a line break, and hands over everything. */
  finish(): CommandResult {
    for (const name of ["stdout", "stderr"] as const) {
      const rest = this.streams[name].rest();
      if (rest && (this.logging === name || this.logging === "stdoutAndStderr")) {
        this.log.info(rest);
      }
    }
    return {
      stdout: this.streams.stdout.text.replace(/\n$/, ""),
      stderr: this.streams.stderr.text.replace(/\n$/, ""),
      both: this.both,
    };
  }
}

class Stream {
  text = "";
  private open = "";
  // A character may be cut in two by the end of a chunk.
  private readonly decoder = new StringDecoder("utf8");

  add(chunk: Buffer): { text: string; lines: string[] } {
    const text = this.decoder.write(chunk);
    this.text += text;
    const lines = (this.open + text).split("\n");
    this.open = lines.pop() ?? "";
    return { text, lines };
  }

  rest(): string {
    const rest = this.open;
    this.open = "";
    return rest;
  }
}

/** The error of a command that failed: how it ended and what it printed, never what it was given. */
export function commandFailure(ending: string, command: string, result: CommandResult): Error {
  return new Error(`Process ${ending}: running ${JSON.stringify(command)}:\n${result.both}`);
}
