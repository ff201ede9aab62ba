import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { Profile } from './figures';
import { Audience, type Target } from './load';
import type { Plan } from './profile-set-up';
import { type Ask, stream } from './tasks';
import { Visitor } from './visitor';

const shortestMs = 100;
const askers = 24;
const readEveryMs = 500;
const mark = 'profile-';

/**
 * The app of this template on a pair of roles that runs already, on Meteor for example. It takes no task of 20 ms (its
 * shortest has 100), none that crashes and none that leaks.
 */
export async function measurePair(
  plan: Plan,
  { PROFILE_WEB_URL: url, PROFILE_MONGO_URL, PROFILE_HOST }: NodeJS.ProcessEnv,
) {
  if (!url) return undefined;
  const client = PROFILE_MONGO_URL ? await new MongoClient(PROFILE_MONGO_URL).connect() : undefined;
  const notifications = client?.db().collection<{ _id: string }>('notifications');
  const open = () => Visitor.open({ url, enter: enterAs(), publications: [] });
  const target: Target = {
    url,
    readMethod: 'pulse.read',
    publications: ['notifications.latest', 'tasks.mine'],
    enter: enterAs,
    loop: readPulse(open),
    ...(notifications && { tick: async n => void (await notifications.insertOne(notification(n))) }),
  };
  const opened: { close(): void }[] = [];
  try {
    const audience = await Audience.open(target, plan.visitors);
    opened.push(audience);
    const burners = await Promise.all(Array.from({ length: askers }, open));
    opened.push(...burners);
    const loadMs = plan.loadSeconds * 1_000;
    await audience.measure(Math.min(3_000, loadMs / 10));
    const quiet = await audience.measure(loadMs / 4);
    const load = await audience.measure(loadMs, stream(burnBy(burners), plan.stream, loadMs));
    const host = PROFILE_HOST ?? 'a host that PROFILE_HOST does not name';
    return { url, host, quiet: quiet.measured, load: load.measured } satisfies Profile['pair'];
  } finally {
    for (const one of opened) one.close();
    await notifications?.deleteMany({ _id: { $regex: `^${mark}` } });
    await client?.close();
  }
}

const enterAs = (): [string, string] => ['visitors.enter', randomBytes(32).toString('hex')];

function notification(n: number) {
  const at = new Date();
  return { _id: `${mark}${n}`, createdAt: at, title: 'A tick of the profile', text: '', since: at, until: at };
}

/** A visitor may have one burn at a time: they take turns. */
function burnBy(visitors: readonly Visitor[]): Ask {
  let turn = 0;
  return ms => {
    turn += 1;
    const seconds = Math.max(shortestMs, ms) / 1_000;
    return visitors[turn % visitors.length]!.call('burn.start', { seconds, tasks: 1 });
  };
}

/** Its method tells the highest delay of each half second: the second look ends what the first one has begun. */
function readPulse(open: () => Promise<Visitor>): NonNullable<Target['loop']> {
  let reading: { visitor: Visitor; delays: number[]; timer: NodeJS.Timeout } | undefined;
  return async () => {
    if (reading) {
      const { visitor, delays, timer } = reading;
      clearInterval(timer);
      visitor.close();
      reading = undefined;
      return { delays };
    }
    const visitor = await open();
    const delays: number[] = [];
    const read = () => visitor.call<{ max: number }>('pulse.read').then(({ max }) => delays.push(max));
    reading = { visitor, delays, timer: setInterval(() => void read().catch(() => {}), readEveryMs) };
    return { delays: [] };
  };
}
