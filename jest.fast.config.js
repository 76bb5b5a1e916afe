/**
 * For `scripts/test --fast`: test files of one worker share what they load (Pulumi and a cloud's types are half of their
 * time), and Node itself reads TypeScript. The whole test runs each file in a world of its own: jest.config.js.
 */
const preload = `--import ${require("url").pathToFileURL(`${__dirname}/test/typescript.mjs`)}`;
process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, preload].filter(Boolean).join(" ");

const { moduleNameMapper, transform, ...shared } = require("./jest.config.js");
module.exports = { ...shared, runner: "jest-light-runner/child-process" };
