import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '../../../support/eventually';
import type { TestProcess } from '../../../support/processes';
import type { Outcome, Scenario } from '../scenario';
import { BuiltRoles } from '../stage/built-roles';
import type { Stage } from '../stage/stage';
import { concluded, openStage } from './with-stage';

/** A visitor who was told that the photo is there gets the thumbnails, whatever becomes of the web role. */
export const killWebRole: Scenario = {
  name: 'kill-web-role',
  about: 'SIGKILL of the real web role while visitors upload photos; it is started again',
  limitMs: 300_000,
  async play(play) {
    const { stage } = await openStage(play);
    const roles = await BuiltRoles.on(stage);
    await roles.start('jobs');
    const rounds = play.size === 'small' ? 1 : 5;
    for (let round = 0; round < rounds; round++) {
      const web = await roles.start('web');
      const uploads = Array.from({ length: 12 }, (_, nth) => later(nth * 40, () => roles.upload(`${round}-${nth}`)));
      const told = () => stage.lines().filter(({ kind }) => kind === 'ack').length;
      const before = told();
      await eventually(() => told() > before + 1);
      await wait(stage.random.between(0, 300));
      stage.note('SIGKILL of the web role', web.pid);
      web.kill();
      await web.ended;
      await Promise.all(uploads);
    }
    const web = await roles.start('web');
    await roles.upload('the last one');
    const outcome = await concluded(stage, `${rounds} kills of the web role`);
    web.kill();
    return outcome;
  },
};

/** At any moment of its boot a role may be told to end: the answer is 0, or the signal before anybody listens. */
export const sigtermWhileBooting: Scenario = {
  name: 'sigterm-while-booting',
  about: 'SIGTERM of the real roles at many moments of their boot: they end with 0 or by the signal, in time',
  limitMs: 600_000,
  async play(play) {
    const { stage } = await openStage(play);
    const roles = await BuiltRoles.on(stage);
    const times = play.size === 'small' ? 3 : 24;
    const problems: string[] = [];
    const codes: unknown[] = [];
    for (let nth = 0; nth < times; nth++) {
      const name = nth % 2 === 1 ? 'web' : 'jobs';
      const role = await roles.launch(name);
      // Every third is told before it can listen; the others in the midst of their boot, however slow that is.
      if (nth % 3 > 0) await role.says(new RegExp(`the ${name} role starts`), 60_000);
      await wait(stage.random.between(0, 1_500));
      const { code, tookMs } = await toldToEnd(role, stage);
      codes.push(code);
      if (code !== 0 && (nth % 3 > 0 || code !== 'SIGTERM'))
        problems.push(`the ${name} role ended with ${code}: ${tail(role)}`);
      if (tookMs > 20_000) problems.push(`the ${name} role took ${tookMs} ms to end`);
    }
    const drained = codes.filter(code => code === 0).length;
    return { problems, figures: `${times} boots, ${drained} of them drained` };
  },
};

/** The second signal of a hurried operator. */
export const sigtermTwice: Scenario = {
  name: 'sigterm-twice',
  about: 'a second SIGTERM ends the real jobs role at once with 143; another role takes its tasks',
  limitMs: 180_000,
  async play(play) {
    const { stage } = await openStage(play);
    const roles = await BuiltRoles.on(stage);
    const [, jobs] = [await roles.start('web'), await roles.start('jobs')];
    await roles.burn(20);
    await jobs.says(/burn:\S+ started/);
    void stage.tellToEnd(jobs);
    await jobs.says(/draining/);
    const { code, tookMs } = await toldToEnd(jobs, stage);
    const problems = code === 143 ? [] : [`the second SIGTERM ended the role with ${code}`];
    if (tookMs > 5_000) problems.push(`the second SIGTERM took ${tookMs} ms`);
    await roles.start('jobs');
    return settled(stage, 'one role, two signals', problems);
  },
};

/** Nobody can be told, and yet the process must end. */
export const sigtermWithoutDatabase: Scenario = {
  name: 'sigterm-without-database',
  about: 'SIGTERM of the real jobs role while mongod is dead: it ends in time, and its tasks are found afterwards',
  limitMs: 240_000,
  async play(play) {
    const { stage, mongo } = await openStage(play);
    const roles = await BuiltRoles.on(stage);
    const env = { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '10' };
    const [web, jobs] = [await roles.start('web'), await roles.start('jobs', env)];
    await roles.burn(3);
    await jobs.says(/burn:\S+ started/);
    stage.noteKillOfDatabase();
    await mongo.kill();
    const { code, tookMs } = await toldToEnd(jobs, stage);
    web.kill();
    const problems = code === 0 ? [] : [`the jobs role ended with ${code}: ${tail(jobs)}`];
    if (tookMs > 20_000) problems.push(`the jobs role took ${tookMs} ms to end without a database`);
    await mongo.restart();
    await roles.start('jobs');
    return settled(stage, `ended with ${code} after ${tookMs} ms`, problems);
  },
};

async function settled(stage: Stage, words: string, problems: string[]): Promise<Outcome> {
  const outcome = await concluded(stage, words);
  return { ...outcome, problems: [...problems, ...outcome.problems] };
}

async function toldToEnd(
  role: TestProcess,
  stage: Stage,
): Promise<{ code: number | NodeJS.Signals | 'nothing'; tookMs: number }> {
  const told = Date.now();
  const code = await Promise.race([stage.tellToEnd(role), wait(60_000, 'nothing' as const, { ref: false })]);
  return { code, tookMs: Date.now() - told };
}

function later<T>(ms: number, action: () => Promise<T>): Promise<T> {
  return wait(ms).then(action);
}

const tail = ({ output }: TestProcess) => output.trim().split('\n').slice(-3).join(' | ').slice(-400);
