import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readStartFlags } from '../../infra/dev/flags';
import { readArguments } from '../../infra/dev/tasks/arguments';
import { sourceOf } from '../../infra/dev/upgrade/source';
import type { Block } from './docs';
import { refusalOf, toolNames } from './docs-tools';
import { root } from './run';

const run = promisify(execFile);

/** How one is sure that a command does what the docs say: a test that runs it, or a call of its own code here. */
interface Proof {
  of: RegExp;
  /** A test (or what CI runs) that holds this text. */
  seenIn?: [file: string, text: string];
  /** @throws where the command is not right. */
  by?: (match: RegExpExecArray) => void;
}

const seen = (of: RegExp, file: string, text: string): Proof => ({ of, seenIn: [file, text] });
/** A tool that is not ours, or a harmless program: the sandbox runs it, with a stand-in that knows its flags. */
const sandboxed = (of: RegExp): Proof => ({ of });

const processes = 'tests/infra/processes';
const deploys = `${processes}/deploy.test.ts`;

export const proofs: Proof[] = [
  seen(/^npm ci$/, '.ci/run', 'npm ci || exit 1'),
  seen(/^npm ci && npm start$/, `${processes}/dev-start.test.ts`, "checkout.npm(['start', '--', '--port'"),
  seen(/^(npm ci && )?npm test$/, '.ci/run', 'npm test -- --json'),
  { of: /^npm start(?: -- (.*))?$/, by: ([, flags = '']) => void readStartFlags(flags.split(' ').filter(Boolean)) },
  {
    of: /^(?:\w+=\S+ )*npm run tasks -- (.*)$/,
    by: ([, given = '']) =>
      void readArguments([...given.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)),
  },
  seen(/^npm run test:app$/, 'package.json', '"test:app": "jest tests/app"'),
  seen(/^npm run test:unit$/, 'package.json', '"test:unit": "jest --selectProjects unit"'),
  seen(/^npm run validate$/, '.github/workflows/ci.yml', 'run: npm run validate'),
  seen(/^npm run new:task thumbnail$/, `${processes}/new-files.test.ts`, "'new:task', 'thumbnail'"),
  seen(/^npm run new:schedule send-invoices$/, `${processes}/new-files.test.ts`, "'new:schedule', 'send-invoices'"),
  seen(/^npm run new:api shopping-notes$/, `${processes}/new-files.test.ts`, "'new:api', 'shopping-notes'"),
  { of: /^npm run init -- my-app( --bare)?$/, by: runsInit },
  { of: /^npm run init -- my-app --accounts$/, by: runsInit },
  {
    of: /^npm run upgrade(?: -- ([^-]\S*))?$/,
    by: ([, source]) => void sourceOf(source, 'https://example.com/tandem.git'),
  },
  seen(/^npm run upgrade -- --(force|dry-run)$/, 'infra/dev/upgrade/main.ts', "'dry-run': { type: 'boolean' }"),
  seen(
    /^git add --all && git apply --3way tandem-edits\.patch$/,
    'infra/dev/upgrade/bring-in.ts',
    'git add --all && git',
  ),
  seen(/^npm run check:meteor$/, `${processes}/meteor-check.test.ts`, "'check:meteor'"),
  seen(/^npm run build:worker$/, `${processes}/meteor-check.test.ts`, "'run', 'build:worker'"),
  seen(/^npm run meteor$/, `${processes}/meteor-run.test.ts`, "describe('npm run meteor'"),
  seen(/^npm run meteor:(web|jobs)$/, `${processes}/meteor-run.test.ts`, 'npm run meteor:web and meteor:jobs'),
  seen(/^\.\/deploy\.sh --help$/, deploys, "app.deploy(['--help'])"),
  seen(/^\.\/deploy\.sh production --dry-run$/, 'tests/infra/contract/docs.test.ts', "['production', '--dry-run']"),
  seen(/^(\w+=\S+ )*\.\/deploy\.sh production$/, deploys, "app.deploy(['staging'])"),
  seen(
    /^git checkout \w+ && npm ci && \.\/deploy\.sh production --only jobs$/,
    deploys,
    'npm ci && ./deploy.sh --only',
  ),
  seen(/^npx tsc$/, 'package.json', '"types": "tsc"'),
  seen(/^npx biome check --write$/, 'package.json', '"lint": "biome check"'),
  sandboxed(/^npx (jest|mup) /),
  sandboxed(/^npm run bench(:schedules)?$/),
  seen(/^(\w+=\S+ |\w+="[^"]*" )*npm run profile$/, 'tests/infra/processes/profile.test.ts', 'SetUpRun.with('),
  sandboxed(/^(\w+=\S+ )*(meteor|docker|kubectl|curl) /),
  sandboxed(/^(\w+="\$\(cat [^)]*\)" )+docker compose /),
  sandboxed(/^(cp|openssl rand) /),
];

/** An app that has been made of the template has no use for it any more, nor for its test. */
function runsInit(): void {
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string };
  const test = join(root, 'tests/template/init-app.test.ts');
  if (name === 'tandem' && !readFileSync(test, 'utf8').includes("'run', 'init', '--', 'my-app'"))
    throw new Error(`${test} does not run it any more`);
}

/** The commands of a block, without what is said about them. */
export function commandsOf({ text }: Block): string[] {
  return text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map(line => line.replace(/(^|\s+)#.*$/, '').replace(/^\$ /, ''))
    .filter(Boolean);
}

/** What is wrong with how a command is proved; undefined where it is right. */
export function unproved(command: string): string | undefined {
  const proof = proofs.find(({ of }) => of.test(command));
  if (!proof) return `${command}: the table of tests/support/docs-commands.ts does not say how it is tested`;
  const [file, text] = proof.seenIn ?? [];
  if (file && text && !readFileSync(join(root, file), 'utf8').includes(text))
    return `${command}: ${file} does not run it any more (it has no ${text})`;
  try {
    proof.by?.(proof.of.exec(command) as RegExpExecArray);
  } catch (error) {
    return `${command}: ${(error as Error).message}`;
  }
  return undefined;
}

/** Writes down how it was called. */
const recorder = `#!/bin/sh
printf '%s\\0' "$0" "$#" "$@" >>"$CALLS"
`;

/** A folder in which every command can be given: the files are there, the tools are stand-ins that know their flags. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'tandem-docs-'));
  private readonly bin = join(this.folder, 'bin');
  private readonly record = join(this.folder, 'calls');

  /** @param files by name: what the docs let a person write. */
  constructor(files: Record<string, string>) {
    mkdirSync(this.bin);
    for (const name of ['package.json', 'settings-web.json', 'settings-jobs.json', 'Dockerfile', 'compose.yaml'])
      cpSync(join(root, name), join(this.folder, name));
    for (const name of ['docs', 'tests', 'infra']) symlinkSync(join(root, name), join(this.folder, name));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
    const standIns = [...toolNames.map(name => join(this.bin, name)), join(this.folder, 'deploy.sh')];
    for (const path of standIns) writeFileSync(path, recorder, { mode: 0o755 });
  }

  /** What the shell or a tool has against these commands; undefined where all of them go through. */
  async refusal(commands: readonly string[]): Promise<string | undefined> {
    const env = { ...process.env, CALLS: this.record, PATH: `${this.bin}:${process.env.PATH}` };
    writeFileSync(this.record, '');
    const script = `set -euo pipefail\n${commands.join('\n')}`;
    const failure = await run('bash', ['-c', script], { cwd: this.folder, env }).then(
      () => undefined,
      error => (error as { stderr: string }).stderr.trim() || String(error),
    );
    return (
      failure ??
      this.calls()
        .map(([tool, args]) => refusalOf(tool, args, this.folder))
        .find(Boolean)
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private calls(): [tool: string, args: string[]][] {
    const words = readFileSync(this.record, 'utf8').split('\0').slice(0, -1);
    const calls: [string, string[]][] = [];
    while (words.length > 0) {
      const [tool, count] = words.splice(0, 2);
      calls.push([tool!, words.splice(0, Number(count))]);
    }
    return calls;
  }
}
