import { Meteor } from 'meteor/meteor';
import { useEffect, useRef, useState } from 'react';
import { call } from '../call';
import { type Sample, spanMs } from './sample';

const everyMs = 500;
const patienceMs = 5_000;

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
    const reading = await Promise.race([call('pulse.read'), late()]);
    const at = performance.now();
    return { at, roundTrip: at - startedAt, delay: reading.max, burning };
  } catch (error) {
    if (error instanceof TooLate) connectAnew();
    return { at: performance.now(), roundTrip: undefined, delay: undefined, burning };
  }
}

class TooLate extends Error {}

function late(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new TooLate()), patienceMs));
}

/** A line that a network has dropped without a word looks open; Meteor itself would find out after half a minute. */
function connectAnew(): void {
  if (Meteor.settings.public.inspected) return; // `npm start -- --inspect`: the role may stand at a breakpoint
  Meteor.disconnect();
  Meteor.reconnect();
}
