import React from 'react';
import type { VisitorTask } from '../../api/tasks/schema';
import { ms } from '../format';
import { isLive } from '../tasks';
import { Burn } from './Burn';
import { PulseFigure } from './PulseFigure';
import type { Sample } from './sample';
import { usePulse } from './use-pulse';

/** The point of the project as a figure: the web role stays calm, whatever the workers do. */
export function Pulse({ tasks }: { tasks: ReadonlyMap<string, VisitorTask> }) {
  const burns = [...tasks.values()].filter(task => task.taskType === 'burn');
  const running = burns.filter(({ state }) => state === 'running').length;
  const waiting = burns.filter(isLive).length - running;
  const samples = usePulse(running);
  const recent = samples.slice(-6);
  const roundTrip = median(recent.map(sample => sample.roundTrip));
  const delay = median(recent.map(sample => sample.delay));
  return (
    <section className="pulse" aria-labelledby="pulse-title">
      <div className="pulse-words">
        <h1 id="pulse-title">{headline(samples, running, roundTrip)}</h1>
        <p className="lead">
          Reports, thumbnails and notifications are made by worker processes in the jobs role. This figure is the web
          role’s last minute.
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

/** Above this, in milliseconds, a person begins to feel it. */
const calmMs = 100;

function headline(samples: readonly Sample[], running: number, roundTrip: number | undefined): string {
  if (samples.length > 0 && samples.at(-1)?.roundTrip === undefined) return 'The web role does not answer.';
  const state = (roundTrip ?? 0) < calmMs ? 'The web role is calm.' : 'The web role is busy.';
  if (running === 0) return state;
  return `${running === 1 ? 'One worker burns' : `${running} workers burn`}. ${state}`;
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)];
}

function describe(roundTrip: number | undefined, delay: number | undefined): string {
  const value = (n: number | undefined) => (n === undefined ? 'unknown' : `${ms(n)} milliseconds`);
  return `The last minute of the web role. Round trip: ${value(roundTrip)}. Event-loop delay: ${value(delay)}.`;
}
