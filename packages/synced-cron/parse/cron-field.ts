/** What one field of a cron expression takes. */
export interface Field {
  name: string;
  min: number;
  max: number;
  /** Names that stand for the numbers from `min` on. */
  names?: string[];
  /** What only this field takes; a group in it is one of its values. */
  special?: RegExp;
}

/** Whether a field takes one item of a list, in small letters: `5`, `mon`, `1-5`, `*`, `10-40/5`, `l`, `2#1`. */
export function isItem(item: string, field: Field): boolean {
  const special = field.special?.exec(item);
  if (special) return special[1] === undefined || isValue(special[1], field);
  const [range = '', step, more] = item.split('/');
  if (more !== undefined || (step !== undefined && !(numberOfSteps(item)! >= 1))) return false;
  return range === '*' || isRange(range, field);
}

/** The `5` of an item such as `0-30/5`; undefined when it has none. */
export function numberOfSteps(item: string): number | undefined {
  const [, step] = item.split('/');
  if (step === undefined) return undefined;
  return /^\d+$/.test(step) ? Number(step) : Number.NaN;
}

function isRange(range: string, field: Field): boolean {
  const [from = '', to = from, other] = range.split('-');
  return (
    other === undefined && isValue(from, field) && isValue(to, field) && numberOf(from, field) <= numberOf(to, field)
  );
}

function isValue(value: string, field: Field): boolean {
  const number = numberOf(value, field);
  return number >= field.min && number <= field.max;
}

function numberOf(value: string, { names, min }: Field): number {
  if (/^\d+$/.test(value)) return Number(value);
  const index = names?.indexOf(value) ?? -1;
  return index < 0 ? Number.NaN : index + min;
}
