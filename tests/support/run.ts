import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the global set-up leaves for the global teardown, in Jest's own process. */
export interface TestRun {
  stopDatabase(): Promise<void>;
}

/** The checkout that is tested. */
export const root = join(__dirname, '..', '..');

/** A value that the global set-up has put into the environment for every test process. */
export function ofThisRun(name: 'TANDEM_TEST_RUN' | 'TANDEM_TEST_MONGO_URL'): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: tests run by Jest only, with jest.config.cjs`);
  return value;
}

/** Where the builds of this run go; thrown away at its end. */
export function buildFolder(): string {
  return join(root, '.local', 'test-builds', ofThisRun('TANDEM_TEST_RUN'));
}

/** Where the worker with fault tasks is built, once per run; outside of the checkout, so that its sources are not looked for. */
export function faultWorkerFolder(): string {
  return join(tmpdir(), `tandem-fault-worker-${ofThisRun('TANDEM_TEST_RUN')}`);
}
