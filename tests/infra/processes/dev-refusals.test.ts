import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Checkout } from '../../support/checkout';
import { testPortPair } from '../../support/ports';
import { descendants, type TestProcess } from '../../support/processes';
import { ofThisRun } from '../../support/run';

jest.setTimeout(120_000);

let checkout: Checkout;
let port: number;

beforeAll(async () => {
  checkout = new Checkout();
  port = await testPortPair();
});
afterAll(() => checkout.remove());

const start = (flags: string[] = [], env: NodeJS.ProcessEnv = {}) =>
  checkout.npm(['start', '--', '--port', String(port), '--no-types', ...flags], env);

describe('npm start says one clear line, exits 1 and leaves nothing running,', () => {
  async function refusal(npm: TestProcess): Promise<string> {
    expect(await npm.ended).toBe(1);
    expect(descendants(npm.pid)).toEqual([]);
    const lines = npm.output.split('\n').filter(line => line && !/^(npm |> )/.test(line));
    expect(lines).toHaveLength(1);
    return lines[0]!;
  }

  test('when a port is busy', async () => {
    const stranger = createServer().listen(port + 100);
    try {
      expect(await refusal(start())).toBe(
        `Port ${port + 100}, the jobs role's, is in use. End what uses it, or start with --port <another>`,
      );
    } finally {
      stranger.close();
    }
  });

  test('when the database of MONGO_URL refuses, with its password hidden', async () => {
    const line = await refusal(start([], { MONGO_URL: 'mongodb://me:secret@127.0.0.1:1/x' }));
    expect(line).toMatch(
      /^No database answers at mongodb:\/\/me:…@127\.0\.0\.1:1\/x: .*ECONNREFUSED.*Start it, or unset MONGO_URL$/,
    );
  });

  test('when a settings file would leave its role out', async () => {
    const good = checkout.read('settings-jobs.json');
    checkout.write('settings-jobs.json', '\uFEFF{ "runJobs": false }');
    expect(await refusal(start())).toMatch(
      /^settings-jobs\.json: "runJobs" is false, so no process would run tasks: set/,
    );
    checkout.write('settings-jobs.json', good);
  });

  test('when a settings file is not JSON, or missing', async () => {
    const good = checkout.read('settings-jobs.json');
    checkout.write('settings-jobs.json', '{ "runJobs": false');
    expect(await refusal(start())).toMatch(/^settings-jobs\.json: is not JSON: /);
    rmSync(join(checkout.folder, 'settings-jobs.json'));
    expect(await refusal(start())).toMatch(/^settings-jobs\.json: can't be read \(ENOENT\)\. It should be at /);
    checkout.write('settings-jobs.json', good);
  });
});

test('when settings are refused by their role, it says so, and nothing is left running', async () => {
  const good = checkout.read('settings-jobs.json');
  checkout.write('settings-jobs.json', '{ "runJob": true }');
  const npm = start([], { MONGO_URL: ofThisRun('TANDEM_TEST_MONGO_URL') });
  expect(await npm.ended).toBe(1);
  expect(npm.output).toMatch(/\[jobs\].*runJob: unknown setting, did you mean runJobs\?/);
  expect(npm.output).toContain('The jobs role did not start');
  expect(descendants(npm.pid)).toEqual([]);
  checkout.write('settings-jobs.json', good);
});

test('an unknown flag is refused with the help, which --help gives as well', async () => {
  const [refused, types, asked] = [start(['--rolle', 'web']), start(['--no-types=false']), start(['--help'])];
  expect(await Promise.all([refused.ended, types.ended, asked.ended])).toEqual([1, 1, 0]);
  expect(refused.output).toContain("Unknown option '--rolle'");
  expect(types.output).toContain("Option '--no-types' does not take an argument");
  for (const { output } of [refused, types, asked]) expect(output).toContain('--role web|jobs');
});
