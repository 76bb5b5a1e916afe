import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { wantedOf, writeProfiles } from "../../scripts/writeClients";

const profiles = {
  alice: { "instructions.html": "<p>alice</p>\n", "linux/ikev2/etc/swanctl/conf.d/office.conf": "secret\n" },
  "../bob": { "instructions.html": "<p>bob</p>\n" },
};

describe("scripts/clients", () => {
  let directory: string;
  beforeEach(() => {
    directory = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "clients-test-")), "new", "folder");
  });
  afterEach(() => fs.rmSync(path.dirname(path.dirname(directory)), { recursive: true, force: true }));
  const tree = () => fs.readdirSync(directory, { recursive: true }).map(String).sort();

  test("a folder for each user; nobody else may read any of it, whatever the umask", () => {
    const before = process.umask(0);
    try {
      expect(writeProfiles(profiles, [], directory)).toEqual([path.join(directory, "alice"), path.join(directory, "%2E.%2Fbob")]);
    } finally {
      process.umask(before);
    }
    expect(tree()).toEqual([
      "%2E.%2Fbob", "%2E.%2Fbob/instructions.html", "alice", "alice/instructions.html", "alice/linux", "alice/linux/ikev2", "alice/linux/ikev2/etc",
      "alice/linux/ikev2/etc/swanctl", "alice/linux/ikev2/etc/swanctl/conf.d", "alice/linux/ikev2/etc/swanctl/conf.d/office.conf",
    ]);
    for (const name of ["", ...tree()]) {
      const { mode } = fs.statSync(path.join(directory, name));
      expect([name, (mode & 0o777).toString(8)]).toEqual([name, /\.(html|conf)$/.test(name) ? "600" : "700"]);
    }
  });
  test("one user's alone; again: what is no longer true goes", () => {
    writeProfiles(profiles, ["alice"], directory);
    writeProfiles({ alice: { "router.txt": "new\n" } }, ["alice"], directory);
    expect(tree()).toEqual(["alice", "alice/router.txt"]);
  });
  test("an unknown user is named before anything is written", () => {
    expect(() => writeProfiles(profiles, ["alice", "mallory"], directory)).toThrow('no user "mallory": the stack has "alice", "../bob"');
    expect(fs.existsSync(directory)).toBe(false);
  });
  test.each(["../evil", "/etc/evil", "a//b", "a/../../b"])("a path that leads out of the folder is refused: %s", (name) => {
    expect(() => writeProfiles({ alice: { [name]: "x" } }, [], directory)).toThrow("no path within a folder");
    expect(tree()).toEqual([]);
  });
  test("its words", () => {
    expect(wantedOf(["--stack", "office", "--user", "alice", "--user", "bob", "out"])).toEqual({ stack: "office", users: ["alice", "bob"], directory: "out" });
    for (const words of [[], ["a", "b"], ["--user"], ["--wrong", "out"]]) expect(() => wantedOf(words)).toThrow("usage: scripts/clients");
  });
});
