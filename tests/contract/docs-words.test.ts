import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { settings } from '../../imports/settings';
import { treeOf } from '../../infra/settings';
import { settingsPage } from '../../infra/settings/page';
import { anchorsOf, type Block, linksOf, parsePage, readPages, wordsOfCode } from '../support/docs';
import { DocFacts } from '../support/docs-facts';
import { checkNginx, checkQuery, formats } from '../support/docs-formats';
import { parseYaml } from '../support/docs-yaml';
import { root } from '../support/run';

const pages = readPages();
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const where = ({ page, line }: Block) => `${page}:${line}`;

let facts: DocFacts;
beforeAll(async () => {
  facts = await DocFacts.gather();
});

describe('every other block in the docs', () => {
  const others = pages.flatMap(({ blocks }) => blocks).filter(({ kind }) => !['ts', 'tsx', 'sh'].includes(kind));

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
    expect(text('docs/settings.md')).toBe(settingsPage(treeOf(settings)));
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
