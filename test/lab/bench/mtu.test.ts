import { execFileSync } from "node:child_process";
import { fragmentsAwk, largestWhole } from "../../../lab/bench/mtu";

const names = "Ip: Forwarding DefaultTTL InReceives ReasmFails FragOKs FragFails FragCreates OutTransmits";
const count = (text: string) => execFileSync("sh", ["-c", fragmentsAwk], { input: text, encoding: "utf8" }).trim();

describe("fragmentsAwk", () => {
  it("counts fragments that were made and those that were refused, and nothing beside them", () => {
    expect(count(`${names}\nIp: 1 64 900 70 50 3 4 800\n`)).toBe("7");
  });

  it("sums over namespaces, and gives nothing where there was none", () => {
    expect(count(`${names}\nIp: 1 64 9 0 0 1 2 8\nIcmp: InMsgs\nIcmp: 5\n${names}\nIp: 1 64 9 0 0 0 4 8\n`)).toBe("7");
    expect(count(`${names}\nIp: 1 64 9 1 1 0 0 8\n`)).toBe("0");
  });
});

describe("largestWhole", () => {
  const upTo = (most: number) => (size: number) => Promise.resolve(size <= most);

  it("finds what passes whole, at the formula's value and on either side of it", async () => {
    for (const most of [1404, 1500, 1403, 1410, 1000]) expect(await largestWhole(1404, upTo(most))).toBe(most);
    expect(await largestWhole(1404, upTo(0))).toBeNull();
  });
});
