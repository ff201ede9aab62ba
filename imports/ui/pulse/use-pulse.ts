import { Meteor } from 'meteor/meteor';
import { useEffect, useRef, useState } from 'react';
import { call } from '../call';
import { type Sample, spanMs } from './sample';

const everyMs = 500;
const patienceMs = 5_000;
/** How much later than the answer to a request that to a ping may come. */
const pongMs = 1_000;

/** Asks the web role twice a second how it is, and remembers the last minute. */
export function usePulse(burning: number): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const burningNow = useRef(burning);
  burningNow.current = burning;
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    let first = true;
    const beat = async () => {
      const sample = await look(burningNow.current);
      if (over) return;
      // The first one measures how busy this page was with itself when it opened.
      if (!first) setSamples(all => [...all.filter(({ at }) => at > sample.at - spanMs - 2 * everyMs), sample]);
      first = false;
      timer = setTimeout(beat, Math.max(0, everyMs - (sample.roundTrip ?? 0)));
    };
    beat();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return samples;
}

async function look(burning: number): Promise<Sample> {
  const startedAt = performance.now();
  // A call would wait for the line to come back, and many would have gathered by then.
  if (!Meteor.status().connected) return { at: startedAt, roundTrip: undefined, delay: undefined, burning };
  try {
    const reading = await unlessSilent(call('pulse.read'));
    const at = performance.now();
    return { at, roundTrip: at - startedAt, delay: reading.max, burning };
  } catch (error) {
    if (error instanceof SilentLine) connectAnew();
    return { at: performance.now(), roundTrip: undefined, delay: undefined, burning };
  }
}

class SilentLine extends Error {}

/**
 * A late answer shows no broken line: the web role takes the messages of a page in turn, and `pulse.read` waits behind
 * a slow method. Cutting the line would have Meteor send that method again, and run it again. So the line itself is asked.
 *
 * @throws SilentLine when nothing comes through it
 */
async function unlessSilent<T>(answer: Promise<T>): Promise<T> {
  const answered = answer.then(() => true);
  while (!(await Promise.race([answered, later()])))
    if (await Promise.race([answered.then(() => false), isSilent()])) throw new SilentLine();
  return answer;
}

const later = (ms = patienceMs) => new Promise<false>(resolve => setTimeout(resolve, ms, false));

/** When the last message came, by performance.now(); unknown until the line is asked for the first time. */
let heardAt: number | undefined;

/**
 * Sends a ping, which the web role answers whatever else waits for its turn. A method that computes for seconds keeps it
 * from that as well: then it answers nobody, and only who hears of it elsewhere knows that the line is to blame.
 */
async function isSilent(): Promise<boolean> {
  if (!Meteor.status().connected) return true;
  const { _stream } = Meteor.connection;
  if (heardAt === undefined)
    _stream.on('message', () => {
      heardAt = performance.now();
    });
  heardAt ??= 0;
  const askedAt = performance.now();
  const isHeard = () => (heardAt ?? 0) >= askedAt;
  _stream.send('{"msg":"ping"}');
  await later();
  if (isHeard() || !(await answersElsewhere())) return false;
  await later(pongMs); // a role that was busy until now answers both
  return !isHeard();
}

/** Whether the web role is there for a new request. */
async function answersElsewhere(): Promise<boolean> {
  try {
    return (await fetch('/livez', { cache: 'no-store', signal: AbortSignal.timeout(patienceMs) })).ok;
  } catch {
    return false;
  }
}

/** A line that a network has dropped without a word looks open; Meteor itself would find out after half a minute. */
function connectAnew(): void {
  if (Meteor.settings.public.inspected) return; // `npm start -- --inspect`: the role may stand at a breakpoint
  Meteor.disconnect();
  Meteor.reconnect();
}
