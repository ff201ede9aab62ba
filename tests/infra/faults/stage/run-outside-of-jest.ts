import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { buildFolder, faultWorkerFolder } from '../../../support/run';

/** Gives this process the run that Jest's global set-up gives tests. @returns how to end it. */
export function runOutsideOfJest(): () => Promise<void> {
  process.env.TANDEM_TEST_RUN = randomBytes(6).toString('hex');
  return async () => {
    for (const folder of [buildFolder(), faultWorkerFolder()]) await rm(folder, { recursive: true, force: true });
  };
}
