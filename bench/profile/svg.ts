/**
 * The few shapes that the pictures of the profile are made of, as text. Colours follow the reader: light or dark. A plot
 * here is bars, lines and boxes on one scale, so a plotting library would bring more lines than it saves
 * (docs/decisions/0003-dependencies.md).
 */

export type Colour = 'blue' | 'orange' | 'green' | 'violet' | 'red' | 'muted' | 'line';

const style = `
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif; --paper: #ffffff; --ink: #1f2328; --muted: #59636e;
    --line: #d8dee4; --blue: #0969da; --orange: #bc4c00; --green: #1a7f37; --violet: #8250df; --red: #cf222e; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --muted: #9198a1; --line: #30363d; --blue: #4493f8; --orange: #f0883e;
      --green: #3fb950; --violet: #ab7df8; --red: #f85149; }
  }
  text { fill: var(--ink); } .muted { fill: var(--muted); } .title { font-weight: 600; font-size: 15px; }
  .small { font-size: 11px; }`;

/** A picture with its title for those who see and those who listen. */
export function picture(width: number, height: number, title: string, shapes: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`;
  const paper = `<rect width="${width}" height="${height}" fill="var(--paper)"/>`;
  return `${[head, `<title>${escaped(title)}</title>`, `<style>${style}</style>`, paper, ...shapes, '</svg>'].join('\n')}\n`;
}

interface TextOptions {
  anchor?: 'start' | 'middle' | 'end';
  kind?: string;
  colour?: Colour;
}

export function text(x: number, y: number, what: string, { anchor = 'start', kind, colour }: TextOptions = {}): string {
  const classes = kind ? ` class="${kind}"` : '';
  const fill = colour ? ` style="fill: var(--${colour})"` : '';
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}"${classes}${fill}>${escaped(what)}</text>`;
}

export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Colour,
  { hollow = false, opacity = 1 } = {},
): string {
  const paint = hollow ? `fill="none" stroke="var(--${colour})" rx="6"` : `fill="var(--${colour})"`;
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(Math.max(0, width))}" height="${n(Math.max(0, height))}" ${paint}${opacity < 1 ? ` opacity="${opacity}"` : ''}/>`;
}

type Point = readonly [number, number];

/** A straight line. */
export function line(from: Point, to: Point, colour: Colour, style: { width?: number; dashed?: boolean } = {}): string {
  return path([from, to], colour, style);
}

export function path(
  points: readonly Point[],
  colour: Colour,
  { width = 1.5, arrow = false, dashed = false } = {},
): string {
  const d = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${n(x)} ${n(y)}`).join('');
  const dash = dashed ? ' stroke-dasharray="4 3"' : '';
  const shape = `<path d="${d}" fill="none" stroke="var(--${colour})" stroke-width="${width}"${dash}/>`;
  const [before, last] = points.slice(-2);
  return arrow && before && last ? `${shape}${arrowHead(before, last, colour)}` : shape;
}

function arrowHead([x1, y1]: Point, [x2, y2]: Point, colour: Colour): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const corner = (turn: number) => `${n(x2 - 8 * Math.cos(angle + turn))} ${n(y2 - 8 * Math.sin(angle + turn))}`;
  return `<path d="M${n(x2)} ${n(y2)}L${corner(0.4)}L${corner(-0.4)}Z" fill="var(--${colour})"/>`;
}

/** From values to places. Logarithmic scales begin at the first of their ticks. */
export interface Scale {
  (value: number): number;
  ticks: number[];
}

export function linear(highest: number, from: number, to: number): Scale {
  const step =
    [1, 2, 5].map(one => one * 10 ** Math.floor(Math.log10(highest / 2 || 1))).findLast(one => highest / one >= 3) ?? 1;
  const top = Math.max(step, Math.ceil(highest / step) * step);
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return Object.assign((value: number) => from + (value / top) * (to - from), { ticks });
}

export function logarithmic(lowest: number, highest: number, from: number, to: number): Scale {
  const [first, last] = [
    Math.floor(Math.log10(lowest)),
    Math.max(Math.floor(Math.log10(lowest)) + 1, Math.ceil(Math.log10(highest))),
  ];
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  const place = (value: number) => (Math.log10(Math.max(value, 10 ** first)) - first) / (last - first);
  return Object.assign((value: number) => from + place(value) * (to - from), { ticks });
}

const n = (value: number) => String(Math.round(value * 10) / 10);
const escaped = (what: string) => what.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
