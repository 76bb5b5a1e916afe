const tseslint = require("typescript-eslint");

const pulumi = {
  group: ["@pulumi/*", "**/components/*", "**/lab/*", "**/stacks/*"],
  message: "gateway/ is pure: what a gateway's files say is decided without Pulumi.",
};
const inputAndOutput = {
  group: ["fs", "node:fs", "fs/*", "node:fs/*", "child_process", "node:child_process", "net", "node:net", "http", "node:http", "https", "node:https"],
  message: "gateway/ is pure: no input or output.",
};

module.exports = tseslint.config(
  { ignores: ["dist/", "node_modules/", "*.config.js"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { project: "./tsconfig.test.json", tsconfigRootDir: __dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "max-lines": ["warn", { max: 400 }],
    },
  },
  {
    files: ["gateway/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [pulumi, inputAndOutput] }] },
  },
);
