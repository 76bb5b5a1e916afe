import * as fc from "fast-check";
import { renderSecretParts } from "../../gateway/renderBundle";
import { renderPart } from "../../gateway/formats/part";
import { nameProblem } from "../../gateway/validate/users";
import type { GatewaySecrets, GatewaySpec } from "../../gateway/spec";
import type { Scenario } from "./scenario";

/** Names that mean something to a shell, strongSwan, pppd, YAML or systemd, and must mean nothing here. */
const names = ['say "hi"', "o'brien", "#hash", "close} }", "DOMAIN\\carol", "$(reboot) `id` ;", "a, b"];
const passwords = (index: number) => `p"w'#\\ {${index}} $HOME %n =;`;

/** What any input may hold. */
const alphabet = [...'abcXYZ019 "\'#\\{}()[]$`;:,=%*@~!?<>|&/.-_'];
const name = fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 24 });

/** Hostile words reach the programs as what they are, and bad input is refused before anything is touched. */
export const hostile: Scenario[] = [
  {
    name: "hostile-names",
    shows: "users whose names and passwords are full of quotes, braces and comment signs log in by both protocols",
    twin: "their neighbours' passwords do not open them; nothing of a name was taken for configuration",
    seconds: 120,
    async run(lab, { check }) {
      for (const [index, user] of names.entries()) await lab.stack.set(`users[${index + 2}]`, user);
      await lab.stack.set("passwords", JSON.stringify(Object.fromEntries(names.map((user, index) => [user, passwords(index)]))), true);
      await lab.stack.up();
      await lab.read();
      for (const [index, user] of names.entries()) {
        const protocol = index % 2 === 0 ? "l2tp" : "ikev2";
        const { connected, reason } = await lab.connect(1, protocol, user);
        check(`${user} connects by ${protocol}`, connected, reason);
      }
      const twin = await lab.connect(1, "ikev2", names[0], { password: passwords(1) });
      check("twin: with a neighbour's password one does not", !twin.connected, twin.reason);

      // Many more, as the real parsers take them: what validation lets through, charon holds one for one.
      const users = [...new Set(fc.sample(name, { numRuns: 400, seed: 20261121 }))].filter((user) => nameProblem(user) === undefined);
      const distinct = users.filter((user, index) => users.findIndex((other) => other.toLowerCase() === user.toLowerCase()) === index);
      const spec: GatewaySpec = {
        name: "gateway",
        platform: "debian13",
        endpoint: "203.0.113.10",
        outsideMtu: 1500,
        clients: ["linux"],
        l2tp: { pool: "10.77.1.0/24" },
        ikev2: { pool: "10.77.2.0/24" },
        insideNetworks: [],
        dns: [],
        tunnel: "full",
        clientToClient: false,
        masquerade: "internet",
        administrators: [],
        sshPort: 22,
        deadPeerDelay: 30,
        users: distinct.map((user) => ({ name: user })),
      };
      const secrets: GatewaySecrets = {
        preSharedKey: "unused here",
        privateKey: "-",
        certificate: "-",
        authority: "-",
        passwords: Object.fromEntries(distinct.map((user, index) => [user, `${user}${index}`])),
      };
      const [, part] = renderSecretParts(spec, secrets);
      const pushed = await lab.gateway.run("vpn-gateway apply passwords", { stdin: renderPart(part), timeoutSeconds: 200 });
      check(`${distinct.length} random users are taken by swanctl and pppd's checks`, pushed.code === 0, pushed.stdout + pushed.stderr);
      const held = await lab.gateway.mustRun(
        `python3 -c '
import sys
sys.path.insert(0, "/usr/lib/vpn-gateway")
from vpn_gateway.vici import Vici
with Vici("/run/charon.vici") as vici: print(len([key for key in vici.request("get-shared")["keys"] if key.startswith("eap-")]))
'`,
      );
      check("charon holds exactly one secret for each", Number(held) === distinct.length, `${held.trim()} of ${distinct.length}`);
    },
  },
  {
    name: "bad-input",
    shows: "a bad description is refused at preview, with all its problems at once and nothing changed",
    twin: "without the mistakes preview is content",
    seconds: 20,
    async run(lab, { check }) {
      const before = await lab.gateway.mustRun("vpn-gateway status --json | tr -d ' ' | grep -o '\"generation\":[0-9]*' | tr '\\n' ' '");
      await lab.stack.set("users[2]", "alice");
      await lab.stack.set("users[3]", "line\nbreak");
      await lab.stack.set("users[4]", "");
      await lab.stack.set("insideNetworks[0]", "10.77.2.0/25");
      await lab.stack.set("platform", "plan9");
      await lab.stack.set("preSharedKey", "two\nlines-canary", true);
      const preview = await lab.stack.preview({ mayFail: true });
      const said = preview.stdout + preview.stderr;
      check("preview fails", preview.code !== 0);
      for (const fragment of ["users[2].name", "users[3].name", "users[4].name", "10.77.2.0/25", "plan9", "preSharedKey"])
        check(`and names ${fragment}`, said.includes(fragment), said.includes(fragment) ? "" : said);
      check("but not the pre-shared key", !said.includes("canary"));
      const up = await lab.stack.up({ mayFail: true });
      check("an up without preview fails as well", up.code !== 0);
      const after = await lab.gateway.mustRun("vpn-gateway status --json | tr -d ' ' | grep -o '\"generation\":[0-9]*' | tr '\\n' ' '");
      check("and the gateway is untouched", before === after && before !== "", `${before}/ ${after}`);
    },
  },
];
