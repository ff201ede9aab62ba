import { jobs, type LiveState } from '../../link';
import type { ProcessRecord } from '../../monitor/processes';
import { noParams, type ViewDeps, view } from './view';

/** Every process of both roles; of jobs roles that are linked up, each worker and what it runs now. */
export function machinesView({ registry }: ViewDeps) {
  return view({
    parse: noParams,
    look: async () => {
      const processes = await registry.list();
      const live = new Map(jobs.live().map(state => [state._id, state]));
      const newest = newestCommit(processes);
      return {
        rows: processes.map(process => {
          const { _id, role, host, pid, version, commit, state, startedAt, lastSeen, details } = process;
          const now = live.get(_id);
          return {
            ...{ _id, role, host, pid, version, commit, state, startedAt, lastSeen },
            /** Another version is being deployed over it. */
            isOld: newest !== undefined && commitOf(process) !== newest,
            ...(now && { live: shownLive(now) }),
            ...heldLoopOf(details),
          };
        }),
      };
    },
  });
}

const shownLive = ({ enabled, slots, busy, load, taskTypes, processes = [], inRole = [] }: LiveState) => ({
  ...{ enabled, slots, busy, load, processes, inRole },
  types: taskTypes.length,
});

const commitOf = ({ version, commit }: ProcessRecord) => `${version} ${commit}`;

/** Of the process that has started last; undefined where all are of one. */
function newestCommit(processes: readonly ProcessRecord[]): string | undefined {
  const newest = processes.reduce<ProcessRecord | undefined>(
    (last, one) => (last && last.startedAt >= one.startedAt ? last : one),
    undefined,
  );
  const commits = new Set(processes.map(commitOf));
  return newest && commits.size > 1 ? commitOf(newest) : undefined;
}

/** Task types whose handlers have held the event loop. What was written by another version may be anything. */
function heldLoopOf({ heldLoop }: Record<string, unknown>): { heldLoop?: { taskType: string; longestMs: number }[] } {
  if (!Array.isArray(heldLoop) || heldLoop.length === 0) return {};
  return {
    heldLoop: heldLoop.map(({ taskType, longestMs }) => ({ taskType: `${taskType}`, longestMs: Number(longestMs) })),
  };
}
