import { labelWidth, rowHeight, valueLines } from './axes';
import { type IncidentKind, incidentKinds, type Profile, type SetUpKey, setUpKeys } from './figures';
import { colourOf, incidentNames, nameOf, show, showMs } from './names';
import { noticedMs } from './page-words';
import { box, linear, logarithmic, path, picture, type Scale, text } from './svg';

/** Memory and CPU under load, part by part. */
export function resources({ setUps }: Profile): string {
  const panels: [string, 'megabytes' | 'cpuPercent', (value: number) => string][] = [
    ['memory, MB', 'megabytes', show],
    ['CPU, % of one core', 'cpuPercent', show],
  ];
  const sum = (key: SetUpKey, figure: 'megabytes' | 'cpuPercent') =>
    setUps[key].load.parts.reduce((all, part) => all + part[figure], 0);
  const shapes = panels.flatMap(([title, figure, says], panel) => {
    const top = 58 + panel * 150;
    const x = linear(Math.max(1, ...setUpKeys.map(key => sum(key, figure))), labelWidth, 800);
    return [
      text(20, top, title, { kind: 'title' }),
      ...setUpKeys.flatMap((key, row) => {
        const y = top + 12 + row * rowHeight;
        let from = labelWidth;
        const bars = setUps[key].load.parts.map((part, index) => {
          const width = x(part[figure]) - labelWidth;
          const bar = box(from, y, width - 1, 16, colourOf[key], { opacity: Math.max(0.35, 1 - index * 0.3) });
          from += width;
          return bar;
        });
        return [
          text(labelWidth - 12, y + 13, nameOf[key], { anchor: 'end' }),
          ...bars,
          text(from + 8, y + 13, says(sum(key, figure)), { kind: 'muted' }),
        ];
      }),
    ];
  });
  return picture(900, 360, 'Memory and CPU under load, of each set-up', [
    text(20, 26, 'Under load, all processes of a set-up; a shade for each', { kind: 'title' }),
    ...shapes,
  ]);
}

/** How long nobody got an answer when something went wrong. */
export function incidents({ setUps }: Profile): string {
  const all = setUpKeys.flatMap(key => incidentKinds.map(kind => setUps[key].incidents[kind].silenceMs));
  const x = logarithmic(1, Math.max(noticedMs, ...all), labelWidth, 760);
  const groupHeight = (setUpKeys.length + 1.4) * rowHeight;
  const group = (kind: IncidentKind, place: number) => {
    const top = 58 + place * groupHeight;
    return [
      text(20, top + 14, incidentNames[kind], { kind: 'title' }),
      ...setUpKeys.flatMap((key, row) => {
        const y = top + (row + 1) * rowHeight;
        const { silenceMs, lost, bystanders, bystandersDone } = setUps[key].incidents[kind];
        const lostTasks = bystanders - bystandersDone;
        const losses = [
          ...(lost > 0 ? [`, calls lost: ${show(lost)}`] : []),
          ...(lostTasks > 0 ? [`, tasks lost: ${lostTasks}`] : []),
        ];
        const says = `${showMs(silenceMs)}${losses.join('')}`;
        const width = Math.max(2, x(silenceMs) - labelWidth);
        return [
          text(labelWidth - 12, y + 13, nameOf[key], { anchor: 'end' }),
          box(labelWidth, y, width, 16, colourOf[key]),
          text(labelWidth + width + 8, y + 13, says, { kind: 'small muted' }),
        ];
      }),
    ];
  };
  return picture(900, 66 + incidentKinds.length * groupHeight, 'How long no visitor got an answer', [
    text(20, 26, 'The longest time without any answer, when something goes wrong', { kind: 'title' }),
    text(880, 26, 'logarithmic', { anchor: 'end', kind: 'small muted' }),
    ...incidentKinds.flatMap(group),
  ]);
}

/** Tasks a second and the wait of visitors, by the number of workers. */
export function growth({ growth: steps, growthTasks }: Profile): string {
  const most = Math.max(...steps.map(({ workers, jobsRoles }) => workers * jobsRoles));
  const rate = linear(Math.max(...steps.map(one => one.tasksPerSecond)), 280, 70);
  const wait = logarithmic(1, Math.max(noticedMs, ...steps.map(one => one.latency.p99)), 280, 70);
  const panel = (
    left: number,
    y: Scale,
    title: string,
    showTick: (value: number) => string,
    read: (step: Profile['growth'][number]) => number,
  ) => {
    const x = linear(most, left, left + 330);
    const lines = setUpKeys.flatMap(key => {
      const own = steps.filter(one => one.setUp === key && one.jobsRoles === 1);
      const points = own.map(one => [x(one.workers), y(read(one))] as const);
      return [
        path(points, colourOf[key], { width: 2 }),
        ...points.map(([at, value]) => box(at - 4, value - 4, 8, 8, colourOf[key])),
      ];
    });
    const two = steps.filter(one => one.jobsRoles > 1);
    return [
      text(left, 52, title, { kind: 'muted' }),
      ...valueLines(y, { left, right: left + 350 }, showTick),
      ...[1, 2, 4].map(count => text(x(count), 300, `${count}`, { anchor: 'middle', kind: 'small muted' })),
      ...lines,
      ...two.map(one => box(x(one.workers * one.jobsRoles) - 6, y(read(one)) - 6, 12, 12, 'blue', { hollow: true })),
    ];
  };
  const legend = setUpKeys.flatMap((key, place) => {
    const at = 64 + place * 190;
    return [box(at, 318, 10, 10, colourOf[key]), text(at + 16, 328, nameOf[key])];
  });
  return picture(900, 360, 'How throughput and latency grow with the number of workers', [
    text(20, 26, `${growthTasks} tasks of 20 ms at once, by the number of workers`, { kind: 'title' }),
    ...panel(64, rate, 'tasks a second', show, one => one.tasksPerSecond),
    ...panel(520, wait, 'method latency meanwhile, p99', showMs, one => one.latency.p99),
    ...legend,
    box(64, 338, 10, 10, 'blue', { hollow: true }),
    text(80, 348, 'two jobs roles with a worker each', { kind: 'small muted' }),
  ]);
}
