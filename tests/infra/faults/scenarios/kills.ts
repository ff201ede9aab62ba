import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario';
import type { MongoServer } from '../stage/mongo-server';
import { untilWritable } from '../stage/mongo-server';
import type { Stage } from '../stage/stage';
import { concluded, openStage } from './with-stage';

/** Workers are killed while they work. */
export const killWorkers: Scenario = {
  name: 'kill-workers',
  about: 'SIGKILL of busy workers, again and again',
  limitMs: 180_000,
  async play(play) {
    const { stage } = await openStage(play);
    const small = play.size === 'small';
    for (let nth = 0; nth < (small ? 1 : 2); nth++) await stage.startRole();
    stage.startAdder({ calls: small ? 40 : 200, batch: small ? 2 : 3 });
    let kills = 0;
    await whileAdding(stage, async () => {
      await wait(stage.random.between(50, 400));
      const victim = stage.random.of(stage.busyWorkers());
      if (victim === undefined) return;
      stage.note('SIGKILL of a worker', victim);
      process.kill(victim, 'SIGKILL');
      kills += 1;
    });
    return concluded(stage, `${kills} kills`);
  },
};

/** Jobs roles are killed, each with its workers or without, and started again. */
export const killJobsRoles: Scenario = {
  name: 'kill-jobs-roles',
  about: 'SIGKILL of jobs roles, with and without their workers; others are started',
  limitMs: 240_000,
  async play(play) {
    const { stage } = await openStage(play);
    const small = play.size === 'small';
    await Promise.all([stage.startRole(), stage.startRole()]);
    stage.startAdder({ calls: small ? 40 : 250, batch: 3, everyMs: 40 });
    const alive = [...stage.roles];
    let kills = 0;
    await whileAdding(stage, async () => {
      const [victim] = alive.splice(stage.random.below(alive.length), 1);
      if (!victim) return;
      await stage.untilBusy(victim);
      await wait(stage.random.between(0, 500));
      stage.note('SIGKILL of a jobs role', victim.pid);
      if (stage.random.below(2)) victim.kill();
      else victim.signal('SIGKILL');
      kills += 1;
      alive.push(await stage.startRole());
    });
    return concluded(stage, `${kills} kills`);
  },
};

/** The process that adds is killed in the midst of it. */
export const killAdders: Scenario = {
  name: 'kill-adders',
  about: 'SIGKILL of processes that add tasks: what was acknowledged is done, and no half of a call harms',
  limitMs: 180_000,
  async play(play) {
    const { stage } = await openStage(play);
    await stage.startRole();
    const rounds = play.size === 'small' ? 2 : 8;
    for (let round = 0; round < rounds; round++) {
      const adder = stage.startAdder({ calls: 1_000, batch: 20, everyMs: 0, mix: 'quick' });
      await adder.says(/adder is ready/);
      await wait(stage.random.between(20, 400));
      stage.note('SIGKILL of an adder', adder.pid);
      adder.kill();
    }
    return concluded(stage, `${rounds} kills`);
  },
};

/** mongod is killed like by a loss of power, and started again on its data. */
export const killMongod: Scenario = {
  name: 'kill-mongod',
  about: 'SIGKILL of mongod under load, restarted on the same data',
  limitMs: 300_000,
  async play(play) {
    const { stage, mongo } = await openStage(play);
    const small = play.size === 'small';
    for (let nth = 0; nth < (small ? 1 : 2); nth++) await stage.startRole();
    stage.startAdder({ calls: small ? 40 : 200, everyMs: 40 });
    stage.startAdder({ calls: small ? 20 : 100, everyMs: 80, batch: 5, mix: 'large' });
    const kills = small ? 1 : 5;
    for (let kill = 0; kill < kills; kill++) {
      await stage.untilBusy(stage.random.of(stage.roles));
      await wait(stage.random.between(100, 1_500));
      await killAndRestart(stage, mongo, stage.random.between(0, 2_000));
    }
    return concluded(stage, `${kills} kills of mongod`);
  },
};

/** The moment in which the driver's write can wait for ever: sockets die while their process looks away. */
export const killMongodWhileStopped: Scenario = {
  name: 'kill-mongod-while-stopped',
  about: 'SIGKILL of mongod while the roles are stopped by SIGSTOP: no end waits for ever to be written',
  limitMs: 300_000,
  async play(play) {
    const { stage, mongo } = await openStage(play);
    const small = play.size === 'small';
    const roles = await Promise.all(Array.from({ length: small ? 1 : 2 }, () => stage.startRole()));
    stage.startAdder({ calls: small ? 30 : 150, everyMs: 60, batch: 4, mix: 'large' });
    const rounds = small ? 2 : 8;
    for (let round = 0; round < rounds; round++) {
      await Promise.all(roles.map(role => stage.untilBusy(role)));
      await wait(stage.random.between(0, 500));
      stage.note('SIGSTOP of all roles');
      for (const { pid } of roles) process.kill(pid, 'SIGSTOP');
      await wait(stage.random.between(0, 300));
      await killAndRestart(stage, mongo, 0);
      for (const { pid } of roles) process.kill(pid, 'SIGCONT');
    }
    return concluded(stage, `${rounds} kills of mongod`);
  },
};

export async function killAndRestart(stage: Stage, mongo: MongoServer, awayMs: number): Promise<void> {
  stage.noteKillOfDatabase();
  await mongo.kill();
  await wait(awayMs);
  await mongo.restart();
  await untilWritable(mongo.url);
}

/** Plays `fault` again and again until all adders have ended. */
export async function whileAdding(stage: Stage, fault: () => Promise<void>): Promise<void> {
  let adding = true;
  const added = stage.untilAdded().finally(() => {
    adding = false;
  });
  added.catch(() => {});
  while (adding) await fault();
  await added;
}
