import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HostPool } from './ddp-truth/host-pool';
import { play } from './ddp-truth/player';
import type { Scenario } from './ddp-truth/scenario';

/** Recorded on a real Meteor 3.0.4. `DDP_TRUTH` names another folder, `DDP_TRUTH_URL` a host that has loaded the fixtures. */
const folders = process.env.DDP_TRUTH
  ? [resolve(process.env.DDP_TRUTH)]
  : ['ddp-truth/scenarios', 'ddp-truth/scenarios/accounts'].map(folder => join(__dirname, folder));

const scenarios = folders
  .flatMap(folder => readdirSync(folder).map(name => join(folder, name)))
  .filter(path => path.endsWith('.json'))
  .map(path => JSON.parse(readFileSync(path, 'utf8')) as Scenario);

/** A conversation has a host to itself, whose users it replaces. Most of its time it waits: several are played at once. */
const hostsWithAccounts = 5;

describe('the Node host answers as Meteor does', () => {
  const plain = new HostPool('fixture', 1);
  const withAccounts = new HostPool('with-accounts', hostsWithAccounts);
  const played = new Map<Scenario, Promise<unknown[]>>();

  beforeAll(async () => {
    const isUsed = (accounts: boolean) => scenarios.some(scenario => Boolean(scenario.accounts) === accounts);
    await Promise.all([isUsed(false) && plain.start(), isUsed(true) && withAccounts.start()]);
    for (const scenario of [...scenarios].sort(longestFirst)) {
      const pool = scenario.accounts ? withAccounts : plain;
      const answers = pool.lend(url => play(url, scenario));
      answers.catch(() => {}); // its test will hear of it
      played.set(scenario, answers);
    }
  }, 90_000);
  afterAll(() => Promise.all([plain.remove(), withAccounts.remove()]));

  test.each(scenarios.map(scenario => [scenario.name, scenario] as const))(
    '%s',
    async (_name, scenario) => {
      expect(await played.get(scenario)).toEqual(scenario.received);
    },
    300_000,
  );
});

const waitOf = ({ steps }: Scenario): number => steps.reduce((sum, { wait = 0, settle = 0 }) => sum + wait + settle, 0);

function longestFirst(one: Scenario, other: Scenario): number {
  return waitOf(other) - waitOf(one) || other.steps.length - one.steps.length;
}
