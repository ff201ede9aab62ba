import React from 'react';
import { Chart, type ChartProps } from './Chart';
import { Overview } from './Overview';
import type { PageProps } from './page-props';
import { addressOf, navigate } from './route';
import { durationText } from './time';
import { useView } from './view';

/** How the whole is doing: one line of truth, and the last hour. */
export function Now(props: PageProps) {
  return (
    <>
      <Hour />
      <Overview {...props} />
    </>
  );
}

const perMinute = (value: number) => value.toLocaleString();

function Hour() {
  const { value, problem } = useView('now');
  if (!value) return problem ? <p className="console-banner">{problem}</p> : null;
  const { problems, minutes, deploys } = value;
  const { at } = minutes;
  const common = { at, marks: deploys.map(deploy => deploy.at.getTime() / 1_000), onPick: showMinute };
  return (
    <section aria-labelledby="now">
      <h2 id="now" data-well={problems.length === 0}>
        {problems.length === 0 ? 'All well' : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`}
      </h2>
      {problems.length > 0 && (
        <ul className="console-problems">
          {problems.map(text => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <div className="console-charts">
        <Chart
          {...common}
          title="Tasks a minute"
          show={perMinute}
          lines={[
            { label: 'done', color: '--accent', values: minutes.done },
            { label: 'failed', color: '--bad', values: minutes.failed },
          ]}
        />
        <Durations {...common} title="Wait" p50={minutes.waitP50} p95={minutes.waitP95} />
        <Durations {...common} title="Run" p50={minutes.runP50} p95={minutes.runP95} />
      </div>
      {deploys.length > 0 && (
        <p className="console-none">
          Dashed:{' '}
          {deploys
            .map(
              ({ at: since, version, commit }) =>
                `${version} ${commit.slice(0, 7)} since ${since.toLocaleTimeString()}`,
            )
            .join(', ')}
        </p>
      )}
    </section>
  );
}

type Known = readonly (number | null)[];

function Durations({ p50, p95, ...chart }: Omit<ChartProps, 'lines' | 'show'> & { p50: Known; p95: Known }) {
  const lines = [
    { label: 'p50', color: '--accent', values: p50 },
    { label: 'p95', color: '--muted', values: p95 },
  ];
  return <Chart {...chart} show={durationText} lines={lines} />;
}

/** The tasks of the minute that somebody has clicked at. */
function showMinute(at: Date): void {
  navigate(addressOf('tasks', undefined, { since: at.toISOString() }));
}
