import React, { useEffect, useRef } from 'react';
import type uPlot from 'uplot';

export interface Line {
  label: string;
  /** A custom property of the style sheet, such as `--accent`. */
  color: string;
  values: readonly (number | null)[];
}

export interface ChartProps {
  title: string;
  /** In seconds. */
  at: readonly number[];
  lines: readonly Line[];
  /** Moments to be marked: deploys. */
  marks: readonly number[];
  show(value: number): string;
  /** Somebody has clicked at this moment. */
  onPick(at: Date): void;
}

const height = 150;

/**
 * Run when the first chart is drawn, not when the page is loaded: it throws where the browser's language is no tag of a
 * language, and a headless browser has such a one.
 */
function loadPlot(): typeof uPlot | undefined {
  try {
    return require('uplot') as typeof uPlot;
  } catch {
    return undefined;
  }
}

/** Lines over time. All charts of a page show the moment that one of them is asked about. */
export function Chart({ title, at, lines, marks, show, onPick }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const current = useRef({ marks, onPick });
  current.current = { marks, onPick };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is made once; new values are given to it below.
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const Plot = loadPlot();
    if (!Plot) return;
    const made = new Plot(optionsOf({ lines, show }, element, current), dataOf(at, lines), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf(at, lines)), [at, lines]);
  return (
    <figure className="console-chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${lastOf(lines, show)}`} />
    </figure>
  );
}

const dataOf = (at: readonly number[], lines: readonly Line[]) =>
  [at, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;

/** For who does not see the lines: what they end with. */
function lastOf(lines: readonly Line[], show: (value: number) => string): string {
  const known = lines.flatMap(({ label, values }) => {
    const last = values.findLast(value => value !== null);
    return last === undefined || last === null ? [] : [`${label} ${show(last)}`];
  });
  return known.length > 0 ? known.join(', ') : 'nothing in the last hour';
}

type Current = { current: Pick<ChartProps, 'marks' | 'onPick'> };

function optionsOf(
  { lines, show }: Pick<ChartProps, 'lines' | 'show'>,
  element: HTMLElement,
  now: Current,
): uPlot.Options {
  const color = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const axis = {
    stroke: () => color('--muted'),
    grid: { stroke: () => color('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    cursor: { sync: { key: 'console' }, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [axis, { ...axis, size: 56, values: (_, values) => values.map(show) }],
    series: [
      { label: 'Time' },
      ...lines.map(line => ({
        label: line.label,
        stroke: () => color(line.color),
        width: 1.5,
        points: { show: false },
        value: (_: uPlot, value: number | null) => (value === null ? '–' : show(value)),
      })),
    ],
    hooks: { draw: [plot => drawMarks(plot, now.current.marks, color('--muted'))], ready: [plot => pickBy(plot, now)] },
  };
}

function drawMarks(plot: uPlot, marks: readonly number[], color: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.setLineDash([4, 4]);
  for (const mark of marks) {
    const x = plot.valToPos(mark, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function pickBy(plot: uPlot, now: Current): void {
  plot.over.addEventListener('click', () => {
    const { idx } = plot.cursor;
    const at = idx === null || idx === undefined ? undefined : plot.data[0][idx];
    if (at !== undefined) now.current.onPick(new Date(at * 1_000));
  });
}
