// Lets a plain `node` require TypeScript, for tests that need a process of their own.
const { readFileSync } = require("fs");
const { transformSync } = require("@swc/core");

const options = { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } };
require.extensions[".ts"] = (module, filename) =>
  module._compile(transformSync(readFileSync(filename, "utf8"), { ...options, filename }).code, filename);
