import { buildOfThisRun } from '../../support/build';
import { startProcess } from '../../support/processes';

jest.setTimeout(120_000);

const environment = {
  PATH: process.env.PATH,
  MONGO_URL: 'mongodb://127.0.0.1:1/nothing-is-here?serverSelectionTimeoutMS=500',
  ROOT_URL: 'http://localhost:3999',
  PORT: '3999',
};

async function start(settings: unknown, env: NodeJS.ProcessEnv = {}) {
  const { serverFile } = await buildOfThisRun('tests');
  const METEOR_SETTINGS = typeof settings === 'string' ? settings : JSON.stringify(settings);
  const process_ = startProcess(process.execPath, [serverFile], { env: { ...environment, METEOR_SETTINGS, ...env } });
  return { code: await process_.ended, output: process_.output };
}

describe('a role', () => {
  test('refuses wrong settings before anything starts: all problems in one message without a stack, exit 1', async () => {
    const { code, output } = await start({ runJob: true, queue: { batch: 0 }, link: { secret: 'hunter2' } });
    expect(output).toBe(
      [
        'The settings have 3 problems:',
        '  runJob: unknown setting, did you mean runJobs?',
        '  queue.batch: 0 is below 1',
        '  link.secret: (secret) is shorter than 32 characters',
        '',
      ].join('\n'),
    );
    expect(code).toBe(1);
  });

  test('refuses a task type that the catalog does not have, and two ways of saying which it runs', async () => {
    const wrong = await start({ runJobs: true, workers: { taskTypes: ['brun'] } });
    expect(wrong).toMatchObject({
      code: 1,
      output: expect.stringContaining('workers.taskTypes: "brun": the catalog has'),
    });
    const both = await start({ runJobs: true, workers: { taskTypes: ['burn'], exceptTaskTypes: ['burn'] } });
    expect(both).toMatchObject({ code: 1, output: expect.stringContaining('keep one of the two') });
  });

  test('needs runJobs in production', async () => {
    const env = { NODE_ENV: 'production', TANDEM_NODE_HOST_IN_PRODUCTION: '1' };
    const { code, output } = await start({}, env);
    expect(output).toContain('runJobs: unset; production needs true (the jobs role) or false (the web role)');
    expect(code).toBe(1);
  });

  test('says in one message that settings are not JSON', async () => {
    const { code, output } = await start('{ "runJobs": ');
    expect(output).toContain('METEOR_SETTINGS are not valid JSON');
    expect(code).toBe(1);
  });

  test('says in one message that no database answers', async () => {
    const { code, output } = await start({ runJobs: true });
    expect(output).toMatch(/MONGO_URL: .* does not answer|MONGO_URL: no database answers/);
    expect(output).not.toMatch(/\n\s+at /);
    expect(code).toBe(1);
  });

  test.each(['web', 'jobs'])('refuses a path in ROOT_URL at boot, in one line, as the %s role', async role => {
    const env = { MONGO_URL: process.env.TANDEM_TEST_MONGO_URL, ROOT_URL: 'https://example.com/app/' };
    const { code, output } = await start({ runJobs: role === 'jobs' }, env);
    expect(output).toMatch(
      /^ROOT_URL: https:\/\/example\.com\/app\/ has a path, .* ROOT_URL=https:\/\/example\.com\n$/,
    );
    expect(code).toBe(1);
  });

  test('refuses to run tasks without its worker file, with the command that builds it', async () => {
    const env = { MONGO_URL: process.env.TANDEM_TEST_MONGO_URL, TANDEM_PRIVATE_DIR: '/nowhere' };
    const { code, output } = await start({ runJobs: true }, env);
    expect(output).toContain('npm run build:worker');
    expect(output).not.toMatch(/\n\s+at /);
    expect(code).toBe(1);
  });
});
