import { parseArgs } from 'node:util';
import { didYouMean } from '../../catalog';

/** What a command may be given. */
export interface Asked {
  command: CommandName;
  /** Ids of tasks, or task types. */
  words: string[];
  flags: Flags;
}

const options = {
  state: { type: 'string', multiple: true },
  type: { type: 'string', multiple: true },
  id: { type: 'string', multiple: true },
  error: { type: 'string' },
  tag: { type: 'string' },
  owner: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
  all: { type: 'boolean' },
  yes: { type: 'boolean' },
  json: { type: 'boolean' },
  settings: { type: 'string' },
  help: { type: 'boolean' },
} as const;

type FlagName = keyof typeof options;

export interface Flags {
  state?: string[];
  type?: string[];
  id?: string[];
  error?: string;
  tag?: string;
  owner?: string;
  since?: string;
  limit?: string;
  all?: boolean;
  yes?: boolean;
  json?: boolean;
  settings?: string;
  help?: boolean;
}

/** The flags that say which tasks. */
export const filterFlags = ['state', 'type', 'id', 'error', 'tag', 'owner', 'since'] as const;
const bulkFlags = [...filterFlags, 'all', 'yes'] as const;
const everywhere: readonly FlagName[] = ['json', 'settings', 'help'];

/** The words that a command takes: `some` needs one at least, unless `--all` stands for them. */
const commands = {
  list: { words: 'none', flags: [...filterFlags, 'limit'] },
  show: { words: 'some', flags: [] },
  explain: { words: 'some', flags: [] },
  retry: { words: 'some', flags: bulkFlags },
  cancel: { words: 'some', flags: bulkFlags },
  replay: { words: 'some', flags: bulkFlags },
  pause: { words: 'some', flags: ['all'] },
  resume: { words: 'some', flags: ['all'] },
  stats: { words: 'none', flags: ['since'] },
  doctor: { words: 'none', flags: [] },
} as const satisfies Record<string, { words: 'none' | 'some'; flags: readonly FlagName[] }>;

export type CommandName = keyof typeof commands;

export const help = `npm run tasks -- COMMAND   looks at the queue and acts on it, as the console does

  list                     tasks, 30 of them, by the filters below
  show ID…                 all of a task: attempts, payload, result, error, log
  explain ID…              why a task waits
  retry ID…                put failed, cancelled or rejected tasks back in the queue, attempts from zero
  replay ID…               add finished tasks anew
  cancel ID…               cancel tasks; those that run are asked to stop
  retry|replay|cancel --all FILTERS
                           all that match, carried out by a jobs role; Ctrl-C asks it to stop
  pause|resume TYPE…|--all task types, or everything, in all roles
  stats [--since 1h]       each type now, and since then
  doctor                   what is wrong, and what to do; exit code 1 where something is

Filters
  --state STATE            scheduled, waiting, queued, running, done, failed, cancelled, rejected
  --type TYPE              a task type
  --id ID                  a task
  --error TEXT             failed with this in its error; or the fingerprint of a group of errors
  --tag TAG, --owner ID    tasks with this tag; of this owner
  --since 30m|2h|7d|DATE   ended since then; added since then where it has not ended
  --state, --type and --id may be given several times, or with commas.

Flags
  --limit 30               how many list shows
  --yes                    don't ask before --all
  --json                   for programs
  --settings FILE          signs with its queue.signingKey, and finds its MONGO_URL
  --help                   this page

The database is that of MONGO_URL, of --settings, or of the npm start that runs here.`;

/** @throws one message that names what was given, and what it takes. */
export function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = parsed(args);
  const flags = values as Flags;
  const [command, ...words] = positionals;
  if (flags.help || (command === undefined && args.length === 0))
    return { command: 'list', words: [], flags: { ...flags, help: true } };
  if (command === undefined || !isCommand(command)) throw new Error(unknownCommand(command));
  checkFlags(command, flags);
  checkWords(command, words, flags);
  return { command, words, flags: splitAtCommas(flags) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('. ');
    const name = /--([\w-]+)/.exec(reason)?.[1] ?? '';
    throw new Error(`${reason}${didYouMean(name, Object.keys(options)) || '.'} See npm run tasks -- --help`, {
      cause: error,
    });
  }
}

const isCommand = (word: string): word is CommandName => Object.hasOwn(commands, word);

function unknownCommand(command: string | undefined): string {
  const names = Object.keys(commands);
  if (command === undefined) return `Which command? There are ${names.join(', ')}. See npm run tasks -- --help`;
  return `${JSON.stringify(command)} is no command${didYouMean(command, names) || '.'} There are ${names.join(', ')}`;
}

function checkFlags(command: CommandName, flags: Flags): void {
  const known: readonly FlagName[] = [...commands[command].flags, ...everywhere];
  const unknown = Object.keys(flags).filter(name => !known.includes(name as FlagName));
  if (unknown.length === 0) return;
  throw new Error(`${command} takes no --${unknown[0]}; it takes ${known.map(name => `--${name}`).join(', ')}`);
}

function checkWords(command: CommandName, words: readonly string[], flags: Flags): void {
  const isPause = command === 'pause' || command === 'resume';
  const what = isPause ? 'task type' : 'id';
  if (commands[command].words === 'none') {
    if (words.length === 0) return;
    const instead = command === 'list' ? `: npm run tasks -- list --id ${words[0]}` : '';
    throw new Error(`${command} takes no ${JSON.stringify(words[0])}${instead}`);
  }
  if (words.length > 0 && flags.all) throw new Error(`${command}: give ${what}s or --all, not both`);
  const filters = filterFlags.filter(name => flags[name] !== undefined);
  if (words.length > 0 && filters.length > 0)
    throw new Error(`${command}: give ids, or --all with --${filters[0]}, not both`);
  if (words.length === 0 && !flags.all) throw new Error(`${command}: which? ${whichOf(command, isPause, filters)}`);
  if (flags.all && !isPause && filters.length === 0)
    throw new Error(`${command} --all: all of what? Say it by filters, such as --type buildReport or --error "no ink"`);
}

function whichOf(command: CommandName, isPause: boolean, filters: readonly string[]): string {
  if (isPause) return `Name task types, or give --all for everything: npm run tasks -- ${command} --all`;
  if (filters.length > 0) return `With filters give --all as well: npm run tasks -- ${command} --all --${filters[0]} …`;
  return `Give the ids of tasks: npm run tasks -- ${command} ID`;
}

function splitAtCommas(flags: Flags): Flags {
  const lists = (['state', 'type', 'id'] as const).flatMap(name => {
    const texts = flags[name]?.flatMap(text => text.split(',')).filter(Boolean);
    return texts ? [[name, texts] as const] : [];
  });
  return { ...flags, ...Object.fromEntries(lists) };
}
