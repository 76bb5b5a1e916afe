import { changing } from "./changing";
import { clientProfiles } from "./clientProfiles";
import { connecting } from "./connecting";
import { doctor } from "./doctor";
import { existing } from "./existing";
import { firewall } from "./firewall";
import { hostile } from "./hostile";
import { keeping } from "./keeping";
import { mtu } from "./mtu";
import { pairs } from "./pairs";
import { policies } from "./policies";
import { pushing } from "./pushing";
import { recovering } from "./recovering";
import { sameNat } from "./sameNat";
import { sites } from "./sites";
import type { Scenario } from "./scenario";
import { users } from "./users";

/** Every lab scenario, in the order in which `--all` runs them. */
export const scenarios: Scenario[] = [...connecting, ...clientProfiles, ...firewall, ...mtu, ...changing, ...users, ...policies, ...doctor, ...hostile, ...pushing, ...keeping, ...recovering, ...sameNat, ...existing, ...pairs, ...sites];
