import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { Health } from '../../infra/monitor/health';
import { load, SettingsError } from '../../infra/settings';
import type { Block } from './docs';
import type { DocFacts } from './docs-facts';
import { root } from './run';

type Check = (block: Block, facts: DocFacts) => string[] | Promise<string[]>;

/** How a block of each kind is checked. A kind that is not here fails; code and commands have tests of their own. */
export const formats: Record<string, Check> = {
  json: ({ text }) => checkJson(text),
  yaml: ({ text, page }) => checkYaml(text, dirname(page)),
  nginx: () => [], // only nginx itself knows what it takes
  promql: ({ text }, facts) => unknownMetrics(text, facts),
  mermaid: ({ text }, facts) => checkDiagram(text, facts),
  text: ({ text }, facts) => checkMessages(text, facts),
  js: block => checkScript(block),
};

/** Only Prometheus knows its language; the names are ours. */
export const unknownMetrics = (text: string, facts: DocFacts) =>
  facts.unknownMetrics(text).map(name => `no metric ${name} at /metrics`);

/** A settings file, unless it is what /healthz answers. */
async function checkJson(text: string): Promise<string[]> {
  const value = JSON.parse(text) as Record<string, unknown>;
  if ('status' in value) return checkHealth(value);
  try {
    load(value, { production: 'runJobs' in value });
    return [];
  } catch (error) {
    return error instanceof SettingsError ? [...error.problems] : [String(error)];
  }
}

async function checkHealth(shown: object): Promise<string[]> {
  const identity = { role: 'jobs', version: '1', commit: 'c' };
  const { body } = await new Health({ identity, database: { connected: () => true, latencyMs: () => 1 } }).report();
  const [real, told] = [Object.keys(body).join(), Object.keys(shown).join()];
  return real === told ? [] : [`/healthz has ${real}, not ${told}`];
}

function checkYaml(text: string, folder: string): string[] {
  const files = parseYaml(text).flatMap(value => (value as { rule_files?: string[] }).rule_files ?? []);
  return files.filter(file => !existsSync(join(root, folder, file))).map(file => `there is no ${folder}/${file}`);
}

/** @throws with line and column where it can't be read. */
export function parseYaml(text: string): unknown[] {
  return parseAllDocuments(text).map(document => {
    for (const problem of [...document.errors, ...document.warnings]) throw problem;
    return document.toJS();
  });
}

function inPairs(text: string): boolean {
  const open: string[] = [];
  const partner: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
  for (const sign of text.replace(/[^()[\]{}]/g, '')) {
    if (!(sign in partner)) open.push(sign);
    else if (open.pop() !== partner[sign]) return false;
  }
  return open.length === 0;
}

/** A flow chart whose arrows join what is drawn, and whose files are there. */
function checkDiagram(text: string, facts: DocFacts): string[] {
  const [head = '', ...lines] = text.split('\n');
  if (!/^flowchart (TD|LR)$/.test(head)) return [`${head}: not a flowchart TD or LR`];
  const bare = text.replace(/"[^"]*"/g, '""').replace(/-\.->|-->/g, '→');
  const isArrow = (line: string) => line.trim() === '' || line.includes('→');
  const strange = bare
    .split('\n')
    .slice(1)
    .filter(line => !isArrow(line));
  const files = [...lines.join('\n').matchAll(/([\w-]+)\.ts\b/g)].map(([, name]) => name!);
  const missing = files.filter(name => !facts.has(`/${name}'`));
  const unpaired = inPairs(bare.replace(/\(\(|\)\)|\[\(|\)\]/g, '')) ? [] : ['brackets are not in pairs'];
  return [...unpaired, ...strange, ...missing.map(name => `no module ${name}.ts`)];
}

/** Each line is a message that the code prints; `…` stands for what differs. */
function checkMessages(text: string, facts: DocFacts): string[] {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  return lines.flatMap(line => {
    const pieces = line
      .split('…')
      .map(piece => piece.trim())
      .filter(piece => /\w{3}/.test(piece));
    if (pieces.length === 0) return [`${line}: holds no words`];
    return pieces.filter(piece => !isSaid(piece, facts)).map(piece => `no code says: ${piece}`);
  });
}

/** A message's parts may come from several places: `at` and `level` of a line, a prefix of the log. */
function isSaid(piece: string, facts: DocFacts): boolean {
  const written = [piece, piece.replace(/'/g, "\\'"), piece.replace(/`/g, '\\`')];
  if (written.some(one => facts.has(one))) return true;
  const cut = piece.search(/[:;,.] /);
  return cut > 0 && isSaid(piece.slice(0, cut), facts) && isSaid(piece.slice(cut + 2), facts);
}

/** Old code, or another tool's configuration: at least it is JavaScript. */
function checkScript({ text, file }: Block): string[] {
  const compilerOptions = { allowJs: true, target: ts.ScriptTarget.ES2022 };
  const { diagnostics = [] } = ts.transpileModule(text.startsWith('{') ? `(${text})` : text, {
    compilerOptions,
    fileName: 'a.js',
    reportDiagnostics: true,
  });
  const problems = diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  return problems.length === 0 && file?.startsWith('mup-') && !file.includes('jobs') ? checkMeteorUp(text) : problems;
}

function checkMeteorUp(text: string): string[] {
  const module = { exports: {} as Record<string, Record<string, unknown>> };
  runInNewContext(text, { module });
  const { servers = {}, app = {}, proxy } = module.exports;
  const known = ['name', 'path', 'servers', 'buildOptions', 'env', 'docker', 'deployCheckWaitTime'];
  const unknown = Object.keys(app).filter(name => !known.includes(name));
  const missing = ['ROOT_URL', 'MONGO_URL'].filter(name => !(name in ((app.env ?? {}) as object)));
  const lost = Object.keys(app.servers as object).filter(name => !(name in servers));
  return [...unknown, ...missing, ...lost, ...(proxy?.domains ? [] : ['proxy.domains'])];
}
