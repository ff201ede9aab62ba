const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The order of the test files: the longest first, so that no worker of Jest begins one when the other is about to end.
 * Jest itself goes by how long they took the last time, and a fresh clone (CI) knows of no last time.
 */
const longest = [
  'template/',
  'processes/dev-start',
  'processes/queue-race',
  'processes/meteor-',
  'processes/dev-changes',
  'processes/new-files',
  'contract/database-',
  'processes/deploy',
  'faults/suite',
  'processes/workers-ends',
  'e2e/',
  'contract/docs',
  'contract/architecture',
  'processes/',
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
  const place = longest.findIndex(part => path.replaceAll('\\', '/').includes(`/tests/${part}`));
  return place === -1 ? longest.length : place;
}
