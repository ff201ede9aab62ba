import { rm } from 'node:fs/promises';
import { buildFolder, faultWorkerFolder, type TestRun } from './run';

export default async function globalTeardown(): Promise<void> {
  await (globalThis as { tandemTestRun?: TestRun }).tandemTestRun?.stopDatabase();
  for (const folder of [buildFolder(), faultWorkerFolder()]) await rm(folder, { recursive: true, force: true });
}
