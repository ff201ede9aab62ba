const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The order of the test files: the longest first, so that no worker of Jest begins one when the other is about to end.
 * Jest itself goes by how long they took the last time, and a fresh clone (CI) knows of no last time.
 */
const longest = [
  'template/',
  'processes/meteor-run',
  'processes/deploy',
  'processes/dev-changes',
  'processes/dev-start',
  'e2e/flows',
  'processes/queue-race',
  'processes/profile',
  'faults/suite',
  'processes/console-',
  'processes/health-outside',
  'processes/',
  'e2e/',
  'contract/',
];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const byLastTime = super.sort(tests);
    if (byLastTime.every(({ duration }) => duration !== undefined)) return byLastTime;
    return tests.toSorted((a, b) => rank(a.path) - rank(b.path) || a.path.localeCompare(b.path));
  }
};

function rank(path) {
  const place = longest.findIndex(part => path.replaceAll('\\', '/').includes(`/${part}`));
  return place === -1 ? longest.length : place;
}
