import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Monitor } from "../../lab/monitor";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "monitor-"));
const socketPath = path.join(folder, "qmp");
const asked: string[] = [];
/** Speaks as QEMU does: a greeting, answers in order, events in between, lines cut anywhere. */
const server = net.createServer((socket) => {
  socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
  let migrating = 0;
  socket.on("data", (text) => {
    for (const line of String(text).trim().split("\n")) {
      const { execute, arguments: words } = JSON.parse(line) as { execute: string; arguments?: { driver?: string } };
      asked.push(execute);
      const say = (answer: object) => {
        const said = `{"event": "STOP", "data": {}}\r\n${JSON.stringify(answer)}\r\n`;
        socket.write(said.slice(0, 10));
        setTimeout(() => socket.write(said.slice(10)), 5);
      };
      if (execute === "quit") socket.destroy();
      else if (execute === "query-migrate") say({ return: { status: ["active", "completed", "failed"][migrating++], "error-desc": "disk full" } });
      else if (words?.driver === "none") say({ error: { class: "GenericError", desc: "'none' is not a valid device model name" } });
      else say({ return: {} });
    }
  });
});

afterAll(() => {
  server.close();
  fs.rmSync(folder, { recursive: true });
});

test("it waits until QEMU listens, and gives up when QEMU is gone", async () => {
  await expect(Monitor.open(socketPath, () => "QEMU ended (code 1)")).rejects.toThrow("QEMU ended (code 1)");
  const opening = Monitor.open(socketPath, () => undefined);
  server.listen(socketPath);
  const monitor = await opening;
  expect(asked).toEqual(["qmp_capabilities"]);
  expect(await monitor.execute("device_add", { driver: "virtio-net-pci" })).toEqual({});
  await expect(monitor.execute("device_add", { driver: "none" })).rejects.toThrow("QEMU refuses device_add: 'none' is not");
  await monitor.until("query-migrate", "completed");
  await expect(monitor.until("query-migrate", "completed", ["failed"])).rejects.toThrow("query-migrate is failed: disk full");
  await expect(monitor.execute("quit")).rejects.toThrow("closed its monitor");
  await expect(monitor.execute("device_add")).rejects.toThrow("closed its monitor");
});
