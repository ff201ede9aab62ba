import type { Filter } from 'mongodb';
import type { Task } from '../../../queue';
import { whyNotVerified } from '../../../queue/model/signature';
import { CodePauses } from '../../../schedules/code-pauses';
import type { OpenQueue } from '../open';
import { count, duration } from '../output';
import { type Finding, fine, note, wrong } from './finding';

/** A rescuer looks every few seconds: what is late by this, nobody rescues. */
const rescuedWithinMs = 60_000;
const mostCounted = 1_000;
/** Of each type, the first in line: these are what would be rejected next. */
const sampled = 20;
const longWaitMs = 5 * 60_000;
const forgottenMs = 60 * 60_000;
const hour = 3_600_000;

/** Running tasks whose lease is over: their role is dead, and no other has taken them. */
export async function checkLeases({ core, clock }: OpenQueue): Promise<Finding[]> {
  const until = new Date(clock.now().getTime() - rescuedWithinMs);
  const filter: Filter<Task> = { state: 'running', leaseUntil: { $lt: until } };
  const found = await core.store.collection
    .find(filter, { projection: { owner: 1 } })
    .sort({ leaseUntil: 1 })
    .limit(mostCounted)
    .toArray();
  if (found.length === 0) return [fine('leases', 'no running task is without a living role')];
  const owners = [...new Set(found.map(({ owner }) => owner))].slice(0, 3).join(', ');
  return [
    wrong(
      'leases',
      `${count(found.length, 'running task')} of dead roles (${owners}) wait to be rescued, such as ${found[0]?._id}`,
      'A living jobs role rescues them within a minute: start one, or read its log if one lives',
    ),
  ];
}

/** What is queued and this version does not know. */
export async function checkTypes({ core }: OpenQueue): Promise<Finding[]> {
  const live = await core.store.countLive(mostCounted);
  const types = [...new Set(live.map(({ taskType }) => taskType))];
  const unknown = types.filter(taskType => !Object.hasOwn(core.catalog, taskType));
  const newer: string[] = [];
  for (const taskType of types.filter(one => Object.hasOwn(core.catalog, one))) {
    const version = core.catalog[taskType]!.version;
    const task = await core.store.collection.findOne({ state: 'queued', taskType, catalogVersion: { $gt: version } });
    if (task) newer.push(`${taskType} in version ${task.catalogVersion} (${version} here)`);
  }
  const findings = [
    ...(unknown.length > 0
      ? [
          wrong(
            'types',
            `tasks wait of ${unknown.join(', ')}, which this catalog does not have`,
            'Deploy the version that has them, bring the type back, or cancel them: npm run tasks -- cancel --all --type TYPE',
          ),
        ]
      : []),
    ...(newer.length > 0
      ? [
          wrong(
            'types',
            `tasks wait of ${newer.join(', ')}`,
            'A newer web role has added them: deploy the jobs roles, or check out that version',
          ),
        ]
      : []),
  ];
  return findings.length > 0
    ? findings
    : [fine('types', `the catalog knows all ${types.length} types that wait or run`)];
}

/** What is queued, and a role with these keys would reject. */
export async function checkSignatures({ core, settings }: OpenQueue): Promise<Finding[]> {
  if (!settings)
    return [note('signatures', 'not looked at', 'Give the settings of the jobs role: --settings settings-jobs.json')];
  if (!core.signer.active)
    return [
      note(
        'signatures',
        'queue.signingKey is not set: who can write to the database can have tasks run',
        'Set one in both roles: docs/link.md',
      ),
    ];
  const live = await core.store.countLive(1);
  const bad: Task[] = [];
  for (const { taskType } of live.filter(({ state }) => state === 'queued')) {
    const first = await core.store.collection
      .find({ state: 'queued', taskType })
      .hint('claim')
      .limit(sampled)
      .toArray();
    bad.push(...first.filter(task => !core.signer.verify(task)));
  }
  const [one] = bad;
  if (!one) return [fine('signatures', 'of each type the first in line verify')];
  return [
    wrong(
      'signatures',
      `${count(bad.length, 'queued task')} would be rejected, such as ${one.taskType} ${one._id}: ${whyNotVerified(one)}`,
      'Give all roles the same queue.signingKey (the old one behind the new one while both are in use); if all have it, somebody else writes to the database',
    ),
  ];
}

/** What is paused, since when, and what waits for that. */
export async function checkPauses(open: OpenQueue): Promise<Finding[]> {
  const { core, audit, clock } = open;
  const { all, types } = await core.pauses.read();
  const schedules = await pausedSchedules(open);
  if (!all && types.size === 0 && schedules.length === 0) return [fine('pauses', 'nothing is paused')];
  const { byType, total } = await open.queue.counts();
  const { records } = await audit.list();
  const names = all ? ['everything'] : [...types];
  const ofTypes = names.map(name => {
    const { queued = 0, oldestQueued } = all
      ? { queued: total.queued, oldestQueued: oldestOf(byType) }
      : (byType[name] ?? {});
    const target = all ? 'all' : name;
    const record = records.find(
      ({ action, target: of, outcome }) => action === 'pause' && of?.taskType === target && outcome === 'done',
    );
    const by = record
      ? `, by ${record.by?.name ?? 'somebody'} ${duration(clock.now().getTime() - record.at.getTime())} ago`
      : '';
    const waitMs = oldestQueued ? clock.now().getTime() - oldestQueued.getTime() : 0;
    const text = `${name} is paused${by}: ${count(queued, 'task')} queued${queued > 0 ? `, the oldest for ${duration(waitMs)}` : ''}`;
    const todo = `If it was forgotten: npm run tasks -- resume ${all ? '--all' : name}`;
    return waitMs > forgottenMs ? wrong('pauses', text, todo) : note('pauses', text, todo);
  });
  return [...ofTypes, ...schedules];
}

/** Schedules of the code: their runs are left out, so that nothing waits for them. */
async function pausedSchedules({ core, clock, settings }: OpenQueue): Promise<Finding[]> {
  const pauses = await new CodePauses(core.db, settings?.values.cron.collectionName ?? 'cronHistory').list();
  const now = clock.now().getTime();
  return pauses.map(({ _id, by, since }) =>
    note(
      'pauses',
      `the schedule "${_id}" is paused, by ${by} ${duration(now - since.getTime())} ago: its runs are left out`,
      'If it was forgotten: Resume, on the page Schedules of the console',
    ),
  );
}

/** Which limits of types were changed at run time: whoever looks at the catalog alone wonders. */
export async function checkLimits({ core, clock }: OpenQueue): Promise<Finding[]> {
  const { overrides } = await core.pauses.read();
  if (overrides.length === 0) return [fine('limits', 'those of the catalog hold')];
  return overrides.map(({ taskType, concurrency, rateLimit, priority, by = 'somebody', at }) => {
    const changed = [
      ...(concurrency === undefined ? [] : [`concurrency ${concurrency}`]),
      ...(rateLimit ? [`rate ${rateLimit.max} in ${duration(rateLimit.per)}`] : []),
      ...(priority === undefined ? [] : [`priority ${priority}`]),
    ].join(', ');
    const since = duration(clock.now().getTime() - at.getTime());
    return note(
      'limits',
      `${taskType} has ${changed} instead of the catalog's, by ${by} ${since} ago`,
      'If it was forgotten: take it back on the page Types of the console',
    );
  });
}

const oldestOf = (byType: Record<string, { oldestQueued?: Date }>) =>
  Object.values(byType)
    .flatMap(({ oldestQueued }) => oldestQueued ?? [])
    .sort((a, b) => a.getTime() - b.getTime())[0];

/** What waits for long, why, and what was rejected lately. */
export async function checkWaiting({ core, queue, clock }: OpenQueue): Promise<Finding[]> {
  const now = clock.now();
  const findings: Finding[] = [];
  const { byType } = await queue.counts();
  const { all, types } = await core.pauses.read();
  for (const [taskType, { oldestQueued, queued }] of Object.entries(byType)) {
    const waitMs = oldestQueued ? now.getTime() - oldestQueued.getTime() : 0;
    // A pause has a finding of its own.
    if (waitMs <= longWaitMs || all || types.has(taskType)) continue;
    const [task] = await core.store.collection
      .find({ state: 'queued', taskType })
      .sort({ taskType: 1 })
      .hint('claim')
      .limit(1)
      .toArray();
    const why = task && (await queue.explain(task._id))?.reasons.map(({ text }) => text).join('; ');
    findings.push(
      wrong(
        'waiting',
        `${count(queued, 'task')} of ${taskType} wait, the oldest for ${duration(waitMs)}${why ? `; the first in line: ${why}` : ''}`,
        'More workers or a jobs role more (docs/scaling.md), or what the reason says',
      ),
    );
  }
  const { whole } = await queue.statistics.series({ level: 'hour', from: new Date(now.getTime() - 23 * hour) });
  if (whole.rejected > 0)
    findings.push(
      wrong(
        'waiting',
        `${count(whole.rejected, 'task')} were rejected in the last day`,
        'npm run tasks -- list --state rejected says why: signing keys that differ, or a foreign hand in the database',
      ),
    );
  return findings.length > 0 ? findings : [fine('waiting', 'nothing has waited for more than 5 minutes')];
}
