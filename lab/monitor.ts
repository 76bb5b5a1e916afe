/** QEMU's own monitor, by its machine protocol (QMP, docs/interop/qmp-spec.rst of QEMU). */

import * as net from "node:net";
import { sleep } from "./progress";

interface Answer {
  return?: unknown;
  error?: { desc: string };
  event?: string;
}

export class Monitor {
  private rest = "";
  private readonly waiting: ((answer: Answer) => void)[] = [];

  private constructor(private readonly socket: net.Socket) {
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.rest + text).split("\n");
      this.rest = lines.pop() ?? "";
      for (const line of lines.filter((one) => one.trim() !== "")) this.hear(JSON.parse(line) as Answer);
    });
    socket.on("close", () => this.waiting.splice(0).forEach((answer) => answer({ error: { desc: "QEMU has closed its monitor" } })));
  }

  private hear(answer: Answer): void {
    if (answer.event === undefined && ("return" in answer || "error" in answer)) this.waiting.shift()?.(answer);
  }

  /** Connects as soon as QEMU listens, unless `ended` tells why it never will. */
  static async open(socketPath: string, ended: () => string | undefined): Promise<Monitor> {
    for (;;) {
      const why = ended();
      if (why !== undefined) throw new Error(why);
      const socket = await new Promise<net.Socket | undefined>((resolve) => {
        const trying = net.connect(socketPath, () => resolve(trying)).on("error", () => resolve(undefined));
      });
      if (socket !== undefined) {
        const monitor = new Monitor(socket);
        await monitor.execute("qmp_capabilities");
        return monitor;
      }
      await sleep(50);
    }
  }

  /** What a command answers; throws what QEMU says against it. */
  async execute(command: string, words?: Record<string, unknown>): Promise<unknown> {
    const answer = await new Promise<Answer>((resolve) => {
      this.waiting.push(resolve);
      if (this.socket.destroyed) this.waiting.splice(0).forEach((one) => one({ error: { desc: "QEMU has closed its monitor" } }));
      else this.socket.write(`${JSON.stringify({ execute: command, ...(words ? { arguments: words } : {}) })}\n`);
    });
    if (answer.error !== undefined) throw new Error(`QEMU refuses ${command}: ${answer.error.desc}`);
    return answer.return;
  }

  /** Asks until the status is this; throws for one of `never`. */
  async until(command: string, status: string, never: readonly string[] = []): Promise<void> {
    for (;;) {
      const found = ((await this.execute(command)) as { status?: string; "error-desc"?: string }) ?? {};
      if (found.status === status) return;
      if (found.status !== undefined && never.includes(found.status)) throw new Error(`QEMU's ${command} is ${found.status}: ${found["error-desc"] ?? "no reason given"}`);
      await sleep(50);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
