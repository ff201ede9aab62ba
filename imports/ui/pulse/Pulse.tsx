import React from 'react';
import type { VisitorTask } from '../../api/tasks/schema';
import { ms } from '../format';
import { isLive } from '../tasks';
import { Burn } from './Burn';
import { PulseFigure } from './PulseFigure';
import { isCalm, median, type Sample } from './sample';
import { usePulse } from './use-pulse';

/** How many of the newest samples the figures tell of: three seconds. */
const shown = 6;

/** The point of the project as a figure: the web role stays calm, whatever the workers do. */
export function Pulse({ tasks }: { tasks: ReadonlyMap<string, VisitorTask> }) {
  const burns = [...tasks.values()].filter(task => task.taskType === 'burn');
  const running = burns.filter(({ state }) => state === 'running').length;
  const waiting = burns.filter(isLive).length - running;
  const samples = usePulse(running);
  const recent = samples.slice(-shown);
  const roundTrip = median(recent.map(sample => sample.roundTrip));
  const delay = median(recent.map(sample => sample.delay));
  return (
    <section className="pulse" aria-labelledby="pulse-title">
      <div className="pulse-words">
        <h1 id="pulse-title">{headline(samples, running)}</h1>
        <p className="lead">
          What takes long is done by worker processes in the jobs role. This figure is the web role’s last minute.
        </p>
        <dl className="numbers">
          <Reading name="round trip" value={roundTrip} kind="round-trip" />
          <Reading name="event-loop delay" value={delay} kind="delay" />
        </dl>
        <Burn running={running} waiting={waiting} />
      </div>
      <PulseFigure samples={samples} label={describe(roundTrip, delay)} />
    </section>
  );
}

function Reading({ name, value, kind }: { name: string; value: number | undefined; kind: string }) {
  return (
    <div className={`number number-${kind}`}>
      <dt>{name}</dt>
      <dd>
        {value === undefined ? '–' : ms(value)}
        <small> ms</small>
      </dd>
    </div>
  );
}

function headline(samples: readonly Sample[], running: number): string {
  const state = `The web role is ${stateOf(samples)}.`;
  if (running === 0) return state;
  return `${running === 1 ? 'One worker burns' : `${running} workers burn`}. ${state}`;
}

function stateOf(samples: readonly Sample[]): 'away' | 'busy' | 'calm' {
  if (samples.length > 0 && samples.at(-1)?.roundTrip === undefined) return 'away';
  return isCalm(samples.slice(-shown)) ? 'calm' : 'busy';
}

function describe(roundTrip: number | undefined, delay: number | undefined): string {
  const value = (n: number | undefined) => (n === undefined ? 'unknown' : `${ms(n)} milliseconds`);
  return `The last minute of the web role. Round trip: ${value(roundTrip)}. Event-loop delay: ${value(delay)}.`;
}
