import { espProposals, ikeProposals } from "../cipherSuites";
import type { SiteProposals } from "../site/spec";

/** What the gateway offers an LNS unless told otherwise: what its own L2TP server takes of clients with modern suites. */
export const lacProposals: SiteProposals = { ike: ikeProposals("l2tp", ["linux"]), esp: espProposals("l2tp", ["linux"]) };
