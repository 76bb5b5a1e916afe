import * as pulumi from "@pulumi/pulumi";

/**
 * One project, a program for each use: the stack's config `program`, or else the stack's own name, says which.
 * What the program returns are the stack's outputs. Each is loaded on demand, so that nobody pays for another's.
 */
const programs: Record<string, () => Promise<Record<string, unknown>>> = {
  lab: async () => (await import("./lab")).lab(),
  // The same with a machine as a cloud's, by its config.
  "lab-bare": async () => (await import("./lab")).lab(),
  "lab-lac": async () => (await import("./labLac")).labLac(),
  "lab-layer2": async () => (await import("./labLayerTwo")).labLayerTwo(),
  "lab-mesh": async () => (await import("./labMesh")).labMesh(),
  "lab-pair-site": async () => (await import("./labPairSite")).labPairSite(),
  "lab-pair": async () => (await import("./labPair")).labPair(),
  "lab-sites": async () => (await import("./labSites")).labSites(),
  "aws-to-gcp": async () => (await import("./awsToGcp")).awsToGcp(),
  "aws-to-on-premises": async () => (await import("./awsToOnPremises")).awsToOnPremises(),
  "three-clouds": async () => (await import("./threeClouds")).threeClouds(),
  "existing-host": async () => (await import("./existingHost")).existingHost(),
  "aws-pair": async () => (await import("./awsPair")).awsPair(),
  "aws-remote-access": async () => (await import("./awsRemoteAccess")).awsRemoteAccess(),
  "azure-pair": async () => (await import("./azurePair")).azurePair(),
  "azure-remote-access": async () => (await import("./azureRemoteAccess")).azureRemoteAccess(),
  "gcp-pair": async () => (await import("./gcpPair")).gcpPair(),
  "gcp-remote-access": async () => (await import("./gcpRemoteAccess")).gcpRemoteAccess(),
};

export = async (): Promise<Record<string, unknown>> => {
  const name = new pulumi.Config().get("program") ?? pulumi.getStack();
  const program = programs[name];
  if (program === undefined)
    throw new pulumi.RunError(
      `there is no program ${JSON.stringify(name)}: choose one of ${Object.keys(programs).join(", ")} by ` +
        "`pulumi config set program NAME`",
    );
  return program();
};
