import { macAddress, renderMetaData, renderNetworkConfig } from "../../lab/networkConfig";
import { type MachineSpec, checkMachineSpec, machineProblems } from "../../lab/machineSpec";
import { ownDevices, parkArguments, qemuArguments, reconnectOption, sizeOf } from "../../lab/qemuArguments";
import { atLeast, parseVersion } from "../../lab/qemu";
import { mmdebstrapCommand, recipeHash } from "../../lab/image";
import { bootStage } from "../../lab/boot";
import { MachineDirectory } from "../../lab/labDirectory";
import { parse } from "yaml";

const gateway: MachineSpec = {
  name: "gateway",
  lab: "t1",
  userData: "#cloud-config\n{}\n",
  links: [
    { name: "wan0", role: "client", socket: "outside", addresses: ["192.0.2.11/24", "2001:db8:1::11/64"], gateway4: "192.0.2.1", gateway6: "2001:db8:1::1" },
    { name: "lan0", role: "client", socket: "inside", addresses: ["10.20.0.1/24"], mtu: 1400 },
  ],
};
const image = { root: "/c/root.img", boot: { kernel: "/c/vmlinuz", initrd: "/c/initrd" }, recipe: "r" };
const files = { overlay: "/l/a,b.qcow2", seed: "/l/seed.iso", serialLog: "/l/serial", pidFile: "/l/pid", monitor: "/l/mon", linkSocket: (name: string) => `/l/${name}.sock` };

describe("a machine's specification", () => {
  test("a good one has no problem", () => expect(machineProblems(gateway)).toEqual([]));

  test("all problems are said at once", () => {
    const problems = machineProblems({
      name: "../x", lab: "", userData: "", vcpus: 0, memoryMegabytes: 1,
      links: [
        { name: "a-name-that-is-too-long", role: "client", socket: "x", addresses: ["10.1"], gateway4: "::1", mtu: 1 },
        { name: "lo", role: "both" as never, socket: "x", mac: "1" },
      ],
    });
    for (const part of ["name is", "lab is", "userData is missing", "vcpus is 0", "memoryMegabytes is 1", "links[0].name", "links[0].addresses", "links[0].gateway4", "links[0].mtu", "links[1].name", "links[1].role", "links[1].mac", 'the socket "x"'])
      expect(problems.join("\n")).toContain(part);
    expect(machineProblems({ ...gateway, image: "bare" })).toEqual([]);
    expect(machineProblems({ ...gateway, image: "cloud" as never })).toEqual(['image is "cloud": must be "trimmed" or "bare"']);
    expect(() => checkMachineSpec(null as never)).toThrow("JSON object");
  });

  test("a problem never quotes the user data", () => {
    expect(machineProblems({ name: "a", lab: "b", userData: { canary: 1 } as never }).join()).not.toContain("canary");
  });
});

describe("the network configuration", () => {
  const config = parse(renderNetworkConfig(gateway)) as { version: number; ethernets: Record<string, Record<string, unknown>> };

  test("names the cards by their addresses", () => {
    expect(config.version).toBe(2);
    expect(Object.keys(config.ethernets)).toEqual(["mgmt", "wan0", "lan0"]);
    expect(config.ethernets.wan0).toMatchObject({
      match: { macaddress: macAddress("gateway", "wan0") }, "set-name": "wan0", dhcp4: false, mtu: 1500,
      routes: [{ to: "0.0.0.0/0", via: "192.0.2.1" }, { to: "::/0", via: "2001:db8:1::1" }],
    });
    expect(config.ethernets.lan0.mtu).toBe(1400);
  });

  test("the management card is no way out of a machine that has a gateway", () => {
    expect(config.ethernets.mgmt["dhcp4-overrides"]).toEqual({ "use-routes": false, "use-dns": false });
    expect(renderNetworkConfig({ ...gateway, links: [] })).not.toContain("dhcp4-overrides");
    expect(renderNetworkConfig({ ...gateway, managementDefaultRoute: true })).not.toContain("dhcp4-overrides");
  });

  test("the same card has the same address at every start, another card another", () => {
    expect(macAddress("a", "wan0")).toBe(macAddress("a", "wan0"));
    expect(macAddress("a", "wan0")).not.toBe(macAddress("b", "wan0"));
    expect(macAddress("a", "wan0")).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
  });

  test("new user data is a new instance", () => {
    expect(renderMetaData(gateway)).not.toBe(renderMetaData({ ...gateway, userData: "#cloud-config\n{a: 1}\n" }));
  });
});

describe("QEMU's arguments", () => {
  const words = (accelerator: "kvm" | "tcg", version: string, spec = gateway): string =>
    qemuArguments(spec, files, image, { accelerator, sshPort: 2222, qemuVersion: version }).join(" ");

  test("emulated, with its links as dialling clients", () => {
    const text = words("tcg", "10.0.13");
    expect(text).toContain("-accel tcg,thread=multi");
    expect(text).toContain("-smp 2 -m 384");
    expect(text).toContain("hostfwd=tcp:127.0.0.1:2222-:22");
    expect(text).toContain("stream,id=link0,server=off,reconnect-ms=500,addr.type=unix,addr.path=/l/outside.sock");
    expect(text).toContain("file=/l/a,,b.qcow2");
  });

  test("a bare disk boots by itself, the trimmed one a kernel that is handed in", () => {
    expect(words("tcg", "10.0.13")).toContain("-kernel /c/vmlinuz -initrd /c/initrd -append");
    const bare = qemuArguments({ ...gateway, image: "bare" }, files, { root: "/c/root.img", recipe: "r" }, { accelerator: "tcg", sshPort: 2222, qemuVersion: "10.0.13" });
    expect(bare.filter((word) => /^-(kernel|initrd|append)$/.test(word))).toEqual([]);
  });

  test("a server's end listens; KVM takes the host's processor", () => {
    const text = words("kvm", "10.0.13", { ...gateway, links: [{ name: "wan0", role: "server", socket: "outside" }] });
    expect(text).toContain("server=on,addr.type=unix");
    expect(text).toContain("-accel kvm -cpu host");
  });

  test("one that goes on from a saved machine has that one's board, and gets its own devices later, the seed last", () => {
    const from = qemuArguments(gateway, files, image, { accelerator: "tcg", sshPort: 2222, qemuVersion: "10.0.13", resume: "/c/state" });
    const park = parkArguments(sizeOf(gateway), { disk: files.overlay, serialLog: "/c/serial", monitor: "/c/mon" }, image);
    const devices = (all: string[]): string[] => all.filter((_, index) => all[index - 1] === "-device");
    expect(devices(from)).toEqual(devices(park));
    expect(from).toEqual(expect.arrayContaining(["-incoming", "file:/c/state"]));
    expect(park.join(" ")).toMatch(/ lab\.park /);
    expect(from.join(" ")).not.toContain("lab.park");
    const own = ownDevices(gateway);
    expect(own.map(({ netdev, drive }) => netdev ?? drive)).toEqual(["mgmt", "link0", "link1", "seed"]);
    const whole = words("tcg", "10.0.13");
    expect(whole).not.toContain("-incoming");
    expect(whole).toContain(`-device virtio-net-pci,id=card-link0,netdev=link0,mac=${macAddress("gateway", "wan0")}`);
  });

  test("how a wire dials again depends on the version", () => {
    expect(["7.2.22", "8.0.0", "9.1.2", "9.2.0", "10.0"].map(reconnectOption)).toEqual(["", ",reconnect=1", ",reconnect=1", ",reconnect-ms=500", ",reconnect-ms=500"]);
    expect(parseVersion("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)")).toBe("7.2.22");
    expect(atLeast("10.0.13", "9")).toBe(true);
    expect(atLeast("7.2.22", "9")).toBe(false);
  });
});

test("the image's recipe changes with its scripts and packages", () => {
  expect(recipeHash({ a: "1" }, ["x"])).toBe(recipeHash({ a: "1" }, ["x"]));
  expect(recipeHash({ a: "2" }, ["x"])).not.toBe(recipeHash({ a: "1" }, ["x"]));
  expect(recipeHash({ a: "1" }, ["x", "y"])).not.toBe(recipeHash({ a: "1" }, ["x"]));
  expect(mmdebstrapCommand("/w/finish.sh", "/w/out", ["a", "b"])).toEqual(expect.arrayContaining(["--include=a,b", "trixie"]));
});

test("the console tells the stage", () => {
  expect(bootStage("").meaning).toBe("the kernel is starting");
  expect(bootStage("LAB-KERNEL\nLAB-SYSTEMD 3.1\n")).toEqual({ ready: false, meaning: "systemd is up, cloud-init is starting" });
  expect(bootStage("", true).meaning).toBe("its saved state is being loaded");
  expect(bootStage("LAB-RESUMED\n", true)).toEqual({ ready: false, meaning: "cloud-init is starting" });
  expect(bootStage("LAB-SSH 9\nLAB-READY 9.5\n").ready).toBe(true);
});

test("a socket path that the kernel would refuse is refused first, with what to do", () => {
  expect(() => new MachineDirectory("l".repeat(32), "m".repeat(90)).create([])).toThrow("TMPDIR");
});
