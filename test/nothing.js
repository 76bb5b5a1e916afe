// Stands for what tests never use (jest.config.js).
module.exports = {};
