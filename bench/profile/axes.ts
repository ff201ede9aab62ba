import { line, type Scale, text } from './svg';

/** Where a picture draws its lines. */
export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Lines across, one for each tick of a scale that goes upwards. */
export function valueLines(
  y: Scale,
  { left, right }: Pick<Area, 'left' | 'right'>,
  show: (value: number) => string,
): string[] {
  return y.ticks.flatMap(tick => [
    line([left, y(tick)], [right, y(tick)], 'line', { width: 1 }),
    text(left - 8, y(tick) + 4, show(tick), { anchor: 'end', kind: 'small muted' }),
  ]);
}

/** Lines downwards, one for each tick of a scale that goes to the right. */
export function timeLines(
  x: Scale,
  { top, bottom }: Pick<Area, 'top' | 'bottom'>,
  show: (value: number) => string,
): string[] {
  return x.ticks.flatMap(tick => [
    line([x(tick), top], [x(tick), bottom], 'line', { width: 1 }),
    text(x(tick), bottom + 16, show(tick), { anchor: 'middle', kind: 'small muted' }),
  ]);
}

/** Of the pictures with a row for each set-up. */
export const rowHeight = 24;
export const labelWidth = 210;
