/** What a look at one matter has found. */
export interface Finding {
  /** `wrong`: something does not work, or soon will not. `note`: worth knowing. `fine`: it was looked at. */
  level: 'wrong' | 'note' | 'fine';
  /** The matter, such as `clocks`. */
  about: string;
  text: string;
  /** What to do. */
  todo?: string;
}

export function wrong(about: string, text: string, todo: string): Finding {
  return { level: 'wrong', about, text, todo };
}

export function note(about: string, text: string, todo?: string): Finding {
  return { level: 'note', about, text, ...(todo !== undefined && { todo }) };
}

export function fine(about: string, text: string): Finding {
  return { level: 'fine', about, text };
}
