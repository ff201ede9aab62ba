import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Events } from '../../infra/monitor/events';
import { Metrics } from '../../infra/monitor/metrics';
import { settingsTree } from '../../infra/settings/schema';
import { entriesOf } from '../../infra/settings/simpl-schema';
import { root } from './run';

const sourceFolders = ['client', 'server', 'imports', 'infra', 'packages', 'deploy.sh', 'package.json'];

/** What there is in the code for the docs to name. */
export class DocFacts {
  readonly settings = entriesOf(settingsTree).map(({ path }) => path);
  readonly scripts: string[] = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts);
  /** Every source file's text, one after the other. */
  readonly source: string;
  private readonly metrics: string[];

  private constructor(metrics: string[]) {
    const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...sourceFolders];
    const files = execFileSync('git', args, { cwd: root }).toString().trim().split('\n');
    const code = files.filter(file => /\.(tsx?|cjs|sh|json|css)$/.test(file) && existsSync(join(root, file)));
    this.source = code.map(file => readFileSync(join(root, file), 'utf8')).join('\n');
    this.metrics = metrics;
  }

  static async gather(): Promise<DocFacts> {
    return new DocFacts(await metricNames());
  }

  /** What is wrong with a word between backticks; undefined where it is right, or about something else. */
  problemOf(word: string): string | undefined {
    const [, script] = /^(?:npm run )?((?:new|db|build|check|meteor|test):[\w-]+)/.exec(word) ?? [];
    if (script && !this.scripts.includes(script)) return `no script ${script} in package.json`;
    const [, named] = /\bnpm run ([\w:-]+)/.exec(word) ?? [];
    if (named && !this.scripts.includes(named) && (isTemplate || !ofSample.includes(named)))
      return `no script ${named} in package.json`;
    const metric = this.unknownMetrics(word)[0];
    if (metric) return `no metric ${metric} at /metrics`;
    if (/^\/[a-z]/.test(word) && !this.has(word.replace(/[…?].*$/, ''))) return `no path ${word} in the code`;
    return this.dottedProblem(word) ?? missingFile(word);
  }

  unknownMetrics(text: string): string[] {
    return [...text.matchAll(/\btandem_\w+|\b(?:process|nodejs)_\w+(?=[\s{`]|$)/g)]
      .map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter(name => !this.metrics.includes(name));
  }

  has(text: string): boolean {
    return this.source.includes(text);
  }

  /** `queue.batch` is a setting, `queue.overloaded` an event, `task.sender` a field. */
  private dottedProblem(word: string): string | undefined {
    const [, area, name] = /^([a-z]+)\.(\w+)$/.exec(word) ?? [];
    if (!area || !name || /^(ts|tsx|js|json|md|css|conf|yaml|sh)$/.test(name)) return undefined;
    const groups = this.settings.map(path => path.split('.')[0]);
    const isArea = groups.includes(area) || /^(task|worker|role|database|listener|connection|processes)$/.test(area);
    if (!isArea || this.settings.includes(word) || this.has(`'${word}'`) || this.has(`${word}(`)) return undefined;
    const isField = area === 'task' && new RegExp(`^  ${name}\\??:`, 'm').test(taskFields());
    return isField ? undefined : `no setting, event or field ${word}`;
  }
}

const taskFields = () => readFileSync(join(root, 'infra/queue/model/task.ts'), 'utf8');

/** Files that appear when something runs, or that a reader is to make. */
const notKept =
  /^(\.local|\.meteor\/(local|versions$)|private\/workers|settings-[\w-]+\.(\w+|<\w+>)\.json|settings-jobs-[\w-]+\.json)|[<*…]|^bundle/;
const isTemplate = existsSync(join(root, 'template'));
/** An app's own: it may have left out what the sample has, and what `npm run init -- NAME --accounts` adds. */
const ofApp = /^(imports|client|tests\/(app|e2e|fixtures))\//;
const ofSample = ['bench:interference', 'docs:picture'];
const written = [
  'imports/tasks/handlers/send-invoice.ts',
  'imports/tasks/handlers/clean-up.ts',
  'imports/tasks/handlers/thumbnail.ts',
];

function missingFile(word: string): string | undefined {
  const isPath = /^(\.meteor|client|server|imports|infra|packages|tests|bench|docs|private)\/[\w./-]*$/.test(word);
  const isFile = /^[\w-]+\.(sh|yaml|json|cjs)$/.test(word);
  if ((!isPath && !isFile) || notKept.test(word) || written.includes(word) || /^main\.js(on)?$/.test(word))
    return undefined;
  if (!isTemplate && ofApp.test(word)) return undefined;
  const places = ['', 'docs/', 'docs/kubernetes/', 'tests/support/', 'template/accounts/'];
  const found = places.some(place => ['', '.ts', '.tsx'].some(end => existsSync(join(root, place + word + end))));
  return found ? undefined : `no file ${word}`;
}

/** What /metrics shows of a process that is both roles. */
async function metricNames(): Promise<string[]> {
  const sources = {
    role: 'both',
    version: '1',
    commit: 'c',
    eventLoop: () => ({ meanMs: 0, p99Ms: 0, maxMs: 0 }),
    queue: async () => ({ depth: [], oldestSeconds: [] }),
    dispatch: () => undefined,
    workers: () => ({ workers: 0, busy: 0, slots: 0, cpuMs: 0, processes: [] }),
    lastSuccesses: async () => [],
    schedules: () => [],
    linkUp: () => true,
  };
  const text = await new Metrics(sources, new Events()).text();
  return [...text.matchAll(/^# HELP (\w+)/gm)].map(([, name]) => name!);
}
