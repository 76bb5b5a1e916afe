module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  // Not a measure of anything: the machine that runs them may be busy.
  testTimeout: 60_000,
  testMatch: ["**/*.test.ts"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } }] },
};
