// Previews one gateway on mocks in a process of its own, since an Output that rejects does so on several promises, each
// of which would fail a test. Prints what was said and what was registered. Usage: node preview.js ARGS-AS-JSON
require("../../typescript.js");
const { registered, record, settled } = require("../mocks.ts");
const { AwsGateway } = require("../../../aws.ts");
const { args, calls } = require("./helpers.ts");

let message = "taken";
process.on("unhandledRejection", (error) => { message = error.message; });
process.on("beforeExit", () => {
  require("fs").writeSync(1, JSON.stringify({ message, registered: registered.map(({ name }) => name) }));
  // Not `exit`: Pulumi counts promises there, and those that wait for what was refused are still waiting.
  process.reallyExit(0);
});
record(true, calls);
new AwsGateway("office", { ...args, ...JSON.parse(process.argv[2]) });
settled().catch(() => undefined);
