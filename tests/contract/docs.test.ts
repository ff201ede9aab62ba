import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { settingsPage } from '../../infra/settings/page';
import { DeployCheckout } from '../support/deploy-checkout';
import { anchorsOf, type Block, linksOf, parsePage, readPages, wordsOfCode } from '../support/docs';
import { commandsOf, Sandbox, unproved } from '../support/docs-commands';
import { DocFacts } from '../support/docs-facts';
import { checkNginx, checkQuery, formats } from '../support/docs-formats';
import { DocsAtWork } from '../support/docs-tasks';
import { isRunnable, ProjectWithDocs } from '../support/docs-typescript';
import { parseYaml } from '../support/docs-yaml';
import { root } from '../support/run';

jest.setTimeout(120_000);

const pages = readPages();
const blocks = pages.flatMap(page => page.blocks);
const ofKind = (...kinds: string[]) => blocks.filter(({ kind }) => kinds.includes(kind));
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const where = ({ page, line }: Block) => `${page}:${line}`;

/** The settings files that docs/deploy.md shows, under the names that it gives them. */
function productionSettings(): Record<'web' | 'jobs', string> {
  const shown = pages
    .find(({ path }) => path === 'docs/deploy.md')!
    .blocks.filter(({ text }) => text.includes('"deploy"'));
  return { web: shown[0]!.text, jobs: shown[1]!.text };
}

let facts: DocFacts;
beforeAll(async () => {
  facts = await DocFacts.gather();
});

describe('code in the docs', () => {
  const project = () => new ProjectWithDocs(ofKind('ts', 'tsx'));

  it('is accepted by the compiler, written into the project where it says; a wrong payload is not', () => {
    const wrong = [
      "```ts\nimport { TaskQueue } from '../../../infra/queue';",
      "TaskQueue.addTask({ taskType: 'burn', data: { seconds: 'x' } });\n```",
      "```ts imports/schedules.ts\ncron.add({ nam: 'x' });\n```\n",
    ];
    const { blocks: planted } = parsePage('planted.md', wrong.join('\n'));
    expect(new ProjectWithDocs([...ofKind('ts', 'tsx'), ...planted]).problems()).toEqual([
      expect.stringMatching(/^planted\.md:7: .*'nam'/),
      expect.stringMatching(/^planted\.md:3: .*not assignable/),
    ]);
  });

  it('does what it shows, on a database: blocks add tasks, schedules too, and handlers do them', async () => {
    const work = await DocsAtWork.open(project(), name => require(name));
    try {
      const runnable = ofKind('ts').filter(isRunnable);
      expect(runnable.length).toBeGreaterThan(7);
      for (const block of runnable)
        await work.run(block).catch(error => Promise.reject(new Error(where(block), { cause: error })));
      await work.runSchedules(['clean up', 'clean up at six']);
      const ended = await work.work();
      const done = ended.filter(({ kind }) => kind === 'done').map(({ taskType }) => taskType);
      expect([...new Set(done)].sort()).toEqual(['cleanUp', 'importOrders', 'sendInvoice', 'thumbnail']);
      // One of tasks.md names a file that nobody has put there.
      expect(ended.filter(({ kind }) => kind !== 'done')).toMatchObject([{ taskType: 'importOrders' }]);
    } finally {
      await work.close();
    }
  });
});

describe('commands in the docs', () => {
  it('each have a test that runs them', () => {
    const commands = [...new Set(ofKind('sh').flatMap(commandsOf))];
    expect(commands.map(unproved).filter(Boolean)).toEqual([]);
    expect(unproved('npm run fly')).toMatch(/does not say how it is tested/);
    expect(unproved('npm start -- --flag')).toMatch(/--flag/);
  });

  it('go through a shell whose tools know their commands, flags and files', async () => {
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

  it('deploy.sh takes the settings files that the page on deploying shows', async () => {
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

describe('every other block in the docs', () => {
  const others = blocks.filter(({ kind }) => !['ts', 'tsx', 'sh'].includes(kind));

  it('is of a kind that is known, and right', async () => {
    const found = await Promise.all(
      others.map(async block => {
        const check = formats[block.kind];
        const problems = check
          ? await check(block, facts)
          : [`no way to check ${block.kind || 'a block without a kind'}`];
        return problems.map(problem => `${where(block)}: ${problem}`);
      }),
    );
    expect(found.flat()).toEqual([]);
  });

  it.each([
    ['json', '{ "queue": { "bach": 1 } }', 'queue.bach: unknown setting, did you mean queue.batch?'],
    ['text', 'the worker is on strike', 'no code says: the worker is on strike'],
    ['nginx', 'client_max_body_size 1m', 'client_max_body_size 1m: no ; at its end'],
    ['promql', 'sum(tandem_queue_dept)', 'no metric tandem_queue_dept at /metrics'],
    ['mermaid', 'flowchart TD\n a["no-such.ts"] --> b', 'no module no-such.ts'],
    ['yaml', 'rule_files:\n  - none.yaml', 'there is no ./none.yaml'],
  ])('a wrong one of the kind %s is found', async (kind, text, problem) => {
    expect(await formats[kind]!({ page: 'planted.md', line: 1, kind, text }, facts)).toEqual([problem]);
  });

  it('and the files beside the pages are right as well', () => {
    expect(checkNginx(text('docs/nginx.conf'))).toEqual([]);
    const [rules] = parseYaml(text('docs/prometheus-alerts.yaml')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    }[];
    const alerts = rules!.groups.flatMap(group => group.rules);
    expect(alerts.flatMap(({ expr }) => checkQuery(expr, facts))).toEqual([]);
    const monitoring = text('docs/monitoring.md');
    expect(alerts.map(({ alert }) => alert).filter(alert => !monitoring.includes(`\`${alert}\``))).toEqual([]);
    expect(text('docs/settings.md')).toBe(settingsPage());
  });
});

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: Record<string, never> & {
    selector?: Record<string, unknown>;
    template?: { metadata: { labels: object }; spec: PodSpec };
    scaleTargetRef?: { name: string };
    triggers?: { metadata: { query: string } }[];
  };
}
interface PodSpec {
  terminationGracePeriodSeconds: number;
  containers: { env: { name: string; value?: string }[]; [probe: string]: unknown }[];
}

describe('the manifests for Kubernetes', () => {
  const manifests = [
    ...parseYaml(text('docs/kubernetes/roles.yaml')),
    ...parseYaml(text('docs/kubernetes/autoscale.yaml')),
  ] as Manifest[];
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');

  it('select what they deploy, and scale what is there', () => {
    const pods = deployments.map(({ spec }) => spec.template!.metadata.labels);
    for (const { spec } of manifests.filter(({ spec }) => spec.selector)) {
      const labels = spec.selector!.matchLabels ?? spec.selector;
      expect(pods).toContainEqual(labels);
    }
    const names = deployments.map(({ metadata }) => metadata.name);
    for (const { spec } of manifests.filter(({ spec }) => spec.scaleTargetRef))
      expect(names).toContain(spec.scaleTargetRef!.name);
    const queries = manifests.flatMap(({ spec }) => spec.triggers ?? []).map(({ metadata }) => metadata.query);
    expect(queries.flatMap(query => checkQuery(query, facts))).toEqual([]);
    expect(queries).not.toEqual([]);
  });

  it.each(deployments.map(({ metadata, spec }) => [metadata.name, spec.template!.spec] as const))(
    'ask the %s role for health where it answers, and grant it more time than it takes',
    (_name, pod) => {
      const [container] = pod.containers;
      const probe = (name: string) => (container![`${name}Probe`] as { httpGet: { path: string } }).httpGet.path;
      expect([probe('startup'), probe('readiness'), probe('liveness')]).toEqual(['/', '/healthz', '/']);
      const env = Object.fromEntries(container!.env.map(({ name, value }) => [name, value]));
      expect(Object.keys(env)).toEqual(expect.arrayContaining(['MONGO_URL', 'ROOT_URL', 'METEOR_SETTINGS']));
      expect(Number(env.METEOR_SIGTERM_GRACE_PERIOD_SECONDS)).toBeLessThan(pod.terminationGracePeriodSeconds);
    },
  );

  it('are not read where they are broken', () => {
    expect(() => parseYaml('a:\n  b: 1\n   c: 2')).toThrow('line 3');
    expect(() => parseYaml('a: 1\na: 2')).toThrow('a: twice');
    expect(() => parseYaml('a: b: c')).toThrow('must be quoted');
  });
});

describe('what the docs name', () => {
  it('is there: settings, scripts, metrics, paths, events, files', () => {
    const problems = pages.flatMap(page =>
      wordsOfCode(page).flatMap(({ where, word }) => {
        const problem = facts.problemOf(word);
        return problem ? [`${where}: ${problem}`] : [];
      }),
    );
    expect(problems).toEqual([]);
  });

  it.each([
    ['queue.bach', 'no setting, event or field queue.bach'],
    ['task.flown', 'no setting, event or field task.flown'],
    ['npm run fly', 'no script fly in package.json'],
    ['new:thing', 'no script new:thing in package.json'],
    ['tandem_flights_total', 'no metric tandem_flights_total at /metrics'],
    ['/fly', 'no path /fly in the code'],
    ['infra/flights/', 'no file infra/flights/'],
  ])('and %s would be found missing', (word, problem) => {
    expect(facts.problemOf(word)).toBe(problem);
  });

  it('can be reached: links lead to pages, files and headings', () => {
    const broken = pages.flatMap(page =>
      linksOf(page).flatMap(({ where, target }) => {
        if (/^(https?|mailto):/.test(target)) return [];
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? page.path : normalize(join(dirname(page.path), path));
        if (!existsSync(join(root, file))) return [`${where}: there is no ${file}`];
        const known = anchor === undefined || anchorsOf(parsePage(file, text(file))).includes(anchor);
        return known ? [] : [`${where}: ${file} has no heading #${anchor}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('and the index names every page', () => {
    const index = text('docs/README.md');
    const own = pages
      .map(({ path }) => path)
      .filter(path => /^docs\/[\w-]+\.md$/.test(path) && path !== 'docs/README.md');
    expect(own.filter(path => !index.includes(`(${path.slice('docs/'.length)})`))).toEqual([]);
  });
});
