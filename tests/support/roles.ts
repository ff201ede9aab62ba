import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../infra/dev/json-file';
import type { BuiltApp } from './build';
import { launchBuiltRole, type RoleName } from './built-role';
import { testDatabase } from './database';
import { eventually } from './eventually';
import { testPort } from './ports';
import type { TestProcess } from './processes';

export interface RolesOptions {
  /** Default: the app of this checkout. `startTestRoles` starts the tests' own. */
  app?: BuiltApp;
  /** Whether to start the role; both are by default. */
  web?: boolean;
  jobs?: boolean;
  /** Laid over the role's settings file; a field that is an object is laid over, not replaced. */
  settings?: Partial<Record<RoleName, Settings>>;
  /** Of an existing database, where a test starts roles twice. Without it a fresh one that `stop` drops. */
  mongoUrl?: string;
  /** More environment variables, for both roles. */
  env?: NodeJS.ProcessEnv;
  /** False where a test looks at roles that have not come to their work yet: they listen after five seconds. */
  ready?: boolean;
  /** False where a test ends roles while they boot: it gets them as soon as they are started. */
  wait?: boolean;
}

export interface TestRoles {
  webUrl: string;
  jobsUrl: string;
  mongoUrl: string;
  /** The processes; not there when the pair runs elsewhere (`E2E_WEB_URL`). */
  web?: TestProcess;
  jobs?: TestProcess;
  /** Drains and ends the roles, drops a database of their own, removes their folders. Twice is fine. */
  stop(): Promise<void>;
}

/**
 * Starts the built roles as real processes, each with its own working folder and TMPDIR on free ports, and waits until
 * they are ready. Where `E2E_WEB_URL` and `E2E_JOBS_URL` name a running pair, that pair is used as it is.
 */
export async function startRoles(options: RolesOptions = {}): Promise<TestRoles> {
  const roles = runningPair() ?? (await start(options));
  started.push(roles);
  return roles;
}

/** The same with the tests' own app: what the machinery's tests start, so that they pass in any app. */
export const startTestRoles = (options: RolesOptions = {}): Promise<TestRoles> =>
  startRoles({ app: 'tests', ...options });

/** The secrets in the settings files of the tests' own app. For somebody else's pair, environment variables say them. */
export const secrets = {
  signingKey: 'development-only-signing-key-replace-it',
  link: process.env.E2E_LINK_SECRET ?? 'development-only-link-secret-replace-it',
  operatorToken: process.env.E2E_OPERATOR_TOKEN ?? 'development-operator',
};

/** A test that fails before it stops its roles leaves none behind, and Jest can end. */
const started: TestRoles[] = [];
afterAll(async () => void (await Promise.all(started.map(roles => roles.stop()))), 40_000);

/** Whether the tests run against somebody else's pair: what needs settings of its own is skipped then. */
export function runningPair(): TestRoles | undefined {
  const { E2E_WEB_URL: webUrl, E2E_JOBS_URL: jobsUrl, MONGO_URL: mongoUrl = '' } = process.env;
  return webUrl && jobsUrl ? { webUrl, jobsUrl, mongoUrl, stop: async () => {} } : undefined;
}

async function start(options: RolesOptions): Promise<TestRoles> {
  const { app, web = true, jobs = true, settings = {}, mongoUrl, env = {}, ready = true, wait = true } = options;
  const database = mongoUrl ? undefined : await testDatabase();
  const ports = { web: await testPort(), jobs: await testPort() };
  const url = mongoUrl ?? database!.url;
  const folders = await mkdtemp(join(tmpdir(), 'tandem-roles-'));

  const startRole = (name: RoleName): Promise<TestProcess> =>
    launchBuiltRole(name, { app, settings: settings[name], mongoUrl: url, ports, folder: folders, env });

  const processes: Partial<Record<RoleName, TestProcess>> = {};
  if (jobs) processes.jobs = await startRole('jobs');
  if (web) processes.web = await startRole('web');
  const stop = once(async () => {
    await Promise.all(Object.values(processes).map(end));
    await database?.drop();
    await rm(folders, { recursive: true, force: true });
  });
  try {
    for (const [name, process] of wait ? Object.entries(processes) : [])
      await answers(process, ports[name as RoleName], ready);
  } catch (error) {
    await stop();
    throw error;
  }
  return { webUrl: at(ports.web), jobsUrl: at(ports.jobs), mongoUrl: url, ...processes, stop };
}

const at = (port: number) => `http://127.0.0.1:${port}`;

async function answers(process: TestProcess, port: number, ready: boolean): Promise<void> {
  const ended = process.ended.then(how => {
    throw new Error(`the role ended (${how}) before it was ready. It said:\n${process.output}`);
  });
  ended.catch(() => {}); // the loser of the race
  const isThere = async () => (await fetch(`${at(port)}/healthz`)).ok || !ready;
  const there = eventually(isThere, { timeoutMs: 45_000 }).catch(cause => {
    throw new Error(`the role is not ready on port ${port}. It said:\n${process.output}`, { cause });
  });
  await Promise.race([there, ended]);
}

async function end(process: TestProcess): Promise<void> {
  process.signal('SIGTERM');
  const timer = setTimeout(() => process.kill(), 20_000);
  await process.ended;
  clearTimeout(timer);
  process.kill(); // workers that it has left
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
