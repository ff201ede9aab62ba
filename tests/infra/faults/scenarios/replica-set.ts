import { setTimeout as wait } from 'node:timers/promises';
import type { Outcome, Play, Scenario } from '../scenario';
import { ReplicaSetOfThree } from '../stage/replica-set-of-three';
import { type Stage, theMongod } from '../stage/stage';
import { concluded, stageOn } from './with-stage';

/** Roles and adders on a set of three, while its primary changes. */
async function whilePrimaryChanges(
  play: Play,
  change: (set: ReplicaSetOfThree, stage: Stage) => Promise<void>,
): Promise<Outcome> {
  const set = await ReplicaSetOfThree.start(await theMongod());
  const stage = await stageOn(play, set);
  const small = play.size === 'small';
  for (let nth = 0; nth < (small ? 1 : 2); nth++) await stage.startRole();
  stage.startAdder({ calls: small ? 60 : 250, everyMs: 60 });
  stage.startAdder({ calls: small ? 20 : 80, everyMs: 200, mix: 'large' });
  const changes = small ? 1 : 4;
  for (let nth = 0; nth < changes; nth++) {
    await wait(stage.random.between(1_000, 3_000));
    stage.note('the primary changes');
    await change(set, stage);
  }
  return concluded(stage, `${changes} elections`);
}

export const replicaSetStepDown: Scenario = {
  name: 'replica-set-step-down',
  about: 'a replica set of three whose primary steps down under load',
  limitMs: 300_000,
  play: play =>
    whilePrimaryChanges(play, async set => {
      await set.stepDown();
      await wait(3_000);
    }),
};

export const replicaSetKillPrimary: Scenario = {
  name: 'replica-set-kill-primary',
  about: 'a replica set of three whose primary is killed under load, and comes back later',
  limitMs: 300_000,
  play: play =>
    whilePrimaryChanges(play, async (set, stage) => {
      stage.noteKillOfDatabase();
      const restart = await set.killPrimary();
      await wait(3_000);
      await restart();
    }),
};
