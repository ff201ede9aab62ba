import { execFileSync } from 'node:child_process';
import { problemsOf } from '../../../infra/dev/meteor/source-rules';
import { DeployCheckout } from '../../support/deploy-checkout';
import { type Block, parsePage, readPages } from '../../support/docs';
import { commandsOf, proofs, Sandbox, unproved } from '../../support/docs-commands';
import { DocsAtWork } from '../../support/docs-tasks';
import { isRunnable, ProjectWithDocs } from '../../support/docs-typescript';
import { Mailbox } from '../../support/mailbox';
import { root } from '../../support/run';
import { faultFlags } from '../faults/flags';

jest.setTimeout(120_000);

// Not in the table itself: an app may have deleted tests/infra, and its types have to be right all the same.
proofs.push({
  of: /^npm run test:faults(?: -- (.*))?$/,
  by: ([, flags = '']) => void faultFlags(flags.split(' ').filter(Boolean)),
});

const pages = readPages();
const blocks = pages.flatMap(page => page.blocks);
const ofKind = (...kinds: string[]) => blocks.filter(({ kind }) => kinds.includes(kind));
const where = ({ page, line }: Block) => `${page}:${line}`;

/** Blocks without a file of their own show calls, or an import of an entry. What defines something has its place. */
const isNoMereCall = ({ problem }: { problem: string }) =>
  !/^imports\/api\/docs\/.*: acts: (?!(Meteor|Accounts)\.)/.test(problem);

/** The settings files that docs/deploy.md shows. */
function productionSettings(): Record<'web' | 'jobs', string> {
  const page = pages.find(({ path }) => path === 'docs/deploy.md')!;
  const [web, jobs] = page.blocks.filter(({ text }) => text.includes('"deploy"'));
  return { web: web!.text, jobs: jobs!.text };
}

describe('code in the docs', () => {
  const project = () => new ProjectWithDocs(ofKind('ts', 'tsx'));

  test('is accepted by the compiler, written into the project where it says; a wrong payload is not', () => {
    const wrong = [
      "```ts\nimport { TaskQueue } from '../../../infra/queue';",
      "TaskQueue.addTask({ taskType: 'burn', data: { seconds: 'x' } });\n```",
      "```ts imports/schedules.ts\ncron.add({ nam: 'x' });\n```\n",
    ];
    const { blocks: planted } = parsePage('planted.md', wrong.join('\n'));
    expect(new ProjectWithDocs([...ofKind('ts', 'tsx'), ...planted]).problems()).toEqual([
      expect.stringMatching(/^planted\.md:3: .*not assignable/),
      expect.stringMatching(/^planted\.md:6: .*'nam'/),
    ]);
  });

  test('is what check:meteor takes, where a person puts it', () => {
    const { blocks: planted } = parsePage('planted.md', '```ts\nMeteor.methods({});\nAccounts.config({});\n```\n');
    const found = (those: readonly Block[]) => {
      const texts = [...new ProjectWithDocs(those).texts].filter(([path]) => path.startsWith('imports/'));
      return texts.flatMap(([path, text]) => problemsOf(path, text)).filter(isNoMereCall);
    };
    expect(found(ofKind('ts', 'tsx'))).toEqual([]);
    expect(found(planted)).toHaveLength(3);
  });

  test('does what it shows, on a database: blocks add tasks, schedules too, and handlers do them', async () => {
    const mailbox = await Mailbox.open();
    const settings = { mail: { url: mailbox.url, from: 'shop@example.com' } };
    const work = await DocsAtWork.open(project(), name => require(name), settings);
    try {
      const runnable = ofKind('ts').filter(isRunnable);
      expect(runnable.length).toBeGreaterThan(7);
      for (const block of runnable)
        await work.run(block).catch(error => Promise.reject(new Error(where(block), { cause: error })));
      await work.runSchedules(['clean up', 'clean up at six']);
      const ended = await work.work();
      const done = ended.filter(({ kind }) => kind === 'done').map(({ taskType }) => taskType);
      expect([...new Set(done)].sort()).toEqual(['cleanUp', 'importOrders', 'sendInvoice', 'sendMail', 'thumbnail']);
      expect(mailbox.mails).toEqual([
        expect.stringMatching(/^To: ada@example\.com[\s\S]*Your invoice[\s\S]*Dear Ada/m),
      ]);
      // One of tasks.md names a file that nobody has put there.
      expect(ended.filter(({ kind }) => kind !== 'done')).toMatchObject([{ taskType: 'importOrders' }]);
    } finally {
      await work.close();
      await mailbox.close();
    }
  });
});

describe('commands in the docs', () => {
  test('each have a test that runs them', () => {
    const commands = [...new Set(ofKind('sh').flatMap(commandsOf))];
    expect(commands.map(unproved).filter(Boolean)).toEqual([]);
    expect(unproved('npm run fly')).toMatch(/does not say how it is tested/);
    expect(unproved('npm start -- --flag')).toMatch(/--flag/);
  });

  test('go through a shell whose tools know their commands, flags and files', async () => {
    const mup = Object.fromEntries(ofKind('js').flatMap(({ file, text }) => (file ? [[file, text]] : [])));
    const { web, jobs } = productionSettings();
    const files = { ...mup, 'settings-web.production.json': web, 'settings-jobs.production.json': jobs };
    const sandbox = new Sandbox(files);
    try {
      for (const block of ofKind('sh'))
        expect({ [where(block)]: await sandbox.refusal(commandsOf(block)) }).toEqual({ [where(block)]: undefined });
      expect(await sandbox.refusal(['meteor deploy a.example.com --cached-build'])).toBe(
        'meteor: --cached-build: unknown flag',
      );
      expect(await sandbox.refusal(['meteor run --settings none.json'])).toMatch(/there is no file none\.json/);
      expect(await sandbox.refusal(['npm run fly'])).toBe('npm: no script fly in package.json');
    } finally {
      sandbox.remove();
    }
  });

  test('git does not see the settings files of production', () => {
    const ignored = execFileSync(
      'git',
      ['check-ignore', 'settings-web.production.json', 'settings-jobs.production.json'],
      {
        cwd: root,
      },
    );
    expect(ignored.toString().trim().split('\n')).toHaveLength(2);
  });

  test('deploy.sh takes the settings files that the page on deploying shows', async () => {
    const app = await new DeployCheckout().open();
    try {
      const { web, jobs } = productionSettings();
      Object.assign(app, { web: JSON.parse(web), jobs: JSON.parse(jobs) });
      app.writeSettings('.production');
      app.commit();
      const { code, output } = await app.deploy(['production', '--dry-run']);
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(output).toContain(
        'would run: meteor deploy my-app-jobs.example.com --settings settings-jobs.production.json',
      );
    } finally {
      app.close();
    }
  });
});
