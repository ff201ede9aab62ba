import React from 'react';
import type { GraphNode, BatchGraph as Shown } from '../views/batch-graph';
import { addressOf, Link } from './route';

const box = { width: 138, height: 46, across: 32, down: 18 };
const longestTitle = 18;

interface Placed extends GraphNode {
  x: number;
  y: number;
}

/** What comes after what, from left to right. */
export function BatchGraph({ graph, current }: { graph: Shown; current: string }) {
  const { nodes, width, height } = placed(graph);
  const byId = new Map(nodes.map(node => [node.id, node]));
  return (
    <div className="console-graph">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        <title>What comes after what</title>
        {graph.edges.map(({ from, to, note }) => {
          const [start, end] = [byId.get(from), byId.get(to)];
          return start && end && <Edge key={`${from} ${to}`} start={start} end={end} note={note} />;
        })}
        {nodes.map(node => (
          <Node key={node.id} node={node} isCurrent={node.id === current} />
        ))}
      </svg>
      {graph.more && <p className="console-none">There is more than is shown here.</p>}
    </div>
  );
}

/** Column by column, each from the top, beside what they come after. */
function placed({ nodes, edges }: Shown): { nodes: Placed[]; width: number; height: number } {
  const first = Math.min(0, ...nodes.map(({ column }) => column));
  const rows = new Map<string, number>();
  const before = ({ id }: GraphNode) =>
    Math.min(...edges.filter(({ to }) => to === id).map(({ from }) => rows.get(from) ?? 0));
  const columns = [...new Set(nodes.map(({ column }) => column))].sort((a, b) => a - b);
  const all = columns.flatMap(column => {
    const its = nodes.filter(node => node.column === column).sort((a, b) => before(a) - before(b));
    return its.map((node, row) => {
      rows.set(node.id, row);
      const x = 1 + (column - first) * (box.width + box.across);
      return { ...node, x, y: 1 + row * (box.height + box.down) };
    });
  });
  const width = Math.max(0, ...all.map(({ x }) => x)) + box.width + 1;
  const height = Math.max(0, ...all.map(({ y }) => y)) + box.height + 1;
  return { nodes: all, width, height };
}

function Edge({ start, end, note }: { start: Placed; end: Placed; note: string | undefined }) {
  const [x1, y1] = [start.x + box.width, start.y + box.height / 2];
  const [x2, y2] = [end.x, end.y + box.height / 2];
  const half = (x1 + x2) / 2;
  return (
    <g className={note === undefined ? 'edge' : 'edge dashed'}>
      <path d={`M ${x1} ${y1} C ${half} ${y1}, ${half} ${y2}, ${x2 - 6} ${y2}`} />
      <path className="head" d={`M ${x2 - 7} ${y2 - 4} L ${x2} ${y2} L ${x2 - 7} ${y2 + 4} Z`} />
      {note !== undefined && <title>{note}</title>}
    </g>
  );
}

function Node({ node, isCurrent }: { node: Placed; isCurrent: boolean }) {
  const { id, kind, title, state, x, y } = node;
  const text = title.length > longestTitle ? `${title.slice(0, longestTitle - 1)}…` : title;
  const body = (
    <>
      <rect width={box.width} height={box.height} rx={8} />
      <text x={12} y={20}>
        {text}
      </text>
      <text x={12} y={36} className="state">
        {kind === 'batch' ? `batch, ${state}` : state}
      </text>
      <title>{title}</title>
    </>
  );
  const name = `node ${state}${isCurrent ? ' current' : ''}`;
  return (
    <g className={name} transform={`translate(${x} ${y})`}>
      {isCurrent ? body : <Link to={addressOf(kind === 'batch' ? 'batches' : 'tasks', id)}>{body}</Link>}
    </g>
  );
}
