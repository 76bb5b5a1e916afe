// The stacks as they stand in the sources, for an engine that runs plain JavaScript.
require("../typescript.js");
module.exports = require("../../stacks/main.ts");
