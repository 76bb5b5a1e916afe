import type { Operation } from "../../../lab/plugins/provider";

/** An operation whose log lines are kept. */
export function operation(): Operation & { lines: string[]; abort: () => void } {
  const lines: string[] = [];
  const controller = new AbortController();
  const keep = (line: string): void => void lines.push(line);
  return {
    urn: "urn:pulumi:stack::project::type::name",
    signal: controller.signal,
    log: { info: keep, warning: keep, status: keep, flushed: () => Promise.resolve() },
    lines,
    abort: () => controller.abort(),
  };
}
