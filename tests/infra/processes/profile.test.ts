import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile, SetUpKey } from '../../../bench/profile/figures';
import { pageOf } from '../../../bench/profile/page';
import { compare } from '../../../bench/profile/page-words';
import { picturesOf } from '../../../bench/profile/pictures';
import { SetUpRun } from '../../../bench/profile/profile-set-up';
import { databasesOf, planOf } from '../../../bench/profile/run';
import { build } from '../../../bench/profile/set-ups';
import { parsePage } from '../../support/docs';
import { ofThisRun, root } from '../../support/run';

const docs = (path: string) => readFileSync(join(root, 'docs', path), 'utf8');

/** The headings of the outline that asked for this analysis. */
const outline = [
  'Objective',
  'Proposed method',
  'Description of the architecture',
  'Process diagram',
  'Design implications',
  'Risks',
  'Alternative method',
  'Example diagram of how this works with the event loop',
  'Sample application that demonstrates the issue',
  'Performance',
  'Resource usage',
  'Examples: how others do it',
  'Rocket.Chat',
  'Wekan',
  'Kadira',
  'Meteorhacks',
  'Backend stack',
  'References',
];

// An app that was made of the template may write its pages anew.
const isTemplate = !existsSync(join(root, '.tandem.json'));

(isTemplate ? describe : describe.skip)('the page of the profile', () => {
  const figures = JSON.parse(docs('profile.json')) as Profile;

  test('says what the figures beside it say, and so do its pictures', () => {
    expect(docs('profile.md')).toBe(pageOf(figures));
    for (const [name, svg] of Object.entries(picturesOf(figures))) expect(docs(`images/${name}`)).toBe(svg);
  });

  test('has a section for each heading of the outline', () => {
    const titles = parsePage('docs/profile.md', docs('profile.md')).prose.flatMap(
      ({ text }) => /^#+ (.*)/.exec(text)?.[1] ?? [],
    );
    expect(outline.filter(heading => !titles.some(title => title.startsWith(heading)))).toEqual([]);
  });

  test('follows its figures: with others it draws other conclusions', () => {
    const reversed = {
      ...figures,
      setUps: { ...figures.setUps, monolith: figures.setUps.roles, roles: figures.setUps.monolith },
    };
    expect(pageOf(reversed)).not.toBe(pageOf(figures));
    const pairs: [number, number][] = [
      [2_000, 10],
      [10, 20],
      [10, 11],
      [0, 0],
    ];
    expect(pairs.map(([one, other]) => compare(one, other))).toEqual([
      '200 times',
      '50 % of',
      'about the same as',
      'about the same as',
    ]);
  });
});

describe('the workload at a tiny size', () => {
  const plan = {
    ...planOf({ seconds: 1, visitors: 3 }),
    stream: [{ ms: 20, everyMs: 200 }],
    bystanders: { ms: 20, count: 1 },
    incidentSeconds: 1,
  };
  const withDatabase = databasesOf(ofThisRun('TANDEM_TEST_MONGO_URL'));
  const figuresOf = (setUp: SetUpKey) =>
    withDatabase((mongoUrl, db) =>
      SetUpRun.with({ setUp, mongoUrl, workers: 1, heapMb: plan.heapMb }, plan, db, run => run.figures()),
    );

  beforeAll(build, 120_000);

  test('stops one process with everybody in it, and starts it again', async () => {
    const { load, tasks, incidents, trace } = await figuresOf('monolith');
    expect(load.latency.count).toBeGreaterThan(0);
    expect(load.publication?.count).toBeGreaterThan(0);
    expect(load.loop?.count).toBeGreaterThan(0);
    expect(load.parts).toEqual([expect.objectContaining({ part: 'app' })]);
    expect(tasks).toEqual([
      expect.objectContaining({ ms: 20, delay: expect.objectContaining({ max: expect.any(Number) }) }),
    ]);
    expect(tasks[0]!.done).toBe(tasks[0]!.added);
    expect(trace.tasks.every(({ from, to }) => to > from)).toBe(true);
    for (const { restarts, cutOff } of Object.values(incidents)) {
      expect(new Set(restarts)).toEqual(new Set(['app']));
      expect(cutOff).toBeGreaterThanOrEqual(plan.visitors);
    }
  });

  test('stops a plain worker, and no visitor of the web role beside it', async () => {
    const { starts, incidents } = await figuresOf('plain');
    expect(starts.map(({ part }) => part)).toEqual(['worker', 'web']);
    for (const { restarts, cutOff, lost } of Object.values(incidents)) {
      expect(new Set(restarts)).toEqual(new Set(['worker']));
      expect({ cutOff, lost }).toEqual({ cutOff: 0, lost: 0 });
    }
  });
});
