import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { settings } from '../../../imports/settings';
import { treeOf } from '../../../infra/settings';
import { settingsPage } from '../../../infra/settings/page';
import { anchorsOf, type Block, linksOf, parsePage, readPages, wordsOfCode } from '../../support/docs';
import { DocFacts } from '../../support/docs-facts';
import { formats, parseYaml, unknownMetrics } from '../../support/docs-formats';
import { root } from '../../support/run';

const pages = readPages();
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const where = ({ page, line }: Block) => `${page}:${line}`;

let facts: DocFacts;
beforeAll(async () => {
  facts = await DocFacts.gather();
});

describe('every other block in the docs', () => {
  const others = pages.flatMap(({ blocks }) => blocks).filter(({ kind }) => !['ts', 'tsx', 'sh'].includes(kind));

  test('is of a kind that is known, and right', async () => {
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

  test.each([
    ['json', '{ "queue": { "bach": 1 } }', 'queue.bach: unknown setting, did you mean queue.batch?'],
    ['text', 'the worker is on strike', 'no code says: the worker is on strike'],
    ['promql', 'sum(tandem_queue_dept)', 'no metric tandem_queue_dept at /metrics'],
    ['mermaid', 'flowchart TD\n a["no-such.ts"] --> b', 'no module no-such.ts'],
    ['yaml', 'rule_files:\n  - none.yaml', 'there is no ./none.yaml'],
  ])('a wrong one of the kind %s is found', async (kind, text, problem) => {
    expect(await formats[kind]!({ page: 'planted.md', line: 1, kind, text }, facts)).toEqual([problem]);
  });

  test('and the files beside the pages are right as well', () => {
    const [rules] = parseYaml(text('docs/prometheus-alerts.yaml')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    }[];
    const alerts = rules!.groups.flatMap(group => group.rules);
    expect(alerts.flatMap(({ expr }) => unknownMetrics(expr, facts))).toEqual([]);
    const { panels } = JSON.parse(text('docs/grafana.json')) as { panels: { targets: { expr: string }[] }[] };
    const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(shown.flatMap(expr => unknownMetrics(expr, facts))).toEqual([]);
    expect(shown.length).toBeGreaterThan(panels.length - 1);
    const monitoring = text('docs/monitoring.md');
    expect(alerts.map(({ alert }) => alert).filter(alert => !monitoring.includes(`\`${alert}\``))).toEqual([]);
    expect(text('docs/settings.md')).toBe(settingsPage(treeOf(settings)));
  });
});

interface Manifest {
  kind: string;
  metadata: { name: string; annotations?: Record<string, string> };
  spec: Record<string, never> & {
    selector?: Record<string, unknown>;
    template?: { metadata: { labels: object }; spec: PodSpec };
    scaleTargetRef?: { name: string };
    triggers?: { type: string; metadata: { query: string } }[];
  };
}
interface PodSpec {
  terminationGracePeriodSeconds: number;
  automountServiceAccountToken: boolean;
  securityContext: object;
  volumes: { name: string; emptyDir?: object }[];
  containers: { env: { name: string; value?: string }[]; [probe: string]: unknown }[];
}

describe('the manifests for Kubernetes', () => {
  const manifests = [
    ...parseYaml(text('docs/kubernetes/roles.yaml')),
    ...parseYaml(text('docs/kubernetes/autoscale.yaml')),
    ...parseYaml(text('docs/kubernetes/autoscale-without-prometheus.yaml')),
  ] as Manifest[];
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');

  test('select what they deploy, and scale what is there', () => {
    const pods = deployments.map(({ spec }) => spec.template!.metadata.labels);
    for (const { spec } of manifests.filter(({ spec }) => spec.selector)) {
      const labels = spec.selector!.matchLabels ?? spec.selector;
      expect(pods).toContainEqual(labels);
    }
    const names = deployments.map(({ metadata }) => metadata.name);
    for (const { spec } of manifests.filter(({ spec }) => spec.scaleTargetRef))
      expect(names).toContain(spec.scaleTargetRef!.name);
    const triggers = manifests.flatMap(({ spec }) => spec.triggers ?? []);
    const queries = triggers.filter(({ type }) => type === 'prometheus').map(({ metadata }) => metadata.query);
    expect(queries.flatMap(query => unknownMetrics(query, facts))).toEqual([]);
    expect(queries).not.toEqual([]);
  });

  test.each(deployments.map(({ metadata, spec }) => [metadata.name, spec.template!.spec] as const))(
    'ask the %s role for health where it answers, and grant it more time than it takes',
    (_name, pod) => {
      const [container] = pod.containers;
      const probe = (name: string) => (container![`${name}Probe`] as { httpGet: { path: string } }).httpGet.path;
      expect([probe('startup'), probe('readiness'), probe('liveness')]).toEqual(['/livez', '/readyz', '/livez']);
      const env = Object.fromEntries(container!.env.map(({ name, value }) => [name, value]));
      expect(Object.keys(env)).toEqual(expect.arrayContaining(['MONGO_URL', 'ROOT_URL', 'METEOR_SETTINGS']));
      expect(Number(env.METEOR_SIGTERM_GRACE_PERIOD_SECONDS)).toBeLessThan(pod.terminationGracePeriodSeconds);
    },
  );

  test.each(deployments.map(({ metadata, spec }) => [metadata.name, spec.template!.spec] as const))(
    'give the %s role no right that it does not need, and /tmp to write to',
    (_name, pod) => {
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext, volumeMounts } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
      }
      expect(pod.volumes).toEqual([{ name: 'tmp', emptyDir: expect.anything() }]);
    },
  );

  test("publish no figures: from outside, /metrics is nobody's", () => {
    expect(text('docs/kubernetes/roles.yaml')).not.toContain('prometheus.io/');
    const ingresses = manifests.filter(({ kind }) => kind === 'Ingress');
    const paths = ingresses.map(({ metadata, spec }) => {
      const [{ http }] = spec.rules as unknown as [{ http: { paths: { path: string }[] } }];
      return [http.paths.map(({ path }) => path), metadata.annotations] as const;
    });
    expect(paths).toEqual([
      [['/'], expect.not.objectContaining({ 'nginx.ingress.kubernetes.io/allowlist-source-range': expect.anything() })],
      [
        ['/metrics.*'],
        {
          'nginx.ingress.kubernetes.io/use-regex': 'true',
          'nginx.ingress.kubernetes.io/allowlist-source-range': '127.0.0.1/32',
        },
      ],
    ]);
    const [, refused] = /location ~\* (\S+) \{\s+return 404;/.exec(text('docs/nginx.conf'))!;
    for (const path of ['/metrics', '/METRICS', '/metrics/', '/metrics/x'])
      expect(path).toMatch(new RegExp(refused!, 'i'));
  });

  test('are not read where they are broken', () => {
    expect(() => parseYaml('a:\n  b: 1\n   c: 2')).toThrow('line 2');
    expect(() => parseYaml('a: 1\na: 2')).toThrow('unique');
    expect(() => parseYaml('a: b: c')).toThrow('Nested mappings');
  });
});

describe('what the docs name', () => {
  test('is there: settings, scripts, metrics, paths, events, files', () => {
    const problems = pages.flatMap(page =>
      wordsOfCode(page).flatMap(({ where, word }) => {
        const problem = facts.problemOf(word);
        return problem ? [`${where}: ${problem}`] : [];
      }),
    );
    expect(problems).toEqual([]);
  });

  test.each([
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

  test('can be reached: links lead to pages, files and headings', () => {
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

  test('and the index names every page', () => {
    const index = text('docs/README.md');
    const own = pages
      .map(({ path }) => path)
      .filter(path => /^docs\/[\w-]+\.md$/.test(path) && path !== 'docs/README.md');
    expect(own.filter(path => !index.includes(`(${path.slice('docs/'.length)})`))).toEqual([]);
  });
});

describe('the workflows', () => {
  const folder = join(root, '.github/workflows');
  const workflows = readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')] as const);

  test.each(workflows)('%s: each job says what it may do, no action can change behind our back', (_name, workflow) => {
    expect(workflow).toMatch(/^permissions: \{\}$/m);
    const [, jobs] = workflow.split(/^jobs:$/m);
    expect(jobs!.match(/^ {4}permissions:\n {6}contents: read\n(?! {6})/gm)).toHaveLength(
      jobs!.match(/^ {4}runs-on:/gm)!.length,
    );
    const actions = workflow.match(/uses: .*/g)!;
    for (const action of actions) expect(action).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const checkouts = actions.filter(action => action.includes('actions/checkout'));
    expect(workflow.match(/persist-credentials: false/g)).toHaveLength(checkouts.length);
    // What somebody else may have written, such as the title of a pull request, gets into no script.
    for (const [, expression] of workflow.matchAll(/\$\{\{(.*?)\}\}/g))
      expect(expression!.trim()).toMatch(/^(github\.workflow|github\.ref|runner\.os|hashFiles\('[^']+'\))$/);
  });
});

test('the lock file knows each package by what is in it, and takes none from elsewhere than the registry', () => {
  const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, Record<string, string>> };
  const others = Object.entries(packages).filter(([path]) => path !== '');
  expect(others.length).toBeGreaterThan(100);
  expect(others.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
  expect(
    others.filter(
      ([, { resolved = 'https://registry.npmjs.org/' }]) => !resolved.startsWith('https://registry.npmjs.org/'),
    ),
  ).toEqual([]);
});
