import { setTimeout as wait } from 'node:timers/promises';
import type { Mix } from '../programs/mixes';
import type { Outcome, Play, Scenario } from '../scenario';
import { limitedAtOnce } from '../worker/catalog';
import { killAndRestart, whileAdding } from './kills';
import { concluded, openStage } from './with-stage';

/** Jobs roles and their workers are killed, now and then the database, while tasks wait for each other. */
async function killAround(play: Play, mix: Mix, batch: number): Promise<Outcome> {
  const { stage, mongo } = await openStage(play);
  const small = play.size === 'small';
  const alive = await Promise.all([stage.startRole(), stage.startRole()]);
  for (let nth = 0; nth < (small ? 1 : 3); nth++)
    stage.startAdder({ mix, batch, calls: small ? 20 : 120, everyMs: 50 });
  let kills = 0;
  await whileAdding(stage, async () => {
    await wait(stage.random.between(100, 800));
    const chance = small ? 0 : stage.random.below(20);
    kills += 1;
    if (chance === 19) {
      await killAndRestart(stage, mongo, stage.random.between(0, 1_000));
      return;
    }
    if (chance % 2) {
      const worker = stage.random.of(stage.busyWorkers());
      if (worker !== undefined) process.kill(worker, 'SIGKILL');
      return;
    }
    const [victim] = alive.splice(stage.random.below(alive.length), 1);
    stage.note('SIGKILL of a jobs role', victim!.pid);
    victim!.signal('SIGKILL');
    alive.push(await stage.startRole());
  });
  return concluded(stage, `${kills} kills`, { atOncePerLimit: limitedAtOnce });
}

export const killInBatches: Scenario = {
  name: 'kill-in-batches',
  about:
    'SIGKILL of roles, workers and mongod while batches run: what comes after each comes once, when all have ended',
  limitMs: 300_000,
  play: play => killAround(play, 'batches', 10),
};

export const killInLimits: Scenario = {
  name: 'kill-in-limits',
  about: 'SIGKILL of roles, workers and mongod: never more at once than a limit by key allows, and no slot is lost',
  limitMs: 300_000,
  play: play => killAround(play, 'limited', 5),
};
