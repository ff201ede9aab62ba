import { setTimeout as wait } from 'node:timers/promises';
import { signalGroup } from '../../../../infra/dev/process-tree';
import type { Scenario } from '../scenario';
import { whileItMoves } from '../stage/progress';
import type { Stage } from '../stage/stage';
import { concluded, openStage } from './with-stage';

/** A role that does not know that its time is over: its late results must be void. */
export const stopPastLease: Scenario = {
  name: 'stop-past-lease',
  about: 'SIGSTOP of a role, with and without its workers, until its leases are over; then it goes on',
  limitMs: 240_000,
  async play(play) {
    const { stage } = await openStage(play);
    const small = play.size === 'small';
    const settings = { dispatcher: { heartbeatMs: 700, leaseMs: 2_500 } };
    const roles = await Promise.all([stage.startRole(settings), stage.startRole(settings)]);
    stage.startAdder({ calls: small ? 30 : 150, everyMs: 60, batch: 2, mix: 'slow' });
    stage.startAdder({ calls: small ? 30 : 150, everyMs: 60 });
    const rounds = small ? 1 : 6;
    for (let round = 0; round < rounds; round++) {
      const role = stage.random.of(roles);
      const { pid } = role;
      await stage.untilBusy(role);
      await wait(stage.random.between(0, 500));
      stage.stoppedPids.add(pid);
      stage.note('SIGSTOP of a role', pid);
      const alone = stage.random.below(2) === 0;
      if (alone) process.kill(pid, 'SIGSTOP');
      else signalGroup(pid, 'SIGSTOP');
      await untilBegunByOthers(stage, pid);
      if (alone) process.kill(pid, 'SIGCONT');
      else signalGroup(pid, 'SIGCONT');
    }
    return concluded(stage, `${rounds} stops`);
  },
};

/** Resolves when what a stopped role has begun was begun anew elsewhere: right then its late results come. */
async function untilBegunByOthers(stage: Stage, role: number): Promise<void> {
  const mine = new Set(stage.begunBy(role).map(({ task }) => task));
  const taken = () => stage.lines().some(line => line.kind === 'start' && line.role !== role && mine.has(line.task));
  // Where it had ended all that it had begun in the moment of the signal, nothing can be taken.
  await whileItMoves(
    async () => mine.size === 0 || taken(),
    async () => stage.lines().length,
  );
}

/** A role that is told to end hands back what it cannot finish: with such a lease nothing else would bring it back. */
const endlessLease = { heartbeatMs: 60_000, leaseMs: 600_000 };

export const sigtermOnce: Scenario = {
  name: 'sigterm-once',
  about: 'SIGTERM of one role after the other under load: each ends with 0, and nothing waits for a lease',
  limitMs: 240_000,
  async play(play) {
    const { stage } = await openStage(play);
    const rounds = play.size === 'small' ? 2 : 8;
    const start = { dispatcher: endlessLease, drainMs: 1_000 };
    let current = await stage.startRole(start);
    stage.startAdder({ calls: 60 * rounds, everyMs: 40, batch: 1, mix: 'slow' });
    stage.startAdder({ calls: 40 * rounds, everyMs: 40 });
    const codes: unknown[] = [];
    for (let round = 0; round < rounds; round++) {
      await wait(stage.random.between(300, 1_500));
      const next = await stage.startRole(start);
      codes.push(await stage.tellToEnd(current));
      current = next;
    }
    for (let nth = 0; nth < 2; nth++) await stage.startRole({ pool: { maxWorkers: 4 } });
    const outcome = await concluded(stage, `${rounds} drains`);
    const wrong = codes.filter(code => code !== 0).map(code => `a drained role ended with ${code}`);
    return { ...outcome, problems: [...outcome.problems, ...wrong] };
  },
};

/** Workers that don't look up: the role must not wait for them longer than its grace. */
export const sigtermBlockedWorkers: Scenario = {
  name: 'sigterm-blocked-workers',
  about: 'SIGTERM of roles whose workers block their event loops: they end in time and hand everything back',
  limitMs: 120_000,
  async play(play) {
    const { stage } = await openStage(play);
    const rounds = play.size === 'small' ? 1 : 4;
    stage.startAdder({ calls: 6, batch: 1, everyMs: 0, mix: 'blocking' });
    const problems: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const role = await stage.startRole({ dispatcher: endlessLease, drainMs: 2_000 });
      await wait(stage.random.between(300, 800));
      const told = Date.now();
      const code = await stage.tellToEnd(role);
      const tookMs = Date.now() - told;
      if (code !== 0) problems.push(`a role with blocked workers ended with ${code}`);
      if (tookMs > 20_000) problems.push(`a role with blocked workers took ${tookMs} ms to end`);
    }
    await stage.startRole({ pool: { maxWorkers: 4 } });
    const outcome = await concluded(stage, `${rounds} drains`);
    return { ...outcome, problems: [...outcome.problems, ...problems] };
  },
};
