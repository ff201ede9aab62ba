import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What a command of a tool takes. */
interface Usage {
  /** Flags with a value, and flags without. */
  values?: readonly string[];
  flags?: readonly string[];
  /** How many words follow. */
  words?: number;
  /** Flags (or `words`) that name a file that must be there. */
  files?: readonly string[];
  oneOf?: Record<string, readonly string[]>;
  /** The word is a script of package.json. */
  script?: true;
  /** Whatever follows is for somebody else. */
  any?: true;
}

const any: Usage = { any: true };
const mup: Usage = { values: ['--config', '--settings'], files: ['--config', '--settings'] };

/**
 * The tools that the docs call, by command: what meteor takes is what was seen on the real one, the others have the few
 * flags that the docs use.
 */
const tools: Record<string, Record<string, Usage>> = {
  meteor: {
    deploy: {
      values: ['--settings', '--owner', '--plan', '--container-size', '--deploy-polling-timeout', '--deploy-token'],
      flags: ['--cache-build', '--build-only', '--no-wait', '--free', '--mongo'],
      words: 1,
      files: ['--settings'],
      oneOf: { '--container-size': ['tiny', 'compact', 'standard', 'double', 'quad', 'octa', 'dozen'] },
    },
    run: { values: ['--settings', '--port'], flags: ['--production'], files: ['--settings'] },
    build: { values: ['--architecture'], flags: ['--directory', '--server-only', '--debug'], words: 1 },
    add: { words: 1 },
    login: {},
    whoami: {},
  },
  docker: {
    build: { values: ['--tag', '--build-arg', '--file'], words: 1, files: ['--file', 'words'] },
    run: { values: ['--env', '--publish'], flags: ['--rm', '--detach'], words: 1 },
    'compose up': { flags: ['--build', '--detach'] },
  },
  kubectl: {
    'create namespace': { words: 1 },
    'create secret generic': {
      values: ['--namespace', '--from-literal', '--from-file'],
      words: 1,
      files: ['--from-file'],
    },
    apply: { values: ['--namespace', '--filename'], files: ['--filename'] },
    'rollout status': { values: ['--namespace'], words: 1 },
  },
  curl: { '': { values: ['--header'], flags: ['--fail', '--silent'], words: 1 } },
  git: {
    add: { flags: ['--all'] },
    apply: { flags: ['--3way'], words: 1 },
    checkout: { words: 1 },
    'rev-parse': { words: 1 },
  },
  npm: { ci: {}, test: {}, start: any, run: { script: true } },
  npx: {
    'mup setup': mup,
    'mup deploy': mup,
    'biome check': { flags: ['--write'] },
    jest: { words: 1, files: ['words'] },
    tsc: {},
  },
  'deploy.sh': { '': any },
};

export const toolNames = Object.keys(tools).filter(name => name !== 'deploy.sh');

/**
 * Why a tool would refuse to be called so, in that folder; undefined where it would not.
 *
 * @param path of the program; its last part says which tool.
 */
export function refusalOf(path: string, args: readonly string[], folder: string): string | undefined {
  const tool = basename(path);
  // kubectl takes its namespace before the command as well.
  const moved = tool === 'kubectl' && args[0] === '--namespace' ? [...args.slice(2), ...args.slice(0, 2)] : args;
  const commands = Object.entries(tools[tool] ?? {}).sort(([a], [b]) => b.length - a.length);
  const [command, usage] = commands.find(([name]) => name === '' || `${moved.join(' ')} `.startsWith(`${name} `)) ?? [];
  if (command === undefined || !usage) return `${tool}: ${moved[0]}: no such command`;
  const rest = moved.slice(command === '' ? 0 : command.split(' ').length);
  const problem = usage.any
    ? undefined
    : usage.script
      ? refusedScript(rest, folder)
      : refusedArguments(usage, rest, folder);
  return problem && `${tool}: ${problem}`;
}

function refusedScript([name = '']: readonly string[], folder: string): string | undefined {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: object };
  return name in scripts ? undefined : `no script ${name} in package.json`;
}

function refusedArguments(usage: Usage, rest: readonly string[], folder: string): string | undefined {
  const { values = [], flags = [], words = 0, files = [] } = usage;
  const left = [...rest];
  const found: string[] = [];
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const [flag = '', ...joined] = next.split('=');
    if (!flag.startsWith('--')) found.push(next);
    else if (values.includes(flag)) {
      const problem = refusedValue(usage, flag, joined.length > 0 ? joined.join('=') : left.shift(), folder);
      if (problem) return problem;
    } else if (!flags.includes(flag)) return `${flag}: unknown flag`;
  }
  if (found.length !== words) return `${found.length} words (${found.join(' ')}), not ${words}`;
  const missing = files.includes('words') ? found.find(file => !existsSync(join(folder, file))) : undefined;
  return missing && `there is no ${missing}`;
}

function refusedValue({ oneOf = {}, files = [] }: Usage, flag: string, value: string | undefined, folder: string) {
  if (!value) return `${flag}: needs a value`;
  const known = oneOf[flag];
  if (known && !known.includes(value)) return `${flag}: ${value} is not one of ${known.join(', ')}`;
  const file = value.split('=').at(-1)!;
  return files.includes(flag) && !existsSync(join(folder, file)) ? `${flag}: there is no file ${file}` : undefined;
}
