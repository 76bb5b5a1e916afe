// Lets Node's `import` of a TypeScript file be a `require`, which typescript.js knows how to serve.
import { createRequire, register } from "node:module";

register("./typescriptHooks.mjs", import.meta.url);
createRequire(import.meta.url)("./typescript.js");
