import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive, type TestProcess } from '../../../support/processes';
import { root } from '../../../support/run';
import type { Mix } from '../programs/mixes';
import type { Outcome, Play, Scenario } from '../scenario';
import { misbehaviors } from '../worker/misbehavior';
import { whileAdding } from './kills';
import { concluded, openStage } from './with-stage';

/** Several processes ask for the same at the same time, while the workers that would make room are killed. */
async function race(play: Play, mix: Mix): Promise<Outcome> {
  const { stage } = await openStage(play);
  const small = play.size === 'small';
  await stage.startRole();
  for (let nth = 0; nth < (small ? 3 : 5); nth++)
    stage.startAdder({ mix, batch: 1, calls: small ? 60 : 400, everyMs: 5 });
  let kills = 0;
  await whileAdding(stage, async () => {
    await wait(stage.random.between(200, 800));
    const victim = stage.random.of(stage.busyWorkers());
    if (victim === undefined) return;
    process.kill(victim, 'SIGKILL');
    kills += 1;
  });
  const refused = stage.lines().filter(({ kind }) => kind === 'refused').length;
  return concluded(stage, `${refused} refused, ${kills} kills`);
}

export const raceIds: Scenario = {
  name: 'race-ids',
  about: 'several processes add tasks of the same few _ids: a live one is in the way, a finished one makes room',
  limitMs: 180_000,
  play: play => race(play, 'ids'),
};

export const raceOnce: Scenario = {
  name: 'race-once',
  about: 'several processes add the same _ids with once: each is added one time ever',
  limitMs: 180_000,
  play: play => race(play, 'once'),
};

export const raceUniqueKeys: Scenario = {
  name: 'race-unique-keys',
  about: 'several processes add tasks of the same few uniqueKeys: one live task each at any moment',
  limitMs: 180_000,
  play: play => race(play, 'keys'),
};

/** What a busy machine may need for a task that is due; the clocks are wrong by an hour. */
const dueWithinMs = 15_000;

export const clocksApart: Scenario = {
  name: 'clocks-apart',
  about: 'roles and adders whose clocks are an hour fast or slow: no lease ends early, what is due starts in time',
  limitMs: 180_000,
  async play(play) {
    const { stage } = await openStage(play);
    const small = play.size === 'small';
    const preload = join(root, 'tests/infra/faults/stage/shifted-clock.cjs');
    const shifted = (hours: number) => ({ preload, env: { FAULTS_CLOCK_SHIFT_MS: String(hours * 3_600_000) } });
    // No poll comes to the aid of a timer that is set by the wrong clock.
    const dispatcher = { heartbeatMs: 5_000, leaseMs: 30_000, refreshRate: 120_000 };
    const [fast] = await Promise.all([1, -1].map(hours => stage.startRole({ dispatcher, ...shifted(hours) })));
    for (const hours of [1, -1, 0]) {
      stage.startAdder({ mix: 'quick', calls: small ? 20 : 100, ...shifted(hours) });
      stage.startAdder({ mix: 'due', batch: 1, calls: small ? 20 : 60, everyMs: 100, ...shifted(hours) });
      stage.startAdder({ mix: 'slow', batch: 1, calls: small ? 4 : 12, ...shifted(hours) });
    }
    // The slow one alone: nobody else sees in its place what has fallen due.
    await stage.untilAdded();
    await stage.tellToEnd(fast as TestProcess);
    stage.startAdder({ mix: 'due', batch: 1, calls: small ? 10 : 40, everyMs: 100 });
    const outcome = await concluded(stage, 'clocks two hours apart', { longestDelayMs: dueWithinMs });
    const rescued = await (await stage.tasks()).countDocuments({ 'attempts.outcome': 'rescued' });
    const stolen = rescued > 0 ? [`${rescued} tasks were taken from a role that lived`] : [];
    return { ...outcome, problems: [...outcome.problems, ...stolen] };
  },
};

export const misbehavingHandlers: Scenario = {
  name: 'misbehaving-handlers',
  about: `${Object.keys(misbehaviors).length} kinds of handlers that no one should write, beside honest ones`,
  limitMs: 300_000,
  async play(play) {
    const { stage } = await openStage(play);
    const roles = await Promise.all([stage.startRole(), stage.startRole()]);
    const kinds = Object.keys(misbehaviors);
    stage.startAdder({
      mix: 'misbehaving',
      batch: 1,
      calls: play.size === 'small' ? 20 : 2 * kinds.length,
      everyMs: 150,
    });
    stage.startAdder({ mix: 'mixed', calls: play.size === 'small' ? 20 : 120, everyMs: 80 });
    const outcome = await concluded(stage, `${kinds.length} kinds`, { innocentsMayFail: true });
    const dead = roles.filter(({ pid }) => !isAlive(pid)).map(({ pid }) => `the role ${pid} has ended`);
    return { ...outcome, problems: [...outcome.problems, ...dead] };
  },
};

export const rollingDeploy: Scenario = {
  name: 'rolling-deploy',
  about: 'old roles go and roles of the next catalog come, one after the other, while both kinds of tasks are added',
  limitMs: 240_000,
  async play(play) {
    const { stage } = await openStage(play);
    const small = play.size === 'small';
    const olds = await Promise.all([stage.startRole(), stage.startRole()]);
    stage.startAdder({ calls: small ? 60 : 250, everyMs: 40 });
    await wait(500);
    for (const mix of ['mixed', 'fresh'] as const)
      stage.startAdder({ catalog: 'next', mix, calls: small ? 40 : 200, everyMs: 50 });
    for (const old of olds) {
      await stage.startRole({ catalog: 'next' });
      await wait(stage.random.between(200, 1_000));
      await stage.tellToEnd(old);
    }
    const outcome = await concluded(stage, 'two roles replaced');
    const tasks = await (await stage.tasks()).find().project({ taskType: 1, catalogVersion: 1 }).toArray();
    const versionOf = new Map(
      tasks.map(task => [String(task._id), task.taskType === 'fresh' ? 2 : task.catalogVersion]),
    );
    const misled = stage
      .lines()
      .flatMap(line => (line.kind === 'start' && (line.version ?? 1) < versionOf.get(line.task) ? [line.task] : []))
      .map(id => `${id}: started by a role of the old catalog, which does not know its version`);
    return { ...outcome, problems: [...outcome.problems, ...misled] };
  },
};
