import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestDatabase, testDatabase } from '../../support/database';
import { bundle, type HostApp } from './ddp-truth/host';
import { play, type Scenario } from './ddp-truth/player';

/** Recorded on a real Meteor 3.0.4. `DDP_TRUTH` names another folder, `DDP_TRUTH_URL` a host that has loaded the fixture. */
const folder = resolve(process.env.DDP_TRUTH ?? join(__dirname, 'ddp-truth/scenarios'));
const elsewhere = process.env.DDP_TRUTH_URL;

const scenarios = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Scenario);

describe('the Node host answers as Meteor does', () => {
  let database: TestDatabase | undefined;
  let app: HostApp | undefined;
  let url = elsewhere ?? '';

  beforeAll(async () => {
    if (elsewhere) return;
    database = await testDatabase();
    app = await bundle('fixture');
    url = (await app.start({ mongoUrl: database.url })).webSocket;
  });
  afterAll(async () => {
    await app?.remove();
    await database?.drop();
  });

  test.each(scenarios.map(scenario => [scenario.name, scenario] as const))(
    '%s',
    async (_name, scenario) => {
      const received = await play(url, scenario);
      expect(received).toEqual(scenario.received);
    },
    120_000,
  );
});
