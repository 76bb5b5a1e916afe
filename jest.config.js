module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  // Not a measure of anything: the machine that runs them may be busy.
  testTimeout: 60_000,
  testMatch: ["**/*.test.ts"],
  maxWorkers: "100%",
  // 9 MB that @pulumi/pulumi loads to serialise functions, which no test does; each file would load them anew.
  moduleNameMapper: { "^(typescript|@npmcli/arborist)$": "<rootDir>/test/nothing.js" },
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } }] },
};
