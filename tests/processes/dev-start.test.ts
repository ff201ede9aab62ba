import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Checkout } from '../support/checkout';
import { eventually } from '../support/eventually';
import { testPortPair } from '../support/ports';
import { commandLine, descendants, isAlive, type TestProcess } from '../support/processes';

jest.setTimeout(240_000);

let checkout: Checkout;
let port: number;

beforeEach(async () => {
  checkout = new Checkout();
  port = await testPortPair();
});
afterEach(() => checkout.remove());

const start = (...flags: string[]) => checkout.npm(['start', '--', '--port', String(port), ...flags]);
const status = async (at: number) => (await fetch(`http://localhost:${at}/`)).status;

async function started(...flags: string[]): Promise<{ npm: TestProcess; processes: number[] }> {
  const npm = start(...flags);
  await npm.says(/Tandem is ready/, 90_000);
  return { npm, processes: descendants(npm.pid) };
}

const theOne = (processes: number[], pattern: RegExp) => processes.find(pid => pattern.test(commandLine(pid)))!;
const allEnded = (processes: number[]) =>
  eventually(() => processes.filter(isAlive).length === 0, { timeoutMs: 30_000 });

describe('npm start', () => {
  test('brings up both roles and says where the page is; Ctrl-C drains and leaves no process behind', async () => {
    const { npm, processes } = await started();
    expect(npm.output).toContain(`open http://localhost:${port} `);
    expect(await status(port)).toBe(200);
    expect(await status(port + 100)).toBe(200);
    expect(npm.output).toMatch(/^\[web \] /m);
    expect(npm.output).toMatch(/^\[jobs\] /m);
    expect(npm.output).not.toContain('\u001b['); // no terminal, no colours
    npm.interrupt();
    await npm.ended;
    await allEnded(processes);
  });

  test('--role starts that one only; two terminals, one role each, share the database', async () => {
    await started('--role', 'jobs');
    expect(await status(port + 100)).toBe(200);
    await expect(status(port)).rejects.toThrow('fetch failed');
    const { npm } = await started('--role', 'web');
    expect(npm.output).toMatch(/Database: of the npm start with pid \d+, ends with it/);
  });

  test('a second Ctrl-C ends it at once, though a role does not drain', async () => {
    const { npm, processes } = await started('--role', 'web');
    process.kill(theOne(processes, /server\.js/), 'SIGSTOP');
    npm.interrupt();
    await npm.says(/once more ends it at once/);
    await eventually(
      () => {
        npm.interrupt();
        return processes.filter(isAlive).length === 0;
      },
      { everyMs: 400 },
    );
  });

  test('kill -9 of npm ends everything', async () => {
    const { npm, processes } = await started('--role', 'web');
    npm.signal('SIGKILL');
    await allEnded(processes);
  });

  test('after kill -9 of its own process nothing is left, and the next start works at once', async () => {
    const { processes } = await started();
    process.kill(theOne(processes, /^node .*start\.ts/), 'SIGKILL');
    await started();
    await allEnded(processes);
  });
});

describe('one clear line and exit 1, with nothing left running,', () => {
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
      const line = await refusal(start());
      expect(line).toBe(
        `Port ${port + 100}, the jobs role's, is in use. End what uses it, or start with --port <another>`,
      );
    } finally {
      stranger.close();
    }
  });

  test('when a settings file is missing', async () => {
    rmSync(join(checkout.folder, 'settings-jobs.json'));
    expect(await refusal(start())).toMatch(/^settings-jobs\.json: can't be read \(ENOENT\)\. It should be at /);
  });

  test('when a settings file is not JSON', async () => {
    checkout.write('settings-web.json', '{ "runJobs": false');
    expect(await refusal(start())).toMatch(/^settings-web\.json: is not JSON: /);
  });

  test('when the database of MONGO_URL refuses, with its password hidden', async () => {
    const npm = checkout.npm(['start', '--', '--port', String(port)], {
      MONGO_URL: 'mongodb://me:secret@127.0.0.1:1/x',
    });
    const line = await refusal(npm);
    expect(line).toMatch(
      /^No database answers at mongodb:\/\/me:…@127\.0\.0\.1:1\/x: .*ECONNREFUSED.*Start it, or unset MONGO_URL$/,
    );
  });
});

test('when settings are refused by their role, it says so, and nothing is left running', async () => {
  checkout.write('settings-jobs.json', '{ "runJob": true }');
  const npm = start();
  expect(await npm.ended).toBe(1);
  expect(npm.output).toMatch(/\[jobs\].*runJob: unknown setting, did you mean runJobs\?/);
  expect(npm.output).toContain('The jobs role did not start');
  expect(descendants(npm.pid)).toEqual([]);
});

test('an unknown flag is refused with the help, which --help gives as well', async () => {
  const refused = start('--rolle', 'web');
  expect(await refused.ended).toBe(1);
  expect(refused.output).toContain("Unknown option '--rolle'");
  const asked = start('--help');
  expect(await asked.ended).toBe(0);
  for (const { output } of [refused, asked]) expect(output).toContain('--role web|jobs');
});
