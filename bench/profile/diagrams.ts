import type { SetUpKey } from './figures';
import { box, type Colour, path, picture, text } from './svg';

/** Boxes on a grid, and arrows between them: once as Mermaid, once as a picture. */
export interface Diagram {
  title: string;
  /** Each line of a box, and its column and row. */
  boxes: Record<string, { says: string[]; at: [column: number, row: number]; colour?: Colour }>;
  arrows: [from: string, to: string, label?: string][];
}

const visitors = { says: ['visitors', 'DDP over WebSocket'], at: [0, 0] as [number, number], colour: 'muted' as const };
const mongo = { says: ['MongoDB', 'data and tasks'], at: [2, 0] as [number, number], colour: 'green' as const };

export const architectures: Record<SetUpKey, Diagram> = {
  monolith: {
    title: 'One process does everything',
    boxes: {
      visitors,
      app: { says: ['one process', 'web, SyncedCron, tasks'], at: [1, 0], colour: 'orange' },
      mongo,
    },
    arrows: [
      ['visitors', 'app', 'calls'],
      ['app', 'mongo', 'everything'],
    ],
  },
  pool: {
    title: 'One process with a worker pool',
    boxes: {
      visitors,
      app: { says: ['one process', 'web, SyncedCron, queue'], at: [1, 0], colour: 'violet' },
      mongo,
      workers: { says: ['worker processes', 'tasks'], at: [1, 1], colour: 'violet' },
    },
    arrows: [
      ['visitors', 'app', 'calls'],
      ['app', 'mongo', 'adds, claims'],
      ['app', 'workers', 'tasks, by IPC'],
    ],
  },
  roles: {
    title: 'Two roles of one codebase',
    boxes: {
      visitors,
      web: { says: ['web role', 'methods, publications'], at: [1, 0], colour: 'blue' },
      mongo,
      jobs: { says: ['jobs role', 'SyncedCron, queue'], at: [2, 1], colour: 'blue' },
      workers: { says: ['worker processes', 'tasks'], at: [1, 1], colour: 'blue' },
    },
    arrows: [
      ['visitors', 'web', 'calls'],
      ['web', 'mongo', 'adds'],
      ['jobs', 'mongo', 'claims, settles'],
      ['jobs', 'workers', 'IPC'],
    ],
  },
  plain: {
    title: 'Plain Node workers beside a web role',
    boxes: {
      visitors,
      web: { says: ['web role', 'methods, publications'], at: [1, 0], colour: 'blue' },
      mongo,
      worker: { says: ['plain Node processes', 'timer, tasks'], at: [2, 1], colour: 'green' },
    },
    arrows: [
      ['visitors', 'web', 'calls'],
      ['web', 'mongo', 'inserts'],
      ['worker', 'mongo', 'asks, writes'],
    ],
  },
};

/** The way of one task, and what follows when it takes its process with it. */
export const processes: Record<SetUpKey, Diagram> = {
  monolith: chain(
    'The way of a task in one process',
    'orange',
    [
      ['a visitor asks', 'or SyncedCron does'],
      ['the process', 'adds and claims'],
      ['its event loop runs it', 'and nothing else'],
      ['the process', 'writes the result'],
    ],
    ['if it crashes', 'the process ends,', 'and cuts all lines'],
  ),
  pool: chain(
    'The way of a task in one process with a pool',
    'violet',
    [
      ['a visitor asks', 'or SyncedCron does'],
      ['the process', 'adds and claims'],
      ['a worker process', 'runs it'],
      ['the process', 'writes the result'],
    ],
    ['if it crashes', 'a worker ends,', 'another one starts'],
  ),
  roles: chain(
    'The way of a task through two roles',
    'blue',
    [
      ['the web role adds', 'or SyncedCron does'],
      ['the jobs role', 'claims by lease'],
      ['a worker process', 'runs it'],
      ['the jobs role', 'writes the result'],
    ],
    ['if it crashes', 'a worker ends,', 'another one starts'],
  ),
  plain: chain(
    'The way of a task to a plain Node process',
    'green',
    [
      ['the web role inserts', 'or a timer does'],
      ['a worker finds it', 'at its next look'],
      ['its event loop', 'runs it'],
      ['the worker', 'writes the result'],
    ],
    ['if it crashes', 'the worker ends, the', 'task stays “running”'],
  ),
};

function chain(title: string, colour: Colour, steps: string[][], crash: string[]): Diagram {
  const boxes = steps.map((says, column) => [`step${column + 1}`, { says, at: [column, 0], colour }] as const);
  const ids = boxes.map(([id]) => id);
  return {
    title,
    boxes: { ...Object.fromEntries(boxes), crash: { says: crash, at: [2, 1], colour: 'red' } } as Diagram['boxes'],
    arrows: [...ids.slice(1).map((id, index): [string, string] => [ids[index]!, id]), ['step3', 'crash']],
  };
}

/** A flow chart, in which each line is an arrow. */
export function mermaid({ boxes, arrows }: Diagram): string {
  const seen = new Set<string>();
  const node = (id: string) => {
    const label = seen.has(id) ? '' : `["${boxes[id]!.says.join('<br/>')}"]`;
    seen.add(id);
    return `${id}${label}`;
  };
  const lines = arrows.map(([from, to, label]) => `  ${node(from)} -->${label ? `|"${label}"|` : ''} ${node(to)}`);
  return ['flowchart LR', ...lines].join('\n');
}

const size = { width: 176, height: 62, gapX: 92, gapY: 54, margin: 20, top: 46 };

export function drawing({ title, boxes, arrows }: Diagram): string {
  const places = Object.values(boxes).map(({ at }) => at);
  const columns = Math.max(...places.map(([column]) => column)) + 1;
  const rows = Math.max(...places.map(([, row]) => row)) + 1;
  const width = 2 * size.margin + columns * size.width + (columns - 1) * size.gapX;
  const height = size.top + rows * size.height + (rows - 1) * size.gapY + size.margin;
  const shapes = [
    text(size.margin, 26, title, { kind: 'title' }),
    ...arrows.flatMap(([from, to, label]) => arrow(boxes[from]!.at, boxes[to]!.at, label)),
    ...Object.values(boxes).flatMap(({ says, at, colour = 'muted' }) => boxOf(says, at, colour)),
  ];
  return picture(width, height, title, shapes);
}

const left = ([column]: readonly [number, number]) => size.margin + column * (size.width + size.gapX);
const top = ([, row]: readonly [number, number]) => size.top + row * (size.height + size.gapY);

function boxOf(says: string[], at: [number, number], colour: Colour): string[] {
  const [x, y] = [left(at), top(at)];
  const first = y + size.height / 2 + 5 - ((says.length - 1) * 17) / 2;
  return [
    box(x, y, size.width, size.height, colour, { hollow: true }),
    ...says.map((line, index) =>
      text(x + size.width / 2, first + index * 17, line, { anchor: 'middle', ...(index > 0 && { kind: 'muted' }) }),
    ),
  ];
}

function arrow(from: [number, number], to: [number, number], label = ''): string[] {
  const across = from[1] === to[1];
  const onward = to[0] > from[0] || to[1] > from[1];
  const [x1, y1] = across
    ? [left(from) + (onward ? size.width : 0), top(from) + size.height / 2]
    : [left(from) + size.width / 2, top(from) + (onward ? size.height : 0)];
  const [x2, y2] = across
    ? [left(to) + (onward ? 0 : size.width), y1]
    : [left(to) + size.width / 2, top(to) + (onward ? 0 : size.height)];
  const at = across
    ? text((x1 + x2) / 2, y1 - 7, label, { anchor: 'middle', kind: 'small muted' })
    : text(x1 + 8, (y1 + y2) / 2 + 4, label, { kind: 'small muted' });
  const line = path(
    [
      [x1, y1],
      [x2, y2],
    ],
    'muted',
    { arrow: true },
  );
  return label ? [line, at] : [line];
}
