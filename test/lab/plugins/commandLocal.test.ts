import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { localCommand } from "../../../lab/plugins/commandLocal";
import { operation } from "./helpers";

describe("command:local:Command", () => {
  it("gives stdin and environment, keeps the streams, and shows them line by line", async () => {
    const context = operation();
    const { id, state } = await localCommand.create(
      { create: 'echo "$A"; cat; echo warned >&2', stdin: "one\ntwo", environment: { A: "a" } },
      context,
    );
    expect(id).toMatch(/^cmd[0-9a-f]{8}$/);
    expect(state).toMatchObject({ stdout: "a\none\ntwo", stderr: "warned" });
    expect([...context.lines].sort()).toEqual(["a", "one", "two", "warned"]);
  });

  it.each([
    ["stdout", ["out"]],
    ["stderr", ["err"]],
    ["none", []],
  ])("shows %s only", async (logging, lines) => {
    const context = operation();
    await localCommand.create({ create: "echo out; echo err >&2", logging }, context);
    expect(context.lines).toEqual(lines);
  });

  it("runs `update` with what was printed before, unless that is not wanted", async () => {
    const inputs = { create: "echo first", update: 'echo "before: $PULUMI_COMMAND_STDOUT"' };
    const { state } = await localCommand.create(inputs, operation());
    await expect(localCommand.update?.(state, inputs, operation())).resolves.toMatchObject({ stdout: "before: first" });
    await expect(
      localCommand.update?.(state, { ...inputs, addPreviousOutputInEnv: false }, operation()),
    ).resolves.toMatchObject({ stdout: "before: " });
  });

  it("runs `create` again where there is no `update`", async () => {
    await expect(localCommand.update?.({}, { create: "echo again" }, operation())).resolves.toMatchObject({
      stdout: "again",
    });
  });

  it("runs `delete` at the end, in `dir`, by `interpreter`", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "command-"));
    const state = { dir, interpreter: ["/bin/sh", "-e", "-c"], delete: "echo $PULUMI_COMMAND_STDOUT > gone", stdout: "last" };
    await localCommand.delete?.(state, operation());
    expect(readFileSync(path.join(dir, "gone"), "utf8")).toBe("last\n");
    rmSync(dir, { recursive: true });
  });

  it("fails with the status and the output, without what the command was given", async () => {
    const failed = localCommand.create(
      { create: "cat >/dev/null; echo out; echo err >&2; exit 3", stdin: "CANARY-1", environment: { P: "CANARY-2" } },
      operation(),
    );
    await expect(failed).rejects.toThrow(/^Process exited with status 3: running ".*":\n(out\nerr|err\nout)\n$/s);
    await expect(failed).rejects.not.toThrow(/CANARY/);
  });

  it("does not fail when the command leaves its stdin unread", async () => {
    await expect(localCommand.create({ create: "true", stdin: "x".repeat(1 << 20) }, operation())).resolves.toBeDefined();
  });

  it("says what cannot be started", async () => {
    await expect(localCommand.create({ create: "true", dir: "/nowhere" }, operation())).rejects.toThrow(
      "cannot start /bin/sh in /nowhere",
    );
  });

  it("ends the command, and what that started, when the person cancels", async () => {
    const mark = path.join(mkdtempSync(path.join(tmpdir(), "command-")), "mark");
    const context = operation();
    const failed = localCommand.create({ create: `(sleep 2; touch ${mark}) & wait` }, context);
    setTimeout(context.abort, 100);
    await expect(failed).rejects.toThrow("was ended by signal SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(existsSync(mark)).toBe(false);
    rmSync(path.dirname(mark), { recursive: true });
  });

  it("refuses an unknown logging and assets before anything runs", () => {
    expect(localCommand.refuse?.({ logging: "loud", archivePaths: ["*"] }).map(({ property }) => property)).toEqual([
      "logging",
      "archivePaths",
    ]);
  });
});
