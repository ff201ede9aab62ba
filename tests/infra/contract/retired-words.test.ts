import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/run';

/** Private names that gave way to the field's words (docs/glossary.md), with what each is called now. */
const retired: Record<string, string> = {
  beginAfresh: 'reset',
  brim: 'capacity',
  Bucket: 'TokenBucket',
  catalogue: 'catalog',
  Crew: 'WorkerSet',
  dashboard: 'console',
  DatabaseReport: 'DatabaseGuard',
  dissolve: 'clear',
  doubtful: 'uncertainClaims',
  EndedAttempt: 'AttemptRecord',
  Ending: 'Transition',
  Fate: 'Outcome',
  findStranger: 'incompatibility',
  goAstray: 'failWith',
  goesOn: 'isActive',
  Ground: 'AppContext',
  HeldTasks: 'InFlightTasks',
  knocks: 'loginAttempts',
  lastWords: 'exitError',
  letGo: 'stop',
  LoadGate: 'Overload',
  Lookout: 'WakeUps',
  makesUp: 'catchesUp',
  mayStay: 'isAllowed',
  nudged: 'wake',
  onBumped: 'wake',
  onGivenBack: 'wake',
  onPromoted: 'wake',
  onRescued: 'wake',
  onResume: 'wake',
  onRoom: 'wake',
  onWork: 'wake',
  OpenTypes: 'ClaimableTypes',
  passOn: 'forward',
  politenessMs: 'replyGraceMs',
  PoolRun: 'Attempt',
  prepareGround: 'createContext',
  proveFile: 'startFirst',
  Pump: 'FetchLoop',
  RunClock: 'TimeLimits',
  RunDesk: 'ExecutionEvents',
  RunLedger: 'AttemptRegistry',
  Saying: 'HandlerMessage',
  Seat: 'WorkerLoad',
  Seldom: 'ThrottledLog',
  sendAway: 'close',
  serviceOf: 'asService',
  Settler: 'Completer',
  soil: 'fixtures',
  speakable: 'toClientError',
  spoilt: 'tainted',
  Staff: 'Scaler',
  stray: 'unhandledRejection',
  surroundings: 'deps',
  takeover: 'meteor-cluster-migration',
  TaskRun: 'Attempt',
  Timeline: 'EventTimer',
  Turnstile: 'ConcurrencyLimit',
  unborn: 'spareWorkers',
  WaitingLine: 'PendingAttempts',
  welcome: 'onHello',
};

/** Folders and files whose names gave way as well. */
const retiredPaths =
  /(^|\/)(doors|dashboard|catalogue|pieces|ground|crew|staff|pump|settler|lookout|timeline|readable|lines|whole|seldom)(\.tsx?|\/)/;

function sources(): string[] {
  const rooms = ['infra', 'packages', 'tests/infra', 'tests/support', 'bench', 'docs', 'README.md', 'AGENTS.md'];
  const listed = execFileSync('git', ['ls-files', '--', ...rooms], { cwd: root })
    .toString()
    .split('\n');
  // Decision records tell of what was; this file has to name the words. In an app that was just made, git lists what is gone.
  const isTold = (path: string) => /\.(tsx?|cjs|md|css)$/.test(path) && !/docs\/decisions|retired-words/.test(path);
  return listed.filter(path => isTold(path) && existsSync(join(root, path)));
}

/** The addresses of others are theirs. */
function found(text: string): string[] {
  const words = new Set(text.replace(/https?:[^\s)'"]+/g, '').match(/\b[A-Za-z]+\b/g));
  return Object.keys(retired).filter(word => words.has(word));
}

test('no retired word is in use, in names, messages or pages', () => {
  const hits = sources().flatMap(path =>
    found(readFileSync(join(root, path), 'utf8')).map(word => `${path}: ${word} is ${retired[word]} now`),
  );
  expect(hits).toEqual([]);
});

test('no folder or file has a retired name', () => {
  expect(sources().filter(path => retiredPaths.test(path))).toEqual([]);
});

test('a retired word would be found', () => {
  expect(found('the Pump runs, and goesOn, at https://example.com/Crew')).toEqual(['goesOn', 'Pump']);
});
