import type { Measured, Percentiles } from './figures';
import { show } from './names';

// What the sections of the page are written with.

export const noticedMs = 100;

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map((_, index) => (index === 0 ? '---' : '--:')), ...rows].map(line).join('\n');
}

export const list = (items: readonly string[]) => items.map(item => `- ${item}`).join('\n');
export const image = (name: string, alt: string) => `![${alt}](images/profile-${name}.svg)`;
export const capital = (words: string) => words[0]!.toUpperCase() + words.slice(1);
export const fourOf = (p: Percentiles | undefined) =>
  p ? [p.p50, p.p95, p.p99, p.max].map(show) : ['–', '–', '–', '–'];
export const sumOf = (measured: Measured, figure: 'megabytes' | 'cpuPercent' | 'processes' | 'threads') =>
  measured.parts.reduce((sum, part) => sum + part[figure], 0);

/** How one figure stands to another, in words that go before the other one. */
export function compare(one: number, other: number): string {
  const ratio = one / Math.max(other, 0.05);
  if ((one === 0 && other === 0) || (ratio > 0.8 && ratio < 1.25)) return 'about the same as';
  return ratio > 1 ? `${show(ratio)} times` : `${show(100 * ratio)} % of`;
}

export const isNoticed = (ms: number) => (ms > noticedMs ? 'a person notices that' : 'nobody notices that');
