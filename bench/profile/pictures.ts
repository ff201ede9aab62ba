import { labelWidth, rowHeight, timeLines, valueLines } from './axes';
import { growth, incidents, resources } from './bar-pictures';
import { architectures, drawing, processes } from './diagrams';
import { type Percentiles, type Profile, type SetUpKey, setUpKeys } from './figures';
import { colourOf, nameOf, show, showMs } from './names';
import { noticedMs } from './page-words';
import { box, line, linear, logarithmic, path, picture, type Scale, text } from './svg';

/** The pictures of a run, by their file names. */
export function picturesOf(profile: Profile): Record<string, string> {
  const diagrams = setUpKeys.flatMap(key => [
    [`profile-architecture-${key}.svg`, drawing(architectures[key])],
    [`profile-process-${key}.svg`, drawing(processes[key])],
  ]);
  return {
    'profile-latency.svg': latencyOverTime(profile),
    'profile-percentiles.svg': percentiles(profile),
    'profile-event-loop.svg': eventLoop(profile),
    'profile-resources.svg': resources(profile),
    'profile-incidents.svg': incidents(profile),
    'profile-growth.svg': growth(profile),
    ...Object.fromEntries(diagrams),
  };
}

/** The one picture that says it all: the same load, in one process and in two roles. */
function latencyOverTime({ setUps, visitors, loadSeconds }: Profile): string {
  const area = { left: 76, right: 880, top: 74, bottom: 290 };
  const shown = ['monolith', 'roles'] as const;
  const highest = Math.max(noticedMs, ...shown.flatMap(key => setUps[key].load.slowest));
  const y = logarithmic(1, highest, area.bottom, area.top);
  const x = linear(loadSeconds, area.left, area.right);
  const lines = shown.map(key => {
    const { slowest, stepMs } = setUps[key].load;
    const points = slowest
      .map((ms, step) => [((step + 0.5) * stepMs) / 1_000, ms] as const)
      .filter(([second, ms]) => second <= loadSeconds && ms > 0)
      .map(([second, ms]) => [x(second), y(ms)] as const);
    return path(points, colourOf[key], { width: 2 });
  });
  const legend = shown.flatMap((key, place) => {
    const at = area.left + place * 400;
    const { p99, max } = setUps[key].load.latency;
    const says = `${nameOf[key]}: p99 ${showMs(p99)}, slowest ${showMs(max)}`;
    return [line([at, 48], [at + 22, 48], colourOf[key], { width: 3 }), text(at + 30, 53, says)];
  });
  const title = `How long visitors wait while the same tasks run: ${visitors} visitors, the slowest call of each quarter of a second`;
  return picture(900, 330, title, [
    text(area.left, 26, 'How long visitors wait while the same tasks run', { kind: 'title' }),
    text(area.right, 26, `${visitors} visitors, the slowest call of each quarter second`, {
      anchor: 'end',
      kind: 'small muted',
    }),
    ...legend,
    ...valueLines(y, area, showMs),
    line([area.left, y(noticedMs)], [area.right, y(noticedMs)], 'muted', { dashed: true }),
    text(area.right, y(noticedMs) - 5, 'a person begins to notice', { anchor: 'end', kind: 'small muted' }),
    ...x.ticks
      .filter(tick => tick <= loadSeconds)
      .map(tick => text(x(tick), area.bottom + 20, `${tick} s`, { anchor: 'middle', kind: 'small muted' })),
    ...lines,
  ]);
}

/** p50, p95, p99 and the highest of each set-up, on one scale. */
function percentiles({ setUps }: Profile): string {
  const groups: [string, (key: SetUpKey) => Percentiles | undefined][] = [
    ['method latency', key => setUps[key].load.latency],
    ['publication delay', key => setUps[key].load.publication],
    ['event-loop delay of the web process', key => setUps[key].load.loop],
  ];
  const all = groups.flatMap(([, read]) => setUpKeys.flatMap(key => read(key)?.max ?? 0));
  const top = 58;
  const bottom = top + groups.length * (setUpKeys.length + 1.4) * rowHeight;
  const x = logarithmic(0.1, Math.max(noticedMs, ...all), labelWidth, 860);
  const rows = groups.flatMap(([title, read], group) => {
    const from = top + group * (setUpKeys.length + 1.4) * rowHeight;
    return [
      text(20, from + 17, title, { kind: 'title' }),
      ...setUpKeys.flatMap((key, row) => percentileRow(key, read(key), from + (row + 1.5) * rowHeight, x)),
    ];
  });
  return picture(900, bottom + 34, 'Delays under load, of each set-up', [
    text(20, 26, 'Under load: p50, p95, p99 and the slowest', { kind: 'title' }),
    text(860, 26, 'logarithmic; thick from p50 to p99', { anchor: 'end', kind: 'small muted' }),
    ...timeLines(x, { top: top - 10, bottom }, showMs),
    ...rows,
  ]);
}

function percentileRow(key: SetUpKey, found: Percentiles | undefined, y: number, x: Scale): string[] {
  const name = text(labelWidth - 12, y + 4, nameOf[key], { anchor: 'end' });
  if (!found) return [name];
  const { p50, p95, p99, max } = found;
  const mark = (value: number) => box(x(value) - 1.5, y - 7, 3, 14, colourOf[key]);
  return [
    name,
    line([x(p99), y], [x(max), y], colourOf[key], { width: 1.5 }),
    line([x(p50), y], [x(p99), y], colourOf[key], { width: 6 }),
    ...[p50, p95, p99, max].map(mark),
  ];
}

const laneHeight = 18;
const callHeight = 5;

/** What ran when and who waited, in this run. */
function eventLoop({ setUps }: Profile): string {
  const { shapes, bottom } = (['monolith', 'roles'] as const).reduce(
    (sum, key) => {
      const next = traced(key, setUps[key].trace, sum.bottom);
      return { shapes: [...sum.shapes, ...next.shapes], bottom: next.bottom };
    },
    { shapes: [] as string[], bottom: 46 },
  );
  return picture(900, bottom, 'What ran when, and who waited: a trace of this run', [
    text(20, 26, 'What ran when, and who waited', { kind: 'title' }),
    text(880, 26, 'bars: tasks; lines: calls of twelve visitors, red while they wait', {
      anchor: 'end',
      kind: 'small muted',
    }),
    ...shapes,
  ]);
}

function traced(key: SetUpKey, { seconds, tasks, calls }: Profile['setUps']['roles']['trace'], top: number) {
  const x = linear(seconds, labelWidth, 860);
  const right = x(seconds);
  const place = (ms: number) => Math.min(right, Math.max(labelWidth, x(ms / 1_000)));
  const processes = [...new Set(tasks.map(({ process }) => process))].sort((a, b) => a - b);
  const visitors = Math.max(0, ...calls.map(([visitor]) => visitor)) + 1;
  const loop = key === 'monolith' ? 'event loop of the process' : 'event loop of the web role';
  const lanes = key === 'monolith' ? [loop] : [loop, ...processes.map((_, index) => `worker ${index + 1}`)];
  const laneTop = (lane: number) => top + 34 + lane * (laneHeight + 6);
  const callTop = laneTop(lanes.length) + 6;
  const bottom = callTop + visitors * callHeight + 8;
  const lane = (process: number) => (key === 'monolith' ? 0 : 1 + processes.indexOf(process));
  return {
    bottom: bottom + 40,
    shapes: [
      text(20, top + 22, nameOf[key], { kind: 'title', colour: colourOf[key] }),
      ...timeLines(x, { top: laneTop(0) - 4, bottom }, tick => `${show(tick)} s`),
      ...lanes.map((name, index) => text(labelWidth - 12, laneTop(index) + 13, name, { anchor: 'end' })),
      ...tasks.map(({ from, to, process }) =>
        box(place(from), laneTop(lane(process)), Math.max(1, place(to) - place(from)), laneHeight, colourOf[key]),
      ),
      // When the loop came to each call.
      ...calls
        .filter(([, , ran]) => ran < seconds * 1_000)
        .map(([, , ran]) => box(place(ran), laneTop(0), 1, laneHeight, 'muted', { opacity: 0.7 })),
      text(labelWidth - 12, callTop + (visitors * callHeight) / 2 + 4, 'calls of visitors', { anchor: 'end' }),
      ...calls.map(([visitor, sent, , answered]) => {
        const y = callTop + visitor * callHeight;
        const waits = answered - sent > noticedMs;
        return line([place(sent), y], [Math.max(place(answered), place(sent) + 2), y], waits ? 'red' : 'muted', {
          width: waits ? 2 : 3,
        });
      }),
    ],
  };
}
