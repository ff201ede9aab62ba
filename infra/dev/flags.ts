import { type ParseArgsConfig, parseArgs } from 'node:util';

export interface Flags {
  /** Start only this role. */
  role?: string;
  /** The port of the web role. */
  port: number;
  help: boolean;
}

/** The flags of `npm start`. */
export interface StartFlags extends Flags {
  /** Check the types beside the roles. */
  types: boolean;
  /** The inspector's port of the web role; those of the other processes follow. Unset: none has an inspector. */
  inspect?: number;
  /** Run the handlers in the jobs role, without workers. */
  inProcess: boolean;
}

export const help = `npm start [-- flags]   brings up a MongoDB and every role, and restarts what you change

  --role web|jobs      only this one; two terminals, one role each, share a database that outlives either
  --port 3000          where the page is; the jobs role listens 100 above
  --no-types           without tsc --watch beside the roles
  --inspect            an inspector for each role and each worker, from port 9229 on; nothing ends for its time
  --inspect-port 9229  as --inspect, from another port
  --in-process         handlers run in the jobs role, one of a type at a time, without worker processes
  --help               this page

Each settings-jobs-<name>.json is a further jobs role, jobs-<name>, one port above the one before.
A MongoDB is found or fetched by itself; MONGO_URL names one of your own. npm run db:reset empties ours.`;

/** The jobs role is 100 above, and there may be more of them. */
const highestPort = 65_335;

const inspectPort = 9_229;

const ofRoles = { role: { type: 'string' }, port: { type: 'string' }, help: { type: 'boolean' } } as const;
const ofStart = {
  'no-types': { type: 'boolean' },
  inspect: { type: 'boolean' },
  'inspect-port': { type: 'string' },
  'in-process': { type: 'boolean' },
} as const;

/**
 * The flags of a command that runs roles.
 *
 * @param page the help of the command, shown after a message.
 * @throws one line that names the flag, its value and what it takes.
 */
export function readFlags(args: string[], page: string): Flags {
  return flagsOf(parsed(args, ofRoles, page), page);
}

/** The flags of `npm start`. @throws one line that names the flag, its value and what it takes. */
export function readStartFlags(args: string[]): StartFlags {
  const values = parsed(args, { ...ofRoles, ...ofStart }, help);
  const { inspect: asked, 'inspect-port': from = asked && String(inspectPort) } = values;
  const inspect = from ? portOf(from, help, '--inspect-port') : undefined;
  return {
    ...flagsOf(values, help),
    types: !values['no-types'],
    inProcess: Boolean(values['in-process']),
    ...(inspect !== undefined && { inspect }),
  };
}

function flagsOf(
  { role, port = '3000', help = false }: { [Flag in keyof typeof ofRoles]?: string | boolean },
  page: string,
): Flags {
  if (role !== undefined) checkRole(String(role), page);
  return { ...(role !== undefined && { role: String(role) }), port: portOf(String(port), page), help: Boolean(help) };
}

function parsed<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: Options,
  page: string,
) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('. ')[0] : error;
    throw new Error(`${reason}\n\n${page}`, { cause: error });
  }
}

/** The settings files decide later whether the role exists. */
function checkRole(role: string, page: string): void {
  if (/^(web|jobs(-.+)?)$/.test(role)) return;
  throw new Error(`--role: ${JSON.stringify(role)} is no role, it is web, jobs or jobs-<name>\n\n${page}`);
}

function portOf(text: string, page: string, flag = '--port'): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= highestPort) return port;
  throw new Error(`${flag}: ${JSON.stringify(text)} is no whole number from 1 to ${highestPort}\n\n${page}`);
}
